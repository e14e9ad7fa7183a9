"""What lies in a WARC file under an address -> a Capture, as the crawl saw it; and a record -> its line of the index."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from storage.archive import cdx
from storage.archive.codings import decode_body
from storage.archive.exchange import Answer, read_answer
from storage.archive.keys import is_warc, outlet_of, warc_of
from storage.archive.opened import Archive
from storage.archive.store import ArchiveError
from storage.archive.warcread import BadRecord, Record, parse, whole_records
from storage.archive.warcrecord import FORGOTTEN, MOVED_DIGEST, read_warc_date
from storage.records import Capture, Lead, WarcAddress

_MOST_STEPS = 4
_FROM_ARCHIVE = "archive"


class Unreadable(ArchiveError):
    """A record is missing, cut, or cannot be resolved; `scrapy verify` tells what mends it."""


class Gone(ArchiveError):
    """A record whose content was taken away on request."""


def read_record(archive: Archive, address: WarcAddress) -> Record:
    """Address of a response -> its WARC record, from the archive or the spool. Unreadable when it is not whole.

    Gone when it was forgotten. One that moved when another URL was forgotten is read where it lies now.
    """
    for _step in range(_MOST_STEPS):
        try:
            record = parse(archive.read_range(address.file, address.offset, address.length), address.offset)
        except BadRecord as error:
            raise Unreadable(f"{address.file}: {error}; run `scrapy verify {address.file}`") from error
        if record.field("WARC-Record-ID") != address.record_id:
            raise Unreadable(f"{address.file}: another record lies at offset {address.offset}; run `scrapy rebuild`")
        if record.field(FORGOTTEN) is None:
            return record
        moved = referred(record)
        if moved is None:
            raise Gone(f"{address.file}: the record at offset {address.offset} was forgotten on {record.field(FORGOTTEN)}")
        address = moved
    raise Unreadable(f"{address.file}: the record at offset {address.offset} moved too often; run `scrapy verify`")


def read_capture(archive: Archive, address: WarcAddress, lead: Lead | None = None) -> Capture:
    """Address of a response -> its Capture, body decoded as the crawl decodes it, revisits followed.

    `lead`: what the catalogue knows of it; without one the URL stands for itself.
    """
    record = read_record(archive, address)
    url = record.field("WARC-Target-URI") or ""
    try:
        fetched_at = read_warc_date(record.field("WARC-Date") or "")
        answer = read_answer(record.block, to_head=True) if record.kind != "resource" else _bare(record)
    except ValueError as error:
        raise Unreadable(f"{address.file}: offset {record.offset}: {error}") from error
    stored = body_of(archive, record, address) if _elsewhere(record, answer) else answer.body
    return Capture(
        lead=lead or Lead(url=url, outlet=outlet_of(address.file), source=_FROM_ARCHIVE),
        url=url,
        status=answer.status,
        headers=answer.headers,
        body=decode_body(stored, answer.header("Content-Encoding"))[0],
        fetched_at=fetched_at,
        truncated=record.field("WARC-Truncated"),
        address=address,
    )


def address_of(key: str, record: Record) -> WarcAddress:
    """A record read from the file of this key -> its address."""
    return WarcAddress(
        file=key,
        offset=record.offset,
        length=record.length,
        record_id=record.field("WARC-Record-ID") or "",
        payload_digest=record.field("WARC-Payload-Digest") or "",
    )


def index_lines(key: str, stream: BinaryIO) -> Iterator[str]:
    """An open WARC file and its key -> the lines of its CDXJ index; what is damaged is left out."""
    for record in whole_records(stream):
        if isinstance(record, Record) and record.kind in ("response", "revisit"):
            with contextlib.suppress(ValueError):  # no HTTP in it, or no date
                yield index_line(key, record, read_answer(record.block, to_head=True))


def index_line(key: str, record: Record, answer: Answer) -> str:
    """A response or revisit of the file of this key -> its line of the index. ValueError when its date is none."""
    url, date = record.field("WARC-Target-URI") or "", record.field("WARC-Date") or ""
    mime = "warc/revisit" if record.kind == "revisit" else cdx.mime(answer.header("Content-Type"))
    return cdx.line(address_of(key, record), url=url, date=date, mime=mime, status=answer.status)


def referred(record: Record) -> WarcAddress | None:
    """A revisit record, or what is left of one that moved -> address of the response that holds its body, if it says."""
    name, offset = record.field("WARC-Refers-To-Filename"), record.field("WARC-Refers-To-File-Offset")
    length = record.field("WARC-Refers-To-File-Length")
    if not (name and offset and offset.isdigit() and length and length.isdigit() and is_warc(name)):
        return None
    return WarcAddress(
        file=warc_of(name),
        offset=int(offset),
        length=int(length),
        record_id=record.field("WARC-Refers-To") or "",
        payload_digest=record.field("WARC-Payload-Digest") or record.field(MOVED_DIGEST) or "",
    )


def _bare(record: Record) -> Answer:
    """A resource record: bytes that came where an HTTP response should have."""
    return Answer(status=0, headers=(), head=b"", body=record.block, whole=True)


def _elsewhere(record: Record, answer: Answer) -> bool:
    """Whether the body lies with another record. A 304 has none of its own and is kept as it came."""
    return record.kind == "revisit" and answer.status != 304


def body_of(archive: Archive, record: Record, address: WarcAddress) -> bytes:
    """A revisit record and its address -> the body, its coding not undone, of the response that a revisit record refers to."""
    for _step in range(_MOST_STEPS):
        target = referred(record)
        if target is None:
            break
        record = read_record(archive, target)
        if record.kind == "response":
            return read_answer(record.block, to_head=True).body
    raise Unreadable(
        f"{address.file}: the revisit record at offset {address.offset} leads to no body; run `scrapy verify {address.file}`"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A response as it came, head and body, where it lies, and the validators that its newest confirmation named."""

    response: bytes
    address: WarcAddress
    etag: str | None
    last_modified: str | None

    @property
    def conditions(self) -> dict[str, str]:
        """Request headers that ask for the page only when it changed; none when nothing was said to ask by."""
        named = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in named.items() if value}


def whole_answer(archive: Archive, address: WarcAddress) -> Whole:
    """Address of a response, or of a revisit record that speaks of one -> that response. Unreadable, Gone; ValueError where
    there is no HTTP in it."""
    validators: list[tuple[str | None, str | None]] = []
    for record, at in _way(archive, address):
        answer = read_answer(record.block, to_head=True)
        etag, modified = answer.header("ETag"), answer.header("Last-Modified")
        if etag or modified:
            validators.append((etag, modified))
        if record.kind == "response" and answer.status != 304:
            etag, modified = validators[0] if validators else (None, None)
            return Whole(response=record.block, address=at, etag=etag, last_modified=modified)
    raise Unreadable(f"{address.file}: the record at offset {address.offset} leads to no body; run `scrapy verify {address.file}`")


def _way(archive: Archive, address: WarcAddress) -> Iterator[tuple[Record, WarcAddress]]:
    for _step in range(_MOST_STEPS):
        record = read_record(archive, address)
        yield record, address
        target = referred(record)
        if target is None:
            return
        address = target
