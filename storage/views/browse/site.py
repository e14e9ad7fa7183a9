"""What the pages need beside the catalogue, and what a reader asked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storage.catalogue.quarantine import Kept
from storage.views.selection import Choice
from storage.views.status import OutletStatus

Data = dict[str, Any]
"""What a page shows; its JSON is this, without the pictures, whose names begin with "_"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """An archive to be looked at. `choose`: which member stands for a story; `compare`: an old text and a new one -> `changes`
    (each with its `op`, "equal", "delete" or "insert", and its `words`), and `share_of_old` and `share_of_new`, how much of either
    stands in the other; `broken`: an outlet's status at a time -> lines that say what is wrong; `shown`: the text that a refused
    page showed, OSError when it cannot be read; `clock` gives the time in UTC."""

    catalogue: Path
    archive: str
    choose: Choice
    compare: Callable[[str, str], Data]
    broken: Callable[[OutletStatus, dt.datetime], Sequence[str]]
    shown: Callable[[Kept], str]
    clock: Callable[[], dt.datetime]


class NotThere(LookupError):
    """There is no such page; the message says what to do."""


class AskedWrongly(ValueError):
    """A page cannot make sense of what it was asked; the message says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What stands in the address of a page: `parts` of its path, `args` of its query, empty ones left out."""

    parts: Mapping[str, str]
    args: Mapping[str, str]

    def day(self, name: str) -> dt.date | None:
        """A day of the query. AskedWrongly."""
        try:
            return dt.date.fromisoformat(self.args[name]) if name in self.args else None
        except ValueError as error:
            raise AskedWrongly(f"{self.args[name]!r} is no day; write it as 2026-01-31.") from error

    def number(self, name: str, otherwise: int, most: int) -> int:
        """A number of the query, from 1 to `most`. AskedWrongly."""
        words = self.args.get(name, str(otherwise))
        if not words.isascii() or not words.isdigit() or not 1 <= int(words[:9]) <= most:
            raise AskedWrongly(f"{name} is a number from 1 to {most}, not {words[:20]!r}.")
        return int(words)
