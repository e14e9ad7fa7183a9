"""A store in a folder: every object a file of its own, durable before it is seen.

Order of a write: temporary file in `.tmp/`, fsync, hard link to the final name (which fails when the name is
taken), fsync of the folder. A power cut between any two steps leaves either no object or a whole one.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import itertools
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from storage.archive.folders import fsync, fsync_all, make_folder, same_content, walk
from storage.archive.keys import check_key, check_prefix
from storage.archive.store import ArchiveError, Conflict, Missing, Store

_STALE_SECONDS = 24 * 3600
_PROBE = b"cleancopy" * 1024
_FULL = {errno.ENOSPC: "the disk is full", errno.EDQUOT: "the disk quota is used up", errno.EFBIG: "the file grew too large"}


class LocalStore(Store):
    """`Store` in the folder `root`, which is made when it is missing. One filesystem; hard links where it has
    them.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self._scratch = self.root / ".tmp"
        self._numbers = itertools.count()

    def check_writable(self) -> None:
        with explaining(self.root):
            make_folder(self._scratch)
            self._sweep()
            temporary = self._write(_PROBE)
            try:
                fsync(temporary)
                came_back = temporary.read_bytes() == _PROBE
            finally:
                temporary.unlink()
        if not came_back:
            raise ArchiveError(f"{self.root}: what was written did not come back; check the disk")

    def put_new(self, key: str, data: bytes) -> bool:
        return self.put_all([(key, data)]) == 1

    def put_all(self, parts: Iterable[tuple[str, bytes]]) -> int:
        pending: list[tuple[str, Path, Path]] = []
        try:
            for key, data in parts:
                target = self._path(key)
                if target.exists():
                    self._must_equal(key, data)
                else:
                    pending.append((key, self._write(data), target))
            fsync_all([temporary for _key, temporary, _target in pending])
            return sum(self._link_all(pending))
        except OSError as error:
            raise explained(error, self.root) from error
        finally:
            for _key, temporary, _target in pending:
                temporary.unlink(missing_ok=True)

    def put_file(self, key: str, path: Path) -> bool:
        target = self._path(key)
        with explaining(self.root):
            fsync(path)
            make_folder(target.parent)
            try:
                os.link(path, target)
            except FileExistsError:
                if not path.samefile(target) and not same_content(path, target):
                    raise Conflict(_other(key)) from None
                return False
            except OSError as error:
                if error.errno not in (errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.EMLINK):
                    raise
                return self._copy_in(key, path, target)
            fsync(target.parent)
        return True

    def replace(self, key: str, path: Path) -> None:
        target = self._path(key)
        with explaining(self.root):
            temporary = self._temporary()
            try:
                shutil.copyfile(path, temporary)
                fsync(temporary)
                temporary.replace(target)
                fsync(target.parent)
            finally:
                temporary.unlink(missing_ok=True)

    def read(self, key: str) -> bytes:
        with self.open_stream(key) as stream:
            return stream.read()

    def read_range(self, key: str, offset: int, length: int) -> bytes:
        with self.open_stream(key) as stream:
            stream.seek(offset)
            return stream.read(length)

    def open_stream(self, key: str) -> BinaryIO:
        try:
            return self._path(key).open("rb")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise Missing(f"{key} is not in the archive {self.root}") from None
        except OSError as error:
            raise explained(error, self.root) from error

    def size(self, key: str) -> int | None:
        path = self._path(key)
        with explaining(self.root):
            return path.stat().st_size if path.is_file() else None

    def digest(self, key: str) -> str | None:
        with contextlib.suppress(Missing), explaining(self.root), self.open_stream(key) as stream:
            return hashlib.file_digest(cast(io.BufferedReader, stream), "sha256").hexdigest()
        return None

    def entries(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        check_prefix(prefix)
        folder, _, start = prefix.rpartition("/")
        with explaining(self.root):
            yield from walk(self.root / folder, f"{folder}/" if folder else "", start)

    def delete(self, key: str) -> bool:
        path = self._path(key)
        try:
            path.unlink()
            fsync(path.parent)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise explained(error, self.root) from error
        return True

    def _path(self, key: str) -> Path:
        return self.root / check_key(key)

    def _temporary(self) -> Path:
        make_folder(self._scratch)
        return self._scratch / f"{os.getpid()}-{time.monotonic_ns()}-{next(self._numbers)}"

    def _write(self, data: bytes) -> Path:
        temporary = self._temporary()
        try:
            with temporary.open("xb") as sink:
                sink.write(data)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        return temporary

    def _link_all(self, pending: list[tuple[str, Path, Path]]) -> Iterator[bool]:
        folders = {target.parent for _key, _temporary, target in pending}
        for folder in folders:
            make_folder(folder)
        for key, temporary, target in pending:
            yield self._link(key, temporary, target)
        fsync_all(list(folders))

    def _link(self, key: str, temporary: Path, target: Path) -> bool:
        try:
            os.link(temporary, target)
        except FileExistsError:  # another process was faster
            self._must_equal(key, temporary.read_bytes())
            return False
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EMLINK):
                raise
            # A filesystem without hard links (FAT, some network shares): rename, after a look.
            if target.exists():
                self._must_equal(key, temporary.read_bytes())
                return False
            temporary.rename(target)
        return True

    def _copy_in(self, key: str, path: Path, target: Path) -> bool:
        """The spool lies on another filesystem: copy into ours, then link as any other object."""
        temporary = self._temporary()
        try:
            shutil.copyfile(path, temporary)
            fsync(temporary)
            made = self._link(key, temporary, target) if not target.exists() else False
            if not made and not same_content(path, target):
                raise Conflict(_other(key))
            fsync(target.parent)
            return made
        finally:
            temporary.unlink(missing_ok=True)

    def _must_equal(self, key: str, data: bytes) -> None:
        if (self.root / key).read_bytes() != data:
            raise Conflict(_other(key))

    def _sweep(self) -> None:
        """Take away what killed writers left in the scratch folder; a day is longer than any write."""
        oldest = time.time() - _STALE_SECONDS
        for left in self._scratch.iterdir():
            if left.stat().st_mtime < oldest:
                left.unlink(missing_ok=True)


@contextlib.contextmanager
def explaining(root: Path) -> Iterator[None]:
    """What the operating system says in the body becomes an ArchiveError."""
    try:
        yield
    except OSError as error:
        raise explained(error, root) from error


def explained(error: OSError, root: Path) -> ArchiveError:
    """An error of the operating system -> one line that says what to do."""
    if error.errno in _FULL:
        return ArchiveError(f"{_FULL[error.errno]} under {root}: free some space and start again; nothing is half written")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return ArchiveError(
            f"{root} cannot be written ({error.strerror}): give this user write access, or set NEWS_ARCHIVE_URI"
        )
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        in_the_way = next((each for each in (root, *root.parents) if each.exists()), root)
        return ArchiveError(f"{in_the_way} is not a folder: set NEWS_ARCHIVE_URI to a folder")
    return ArchiveError(f"{root}: {error.strerror or error} (errno {error.errno})")


def _other(key: str) -> str:
    return f"{key} holds another content already; nothing was overwritten. Run `scrapy verify` on this archive"
