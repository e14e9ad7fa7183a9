"""The archive: everything that is kept. `open_archive` is the door; docs/archive-format.md says what lies
where.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from storage.archive import cdx, ledger, warcread
from storage.archive.keys import FORMAT, MARKER, cdx_key
from storage.archive.local import LocalStore
from storage.archive.opened import Archive
from storage.archive.reading import index_lines
from storage.archive.spool import Sound, Spool
from storage.archive.store import ArchiveError, Conflict, Missing, Store

__all__ = ["Archive", "ArchiveError", "Conflict", "Missing", "Store", "folder_of", "open_archive", "open_spool", "open_store"]

_NONE = "{!r} is no archive: set NEWS_ARCHIVE_URI to a path, file:///path or s3://bucket/prefix"
_MARK = json.dumps({"archive": "cleancopy", "format": FORMAT}).encode() + b"\n"


def open_archive(uri: str, spool: Path | None = None, *, write: bool = True, begin: bool = True) -> Archive:
    """URI of an archive -> it, checked for reading and writing; what killed runs left in its spool is mended first.

    `uri`: a path, `file:///path`, or `s3://bucket/prefix` (endpoint, keys and region from boto3's own variables and
    files). `spool`: a folder on a local disk, in which each archive gets a folder of its own; default
    `<archive>/spool`, or `./spool` for S3. `write=False`: for reading alone; nothing is changed or mended, and the
    archive must exist. `begin=False`: it must exist, and is written. ArchiveError says in one line what to do:
    unwritable, wrong bucket, missing credentials, full disk, newer format.
    """
    if spool is not None and spool.exists() and not spool.is_dir():
        raise ArchiveError(f"The spool {spool} is not a folder: name one with NEWS_SPOOL")
    store = open_store(uri)
    folder = store.root if isinstance(store, LocalStore) else None
    spooled = open_spool(uri, store, spool)
    if not write:
        _check_format(uri, store.read(MARKER) if store.size(MARKER) is not None else None)
        return Archive(uri=uri, store=store, spool=spooled, folder=folder)
    _mark(store, uri, begin)
    return Archive(uri=uri, store=store, spool=spooled, folder=folder, recovered=tuple(spooled.recover(_sound, _companions)))


def open_store(uri: str) -> Store:
    """URI of an archive -> its store, unchecked: for reading alone. ArchiveError when it names none."""
    folder = folder_of(uri)
    if folder is not None:
        return LocalStore(folder)
    from storage.archive.s3 import S3Store  # not at the top: boto3 takes half a second to load

    parts = urlsplit(uri)
    return S3Store(parts.netloc, parts.path.strip("/"))


def folder_of(uri: str) -> Path | None:
    """URI of an archive -> its folder; None for one in S3. ArchiveError when it names none."""
    try:
        parts = urlsplit(uri)
    except ValueError:  # brackets that are no address
        raise ArchiveError(_NONE.format(uri)) from None
    if parts.scheme == "s3":
        return None
    if parts.scheme == "file" and parts.netloc not in ("", "localhost"):
        raise ArchiveError(f"{uri}: a file archive is named by three slashes: file:///{parts.netloc}{parts.path}")
    path = unquote(parts.path) if parts.scheme == "file" else uri
    if not path.strip() or "://" in path:
        raise ArchiveError(_NONE.format(uri))
    return Path(path)


def open_spool(uri: str, store: Store, spool: Path | None = None) -> Spool:
    """URI of an archive, its store and the setting -> its spool on this machine, unchecked. Two archives never share a folder, or
    one would publish the other's segments."""
    if spool is None and isinstance(store, LocalStore):
        return Spool(store.root / "spool", store)
    readable = re.sub(r"[^a-z0-9]+", "-", uri.lower()).strip("-")[-40:]
    return Spool((spool or Path("spool")) / f"{readable}-{hashlib.sha256(uri.encode()).hexdigest()[:8]}", store)


def _mark(store: Store, uri: str, begin: bool) -> None:
    """Write the marker and read it back: proof that we may write, that the bytes come back, and of the format."""
    if not begin and store.size(MARKER) is None:
        _check_format(uri, None)
    store.check_writable()
    try:
        mark = store.read(MARKER)
    except Missing:
        mark = _MARK
    _check_format(uri, mark)
    store.put_new(MARKER, mark)
    if store.read(MARKER) != mark:
        raise ArchiveError(f"{uri}: what was written did not come back; check the disk or the S3 server")


def _check_format(uri: str, mark: bytes | None) -> None:
    if mark is None:
        raise ArchiveError(f"{uri} holds no archive: check NEWS_ARCHIVE_URI; the first `scrapy crawl` makes one")
    try:
        found = json.loads(mark)["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise ArchiveError(f"{uri}: {MARKER} is damaged ({error}); it should be {_MARK.decode().strip()}") from error
    if found != FORMAT:
        raise ArchiveError(f"{uri} has archive format {found}, this version reads {FORMAT}: upgrade Cleancopy")


def _sound(key: str) -> Sound:
    """Key of a left segment -> what measures its whole part."""
    return warcread.whole_length if key.endswith(".warc.gz") else ledger.whole_length


def _companions(key: str, path: Path) -> Iterator[tuple[str, bytes]]:
    """What lies beside a segment: the index of a WARC file."""
    if key.endswith(".warc.gz"):
        with path.open("rb") as stream:
            yield cdx_key(key), cdx.index(index_lines(key, stream))
