"""What a store of whole objects must be able to do, and the one error that users of the archive meet.

Two stores exist: `local.LocalStore` (a folder) and `s3.S3Store` (a bucket and a prefix). Both pass
tests/test_local.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol


class ArchiveError(Exception):
    """The archive cannot be read or written. The message is one line and says what to do."""


class Conflict(ArchiveError):
    """Another content already lies under this key. Nothing was overwritten."""


class Missing(ArchiveError):
    """Nothing lies under this key."""


class Store(Protocol):
    """Objects under keys made by `storage.archive.keys`. All methods raise ArchiveError.

    An object appears under its key only when it is whole and durable, and is never overwritten but by
    `replace`.
    """

    def check_writable(self) -> None:
        """Prove that objects can be written here; ArchiveError says what to do when not."""

    def put_new(self, key: str, data: bytes) -> bool:
        """Keep `data` under a new key. True: written; False: the same bytes lay there already. Conflict:
        others do.
        """

    def put_all(self, parts: Iterable[tuple[str, bytes]]) -> int:
        """`put_new` of many small objects, sharing the cost of durability. How many were new."""

    def put_file(self, key: str, path: Path) -> bool:
        """`put_new` of a file's content. The file stays where it is; it must not change afterwards."""

    def replace(self, key: str, path: Path) -> None:
        """Put a file's content in the place of what lies under the key, whole or not at all. For `forget`
        alone.
        """

    def read(self, key: str) -> bytes:
        """The whole object. Missing when there is none."""

    def read_range(self, key: str, offset: int, length: int) -> bytes:
        """`length` bytes from `offset`; fewer where the object ends. Missing when there is no object."""

    def open_stream(self, key: str) -> BinaryIO:
        """The object as a readable stream, for `with`. Memory does not grow with the object."""

    def size(self, key: str) -> int | None:
        """Length in bytes; None when there is no object."""

    def digest(self, key: str) -> str | None:
        """SHA-256 of the object in hex; None when there is none. A server may answer with the one it was sent with."""

    def entries(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """(key, length in bytes) of every object whose key starts with `prefix`, ordered by key; read lazily."""

    def keys(self, prefix: str = "") -> Iterator[str]:
        """Every key that starts with `prefix`, in order."""
        return (key for key, _size in self.entries(prefix))

    def delete(self, key: str) -> bool:
        """Take an object away, with every older version of it. False when there was none."""
