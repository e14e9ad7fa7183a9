"""The index of copies over texts whose look-ups were made before: it keeps what is placed, and asks no postings.

Each document gets the number of its text, and what its shingles lead to is given with it (pipelines.buckets), so that
placing asks for nothing but the few documents that it compares. Everything else is the index of copies itself.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from storage.catalogue.placements import HOT, Placements


class Joined(Placements):
    """`come(number, leading)`, then place the text of that number; numbers go up."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self._number = 0
        self._leads: Mapping[int, Sequence[int]] = {}
        self._indexed = bytearray()

    def come(self, number: int, leading: Mapping[int, Sequence[int]]) -> None:
        """The number of the text that is placed next, and by 48 bits of a shingle the earlier ones that may be in the index
        under it: all of the first HOT that are."""
        self._number, self._leads = number, leading
        self._indexed.extend(bytes(number + 1 - len(self._indexed)))

    def _leading(self, asked: Sequence[int]) -> dict[int, list[int]]:
        found = {}
        for shingle, numbers in self._leads.items():
            if there := [number for number in numbers if self._indexed[number]][:HOT]:
                found[shingle] = there
        return found

    def _enter(self, row: Mapping[str, object]) -> int:
        return super()._enter({"document": self._number, **row} if row["digest"] else row)

    def post(self, postings: Iterable[tuple[int, int]]) -> None:
        """The text is in the index from now on."""
        self._indexed[self._number] = True
