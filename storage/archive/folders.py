"""Files and folders of a disk: made durable, listed in the order of their keys, compared.

And folders for files that are on their way. One that a killed process left goes at the next start: it may hold what was to be
forgotten, and it takes up room.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from storage.archive.keys import beside

_COPY = 1 << 20
_AT_ONCE = 8


def make_folder(folder: Path) -> None:
    """Make a folder and its parents, durable: each new one is fsynced into its parent."""
    missing = list(itertools.takewhile(lambda each: not each.is_dir(), (folder, *folder.parents)))
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
        fsync(each.parent)


def walk(folder: Path, above: str, start: str) -> Iterator[tuple[str, int]]:
    """A folder, what stands before its names in keys, and a beginning of names -> its files as (key, bytes), ordered by key:
    a folder sorts as its name with the slash behind it. Hidden files and what lies beside an archive are none."""
    stack = [_listing(folder, above, start)]
    while stack:
        for key, path, size in stack[-1]:
            if size is None:
                stack.append(_listing(Path(path), key, ""))
                break
            yield key, size
        else:
            stack.pop()


def _listing(folder: Path, above: str, start: str) -> Iterator[tuple[str, str, int | None]]:
    try:
        found = [
            (f"{above}{entry.name}/", entry.path, None)
            if entry.is_dir()
            else (f"{above}{entry.name}", entry.path, entry.stat().st_size)
            for entry in os.scandir(folder)
            if entry.name.startswith(start) and not (entry.name.startswith(".") or (not above and beside(entry.name)))
        ]
    except (FileNotFoundError, NotADirectoryError):
        found = []
    return iter(sorted(found))


def fsync(path: Path) -> None:
    """Make a file or folder durable; OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def fsync_all(paths: list[Path]) -> None:
    """fsync many, a few at once: the filesystem then serves several with one write of its journal (ext4: a quarter)."""
    if len(paths) < 2:
        for path in paths:
            fsync(path)
        return
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(fsync, paths))


def same_content(one: Path, other: Path) -> bool:
    """Whether two files hold the same bytes."""
    if one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as left, other.open("rb") as right:
        while piece := left.read(_COPY):
            if piece != right.read(_COPY):
                return False
    return True


@contextlib.contextmanager
def scratch_folder(above: Path, purpose: str) -> Iterator[Path]:
    """A new folder in `above`, locked while it is used and gone at the end; OSError when there can be none.

    `purpose`: what its name begins with. Folders of the same purpose that no living process uses are taken away first.
    """
    above.mkdir(parents=True, exist_ok=True)
    with alone(above):
        _sweep(above, purpose)
        folder = Path(tempfile.mkdtemp(prefix=f"{purpose}-", dir=above))
        handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def sweep(above: Path) -> None:
    """Take away what killed processes left in `above`, whatever its purpose."""
    if above.is_dir():
        with alone(above):
            _sweep(above, "")


def _sweep(above: Path, purpose: str) -> None:
    for left in above.glob(f"{purpose}*"):
        with contextlib.suppress(OSError):  # in use, or gone meanwhile
            handle = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(handle)


@contextlib.contextmanager
def alone(path: Path, how: int = os.O_RDONLY) -> Iterator[None]:
    """A file or folder, and flags of open(2) -> one process at a time is in the body: what one makes and has yet to lock is not taken
    for what another left."""
    handle = os.open(path, how | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A path -> another beside it to write to; it takes the first one's place when the body ends well, else it is gone. A link
    stays one. OSError, also for what is there and no file: a device, a pipe or a folder is not replaced."""
    path = path.resolve()
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is no file; name one" + (" in it" if path.is_dir() else ""), str(path))
    if not path.parent.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, f"there is no folder {path.parent}", str(path))
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.", suffix=".part")
    os.close(handle)
    part = Path(name)
    try:
        yield part
        part.chmod(0o644)
        fsync(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
