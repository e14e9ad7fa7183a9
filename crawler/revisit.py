"""Known stories are looked at again, ever more seldom: for corrections, and for what was taken away.

The schedule is a list of ages. A story is due when it has reached an age at which it has not been looked at since; of several
that passed unused only the last counts, so a crawl that stood still for a week asks once. Nothing of it is stored: what is due
follows from when a story was first and last fetched, and a changed setting holds at once.

They are asked for only when they changed, by the validators of their newest answer: as hints, for servers lie. A 304 stands for
the answer that lies in the archive: that is judged again, as if it had come. After ten of a host in a row the next story is
asked for whole; and one that comes whole with the validators of before and with other bytes makes its host a liar, which is
never asked conditionally again.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import sqlite_utils
from scrapy.http import Response

from crawler.network.manners import header
from storage.archive import ArchiveError
from storage.archive.reading import Whole, whole_answer
from storage.catalogue import leads
from storage.catalogue.captures import newest_story
from storage.catalogue.sources import remember, state_of
from storage.records import Earlier, Exchange, Lead, WarcAddress
from storage.run import Run

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
    for lead, first, last in leads.visited(database, outlet, now - _SLACK * schedule[-1]):
        if (age := due(first, last, now, schedule)) is not None:
            found.append((age, last, lead))
    found.sort(key=lambda each: (each[0], each[1], each[2].url))
    return [lead for _, _, lead in found[:most]]


def allowed(new: int, share: float) -> int:
    """How many new pages a run fetched -> how many revisits it may make, so that they are at most this share of its pages."""
    return max(FEWEST, int(new * share / (1 - share))) if 0 < share < 1 else 0


CODE = 304


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the archive holds of a story that is asked for again, and the headers by which it is asked for."""

    earlier: Earlier
    etag: str | None
    last_modified: str | None
    conditions: dict[str, str]


def known_answer(run: Run, url: str) -> Known | None:
    """URL of a known story -> what is known of it; None when there is nothing to ask by."""
    earlier = newest_story(run.catalogue, url)
    with contextlib.suppress(ArchiveError, ValueError):  # gone or damaged: it is asked for whole
        if earlier is not None:
            whole = whole_answer(run.archive, earlier.address)
            return _known(run, replace(earlier, address=whole.address), whole)
    return None


def _known(run: Run, earlier: Earlier, whole: Whole) -> Known | None:
    if not whole.conditions:
        return None
    host = state_of(run.catalogue, _host(earlier.url), run.outlet)
    asked = {} if host.lies or host.asks_whole else whole.conditions
    return Known(earlier=earlier, etag=whole.etag, last_modified=whole.last_modified, conditions=asked)


def learn(run: Run, known: Known, response: Response, address: WarcAddress | None, now: dt.datetime) -> None:
    """What came of a story that is known -> what is known of its host from now on."""
    host = state_of(run.catalogue, _host(known.earlier.url), run.outlet)
    if response.status == CODE:
        host = replace(host, unchanged=host.unchanged + 1)
    elif response.status == 200 and address is not None:
        named = (header(response, "ETag"), header(response, "Last-Modified"))
        other = address.payload_digest != known.earlier.address.payload_digest
        host = replace(host, unchanged=0, lies=host.lies or (other and named == (known.etag, known.last_modified)))
    else:
        return
    remember(run.catalogue, host, now.isoformat(timespec="seconds"))


def as_before(run: Run, exchange: Exchange, known: Known) -> Exchange:
    """The exchange of a 304 -> the one that it stands for: asked now, answered then. ArchiveError when it is gone."""
    return replace(exchange, response=whole_answer(run.archive, known.earlier.address).response, truncated=None)


def _host(url: str) -> str:
    """The row of a host among the sources: no URL, so that no feed has it."""
    return f"stories of {urlsplit(url).netloc}"
