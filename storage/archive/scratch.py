"""Folders for files that are on their way. One that a killed process left goes at the next start: it may hold what was to
be forgotten, and it takes up room."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def scratch_folder(above: Path, purpose: str) -> Iterator[Path]:
    """A new folder in `above`, locked while it is used and gone at the end; OSError when there can be none.

    `purpose`: what its name begins with. Folders of the same purpose that no living process uses are taken away first.
    """
    above.mkdir(parents=True, exist_ok=True)
    with _guard(above):
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
        with _guard(above):
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
def _guard(above: Path) -> Iterator[None]:
    """One process at a time makes or sweeps: a folder made and not yet locked is not taken for a left one."""
    handle = os.open(above, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
