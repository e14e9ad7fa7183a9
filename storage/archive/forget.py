"""A URL -> its content is gone from the archive, and that it is gone stays written down.

Gone: its clean copies; its responses, requests and notes in WARC files, and their lines in the indexes; what the
ledger says of it beyond numbers. What stays: the `forget` event with URL, time and reason, a tombstone of the same
length at each record's place (storage/archive/warcrecord.py), and the URL, so that it is not fetched again.

The event is written first. Killed at any later step, calling again finishes.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import gzip
import json
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from storage.archive import cdx
from storage.archive.clean import clean_copy, read_clean_copy
from storage.archive.exchange import read_answer
from storage.archive.forget_scan import FORGET, REDACTED, Found, find, is_of
from storage.archive.keys import FORGOTTEN, cdx_key, clean_key, outlet_of, run_of
from storage.archive.ledger import Event, Ledger, read_line, written_line
from storage.archive.opened import Archive
from storage.archive.packed import SUFFIX, lines
from storage.archive.reading import body_of, index_lines, read_record, referred
from storage.archive.store import ArchiveError
from storage.archive.warc import WarcWriter
from storage.archive.warcread import BadRecord, Record, records
from storage.archive.warcrecord import FORGOTTEN as TAKEN_AWAY
from storage.archive.warcrecord import read_warc_date, tombstone
from storage.endings import read_ending
from storage.records import Article, Capture, Ending, Exchange, Fingerprint, Kind, Page, Stamp, WarcAddress

# A record that was kept for another URL -> where it lies now.
Moved = Mapping[str, WarcAddress]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """What was taken away. `urls` must not be fetched again; `inherited`: clean copies that others use -> their new
    keys; `records`: ids of the WARC records that hold nothing now; `taken`: records, copies and segments of the ledger in which
    something was left, none when all was gone before."""

    urls: tuple[str, ...]
    articles: tuple[str, ...]
    captures: int
    copies: tuple[str, ...]
    records: tuple[str, ...]
    inherited: Mapping[str, str]
    rescued: int
    taken: int


def forget(archive: Archive, url: str, reason: str, *, run: str, clock: Callable[[], dt.datetime]) -> Gone:
    """Take away what is of a URL. `run`: a new run id for what is written. No run may be writing to the archive.

    ArchiveError when a run is going, when nothing may be written or deleted, or the archive is damaged where it matters.
    A URL that the archive never met is written down all the same, so that it will not be fetched.
    """
    if going := archive.spool.keys():
        raise ArchiveError(f"a run is going ({going[0]} is in the spool): forget when it has ended")
    found = find(archive, url)
    _write_down(archive, found, url, reason, run, clock)
    with archive.spool.scratch("forget") as folder:
        work = _Work(archive, found, folder, run, clock)
        inherited = work.inherit()
        moved = work.rescue()
        work.bury(moved)
        for key in sorted(found.copies):
            work.taken += archive.store.delete(key)
        work.redact(inherited)
    return Gone(
        **{name: tuple(sorted(getattr(found, name))) for name in ("urls", "articles", "copies")},
        captures=found.captures,
        records=tuple(sorted(each for of_file in found.records.values() for each in of_file)),
        inherited=inherited,
        rescued=len(moved),
        taken=work.taken,
    )


def _write_down(archive: Archive, found: Found, url: str, reason: str, run: str, clock: Callable[[], dt.datetime]) -> None:
    ledger = Ledger(archive, FORGOTTEN, run, clock=clock)
    ledger.append(
        FORGET,
        {
            "url": url,
            "reason": reason,
            **{name: sorted(getattr(found, name)) for name in ("urls", "articles", "copies")},
            "records": sorted([file, each] for file, of_file in found.records.items() for each in of_file),
        },
    )
    ledger.close()


class _Work:
    """The steps, in their order; each can be done again."""

    def __init__(self, archive: Archive, found: Found, folder: Path, run: str, clock: Callable[[], dt.datetime]) -> None:
        self.archive, self.store, self.found, self.folder, self.run, self.clock = (
            archive, archive.store, found, folder, run, clock,
        )  # fmt: skip
        self.taken = 0

    def inherit(self) -> dict[str, str]:
        """A clean copy that others use becomes the own one of the first of them; old key -> new key."""
        new = {}
        for key, event in sorted(self.found.heirs.items()):
            ending = read_ending(event.run, event.fields)
            heir = clean_key(event.outlet, ending.article or "", ending.content_digest or "")
            if self.store.size(key) is not None and self.store.size(heir) is None:
                self.store.put_new(heir, heir_copy(self.store.read(key), ending))
            if self.store.size(heir) is not None:
                new[key] = heir
        return new

    def rescue(self) -> dict[str, WarcAddress]:
        """Bodies that other URLs need are recorded again under those; id of the revisit -> where its content is."""
        moved = dict(self.found.rescued)
        writers: dict[str, WarcWriter] = {}
        for address in self.found.dependants:
            if address.record_id in moved:
                continue
            outlet = outlet_of(address.file)
            if outlet not in writers:
                about = {"software": "cleancopy", "description": "bodies kept for other URLs when one was forgotten"}
                writers[outlet] = WarcWriter(self.archive, outlet, self.run, clock=self.clock, about=about)
            revisit = read_record(self.archive, address)
            moved[address.record_id] = writers[outlet].record(self._whole(revisit, address))
        for writer in writers.values():
            writer.close()
        return moved

    def _whole(self, revisit: Record, address: WarcAddress) -> Exchange:
        at = read_warc_date(revisit.field("WARC-Date") or "")
        answer = read_answer(revisit.block, to_head=True)
        # A 304 has no body of its own: it is kept as it came, and leads nowhere any longer.
        body = answer.body if answer.status == 304 else body_of(self.archive, revisit, address)
        return Exchange(
            url=revisit.field("WARC-Target-URI") or "",
            request=b"",
            response=answer.head + body,
            started_at=at,
            ended_at=at,
            peer=revisit.field("WARC-IP-Address"),
            truncated=revisit.field("WARC-Truncated"),
        )

    def bury(self, moved: Moved) -> None:
        """Tombstones in the place of the records, of their requests and of notes on them; then the indexes.

        What moved goes first: were the bodies that it needs buried and we killed, they could not be rescued again.
        """
        gone = {each for of_file in self.found.records.values() for each in of_file}
        for file in sorted({address.file for address in self.found.dependants}):
            self._bury(file, frozenset(), moved)
        # Notes on a record may stand in a later file of its run.
        runs = {run_of(file) for file in self.found.records}
        for key in list(self.store.keys("warc/")):
            if key.endswith(".warc.gz") and run_of(key) in runs:
                self._bury(key, gone, moved)

    def _bury(self, key: str, gone: Set[str], moved: Moved) -> None:
        copy, index = self.folder / "file.warc.gz", self.folder / "index.cdxj"
        changed = False
        with self.store.open_stream(key) as stream, copy.open("wb") as target:
            while piece := stream.read(1 << 20):
                target.write(piece)
        with copy.open("rb") as stream, copy.open("r+b") as target:
            for record in _sound(records(stream), key):
                stone = self._stone(record, gone, moved)
                if stone is not None:
                    target.seek(record.offset)
                    target.write(stone)
                    changed, self.taken = True, self.taken + 1
        if changed:
            self.store.replace(key, copy)
        with copy.open("rb") as stream:
            index.write_bytes(cdx.index(index_lines(key, stream)))
        if self.store.size(cdx_key(key)) is None or self.store.read(cdx_key(key)) != index.read_bytes():
            self.store.replace(cdx_key(key), index)

    def _stone(self, record: Record, gone: Set[str], moved: Moved) -> bytes | None:
        """What stands in a record's place from now on; None for a record that stays."""
        record_id = record.field("WARC-Record-ID") or ""
        if record.field(TAKEN_AWAY) is not None and (referred(record) is None or record_id not in gone):
            return None  # done before; one that had moved can still go
        if record_id in moved:
            return tombstone(record_id, record.length, self.clock(), moved[record_id])
        of_gone = record.kind == "request" and record.field("WARC-Concurrent-To") in gone
        note = record.kind == "metadata" and record.field("WARC-Refers-To") in gone
        if record_id in gone or of_gone or note:
            return tombstone(record_id, record.length, self.clock())
        return None

    def redact(self, inherited: Mapping[str, str]) -> None:
        """The ledger keeps the numbers of what it said of the URL, and of others the new keys of their texts."""
        for key in list(self.store.keys("ledger/")):
            if outlet_of(key) != FORGOTTEN:
                self._redact(key, inherited)

    def _redact(self, key: str, inherited: Mapping[str, str]) -> None:
        path, changed, crc = self.folder / "segment", False, 0
        with self.store.open_stream(key) as stream, _sink(path, key) as target:
            for line in lines(stream):
                before = json.loads(line)
                fields = redacted(before, read_line(line), self.found, inherited)
                changed = changed or fields != before
                fields.pop("crc", None)
                text, crc = written_line(fields, crc)
                target.write(text)
        if changed:
            self.store.replace(key, path)
            self.taken += 1


