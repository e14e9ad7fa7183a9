"""A string that is one date -> the moment it names, as far as it names one: a day, a time, a zone.

The reader of feeds and sitemaps (`iso`), and of machine-written dates on pages (pipelines/dates.py, which also finds a date
among words). Read are W3C-DTF and ISO 8601, RFC 822 to 5322, asctime, and what publishers make of them: month before day, names
of months in other languages, two-digit years, offsets after names of zones, "Z" after a space. No clock: a date in the future
stays what it says.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pipelines.months import AMERICAN, HOURS, month_of

LONGEST = 120

_ISO = re.compile(
    r"^(?P<year>[0-9]{4})(?:-?(?P<ordinal>[0-9]{3})(?![0-9])|-?W(?P<week>[0-9]{2})(?:-?(?P<weekday>[1-7]))?"
    r"|[-/.](?P<month>[0-9]{1,2})(?:[-/.](?P<day>[0-9]{1,2}))?|(?P<month8>[0-9]{2})(?P<day8>[0-9]{2}))?(?![0-9])"
    r"(?:(?:[Tt_]|[ ,]+)?(?P<rest>.*))?$"
)
_CLOCK = re.compile(
    r"(?<![0-9:.+-])(?P<hour>[0-9]{1,2})[:.h](?P<minute>[0-9]{2})(?:[:.](?P<second>[0-9]{2})(?:[.,:][0-9]+)?)?(?![0-9])"
    r"(?:\s*(?P<half>[ap])\.?m\b\.?)?",
    re.I,
)
_COMPACT_CLOCK = re.compile(
    r"^(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})(?P<second>[0-9]{2})?(?:[.,][0-9]+)?(?![0-9:])(?P<half>(?!))?"
)
_OFFSET = re.compile(
    r"(?:\b(?:gmt|utc|ut|z))?\s*(?P<sign>[+\u2212\u2013-])\s?(?P<hours>[0-9]{1,2}):?(?P<minutes>[0-9]{2})?(?::?00)?(?![0-9:])",
    re.I,
)
_USUAL = re.compile(
    r"(?:[A-Za-z]{3}, ?)?(?P<day>[0-9]{1,2}) (?P<month>[A-Za-z]{3}) (?P<year>[0-9]{4}) (?P<hour>[01][0-9]|2[0-3]):"
    r"(?P<minute>[0-5][0-9]):(?P<second>[0-5][0-9]) (?:(?P<sign>[+-])(?P<hours>0[0-9]|1[0-4])(?P<minutes>[0-5][0-9])"
    r"|(?P<name>[A-Z]{1,4}))$"
)
_WORD = re.compile(r"[^\W\d_]+(?:/[^\W\d]+)*", re.U)
_NUMBER = re.compile(r"[0-9]+")
_DOTTED = re.compile(r"(?<![0-9])([0-9]{1,2})\.\s?([0-9]{1,2})\.\s?([0-9]{4}|[0-9]{2})(?![0-9])")
_SLASHED = re.compile(r"(?<![0-9])([0-9]{1,2})[/-]([0-9]{1,2})[/-]([0-9]{4})(?![0-9])")
_CJK = re.compile(r"([0-9]{4})\s?[年년]\s?([0-9]{1,2})\s?[月월]\s?([0-9]{1,2})\s?[日일]")
_HALF_BEFORE = re.compile(r"(오전|오후|上午|下午|午前|午後)\s?([0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)")
_MONTH_IN_ISO = re.compile(r"^([0-9]{4})-([^\W\d_]{3,12})-([0-9]{1,2})(?![0-9])")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Moment(NamedTuple):
    """What a date says: the time at that place, whether it names a time or only a day, and its zone where it names one."""

    local: dt.datetime
    timed: bool
    zone: dt.tzinfo | None

    def at(self, default: dt.tzinfo) -> dt.datetime:
        """The aware datetime; `default` is the zone of a time printed without one. A day alone is its first second."""
        return self.local.replace(tzinfo=self.zone or _fixed(default, self.local))


@lru_cache(maxsize=4096)
def iso(text: str | None) -> str | None:
    """A printed date -> "2026-11-24T09:30:00+02:00" (seconds, always with an offset); None where it cannot be read.

    A time printed without a zone is taken for UTC; a day alone is its first second there.
    """
    found = moment(text)
    return found.at(dt.UTC).isoformat() if found is not None else None


def moment(text: str | None) -> Moment | None:
    """A printed date -> its Moment; None where it cannot be read."""
    if not text or len(text) > LONGEST:
        return None
    words = _HALF_BEFORE.sub(_half_behind, _MONTH_IN_ISO.sub(_numbered, " ".join(text.split()).strip(" ,;")))
    try:
        found = _plain_moment(words) or _iso_moment(words) or _other_moment(words)
        # Python keeps any offset below 24 hours; one that moves the year out of range is no date.
        return found if found is None or found.at(dt.UTC).astimezone(dt.UTC) else None
    except (ValueError, OverflowError, KeyError):
        return None


def _half_behind(found: re.Match[str]) -> str:
    return found[2] + (" am" if found[1] in {"오전", "上午", "午前"} else " pm")


def _numbered(found: re.Match[str]) -> str:
    """ "2004-július-13" -> "2004-07-13"."""
    month = month_of(found[2])
    return f"{found[1]}-{month:02d}-{int(found[3]):02d}" if month else found[0]


def _plain_moment(words: str) -> Moment | None:
    """The two forms that nearly all feeds print, read without further thought."""
    if words[4:5] == "-" and words[:4] > "0001":
        try:
            found = dt.datetime.fromisoformat(words).replace(microsecond=0)
        except ValueError:
            return None
        return Moment(found.replace(tzinfo=None), len(words) > 10, found.tzinfo)
    usual = _USUAL.match(words)
    if not usual:
        return None
    month = month_of(usual["month"])
    zone = HOURS.get(usual["name"].lower()) if usual["name"] else None
    if month is None or (usual["name"] and zone is None):
        return None
    offset = dt.timedelta(hours=zone or 0, minutes=0)
    if usual["sign"]:
        offset = dt.timedelta(hours=int(usual["hours"]), minutes=int(usual["minutes"])) * (-1 if usual["sign"] == "-" else 1)
    day = dt.datetime(int(usual["year"]), month, int(usual["day"]))
    clock = dt.timedelta(hours=int(usual["hour"]), minutes=int(usual["minute"]), seconds=int(usual["second"]))
    return Moment(day + clock, True, dt.timezone(offset))


def _iso_moment(words: str) -> Moment | None:
    found = _ISO.match(words)
    if not found:
        return None
    year = int(found["year"])
    if year <= 1:  # what some systems print for "no time"
        return None
    rest = found["rest"] or ""
    if found["ordinal"]:
        day = dt.date(year, 1, 1) + dt.timedelta(days=int(found["ordinal"]) - 1)
        if day.year != year:
            return None
    elif found["week"]:
        day = dt.date.fromisocalendar(year, int(found["week"]), int(found["weekday"] or 1))
    elif found["month"] or found["month8"]:
        day = dt.date(year, int(found["month"] or found["month8"]), int(found["day"] or found["day8"] or 1))
    elif not rest:
        day = dt.date(year, 1, 1)
    else:
        return None
    return _at(day, rest, compact=True)


def _other_moment(words: str) -> Moment | None:
    day, rest = _day(words)
    return _at(day, rest) if day else None


def _day(words: str) -> tuple[dt.date | None, str]:
    """Words -> the day they name, and the words without it."""
    for pattern in (_CJK, _DOTTED, _SLASHED):
        found = pattern.search(words)
        if found:
            rest = words[: found.start()] + " " + words[found.end() :]
            return _numeric_day(pattern, found, words), rest
    clock = _CLOCK.search(words)
    named = [(word, month) for word in _WORD.finditer(words) if (month := month_of(word[0]))]
    if not named:
        return None, words
    # The last before the time: "mar. 3 nov." begins with a Tuesday, not with March.
    early = [pair for pair in named if not clock or pair[0].end() <= clock.start()]
    month_word, month = early[-1] if early else named[0]
    head, tail = words[: month_word.start()], words[month_word.end() :]
    free = [
        number
        for number in _NUMBER.finditer(words)
        if not (clock and clock.start() <= number.start() < clock.end()) and not _is_offset(words, number)
    ]
    before = [number for number in free if number.end() <= len(head)]
    after = [number for number in free if number.start() >= len(words) - len(tail)]
    picked = _day_and_year(before, after)
    if picked is None:
        return None, words
    day, year = picked
    keep = list(words)
    for cut in (day, year):
        keep[cut.start() : cut.end()] = " " * (cut.end() - cut.start())
    keep[month_word.start() : month_word.end()] = " " * (month_word.end() - month_word.start())
    return dt.date(_full_year(year[0]), month, int(day[0])), "".join(keep)


def _day_and_year(before: list[re.Match[str]], after: list[re.Match[str]]) -> tuple[re.Match[str], re.Match[str]] | None:
    """Free numbers before and after the month's name -> (day, year): "3 Sep 2015", "Sep 3 2015", "2015 Sep 3"."""
    if before and len(before[0][0]) == 4:
        rest = before[1:] + after
        return (rest[0], before[0]) if rest else None
    if before and after:
        return before[-1], next((number for number in after if len(number[0]) == 4), after[0])
    if len(after) >= 2:
        return after[0], next((number for number in after[1:] if len(number[0]) == 4), after[1])
    return None


