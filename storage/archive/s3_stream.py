"""An object in S3 as a stream, read by ranges, so that a connection that breaks costs one range."""

from __future__ import annotations

import io
from typing import Any

from storage.archive.store import Missing, Store

_RANGE = 4 * 1024 * 1024


class S3Stream(io.RawIOBase):
    """The object `key` of `store`, from its start; Missing when it is not there. Reads raise ArchiveError."""

    def __init__(self, store: Store, key: str) -> None:
        super().__init__()
        size = store.size(key)
        if size is None:
            raise Missing(f"{key} is not in the archive")
        self._store, self._key, self._size, self._at = store, key, size, 0
        self._held, self._held_at = b"", 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def readinto(self, buffer: Any) -> int:
        place = self._at - self._held_at
        if not 0 <= place < len(self._held):
            if self._at >= self._size:
                return 0
            self._held, self._held_at, place = self._store.read_range(self._key, self._at, _RANGE), self._at, 0
        piece = self._held[place : place + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)
