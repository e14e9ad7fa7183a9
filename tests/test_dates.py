"""Times as people and machines write them."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.dates import read_time, sensible


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2024-05-03T15:47:42.389Z", "2024-05-03T15:47:42+00:00"),
        ("2024-05-03 15:47:42 +0530", "2024-05-03T15:47:42+05:30"),
        ("2024-05-03T15:47+02:00", "2024-05-03T15:47:00+02:00"),
        ("20240503", "2024-05-03"),
        ("Fri, 03 May 2024 10:00:00 GMT", "2024-05-03T10:00:00+00:00"),
        ("Fri Apr 28 19:20:36 CEST 2023", "2023-04-28T19:20:36+02:00"),
        ("Fri Apr 28 19:20:36 2023", "2023-04-28T19:20:36"),
        ("May 3, 2024 10:05 PM ET", "2024-05-03T22:05:00-04:00"),
        ("Updated 3 May 2024 10:05 (CET)", "2024-05-03T10:05:00+01:00"),
        ("le 3 mai 2024 à 10:05 et mis à jour", "2024-05-03T10:05:00"),
        ("3 lipca 2024", "2024-07-03"),
        ("3. listopadu 2024", "2024-11-03"),
        ("1714728000", "2024-05-03T09:20:00+00:00"),
        ("May 3, 2024 10:05 PM", "2024-05-03T22:05:00"),
        ("Published: 3rd June 2021 at 5:31pm", "2021-06-03T17:31:00"),
        ("Stand: 28.04.2023, 16:49 Uhr", "2023-04-28T16:49:00"),
        ("3. März 2024", "2024-03-03"),
        ("3 de mayo de 2024", "2024-05-03"),
        ("12 août 2023", "2023-08-12"),
        ("5 мая 2024, 12:00", "2024-05-05T12:00:00"),
        ("2024年5月3日 10:22", "2024-05-03T10:22:00"),
        ("١٢ مايو ٢٠٢٤", "2024-05-12"),
        ("12/21/2025 3:04:00 AM", "2025-12-21T03:04:00"),
        ("no time here, only 5 people in 2019", None),
        ("31.02.2024", None),
        ("", None),
    ],
)
def test_one_time_is_read(written: str, read: str | None) -> None:
    assert read_time(written) == read


def test_the_order_of_day_and_month_is_settled_by_figures_clock_and_language() -> None:
    assert read_time("03/04/2024") == "2024-04-03"
    assert read_time("03/04/2024", language="en-US") == "2024-03-04"
    assert read_time("03/04/2024 1:15 PM") == "2024-03-04T13:15:00"
    assert read_time("03.04.2024", language="en-US") == "2024-04-03"


def test_a_time_without_zone_gets_the_outlets() -> None:
    assert read_time("3.7.2024 14:00", zone="Europe/Berlin") == "2024-07-03T14:00:00+02:00"
    assert read_time("3.7.2024 14:00", zone="No/Where") == "2024-07-03T14:00:00"
    assert read_time("3 July 2024 14:00 IST", zone="Europe/Dublin") == "2024-07-03T14:00:00+01:00", "not India's"
    assert read_time("3 July 2024 14:00 IST") == "2024-07-03T14:00:00+05:30"


def test_the_future_and_the_time_before_the_outlet_make_no_sense() -> None:
    now = dt.datetime(2024, 5, 3, 12, tzinfo=dt.UTC)
    assert sensible("2024-05-03", now, None) and sensible("2024-05-04T01:00:00+09:00", now, None)
    assert not sensible("2024-05-06", now, None)
    assert not sensible("2019-01-01", now, dt.date(2020, 1, 1))


@given(st.text(max_size=80))
def test_whatever_is_written_is_a_time_or_none(written: str) -> None:
    read = read_time(written)
    assert read is None or dt.datetime.fromisoformat(read)
