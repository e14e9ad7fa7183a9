"""An archive that has been opened: its store, its spool, and reads that look into both."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from storage.archive.spool import Spool
from storage.archive.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """`uri` as it was opened; `folder`: of a local archive, else None; `recovered`: what opening it mended, a
    line each.

    Whole objects go to and come from `store`; WARC files and ledger segments grow in `spool` until they are
    closed.
    """

    uri: str
    store: Store
    spool: Spool
    folder: Path | None = None
    recovered: tuple[str, ...] = field(default=())

    def read(self, key: str) -> bytes:
        """The whole object or growing segment under a key. Missing when there is neither."""
        growing = self.growing(key)
        if growing is None:
            return self.store.read(key)
        with growing:
            return growing.read()

    def read_range(self, key: str, offset: int, length: int) -> bytes:
        """`length` bytes from `offset` of an object or growing segment; fewer where it ends."""
        growing = self.growing(key)
        if growing is None:
            return self.store.read_range(key, offset, length)
        with growing:
            growing.seek(offset)
            return growing.read(length)

    def open_stream(self, key: str) -> BinaryIO:
        """An object or growing segment as a stream, for `with`."""
        return self.growing(key) or self.store.open_stream(key)

    def growing(self, key: str) -> BinaryIO | None:
        """The segment that grows under a key as a stream; None when there is none, or it has just been published."""
        try:
            return self.spool.path(key).open("rb")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None

    def holds(self, key: str) -> bool:
        """Whether something lies or grows under a key."""
        return self.spool.holds(key) or self.store.size(key) is not None
