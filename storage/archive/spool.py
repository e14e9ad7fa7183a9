"""The spool: where segments (WARC files, ledgers) grow on local disk until they are whole and get their final
name.

The path of a segment below the spool folder is its key in the archive, so its address is known from the first
byte. A segment that is being written is locked; one without a lock was left by a killed run: `Spool.recover`
cuts off its torn end and publishes it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from storage.archive.folders import alone, fsync, make_folder, scratch_folder, sweep
from storage.archive.keys import check_key, published_key
from storage.archive.local import explained, explaining
from storage.archive.packed import packed_stream
from storage.archive.store import ArchiveError, Conflict, Store

_SEGMENTS = (".warc.gz", ".jsonl")
_SCRATCH = ".scratch"

# Path of a segment -> length of its sound part in bytes. Publishes what belongs beside a segment, from its
# path.
Sound = Callable[[Path], int]
Companions = Callable[[str, Path], Iterator[tuple[str, bytes]]]


class Segment:
    """One growing file of the spool, appended whole or not at all, locked until it is closed or its process
    ends.
    """

    def __init__(self, key: str, path: Path, handle: int) -> None:
        self.key = key
        self.path = path
        self._handle = handle
        self.size = os.fstat(handle).st_size

    def append(self, data: bytes) -> int:
        """Bytes -> the offset at which they lie. On any error nothing of them stays; ArchiveError says why."""
        start = self.size
        try:
            done = 0
            view = memoryview(data)
            while done < len(data):
                done += os.write(self._handle, view[done:])
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._handle, start)
            raise explained(error, self.path.parent) from error
        self.size = start + len(data)
        return start

    def sync(self) -> None:
        """Everything appended so far survives a power cut when this returns."""
        with explaining(self.path.parent):
            os.fdatasync(self._handle)

    def release(self) -> None:
        """Give up the lock; the file stays in the spool."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


class Spool:
    """The spool folder of one archive on this machine; several processes may use it at once."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.folder = folder.absolute()
        self._store = store

    def open(self, key: str) -> Segment:
        """A new, empty segment that will be published under `key`. ArchiveError when the key is taken."""
        path = self.path(key)
        try:
            with self._guard():
                make_folder(path.parent)
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o644)
                fcntl.flock(handle, fcntl.LOCK_EX)
                fsync(path.parent)
        except FileExistsError:
            raise ArchiveError(f"{path} exists: another run uses the same run id; start the run again") from None
        except OSError as error:
            raise explained(error, self.folder) from error
        return Segment(key, path, handle)

    def path(self, key: str) -> Path:
        """Where the segment of this key lies while it is in the spool."""
        return self.folder / check_key(key)

    def holds(self, key: str) -> bool:
        """Whether the segment of this key is still in the spool."""
        return self.path(key).is_file()

    def keys(self, prefix: str = "") -> list[str]:
        """Keys of all segments in the spool, in order."""
        found = (path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file())
        hidden = f"{_SCRATCH}/"
        return sorted(key for key in found if key.startswith(prefix) and key.endswith(_SEGMENTS) and not key.startswith(hidden))

    @contextlib.contextmanager
    def scratch(self, purpose: str) -> Iterator[Path]:
        """A folder for files on their way, on the spool's disk; gone at the end, or at the next start after a kill."""
        with explaining(self.folder), scratch_folder(self.folder / _SCRATCH, purpose) as folder:
            yield folder

    def publish(self, segment: Segment, companions: Iterator[tuple[str, bytes]]) -> None:
        """Bring a finished segment under its final key, then what belongs beside it, then clear it from the
        spool.

        On ArchiveError it stays in the spool; calling again, or the next start of a run, goes on.
        """
        segment.sync()
        self._publish(segment.key, segment.path, companions)
        segment.release()

    def recover(self, sound: Callable[[str], Sound], companions: Companions) -> list[str]:
        """Mend and publish what killed runs left. One line for people a segment. Segments in use are left
        alone.
        """
        sweep(self.folder / _SCRATCH)
        return [line for key in self.keys() if (line := self._recover(key, sound(key), companions))]

    def _recover(self, key: str, sound: Sound, companions: Companions) -> str | None:
        handle = self._take(key)
        if handle is None:
            return None
        path = self.path(key)
        try:
            whole, size = sound(path), os.fstat(handle).st_size
            if whole < size:
                os.ftruncate(handle, whole)
                os.fsync(handle)
            if whole == 0:
                path.unlink()
                return f"{key}: left by a killed run with nothing whole in it; removed ({size} bytes)"
            self._publish(key, path, companions(key, path))
        except Conflict:
            return f"{key}: another content lies under this key in the archive; {path} was left where it is, compare the two"
        except OSError as error:
            raise explained(error, self.folder) from error
        finally:
            os.close(handle)
        torn = f"; its torn end of {size - whole} bytes was cut off" if whole < size else ""
        return f"{key}: left by a killed run, now in the archive{torn}"

    def _take(self, key: str) -> int | None:
        """Open and lock a left segment; None when a live process writes it or it is gone."""
        with self._guard():
            try:
                handle = os.open(self.path(key), os.O_RDWR | os.O_CLOEXEC)
            except FileNotFoundError:
                return None
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
                return None
            return handle

    def _publish(self, key: str, path: Path, companions: Iterator[tuple[str, bytes]]) -> None:
        final = published_key(key)
        if final == key or self._store.size(key) is not None:  # an older version published it as it is, and was killed
            self._store.put_file(key, path)
        else:
            with self._packed(path) as whole:
                self._store.put_file(final, whole)
        for beside, data in companions:
            # What lies beside a segment is made from it: an older version's form of it may stay.
            with contextlib.suppress(Conflict):
                self._store.put_new(beside, data)
        path.unlink()

    @contextlib.contextmanager
    def _packed(self, path: Path) -> Iterator[Path]:
        """A segment -> the same as gzip, beside it; what a killed process left of one is written over."""
        whole = path.with_name(f"{path.name}.packing")
        with explaining(self.folder):
            try:
                with path.open("rb") as source, whole.open("wb") as sink:
                    sink.writelines(packed_stream(source))
                yield whole
            finally:
                whole.unlink(missing_ok=True)

    def _guard(self) -> contextlib.AbstractContextManager[None]:
        make_folder(self.folder)
        return alone(self.folder / ".lock", os.O_RDWR | os.O_CREAT)
