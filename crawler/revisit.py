"""Known stories are looked at again, ever more seldom: for corrections, and for what was taken away.

The schedule is a list of ages. A story is due when it has reached an age at which it has not been looked at since; of several
that passed unused only the last counts, so a crawl that stood still for a week asks once. Nothing of it is stored: what is due
follows from when a story was first and last fetched, and a changed setting holds at once.
"""

from __future__ import annotations

import datetime as dt
import re

import sqlite_utils

from storage.catalogue import leads
from storage.records import Lead

FEWEST = 10
"""Revisits that a run may always make, also when it brings nothing new."""
_SLACK = 1.5  # times the last age, until which a story whose look was missed is still looked at
_AGE = re.compile(r"(\d{1,5})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def ages(text: str) -> tuple[dt.timedelta, ...]:
    """The setting NEWS_REVISITS, "30m 3h 1d", -> ages in order; none for an empty one. ValueError says what would be right."""
    found = []
    for word in text.replace(",", " ").split():
        match = _AGE.fullmatch(word.lower())
        if match is None or int(match[1]) == 0:
            raise ValueError(f"NEWS_REVISITS: {word!r} is no age; write minutes, hours and days as 30m 3h 1d, or nothing.")
        found.append(dt.timedelta(**{_UNITS[match[2]]: int(match[1])}))
    return tuple(sorted(found))


def due(first: dt.datetime, last: dt.datetime, now: dt.datetime, schedule: tuple[dt.timedelta, ...]) -> dt.timedelta | None:
    """When a story was first and last fetched -> the age at which it should have been looked at and was not; or None."""
    reached = [age for age in schedule if first + age <= now]
    return reached[-1] if reached and last < first + reached[-1] else None


def revisits(
    database: sqlite_utils.Database, outlet: str, now: dt.datetime, schedule: tuple[dt.timedelta, ...], most: int
) -> list[Lead]:
    """The stories of an outlet that are due, the youngest first, at most so many: what is young is corrected most."""
    if not schedule or most <= 0:
        return []
    found = []
    for visited in leads.visited(database, outlet, now - _SLACK * schedule[-1]):
        age = due(visited.first, visited.last, now, schedule)
        if age is not None:
            found.append((age, visited.last, visited.lead))
    found.sort(key=lambda each: (each[0], each[1], each[2].url))
    return [lead for _, _, lead in found[:most]]


def allowed(new: int, share: float) -> int:
    """How many new pages a run fetched -> how many revisits it may make, so that they are at most this share of its pages."""
    return max(FEWEST, int(new * share / (1 - share))) if 0 < share < 1 else 0