def _numeric_day(pattern: re.Pattern[str], found: re.Match[str], words: str) -> dt.date | None:
    first, second, third = (int(part) for part in found.groups())
    if pattern is _CJK:
        return dt.date(first, second, third)
    if pattern is _DOTTED:
        return dt.date(_full_year(found[3]), second, first)
    # With slashes some write the day first and some the month: one of them must be impossible, or the weekday tells.
    readings = [(third, second, first), (third, first, second)]
    days = {dt.date(*reading) for reading in readings if reading[1] <= 12}
    if len(days) == 2:
        names = [word[0][:3].lower() for word in _WORD.finditer(words)]
        weekday = next((_WEEKDAYS.index(name) for name in names if name in _WEEKDAYS), None)
        days = {day for day in days if weekday is None or day.weekday() == weekday}
    return days.pop() if len(days) == 1 else None


def _at(day: dt.date, rest: str, compact: bool = False) -> Moment | None:
    """A day and the words beside it -> that day at the time and in the zone that the words name."""
    rest = rest.strip()
    clock = (_COMPACT_CLOCK.match(rest) if compact else None) or _CLOCK.search(rest)
    if clock is None:
        lone = re.match(r"([0-9]{2})(?=$|[zZ+-])", rest)
        if _NUMBER.match(rest) and lone is None:
            return None
        hour, minute, second, after = int(lone[1]) if lone else 0, 0, 0, rest[lone.end() :] if lone else rest
        half, timed = None, lone is not None
    else:
        hour, minute, second = int(clock["hour"]), int(clock["minute"]), int(clock["second"] or 0)
        half, timed, after = clock["half"], True, rest[clock.end() :] + " " + rest[: clock.start()]
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half.lower() == "p" else 0)
    extra = dt.timedelta()
    if second == 60:
        second, extra = 59, dt.timedelta(seconds=1)
    if hour == 24 and minute == second == 0:
        hour, extra = 0, dt.timedelta(days=1)
    local = dt.datetime.combine(day, dt.time(hour, minute, second)) + extra
    return Moment(local, timed, zone_beside(after, local))


