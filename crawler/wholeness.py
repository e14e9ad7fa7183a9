"""Files that are whole under their name, or not there."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


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
        with part.open("rb") as stream:
            os.fsync(stream.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
