"""One WARC file -> its records and everything that is wrong with it. Also of files that others wrote. And one object of any
kind -> whether it is whole and true in itself.

What `warcio check` passes over is an error here: a file that is cut off, a record shorter than it says, a revisit that
leads nowhere, a file that is one gzip stream.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from storage.archive import finding
from storage.archive.clean import read_clean_copy
from storage.archive.exchange import Answer, NotHttp, read_answer
from storage.archive.finding import Finding, Severity
from storage.archive.ledger import crc_of, read_line
from storage.archive.packed import lines
from storage.archive.store import Store
from storage.archive.warcread import BadRecord, Record, whole_records
from storage.archive.warcrecord import read_warc_date

_MANDATORY = ("WARC-Record-ID", "WARC-Date", "WARC-Type", "Content-Length")
_RESTORE = "restore the file from a copy of the archive: scrapy archive sync COPY THIS"
_KNOWN = frozenset(("warcinfo", "response", "resource", "request", "metadata", "revisit", "conversion", "continuation"))

# RFC 4648's base32 -> the digits of int(…, 32); what it does not use becomes no digit.
_TO_BASE_32_DIGITS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" + "0189", "0123456789ABCDEFGHIJKLMNOPQRSTUV" + "!!!!")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A record that was read; `answer`: the HTTP response in it, when there is one."""

    record: Record
    answer: Answer | None = None


def check_records(stream: BinaryIO, key: str) -> Iterator[Checked | Finding]:
    """An open WARC file -> its records in order, and between them what is wrong with them.

    Memory does not grow with the file. Behind a damaged record reading goes on at the next whole one.
    """
    empty = True
    for each in whole_records(stream):
        empty = False
        if isinstance(each, BadRecord):
            yield finding.error(key, each.fault, _RESTORE, offset=each.offset)
            continue
        answer, whats = faults(each)
        for what in whats:
            yield finding.error(key, what, _RESTORE, offset=each.offset)
        yield Checked(record=each, answer=answer)
    if empty:
        yield finding.error(key, "the file is empty", _RESTORE)


def check_file(stream: BinaryIO, name: str) -> Iterator[Checked | Finding]:
    """One file by itself: as `check_records`, and every revisit must lead to a response of this file or say where.

    A revisit of another file cannot be resolved here; that is a note.
    """
    responses: set[str] = set()
    waiting: list[Record] = []
    for each in check_records(stream, name):
        yield each
        if isinstance(each, Checked) and each.record.kind == "response":
            responses.update(_names(each.record, "WARC-Record-ID", "WARC-Target-URI", "WARC-Date"))
        elif isinstance(each, Checked) and each.record.kind == "revisit":
            waiting.append(each.record)
    for revisit in waiting:
        wanted = _names(revisit, "WARC-Refers-To", "WARC-Refers-To-Target-URI", "WARC-Refers-To-Date")
        if not responses.intersection(wanted):
            what = f"revisit of {wanted[0] if wanted else 'nothing'}, which is not in this file"
            severity = Severity.NOTE if wanted else Severity.ERROR
            yield Finding(severity=severity, key=name, offset=revisit.offset, what=what)


def faults(record: Record) -> tuple[Answer | None, list[str]]:
    """A record -> the HTTP response in it, and everything that is wrong within the record."""
    whats = []
    missing = [name for name in _MANDATORY if record.field(name) is None]
    if missing:
        whats.append(f"the record has no {', no '.join(missing)}")
    if record.kind not in _KNOWN:
        whats.append(f"WARC-Type {record.kind[:40]!r} is none of WARC 1.1")
    try:
        read_warc_date(record.field("WARC-Date") or "")
    except ValueError:
        whats.append(f"WARC-Date {(record.field('WARC-Date') or '')[:40]!r} is no time")
    said = record.field("WARC-Block-Digest")
    if said and not digest_matches(said, record.block):
        whats.append(f"the block is not the one that its digest {said} speaks of")
    if record.kind == "revisit" and not record.field("WARC-Profile"):
        whats.append("the revisit has no WARC-Profile")
    if record.kind not in ("response", "revisit") or not _is_http(record):
        return None, whats
    try:
        answer = read_answer(record.block, to_head=True)
    except NotHttp as error:
        return None, [*whats, f"the record holds no HTTP response ({error})"]
    if record.kind == "response":
        whats += _payload_faults(record, answer)
    return answer, whats


def _payload_faults(record: Record, answer: Answer) -> Iterator[str]:
    said = record.field("WARC-Payload-Digest")
    if not said or digest_matches(said, record.block[len(answer.head) :]):
        return
    # Some writers leave the chunk framing in the record and take the digest without it.
    if not digest_matches(said, read_answer(record.block).body):
        yield f"the payload is not the one that its digest {said} speaks of"


def _is_http(record: Record) -> bool:
    return len(record.block) > 0 and (record.field("Content-Type") or "").lower().startswith("application/http")


def digest_matches(said: str, data: bytes) -> bool:
    """A WARC digest (algorithm and value in base32 or hex, any case) and bytes -> whether it is theirs."""
    name, _, value = said.partition(":")
    try:
        found = hashlib.new(name.replace("-", "").lower(), data, usedforsecurity=False).digest()
    except (ValueError, TypeError):
        return False
    if _is_base32(value, found):
        return True
    return value.lower() == found.hex() or value == base64.b64encode(found).decode()


def _is_base32(value: str, found: bytes) -> bool:
    """Whether a value is a digest in base32. By numbers: base64.b32encode is slow, and this is done for each record."""
    digits = value.upper().rstrip("=").translate(_TO_BASE_32_DIGITS)
    spare = len(digits) * 5 - len(found) * 8
    try:
        return 0 <= spare < 5 and int(digits, 32) >> spare == int.from_bytes(found)
    except ValueError:
        return False


def _names(record: Record, record_id: str, uri: str, date: str) -> list[str]:
    """What a revisit may name a response by: its record id, or its URI and date."""
    at = f"{record.field(uri)} of {record.field(date)}" if record.field(uri) and record.field(date) else None
    return [name for name in (record.field(record_id), at) if name]


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