def _sound(found: Iterator[Record], key: str) -> Iterator[Record]:
    """Records of a WARC file; ArchiveError where it is damaged."""
    try:
        yield from found
    except BadRecord as error:
        raise ArchiveError(
            f"{key}: {error}; not everything is gone yet: mend it (scrapy verify {key}), then forget again"
        ) from error


@contextlib.contextmanager
def _sink(path: Path, key: str) -> Iterator[BinaryIO]:
    """A file to write a segment into, packed where its key says so: the same lines to the same bytes."""
    with path.open("wb") as target:
        if not key.endswith(SUFFIX):
            yield target
            return
        with gzip.GzipFile("", "wb", 9, fileobj=target, mtime=0) as packer:
            yield cast(BinaryIO, packer)


def redacted(line: dict[str, Any], event: Event, found: Found, inherited: Mapping[str, str]) -> dict[str, Any]:
    """A line of the ledger, as fields and as event -> its fields without what is to be forgotten."""
    if is_of(event, found):
        kept: dict[str, Any] = {name: line[name] for name in ("seq", "at", "event", "run", "outlet", "crc") if name in line}
        return {**kept, "event": REDACTED, "sequence": line.get("sequence")}
    if event.event == "lead" and found.is_address(str(line.get("url"))):
        return {name: value for name, value in line.items() if name not in ("title", "published")}
    if event.event == "outcome" and line.get("clean_key") in inherited:
        return {**line, "clean_key": inherited[line["clean_key"]]}
    return dict(line)


def heir_copy(data: bytes, ending: Ending) -> bytes:
    """A clean copy that is to be forgotten, and the ending of another article with the same text -> its own clean copy.

    Only the text is taken over, and what the ending says; what was on the other page goes.
    """
    copy = read_clean_copy(data)
    capture = Capture(
        **{name: getattr(ending, name) for name in ("lead", "url", "fetched_at", "address", "rights")},
        status=ending.status or 0,
        headers=(),
        body=b"",
    )
    article = Article(
        page=Page(capture=capture, kind=Kind.ARTICLE, evidence=ending.evidence),
        canonical=ending.canonical or ending.url,
        blocks=copy.article.blocks,
        published=Stamp(value=ending.published, source="ledger") if ending.published else None,
        modified=Stamp(value=ending.modified, source="ledger") if ending.modified else None,
        **{name: getattr(ending, name) for name in ("headline", "authors", "language", "provider", "section")},
    )
    placement = ending.placement or copy.placement
    return clean_copy(article, Fingerprint(digest=copy.digest, length=0), placement, extractor=copy.extractor)
