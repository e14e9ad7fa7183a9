"""An archive that has been opened: its store, its spool, and reads that look into both."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from storage.archive.spool import Spool
from storage.archive.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """`uri` as it was opened; `folder`: of a local archive, else None; `recovered`: what opening it mended, a
    line each.

    Whole objects go to and come from `store`; WARC files and ledger segments grow in `spool` until they are
    closed.
    """

    uri: str
    store: Store
    spool: Spool
    folder: Path | None = None
    recovered: tuple[str, ...] = field(default=())

    def read(self, key: str) -> bytes:
        """The whole object or growing segment under a key. Missing when there is neither."""
        if self.spool.holds(key):
            try:
                return self.spool.path(key).read_bytes()
            except FileNotFoundError:
                pass  # published between the two looks
        return self.store.read(key)

    def read_range(self, key: str, offset: int, length: int) -> bytes:
        """`length` bytes from `offset` of an object or growing segment; fewer where it ends."""
        if self.spool.holds(key):
            try:
                with self.spool.path(key).open("rb") as stream:
                    stream.seek(offset)
                    return stream.read(length)
            except FileNotFoundError:
                pass  # published between the two looks
        return self.store.read_range(key, offset, length)

    def open_stream(self, key: str) -> BinaryIO:
        """An object or growing segment as a stream, for `with`."""
        try:
            return self.spool.path(key).open("rb")
        except FileNotFoundError:
            return self.store.open_stream(key)

    def holds(self, key: str) -> bool:
        """Whether something lies or grows under a key."""
        return self.spool.holds(key) or self.store.size(key) is not None
