"""Times as pages write them -> ISO 8601: machine forms first, then the forms of people in some forty languages.

A value keeps what is known: a day alone where only a day is written, a time without zone where none is written and the outlet's
is not known. Nothing is guessed beyond the day-month order, whose rule is `_order`. Whether an outlet names the day first in
figures ("03/04/2026") is settled by what cannot be a month, or by a date that is known from elsewhere. A page of the 3rd of
April settles nothing by itself; the outlet's other pages do (pipelines/memory.py).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipelines.moments import moment, zone_beside
from pipelines.months import month_of
from storage.records import Stamp

_ISO = re.compile(
    r"(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:(?:[T_]|\s+(?:at\s+|um\s+)?|,\s*)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?"
    r"\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2}(?!\d))?)?(?!\d)",
    re.I,
)
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})(?:[T ]?(\d{2}):?(\d{2})(?::?(\d{2}))?(Z|[+-]\d{2}:?\d{2})?)?$")
_CJK = re.compile(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]?(?:\D{0,12}?(\d{1,2})\s*[:時时시点]\s*(\d{2}))?")
_NUMERIC = re.compile(r"(?<![\d./-])(\d{1,2})([./-])\s?(\d{1,2})\2\s?(\d{4}|\d{2})(?![\d/-])")
_CLOCK = re.compile(r"(?<![\d:])(\d{1,2})[:.h](\d{2})(?::(\d{2}))?\s*([ap])?\.?\s?(?:m\.?)?(?![\d:])", re.I)
# Right behind the clock: "10:05 PM ET"; words in small letters are none ("à 10:05 et").
_NAMED_ZONE = re.compile(r"\s*\(?([A-Z]{2,4})(?![A-Za-z])")
_MANY = frozenset(("IST", "CST", "BST", "AST", "GST"))  # meant by more than one country: the outlet's own zone says which
_ZONE = re.compile(r"(?<![A-Za-z])((?:UTC|GMT)?[+-]\d{2}:?\d{2}|Z|UTC|GMT)(?![A-Za-z\d])")
_DAY_MONTH = re.compile(
    r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|er|\.|º|ª)?\s*(?:de\s+|of\s+|d['’]|-)?\s*([^\W\d_]{2,14})(?:/[^\W\d_]{2,14})?\.?,?\s*(?:de\s+|del\s+|,\s*|-)?(\d{4})(?!\d)"
)
_MONTH_DAY = re.compile(r"([^\W\d_]{3,14})\.?\s+(\d{1,2})(?:st|nd|rd|th)?\.?,?\s+(\d{4})(?!\d)")
_WEEKDAY = re.compile(r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? (?:\d|[a-z]{3} )", re.I)
_ARABIC_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹०१२३४५६७८९০১২৩৪৫৬৭৮৯", "0123456789" * 4)


def read_time(text: str, *, language: str | None = None, zone: str | None = None, day_first: bool | None = None) -> str | None:
    """Words that hold one time -> ISO 8601 (a day, a time, a time with offset); None when none is found.

    `day_first` settles the order of day and month where figures do not, else `language` (an html lang); `zone` is an
    IANA name for a time written without one.
    """
    text = " ".join(text.translate(_ARABIC_DIGITS).split())[:300]
    return _epoch(text) or _machine(text, zone) or _people(text, language, zone, day_first)


def _epoch(text: str) -> str | None:
    """Seconds or milliseconds since 1970, of the years 1995 to 2100."""
    if not text.isascii() or not text.isdecimal() or len(text) not in (9, 10, 12, 13):
        return None
    seconds = int(text) / (1000 if len(text) > 10 else 1)
    if not 788_918_400 <= seconds <= 4_102_444_800:
        return None
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="seconds")


def _machine(text: str, zone: str | None) -> str | None:
    found = _COMPACT.match(text) or _ISO.search(text) or _CJK.search(text)
    if found:
        year, month, day, *clock = found.groups()
        hour, minute, second, offset = (*clock, None, None, None, None)[:4]
        return _built((year, month, day), (hour, minute, second) if hour and minute else None, offset, zone)
    if _WEEKDAY.match(text) and (printed := moment(text)) and printed.timed:
        return printed.local.replace(tzinfo=printed.zone or _zone(None, zone, printed.local)).isoformat(timespec="seconds")
    return None


def _people(text: str, language: str | None, zone: str | None, day_first: bool | None) -> str | None:
    day = _named_month(text) or _numeric(text, language, day_first)
    if day is None:
        return None
    (year, month, date), span = day
    rest = text[: span[0]] + " " + text[span[1] :]
    clock = _CLOCK.search(rest)
    behind = rest[clock.end() :] if clock else ""
    offset = _ZONE.search(behind) or _NAMED_ZONE.match(behind)
    name = offset.group(1) if offset else None
    if name in _MANY and zone:
        name = None
    return _built((year, month, date), _clock(clock) if clock else None, name, zone)


def _named_month(text: str) -> tuple[tuple[str, str, str], tuple[int, int]] | None:
    for pattern, places in ((_DAY_MONTH, (1, 2, 3)), (_MONTH_DAY, (2, 1, 3))):
        for found in pattern.finditer(text):
            month = month_of(found.group(places[1]))
            if month:
                return (found.group(places[2]), str(month), found.group(places[0])), found.span()
    return None


def _numeric(text: str, language: str | None, day_first: bool | None) -> tuple[tuple[str, str, str], tuple[int, int]] | None:
    found = _NUMERIC.search(text)
    if found is None:
        return None
    first, mark, second, year = found.groups()
    if len(year) == 2:
        year = "20" + year
    day, month = _order(int(first), int(second), mark, reads_day_first(text, language) if day_first is None else day_first)
    return (year, str(month), str(day)), found.span()


def _order(first: int, second: int, mark: str, day_first: bool) -> tuple[int, int]:
    """Two figures of a date -> (day, month): what cannot be a month decides, dots, then what is known of the outlet."""
    if first > 12 or second > 12:
        return (first, second) if first > 12 else (second, first)
    return (first, second) if mark == "." or day_first else (second, first)


def reads_day_first(text: str, language: str | None) -> bool:
    """The best guess where figures say nothing: day first, but with the American 12-hour clock or language."""
    american = (language or "").lower() in ("en-us", "en_us", "en-ph")
    return not (american or re.search(r"\d\s?[ap]\.?m\b", text, re.I))


def _clock(found: re.Match[str]) -> tuple[str, str, str | None]:
    hour, minute, second, half = found.groups()
    number = int(hour)
    if half:
        number = number % 12 + (12 if half.lower() == "p" else 0)
    return str(number), minute, second


def _built(
    day: tuple[str, str, str], clock: tuple[str | None, str | None, str | None] | None, offset: str | None, zone: str | None
) -> str | None:
    year, month, date = map(int, day)
    try:
        if clock is None:
            return dt.date(year, month, date).isoformat()
        time = dt.datetime(year, month, date, int(clock[0] or 0), int(clock[1] or 0), int(clock[2] or 0))
    except ValueError:
        return None
    return time.replace(tzinfo=_zone(offset, zone, time)).isoformat(timespec="seconds")


def _zone(offset: str | None, zone: str | None, local: dt.datetime) -> dt.tzinfo | None:
    if offset and (named := zone_beside(offset, local)):
        return named
    try:
        return ZoneInfo(zone) if zone else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def sensible(value: str, fetched_at: dt.datetime, since: dt.date | None) -> bool:
    """Whether a time can be one of publication: not after the fetch (a day and a half of zones apart), not before the
    outlet, nor before there was a web."""
    day = dt.date.fromisoformat(value[:10])
    return (since or dt.date(1994, 1, 1)) <= day <= (fetched_at + dt.timedelta(hours=36)).date()


def is_earlier(one: str, other: str) -> bool:
    """Whether one ISO time is certainly before the other; where either has no zone, by a day or more."""
    times = [dt.datetime.fromisoformat(value) for value in (one, other)]
    if all(time.tzinfo for time in times):
        return times[0] < times[1]
    return times[0].replace(tzinfo=None) + dt.timedelta(days=1) < times[1].replace(tzinfo=None)


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
    shown = {_order_of(first, second, day) for first, second in dates} - {None}
    return shown.pop() if len(shown) == 1 else None


def _order_of(first: int, second: int, day: dt.date | None) -> bool | None:
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
