"""Words of a command line -> values, for argparse. What is none is told together with how it is written."""

from __future__ import annotations

import argparse
import datetime as dt
import difflib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

N = TypeVar("N", int, float)
FIRST_YEAR, LAST_YEAR = 1970, 2999
MOST_WORKERS = 1024
_SHOWN = 60  # characters of a word that is quoted


class ArgumentError(ValueError):
    """An argument, or what an outlet says of itself, that cannot be understood; the message says what would be."""


def day(text: str) -> dt.date:
    """YYYY-MM-DD -> the day."""
    try:
        found = dt.date.fromisoformat(text)
    except ValueError:
        found = dt.date.min
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise _wrong(text, f"no day of the years {FIRST_YEAR} to {LAST_YEAR}; write it as {dt.date(2026, 1, 31)}")
    return found


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """The limits -> what reads a whole number within them."""
    return _within(int, least, most, f"no whole number from {least:,} to {most:,}")


def number(least: float, most: float) -> Callable[[str], float]:
    """The limits -> what reads a number within them; never infinity or NaN."""
    return _within(float, least, most, f"no number from {least:,.0f} to {most:,.0f}")


def _within(kind: Callable[[str], N], least: float, most: float, otherwise: str) -> Callable[[str], N]:
    def read(text: str) -> N:
        try:
            found = kind(text)
        except ValueError:
            raise _wrong(text, otherwise) from None
        if not least <= found <= most:
            raise _wrong(text, otherwise)
        return found

    return read


workers = whole_number(0, MOST_WORKERS)
"""A number of processes; 0 for the usual one."""


def path(text: str) -> Path:
    """The name of a file or folder; an empty one, as of a variable of the shell that is not set, would be this folder."""
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty; name a file or folder")
    return Path(text)


def scheduler(text: str) -> str:
    """The address of a Dask scheduler -> the same."""
    try:
        parts = urlsplit(text)
        known = parts.scheme in ("tcp", "tls") and bool(parts.hostname) and bool(parts.port)
    except ValueError:
        known = False
    if not known:
        raise _wrong(text, "no address of a scheduler; write it as tcp://host:8786")
    return text


def no_outlet(name: str, known: Iterable[str]) -> str:
    """A name that is no outlet's, and those that are -> a line that says which it may be."""
    names = sorted(set(known))
    if near := difflib.get_close_matches(name, names, n=3):
        return f"There is no outlet {shown(name)}; is it {' or '.join(near)}?"
    told = f"there are: {', '.join(names)}." if 0 < len(names) <= 12 else "`scrapy list` names all."
    return f"There is no outlet {shown(name)}; {told}"


def shown(text: str) -> str:
    """A word in quotes, as far as a line has room for it."""
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


def _wrong(text: str, what: str) -> argparse.ArgumentTypeError:
    return argparse.ArgumentTypeError(f"{shown(text)} is {what}")
