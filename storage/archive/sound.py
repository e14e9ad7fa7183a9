"""One object of an archive -> whether it is whole and true in itself."""

from __future__ import annotations

import json

from storage.archive.clean import read_clean_copy
from storage.archive.finding import Finding
from storage.archive.ledger import crc_of, read_line
from storage.archive.packed import lines
from storage.archive.store import Store
from storage.archive.verify_warc import check_records


def is_sound(store: Store, key: str) -> bool:
    """Whether an object is what its writer wrote, as far as it can say so itself. Missing when there is none.

    An index has nothing to prove itself by and counts as sound when it can be read.
    """
    try:
        if key.endswith(".warc.gz"):
            with store.open_stream(key) as stream:
                return not any(isinstance(each, Finding) for each in check_records(stream, key))
        if key.startswith("ledger/"):
            return _chained(store, key)
        data = store.read(key)
        if key.startswith("clean/"):
            read_clean_copy(data)
        elif key.endswith(".cdxj"):
            for line in data.decode("ascii").splitlines():
                json.loads(line.split(" ", 2)[2])
        else:
            json.loads(data)
    except (ValueError, IndexError):
        return False
    return True


def _chained(store: Store, key: str) -> bool:
    before: int | None = 0
    with store.open_stream(key) as stream:
        for line in lines(stream):
            read_line(line)
            before = crc_of(line, before)
            if before is None:
                return False
    return True
