"""An archive, or what one outlet sent since a day -> a WACZ file: a web archive that replays in a browser.

WACZ 1.1.1 (https://specs.webrecorder.net/wacz/1.1.1/): a ZIP with WARC files stored as they are, an index of the URLs in
them, a list of pages, and a manifest with the digest of each. Records are copied byte for byte. A body that lies in a
record outside the choice (a revisit of an older or of another outlet's answer) comes along, or it could not be replayed.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import itertools
import json
import sqlite3
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from storage.archive.exchange import read_answer
from storage.archive.folders import scratch_folder
from storage.archive.keys import outlet_of
from storage.archive.opened import Archive
from storage.archive.reading import index_line, referred
from storage.archive.store import ArchiveError, Missing
from storage.archive.warcread import BadRecord, Record, parse, records
from storage.archive.warcrecord import read_warc_date

VERSION = "1.1.1"
_EARLIER = "archive/earlier.warc.gz"
_A_BLOCK = 1024  # lines of the index that are compressed together
_PIECE = 1 << 20
_ANSWERS = ("response", "revisit")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageEntry:
    """A page that a reader can start from: its URL, when it was fetched, its headline, the id of its article."""

    url: str
    fetched_at: dt.datetime
    title: str | None
    article: str


@dataclass(slots=True)
class Packed:
    """What went in."""

    pages: int = 0
    captures: int = 0
    files: int = 0
    bytes: int = 0


@dataclass(slots=True)
class _Package:
    """The ZIP that is being written, its manifest so far, and the index on disk."""

    zip: zipfile.ZipFile
    created: dt.datetime
    index: sqlite3.Connection
    resources: list[dict[str, object]] = field(default_factory=list)
    packed: Packed = field(default_factory=Packed)

    def add(self, path: str, data: Iterable[bytes], *, packed: bool, large: bool = False) -> None:
        """A file of the package. `packed`: its bytes are compressed already, so the ZIP stores them as they are. `large`: it
        may have 2 GiB or more. Only then: replayweb.page does not look for the longer head that such a file has."""
        entry = zipfile.ZipInfo(path, self.created.timetuple()[:6])
        entry.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
        entry.external_attr = 0o644 << 16
        digest, size = hashlib.sha256(), 0
        with self.zip.open(entry, "w", force_zip64=large) as sink:
            for piece in data:
                digest.update(piece)
                size += len(piece)
                sink.write(piece)
        name = path.rpartition("/")[2].lower()  # a resource's name has small letters
        self.resources.append({"name": name, "path": path, "hash": f"sha256:{digest.hexdigest()}", "bytes": size})


def write_wacz(
    archive: Archive,
    path: Path,
    pages: Iterable[PageEntry],
    *,
    title: str,
    software: str,
    created: dt.datetime,
    outlet: str | None = None,
    since: dt.date | None = None,
) -> Packed:
    """Archive and its pages -> a WACZ file at `path`; what went in.

    `outlet`, `since` (UTC): only captures of this outlet, and from this day on. Memory does not grow with the archive;
    beside `path` room is needed for one WARC file. ArchiveError names a record that is not whole.
    """
    with (
        scratch_folder(path.parent, ".wacz") as folder,
        zipfile.ZipFile(path, "w", allowZip64=True) as package_zip,
        contextlib.closing(sqlite3.connect(folder / "index", isolation_level=None)) as index,
    ):
        _set_up(index)
        package = _Package(zip=package_zip, created=created, index=index)
        _archive(package, archive, outlet, since, folder)
        _index(package)
        package.add("pages/pages.jsonl", _page_lines(package.packed, pages), packed=False)
        _manifest(package, title, software, pages_of=outlet)
    package.packed.bytes = path.stat().st_size
    return package.packed


def _set_up(index: sqlite3.Connection) -> None:
    index.execute("pragma journal_mode = off")
    index.execute("pragma synchronous = off")
    index.execute("create table lines (line text primary key) without rowid")
    index.execute("create table wanted (file text, offset integer, length integer, primary key (file, offset)) without rowid")
    index.execute("begin")


def _archive(package: _Package, archive: Archive, outlet: str | None, since: dt.date | None, folder: Path) -> None:
    """archive/: the WARC files, each with the records that were chosen."""
    for key in archive.store.keys(f"warc/{outlet}/" if outlet else "warc/"):
        if not key.endswith(".warc.gz"):
            continue
        copy = folder / "part.warc.gz"
        with archive.open_stream(key) as stream, copy.open("w+b") as sink:
            try:
                captures = _chosen(package, key, stream, sink, outlet, since)
            except BadRecord as error:
                raise ArchiveError(f"{key}: {error}; run `scrapy verify {key}`") from error
            if captures:
                _add_warc(package, f"archive/{key.rpartition('/')[2]}", sink, captures)
        copy.unlink()
    with (folder / "earlier.warc.gz").open("w+b") as sink:
        captures = _brought_along(package, archive, sink)
        if captures:
            _add_warc(package, _EARLIER, sink, captures)
    if not package.packed.files:  # the archive directory must hold a file
        package.add(_EARLIER, iter((b"",)), packed=True)


def _add_warc(package: _Package, path: str, sink: BinaryIO, captures: int) -> None:
    large = sink.seek(0, 2) >= zipfile.ZIP64_LIMIT
    sink.seek(0)
    package.add(path, iter(lambda: sink.read(_PIECE), b""), packed=True, large=large)
    package.packed.files += 1
    package.packed.captures += captures


def _chosen(package: _Package, key: str, stream: BinaryIO, sink: BinaryIO, outlet: str | None, since: dt.date | None) -> int:
    """Copy the chosen records of a file and index them -> how many captures they are.

    A request has the date of its answer; metadata follow the record that they are about.
    """
    captures, ids = 0, set()
    members = _Members(stream)
    for record in records(members):  # type: ignore[arg-type]  # of a stream only read() is used
        raw = members.take(record.length)
        about = record.field("WARC-Refers-To") if record.kind == "metadata" else None
        if about not in ids if about else record.kind != "warcinfo" and since is not None and _day(record) < since:
            continue
        offset = sink.tell()
        sink.write(raw)
        if record.kind in _ANSWERS:
            ids.add(record.field("WARC-Record-ID"))
            _index_record(package, key, record, offset)
            _want_body(package, record, outlet, since)
            captures += 1
    return captures


class _Members:
    """A stream that remembers what was read of it until it is taken: the raw bytes of the record just read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._kept = bytearray()

    def read(self, size: int = -1) -> bytes:
        piece = self._stream.read(size)
        self._kept += piece
        return piece

    def take(self, length: int) -> bytes:
        raw = bytes(self._kept[:length])
        del self._kept[:length]
        return raw


