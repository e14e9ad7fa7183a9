"""The archive: everything that is kept. `open_archive` is the door; docs/archive-format.md says what lies
where.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from storage.archive import cdx, ledger, warcread
from storage.archive.keys import FORMAT, MARKER, cdx_key
from storage.archive.local import LocalStore
from storage.archive.opened import Archive
from storage.archive.reading import index_lines
from storage.archive.s3 import S3Store
from storage.archive.spool import Sound, Spool
from storage.archive.store import ArchiveError, Conflict, Missing, Store

__all__ = ["Archive", "ArchiveError", "Conflict", "Missing", "Store", "open_archive", "open_store"]

_MARK = json.dumps({"archive": "cleancopy", "format": FORMAT}).encode() + b"\n"


def open_archive(uri: str, spool: Path | None = None) -> Archive:
    """URI of an archive -> it, checked for reading and writing; what killed runs left in its spool is mended
    first.

    `uri`: a path, `file:///path`, or `s3://bucket/prefix` (endpoint, keys and region from boto3's own
    variables and files). `spool`: a folder on a local disk; default `<archive>/spool`, or `./spool` for S3.
    ArchiveError says in one line what to do: unwritable, wrong bucket, missing credentials, full disk, newer
    format.
    """
    store = open_store(uri)
    folder = store.root if isinstance(store, LocalStore) else None
    _mark(store, uri)
    spooled = Spool(spool or (folder or Path()) / "spool", store)
    recovered = spooled.recover(_sound, _companions)
    return Archive(uri=uri, store=store, spool=spooled, folder=folder, recovered=tuple(recovered))


def open_store(uri: str) -> Store:
    """URI of an archive -> its store, unchecked: for reading alone."""
    parts = urlsplit(uri)
    if parts.scheme == "s3":
        return S3Store(parts.netloc, parts.path.strip("/"))
    if parts.scheme == "file":
        if parts.netloc not in ("", "localhost"):
            raise ArchiveError(f"{uri}: a file archive is named by three slashes: file:///{parts.netloc}{parts.path}")
        return LocalStore(Path(unquote(parts.path)))
    if not uri or "://" in uri:
        raise ArchiveError(f"{uri!r} is no archive: set NEWS_ARCHIVE_URI to a path, file:///path or s3://bucket/prefix")
    return LocalStore(Path(uri))


def _mark(store: Store, uri: str) -> None:
    """Write the marker and read it back: proof that we may write, that the bytes come back, and of the
    format.
    """
    try:
        mark = store.read(MARKER)
    except Missing:
        mark = _MARK
    try:
        found = json.loads(mark)["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise ArchiveError(f"{uri}: {MARKER} is damaged ({error}); restore it: {_MARK.decode().strip()}") from error
    if found != FORMAT:
        raise ArchiveError(f"{uri} has archive format {found}, this version reads {FORMAT}: upgrade Cleancopy")
    store.check_writable()
    store.put_new(MARKER, mark)
    if store.read(MARKER) != mark:
        raise ArchiveError(f"{uri}: what was written did not come back; check the disk or the S3 server")


def _sound(key: str) -> Sound:
    """Key of a left segment -> what measures its whole part."""
    measure = warcread.whole_length if key.endswith(".warc.gz") else ledger.whole_length

    def sound(path: Path) -> int:
        with path.open("rb") as stream:
            return measure(stream)

    return sound


def _companions(key: str, path: Path) -> Iterator[tuple[str, bytes]]:
    """What lies beside a segment: the index of a WARC file."""
    if key.endswith(".warc.gz"):
        with path.open("rb") as stream:
            yield cdx_key(key), cdx.index(index_lines(key, stream))
