"""Dates in figures as a page prints them ("03/04/2026") -> whether its outlet names the day first.

What cannot be a month settles it, or a date that is known from elsewhere. A page of the 3rd of April settles nothing by
itself; the outlet's other pages do (pipelines/memory.py).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable

from storage.records import Stamp

# Dots are no question: no language that writes them names the month first.
_FIGURES = re.compile(r"(?<![\d./-])(\d{1,2})([/-])(\d{1,2})\2(?:\d{4}|\d{2})(?![\d/-])")
_MOST = 100_000  # characters that are looked at
GUESSED = {True: ", day and month in doubt: read day first", False: ", day and month in doubt: read month first"}
SETTLED = ", day and month as on the outlet's other pages"


def figures(texts: Iterable[str]) -> tuple[tuple[int, int], ...]:
    """Texts of a page -> the first two numbers of each date in figures, each pair once."""
    found = _FIGURES.findall("\n".join(texts)[:_MOST])
    return tuple(dict.fromkeys((int(first), int(second)) for first, _, second in found))


def order_shown(dates: Iterable[tuple[int, int]], known: str | None = None) -> bool | None:
    """Dates in figures of a page, and its ISO date where another source gives it -> whether they name the day first; None
    when they do not show it, or not all the same."""
    day = dt.date.fromisoformat(known[:10]) if known else None
    shown = {_order(first, second, day) for first, second in dates} - {None}
    return shown.pop() if len(shown) == 1 else None


def _order(first: int, second: int, day: dt.date | None) -> bool | None:
    if (first > 12) != (second > 12):
        return first > 12 if max(first, second) <= 31 else None
    if day is not None and first != second and {first, second} == {day.day, day.month}:
        return first == day.day
    return None


def is_doubtful(text: str) -> bool:
    """Whether the first date in figures of a text can be read both ways."""
    found = _FIGURES.search(text)
    return found is not None and found.group(1) != found.group(3) and max(int(found.group(1)), int(found.group(3))) <= 12


def settled(stamp: Stamp, day_first: bool | None, latest: dt.datetime) -> Stamp:
    """A time, and whether the outlet names the day first -> the time read so, where it had been a guess. Not later than
    `latest`."""
    guess = next((order for order, words in GUESSED.items() if stamp.source.endswith(words)), None)
    if guess is None or day_first is None:
        return stamp
    source = stamp.source.removesuffix(GUESSED[guess]) + SETTLED
    year, month, day = stamp.value[:4], stamp.value[5:7], stamp.value[8:10]
    value = stamp.value if guess is day_first else f"{year}-{day}-{month}{stamp.value[10:]}"
    return Stamp(value=value, source=source) if dt.date.fromisoformat(value[:10]) <= latest.date() else stamp