def _day(record: Record) -> dt.date:
    return read_warc_date(record.field("WARC-Date") or "").astimezone(dt.UTC).date()


def _index_record(package: _Package, key: str, record: Record, offset: int) -> None:
    """The record's line of the index, with the offset that it has in the package."""
    moved = Record(offset=offset, length=record.length, fields=record.fields, named=record.named, block=record.block)
    try:
        line = index_line(key, moved, read_answer(record.block, to_head=True))
    except ValueError:  # no HTTP in it: nothing that could be replayed
        return
    package.index.execute("insert or ignore into lines values (?)", (line,))


def _want_body(package: _Package, record: Record, outlet: str | None, since: dt.date | None) -> None:
    """Note where the body of a revisit record lies, when that record is not chosen itself."""
    target = referred(record) if record.kind == "revisit" else None
    if target is None:
        return
    date = record.field("WARC-Refers-To-Date")
    early = since is not None and (date is None or read_warc_date(date).astimezone(dt.UTC).date() < since)
    if early or (outlet is not None and outlet_of(target.file) != outlet):
        package.index.execute("insert or ignore into wanted values (?, ?, ?)", (target.file, target.offset, target.length))


def _brought_along(package: _Package, archive: Archive, sink: BinaryIO) -> int:
    captures = 0
    for file, offset, length in package.index.execute("select file, offset, length from wanted"):
        try:
            raw = archive.read_range(file, offset, length)
            record = parse(raw, offset)
        except Missing:
            continue  # taken down since; the revisit stays as it is in the archive
        except BadRecord as error:
            raise ArchiveError(f"{file}: {error}; run `scrapy verify {file}`") from error
        _index_record(package, _EARLIER, record, sink.tell())
        sink.write(raw)
        captures += 1
    return captures


def _index(package: _Package) -> None:
    """indexes/: the CDXJ lines in compressed blocks, and which line each block begins with (ZipNum)."""
    places = ['!meta 0 {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}\n']

    def blocks() -> Iterator[bytes]:
        offset = 0
        rows = (row[0] for row in package.index.execute("select line from lines order by line"))
        while lines := list(itertools.islice(rows, _A_BLOCK)):
            packer = zlib.compressobj(wbits=31)
            block = packer.compress("".join(f"{line}\n" for line in lines).encode("ascii", "backslashreplace")) + packer.flush()
            digest = f"sha256:{hashlib.sha256(block).hexdigest()}"
            where = json.dumps({"offset": offset, "length": len(block), "digest": digest})
            places.append(f"{lines[0].partition('{')[0].strip()} {where}\n")
            offset += len(block)
            yield block

    package.add("indexes/index.cdx.gz", blocks(), packed=True)
    package.add("indexes/index.idx", (place.encode("ascii", "backslashreplace") for place in places), packed=False)


def _page_lines(packed: Packed, pages: Iterable[PageEntry]) -> Iterator[bytes]:
    yield b'{"format": "json-pages-1.0", "id": "pages", "title": "All Pages"}\n'
    for page in pages:
        packed.pages += 1
        stamp = page.fetched_at.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        line = {"id": page.article, "url": page.url, "ts": stamp, "title": page.title or page.url}
        yield json.dumps(line).encode() + b"\n"


def _manifest(package: _Package, title: str, software: str, pages_of: str | None) -> None:
    created = package.created.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    what = f"{package.packed.captures} captures of {pages_of or 'all outlets'}, {package.packed.pages} articles."
    manifest = {
        "profile": "data-package",
        "wacz_version": VERSION,
        "title": title,
        "description": what,
        "created": created,
        "modified": created,
        "software": software,
        "resources": list(package.resources),
    }
    text = json.dumps(manifest, indent=2).encode()
    package.add("datapackage.json", (text,), packed=False)
    digest = {"path": "datapackage.json", "hash": f"sha256:{hashlib.sha256(text).hexdigest()}"}
    package.add("datapackage-digest.json", (json.dumps(digest, indent=2).encode(),), packed=False)