def zone_beside(words: str, local: dt.datetime) -> dt.tzinfo | None:
    """Words beside a time -> the zone they name; an offset in figures counts before a name."""
    offset = _OFFSET.search(words)
    if offset:
        hours, minutes = int(offset["hours"]), int(offset["minutes"] or 0)
        if hours <= 15 and minutes < 60:
            length = dt.timedelta(hours=hours, minutes=minutes)
            return dt.timezone(length if offset["sign"] == "+" else -length)
    for word in _WORD.findall(words):
        name = word.lower()
        if name in AMERICAN:
            return _fixed(ZoneInfo(AMERICAN[name]), local)
        if name in HOURS:
            return dt.timezone(dt.timedelta(hours=HOURS[name]))
        if "/" in word:
            try:
                return _fixed(ZoneInfo(word), local)
            except (ValueError, OSError, KeyError):
                continue
    return None


def _fixed(zone: dt.tzinfo, local: dt.datetime) -> dt.tzinfo:
    """A zone with rules -> its offset at that moment."""
    return dt.timezone(zone.utcoffset(local) or dt.timedelta())


def _is_offset(words: str, number: re.Match[str]) -> bool:
    """Whether a number belongs to a zone: a sign before it, and before that a space, a time or a name."""
    at = number.start()
    return (at > 0 and words[at - 1] in "+\u2212") or (at > 1 and words[at - 1] == "-" and words[at - 2] in " :TCZ")


def _full_year(digits: str) -> int:
    """RFC 5322 4.3: 00 to 49 are 2000 to 2049, other years of two or three digits count from 1900."""
    year = int(digits)
    if len(digits) >= 4:
        return year
    return year + (2000 if year < 50 and len(digits) == 2 else 1900)
