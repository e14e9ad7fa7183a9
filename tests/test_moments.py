"""One reader of dates for feeds, sitemaps and pages: what is known of a moment, and that all readers agree."""

from __future__ import annotations

import datetime as dt
import email.utils

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.dates import read_time
from pipelines.moments import iso, moment
from pipelines.months import HOURS, month_of

TIMES = st.datetimes(
    dt.datetime(1995, 1, 1),
    dt.datetime(2090, 1, 1),
    timezones=st.integers(-14, 14).map(lambda h: dt.timezone(dt.timedelta(hours=h))),
).map(lambda time: time.replace(microsecond=0))


@pytest.mark.parametrize(
    ("text", "local", "timed", "zone"),
    [
        ("2026-02-03", dt.datetime(2026, 2, 3), False, None),
        ("2026-02-03T09:30", dt.datetime(2026, 2, 3, 9, 30), True, None),
        ("2026-02-03T09:30:00Z", dt.datetime(2026, 2, 3, 9, 30), True, dt.timedelta(0)),
        ("Fri Apr 28 19:20:36 CEST 2023", dt.datetime(2023, 4, 28, 19, 20, 36), True, dt.timedelta(hours=2)),
        ("3 Feb 2026", dt.datetime(2026, 2, 3), False, None),
    ],
)
def test_what_is_known(text: str, local: dt.datetime, timed: bool, zone: dt.timedelta | None) -> None:
    found = moment(text)
    assert found is not None
    assert (found.local, found.timed) == (local, timed)
    assert (found.zone.utcoffset(None) if found.zone else None) == zone


@given(TIMES)
def test_feeds_and_pages_read_the_same_time(time: dt.datetime) -> None:
    for written in (time.isoformat(), email.utils.format_datetime(time), f"{time:%a %b %d %H:%M:%S %z %Y}"):
        assert iso(written) == read_time(written) == time.isoformat(), written


@given(st.dates(dt.date(1995, 1, 1), dt.date(2090, 1, 1)))
def test_a_day_stays_a_day_on_a_page_and_is_its_first_second_in_a_feed(day: dt.date) -> None:
    assert read_time(day.isoformat()) == day.isoformat()
    assert iso(day.isoformat()) == f"{day.isoformat()}T00:00:00+00:00"


@pytest.mark.parametrize(
    ("word", "month"),
    [
        ("September", 9), ("März", 3), ("août", 8), ("мая", 5), ("marzec", 3), ("marraskuuta", 11), ("lipca", 7), ("lipnja", 6),
        ("listopada", 11), ("Ιουνίου", 6), ("يناير", 1), ("十二月", 12), ("prosince", 12), ("Tuesday", None), ("", None), ("x", None),
    ],
)  # fmt: skip
def test_names_of_months(word: str, month: int | None) -> None:
    assert month_of(word) == month


def test_zones_are_on_the_earth() -> None:
    assert all(-12 <= hours <= 14 for hours in HOURS.values())
