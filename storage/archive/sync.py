"""One archive -> another place: local to S3, S3 to local, disk to disk. Resumable, idempotent, verified.

Order: WARC files and indexes, clean copies, receipts, then the ledger; so a copy that broke off never promises what it
does not hold. Nothing sound is overwritten, but by what `forget` left of it; what is damaged there is mended.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from storage.archive.finding import Finding, error, warning
from storage.archive.forget import forget
from storage.archive.forget_scan import Forgetting, forgettings, forgotten_copies, redactions, relapsed
from storage.archive.keys import MARKER, run_id
from storage.archive.opened import Archive
from storage.archive.store import ArchiveError, Store
from storage.archive.verify import index_again
from storage.archive.verify_warc import is_sound

_FOLDERS = ("warc/", "clean/", "receipts/", "ledger/")
# A clean copy and a receipt never change, and the name of a copy holds its digest: their size tells enough.
_FIXED = ("clean/", "receipts/")
_SMALL = 1 << 20
_BATCH = 64
_PIECE = 1 << 20
_UNLOOKED = ".unlooked"
"""In the spool while a sync brings what may have been forgotten: one that ended early left it there."""


@dataclass(slots=True)
class Synced:
    """What was done. `same`: objects that lay there already; `removed`: clean copies that the source has forgotten; `again`:
    URLs that either has forgotten and that stood in the target, as in what the source brought: they are forgotten there."""

    copied: int = 0
    bytes: int = 0
    same: int = 0
    mended: int = 0
    removed: int = 0
    again: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def sync(source: Store, to: Archive, *, check: bool = False) -> Iterator[Synced]:
    """Bring everything of `source` to an archive; yields the tally after each object or batch.

    `check`: compare the content of every object, not only of those that can change. ArchiveError when one of the two cannot
    be read or written; calling again goes on.
    """
    done, target = Synced(), to.store
    gone, before = forgotten_copies(source) | forgotten_copies(target), sum(1 for _ in forgettings(target))
    with to.spool.scratch("sync") as scratch:
        way = _Way(source, target, scratch, check, done)
        unlooked = to.spool.folder / _UNLOOKED
        everywhere = unlooked.exists()
        unlooked.touch()
        way.marker()
        for folder in _FOLDERS:
            for _ in way.folder(folder, gone):
                yield done
        for key in sorted(gone):
            done.removed += target.delete(key)
        asked = list(forgettings(target))
        _forget_again(to, way, asked, everywhere=everywhere or len(asked) > before)
        unlooked.unlink(missing_ok=True)
    yield done


def _forget_again(to: Archive, way: _Way, asked: list[Forgetting], *, everywhere: bool) -> None:
    """What was asked for and stands in what was brought; or `everywhere`, where more is asked for now, or an earlier sync ended
    between bringing and looking."""
    if not asked:
        return
    back = relapsed(to.store, [*to.store.keys("warc/"), *to.store.keys("ledger/")] if everywhere else way.brought, asked)
    stale = {key for key in way.brought if key.endswith(".warc.gz")} | {file for each in back for file, _ in each.records}
    for key in sorted(stale if back else ()):
        if to.store.size(key) is not None:
            index_again(to, key)  # by it `forget` finds what is of a URL, and what stands on that
    for each in back:
        forget(to, each.url, each.reason, run=run_id(_now(), secrets.token_bytes(6)), clock=_now)
        way.done.again.append(each.url)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class _Way:
    """The way from one store to another; `done` counts."""

    def __init__(self, source: Store, target: Store, scratch: Path, check: bool, done: Synced) -> None:
        self.source, self.target, self.scratch, self.check, self.done = source, target, scratch, check, done
        self.brought: list[str] = []  # what can hold something that was forgotten

    def marker(self) -> None:
        """The marker first: a place that holds half an archive says that it is one."""
        self.target.check_writable()
        self.target.put_new(MARKER, self.source.read(MARKER))

    def folder(self, prefix: str, gone: frozenset[str]) -> Iterator[None]:
        """Everything below a folder; both sides are listed in the same order, so no object is asked for alone."""
        there = self.target.entries(prefix)
        other = next(there, None)
        batch: list[str] = []
        for key, size in self.source.entries(prefix):
            while other is not None and other[0] < key:
                other = next(there, None)
            if key in gone:
                continue
            if other is None or other[0] != key:
                if size > _SMALL:
                    self._copy(key)
                    yield
                    continue
                batch.append(key)
                if len(batch) >= _BATCH:
                    self._copy_all(batch)
                    batch = []
                    yield
            elif size == other[1] and prefix in _FIXED and not self.check:
                self.done.same += 1
            else:
                self._compare(key)
                yield
        self._copy_all(batch)
        yield

    def _copy_all(self, keys: list[str]) -> None:
        """Small objects, many at once."""
        parts = [(key, self.source.read(key)) for key in keys]
        self.target.put_all(parts)
        for key, data in parts:
            if self.target.digest(key) != hashlib.sha256(data).hexdigest():
                raise ArchiveError(f"{key} arrived changed; check the disk or the server and start again")
            self._count(key, len(data))

    def _copy(self, key: str) -> None:
        with self._file(key) as (path, digest):
            self.target.put_file(key, path)
            if self.target.digest(key) != digest:
                raise ArchiveError(f"{key} arrived changed; check the disk or the server and start again")
            self._count(key, path.stat().st_size)

    def _count(self, key: str, size: int) -> None:
        self.done.copied += 1
        self.done.bytes += size
        if not key.startswith(_FIXED):
            self.brought.append(key)

    def _compare(self, key: str) -> None:
        """The same key on both sides, perhaps with another content."""
        if self.source.digest(key) == self.target.digest(key):
            self.done.same += 1
            return
        if not is_sound(self.source, key):
            what = "damaged in the source; not copied" + ("" if is_sound(self.target, key) else ", and there as well")
            mend = "sync the other way round: scrapy archive sync --check DST SRC"
            self.done.findings.append(error(key, what, mend))
        elif not is_sound(self.target, key) or redactions(self.source, key) > redactions(self.target, key):
            with self._file(key) as (path, _digest):
                self.target.replace(key, path)
            self.done.mended += 1
            self.brought.append(key)
        elif redactions(self.source, key) < redactions(self.target, key):
            what = "more was forgotten there than in the source; left as it is there"
            mend = "sync the other way round: scrapy archive sync DST SRC"
            self.done.findings.append(warning(key, what, mend))
        else:
            what = "both are sound and not the same; left as it is there"
            self.done.findings.append(error(key, what, "compare the two by hand"))

    @contextlib.contextmanager
    def _file(self, key: str) -> Iterator[tuple[Path, str]]:
        """An object of the source as a file on local disk, and its SHA-256 in hex."""
        path = self.scratch / "object"
        digest = hashlib.sha256()
        with self.source.open_stream(key) as stream, path.open("wb") as copy:
            while piece := stream.read(_PIECE):
                digest.update(piece)
                copy.write(piece)
        try:
            yield path, digest.hexdigest()
        finally:
            path.unlink()
