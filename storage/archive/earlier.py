"""An answer that is spoken of again: a server says 304, and means the one that lies in the archive."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from storage.archive.exchange import read_answer
from storage.archive.opened import Archive
from storage.archive.reading import Unreadable, read_record, referred
from storage.archive.warcread import Record
from storage.records import WarcAddress

_MOST_STEPS = 4


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
