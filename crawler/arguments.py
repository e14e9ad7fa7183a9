"""Words of a command line -> values, for argparse. What is none is told together with how it is written.

And settings that are given with -s: Scrapy takes every name and every value, and a run then ends in the middle, or goes another way
than was meant. And the data of an outlet, which is written by hand -> what is wrong with it, before anything is fetched by it.
"""

from __future__ import annotations

import argparse
import datetime as dt
import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from scrapy.settings import BaseSettings

from storage.archive import ArchiveError
from storage.archive.keys import check_outlet
from storage.records import Override

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


# Numbers of these may have a fraction, also where the usual one has none.
_FRACTIONS = ("TIMEOUT", "DELAY", "WAIT", "SHARE", "MOST", "INTERVAL")
_MOST = {"NEWS_WORKERS": MOST_WORKERS}
_SWITCH = ("true", "false", "True", "False")


def fault_of_setting(name: str, text: str, settings: BaseSettings) -> str | None:
    """A setting as it was given, and the settings without it -> what is wrong with it, in a line; None when nothing is. What
    it must be is seen from its usual value; a name of Scrapy's that is not known may be of an extension."""
    if name not in settings:
        if not name.startswith("NEWS_"):
            return None
        near = difflib.get_close_matches(name, [each for each in settings if each.startswith("NEWS_")], n=1, cutoff=0.75)
        return f"There is no setting {shown(name)}; " + (f"is it {near[0]}?" if near else "docs/settings.md lists all")
    usual = settings[name]
    wanted = _wanted(name, text, usual)
    return f"{name}={shown(text)[1:-1]}: {wanted} is asked for; left away it is {usual}" if wanted else None


def _wanted(name: str, text: str, usual: Any) -> str | None:
    """What a setting must be, where it is not."""
    if isinstance(usual, bool):
        return None if text in _SWITCH or _is(int, text) else "1 or 0"
    if not isinstance(usual, int | float):
        return None
    fraction = isinstance(usual, float) or name.rpartition("_")[2] in _FRACTIONS
    kind = "number" if fraction else "whole number"
    if not _is(float if fraction else int, text):
        return f"a {kind}"
    most = _MOST.get(name, 1_000_000)
    if name.startswith("NEWS_") and not 0 <= float(text) <= most:
        return f"a {kind} from 0 to {most:,}"
    return None


def _is(kind: type[int | float], text: str) -> bool:
    try:
        return isfinite(kind(text))
    except (ValueError, OverflowError):
        return False


_TEXTS = ("home", "title", "article")
_LISTS = ("feeds", "listings", "sitemaps", "hosts")


def fault_of_outlet(outlet: Any) -> str | None:
    """An outlet (class or spider) -> the first thing that is wrong with what it says, in a line; None when nothing is."""
    return next((f"The outlet {outlet.name!r}: {fault}." for fault in _faults(outlet)), None)


def _faults(outlet: Any) -> Iterator[str]:
    try:
        check_outlet(outlet.name)
    except (ArchiveError, TypeError) as error:
        yield str(error)
    for name in _TEXTS:
        if not isinstance(getattr(outlet, name, None), str):
            yield f"{name} is {_said(outlet, name)}, and text is asked for"
            return
    for name in _LISTS:
        value = getattr(outlet, name)
        if not isinstance(value, tuple | list) or not all(isinstance(each, str) for each in value):
            yield f'{name} is {_said(outlet, name)}, and texts in brackets are asked for, as ("rss.xml",)'
    if urlsplit(outlet.home).scheme not in ("http", "https"):
        yield f"home is {_said(outlet, 'home')}, and an address that begins with https:// or http:// is asked for"
    try:
        re.compile(outlet.article)
    except re.error as error:
        yield f"article is {_said(outlet, 'article')}, which is no regular expression ({error})"
    yield from _details(outlet)


def _details(outlet: Any) -> Iterator[str]:
    if not isinstance(outlet.language, str | None):
        yield f"language is {_said(outlet, 'language')}, and a code is asked for, as en"
    try:
        if outlet.zone is not None:
            ZoneInfo(outlet.zone)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        yield f"zone is {_said(outlet, 'zone')}, and a name is asked for, as Asia/Amman"
    if not isinstance(outlet.founded, dt.date | None):
        yield f"founded is {_said(outlet, 'founded')}, and a day is asked for, as dt.date(2000, 1, 31)"
    if not isinstance(outlet.overrides, tuple | list) or not all(isinstance(each, Override) for each in outlet.overrides):
        yield f"overrides is {_said(outlet, 'overrides')}, and Override(…) in brackets are asked for"


def _said(outlet: Any, name: str) -> str:
    return repr(getattr(outlet, name, None))[:60]
