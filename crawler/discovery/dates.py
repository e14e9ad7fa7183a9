"""A date as feeds and sitemaps print it -> ISO 8601 with its zone.

Read are W3C-DTF and ISO 8601, RFC 822 to 5322, asctime, and what publishers make of them: month before day, names of
months in other languages, two-digit years, offsets after names of zones, "Z" after a space. No clock: a date in the
future stays what it says.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from zoneinfo import ZoneInfo

LONGEST = 120

_HOURS: dict[str, float] = {
    "ut": 0, "utc": 0, "gmt": 0, "z": 0, "wet": 0, "west": 1, "bst": 1, "cet": 1, "met": 1, "mez": 1, "wat": 1,
    "cest": 2, "mest": 2, "mesz": 2, "cat": 2, "sast": 2, "eet": 2, "eest": 3, "msk": 3, "eat": 3, "trt": 3,
    "msd": 4, "gst": 4, "pkt": 5, "ist": 5.5, "npt": 5.75, "bdt": 6, "mmt": 6.5, "ict": 7, "wib": 7,
    "hkt": 8, "sgt": 8, "myt": 8, "pht": 8, "awst": 8, "wita": 8, "jst": 9, "kst": 9, "wit": 9,
    "acst": 9.5, "aest": 10, "acdt": 10.5, "aedt": 11, "nzst": 12, "nzdt": 13,
    "nst": -3.5, "ndt": -2.5, "ast": -4, "adt": -3, "est": -5, "edt": -4, "et": -5, "cst": -6, "cdt": -5, "ct": -6,
    "mst": -7, "mdt": -6, "mt": -7, "pst": -8, "pdt": -7, "pt": -8, "akst": -9, "akdt": -8, "hst": -10,
    "brt": -3, "brst": -2, "art": -3, "clt": -4, "clst": -3, "vet": -4, "bot": -4, "cot": -5, "pet": -5, "uyt": -3,
}  # fmt: skip
_AMERICAN = {"et": "America/New_York", "ct": "America/Chicago", "mt": "America/Denver", "pt": "America/Los_Angeles"}
_MONTHS = {
    stem: number
    for number, stems in enumerate(
        (
            "jan ene gen янв sty stycz oca ιαν janv 一月",
            "feb fev fév lut фев şub φεβ févr 二月",
            "mar mär mrz mrt maa март мар mars μαρ марта μάρ märz 三月",
            "apr abr avr kwi апр nis απρ ápr 四月",
            "may mai mei maj mag май мая μαϊ μάϊ máj μαΐ 五月",
            "jun giu juin cze июн haz ιουν ιούν jún juni 六月",
            "jul lug juil lip июл tem ιουλ ιούλ júl juli 七月",
            "aug ago aoû aou sie авг ağu αυγ αύγ août ágú 八月",
            "sep set wrz сен eyl σεπ sept szept 九月",
            "oct okt ott out paź окт eki οκτ ekim 十月",
            "nov lis ноя kas νοε νοέ listop 十一月",
            "dec dez dic déc gru дек ara δεκ déce 十二月",
        ),
        start=1,
    )
    for stem in stems.split()
}

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


@lru_cache(maxsize=4096)
def iso(text: str | None, default: dt.tzinfo = dt.UTC) -> str | None:
    """A printed date -> "2026-11-24T09:30:00+02:00" (seconds, always with an offset); None where it cannot be read.

    `default` is the zone of a time printed without one; a day alone is its first second there.
    """
    moment = parsed(text, default)
    return moment.isoformat() if moment is not None else None


def parsed(text: str | None, default: dt.tzinfo = dt.UTC) -> dt.datetime | None:
    """A printed date -> an aware datetime with the offset as printed; None where it cannot be read."""
    if not text or len(text) > LONGEST:
        return None
    words = _HALF_BEFORE.sub(_half_behind, _MONTH_IN_ISO.sub(_numbered, " ".join(text.split()).strip(" ,;")))
    try:
        found = _plain_moment(words, default) or _iso_moment(words, default) or _other_moment(words, default)
        # Python keeps any offset below 24 hours; one that moves the year out of range is no date.
        return found if found is None or found.astimezone(dt.UTC) else None
    except (ValueError, OverflowError, KeyError):
        return None


def _half_behind(found: re.Match[str]) -> str:
    return found[2] + (" am" if found[1] in {"오전", "上午", "午前"} else " pm")


def _numbered(found: re.Match[str]) -> str:
    """ "2004-július-13" -> "2004-07-13"."""
    month = _month(found[2])
    return f"{found[1]}-{month:02d}-{int(found[3]):02d}" if month else found[0]


def _plain_moment(words: str, default: dt.tzinfo) -> dt.datetime | None:
    """The two forms that nearly all feeds print, read without further thought."""
    if words[4:5] == "-" and words[:4] > "0001":
        try:
            found = dt.datetime.fromisoformat(words).replace(microsecond=0)
        except ValueError:
            return None
        return found if found.tzinfo else found.replace(tzinfo=_fixed(default, found))
    usual = _USUAL.match(words)
    if not usual:
        return None
    month = _MONTHS.get(usual["month"].lower())
    zone = _HOURS.get(usual["name"].lower()) if usual["name"] else None
    if month is None or (usual["name"] and zone is None):
        return None
    offset = dt.timedelta(hours=zone or 0, minutes=0)
    if usual["sign"]:
        offset = dt.timedelta(hours=int(usual["hours"]), minutes=int(usual["minutes"])) * (-1 if usual["sign"] == "-" else 1)
    return dt.datetime(
        int(usual["year"]), month, int(usual["day"]), int(usual["hour"]), int(usual["minute"]), int(usual["second"]),
        tzinfo=dt.timezone(offset),
    )  # fmt: skip


def _iso_moment(words: str, default: dt.tzinfo) -> dt.datetime | None:
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
    return _at(day, rest, default, compact=True)


def _other_moment(words: str, default: dt.tzinfo) -> dt.datetime | None:
    day, rest = _day(words)
    return _at(day, rest, default) if day else None


def _day(words: str) -> tuple[dt.date | None, str]:
    """Words -> the day they name, and the words without it."""
    for pattern in (_CJK, _DOTTED, _SLASHED):
        found = pattern.search(words)
        if found:
            rest = words[: found.start()] + " " + words[found.end() :]
            return _numeric_day(pattern, found, words), rest
    clock = _CLOCK.search(words)
    named = [(word, month) for word in _WORD.finditer(words) if (month := _month(word[0]))]
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


def _at(day: dt.date, rest: str, default: dt.tzinfo, compact: bool = False) -> dt.datetime | None:
    """A day and the words beside it -> that day at the time and in the zone that the words name."""
    rest = rest.strip()
    clock = (_COMPACT_CLOCK.match(rest) if compact else None) or _CLOCK.search(rest)
    if clock is None:
        lone = re.match(r"([0-9]{2})(?=$|[zZ+-])", rest)
        if _NUMBER.match(rest) and lone is None:
            return None
        hour, minute, second, after = int(lone[1]) if lone else 0, 0, 0, rest[lone.end() :] if lone else rest
        half = None
    else:
        hour, minute, second = int(clock["hour"]), int(clock["minute"]), int(clock["second"] or 0)
        half, after = clock["half"], rest[clock.end() :] + " " + rest[: clock.start()]
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
    return local.replace(tzinfo=_zone(after, local) or _fixed(default, local))


def _zone(words: str, local: dt.datetime) -> dt.tzinfo | None:
    """Words beside a time -> the zone they name; an offset in figures counts before a name."""
    offset = _OFFSET.search(words)
    if offset:
        hours, minutes = int(offset["hours"]), int(offset["minutes"] or 0)
        if hours <= 15 and minutes < 60:
            length = dt.timedelta(hours=hours, minutes=minutes)
            return dt.timezone(length if offset["sign"] == "+" else -length)
    for word in _WORD.findall(words):
        name = word.lower()
        if name in _AMERICAN:
            return _fixed(ZoneInfo(_AMERICAN[name]), local)
        if name in _HOURS:
            return dt.timezone(dt.timedelta(hours=_HOURS[name]))
        if "/" in word:
            try:
                return _fixed(ZoneInfo(word), local)
            except (ValueError, OSError, KeyError):
                continue
    return None


def _fixed(zone: dt.tzinfo, local: dt.datetime) -> dt.tzinfo:
    """A zone with rules -> its offset at that moment."""
    return dt.timezone(zone.utcoffset(local) or dt.timedelta())


@lru_cache(maxsize=512)
def _month(word: str) -> int | None:
    """A word -> 1 to 12 when it is the name of a month, or begins as one does, in a language of `_MONTHS`."""
    word = word.lower()
    return next((_MONTHS[word[:size]] for size in (5, 4, 3, 2) if word[:size] in _MONTHS), None)


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
