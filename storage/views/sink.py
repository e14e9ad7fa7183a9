"""A file that is written here and taken away piece by piece, for writers that want to go back a little (zip, Parquet)."""

from __future__ import annotations

import io


class Sink(io.RawIOBase):
    """What was written since the last `take` can be sought and written over; what was taken is gone."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._before = 0
        self._at = 0

    def take(self) -> bytes:
        """What was written since the last time."""
        taken = bytes(self._held)
        self._before += len(taken)
        self._held.clear()
        return taken

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        """Bytes at the place where we are; ValueError when that was taken already."""
        piece = bytes(memoryview(data))  # type: ignore[arg-type]
        start = self._at - self._before
        if start < 0:
            raise ValueError("what was taken cannot be written over")
        self._held[start : start + len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self._at

    def seek(self, place: int, whence: int = io.SEEK_SET) -> int:
        ends = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._before + len(self._held)}
        self._at = ends[whence] + place
        return self._at
