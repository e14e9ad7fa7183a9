"""Leads persist: what was announced is handed out once, and comes back when a run dies."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import sqlite_utils

from storage.catalogue import leads
from storage.catalogue.schema import open_catalogue
from storage.records import Lead

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def lead(number: int, published: dt.datetime | None = None) -> Lead:
    return Lead(
        url=f"https://outlet.example/{number}", outlet="outlet", source="https://outlet.example/feed", published=published
    )


@pytest.fixture
def catalogue(tmp_path: Path) -> sqlite_utils.Database:
    database = open_catalogue(tmp_path / "catalogue.sqlite")
    yield database
    database.close()


def test_a_url_is_announced_once(catalogue: sqlite_utils.Database) -> None:
    assert leads.announce(catalogue, [lead(1), lead(2), lead(1)], NOW) == [lead(1), lead(2)]
    assert leads.announce(catalogue, [lead(2), lead(3)], NOW) == [lead(3)]


def test_leases_go_out_oldest_first_and_once(catalogue: sqlite_utils.Database) -> None:
    leads.announce(catalogue, [lead(2, NOW), lead(1, NOW - dt.timedelta(days=1))], NOW)
    leads.announce(catalogue, [lead(0)], NOW + dt.timedelta(hours=1))
    given = [leads.lease(catalogue, "outlet", "run-a", NOW, most=most) for most in (1, 4, 4)]
    assert [[found.url[-1] for found in some] for some in given] == [["1"], ["2", "0"], []]


def test_the_next_run_takes_up_what_a_killed_run_leased(catalogue: sqlite_utils.Database) -> None:
    leads.announce(catalogue, [lead(1, NOW)], NOW)
    assert leads.lease(catalogue, "outlet", "killed", NOW) == [lead(1, NOW)]
    assert leads.lease(catalogue, "outlet", "killed", NOW) == []
    assert leads.lease(catalogue, "outlet", "next", NOW) == [lead(1, NOW)]


def test_since_passes_over_older_leads_and_leaves_them_announced(catalogue: sqlite_utils.Database) -> None:
    leads.announce(catalogue, [lead(1, NOW - dt.timedelta(days=9)), lead(2, NOW), lead(3)], NOW)
    day = (NOW - dt.timedelta(days=1)).date()
    assert {found.url[-1] for found in leads.lease(catalogue, "outlet", "run", NOW, day, most=9)} == {"2", "3"}
    assert leads.lease(catalogue, "outlet", "run", NOW, day) == []
    assert leads.waiting(catalogue, "outlet") == 3


def test_an_outlet_gets_only_its_own_leads(catalogue: sqlite_utils.Database) -> None:
    leads.announce(catalogue, [lead(1)], NOW)
    assert leads.lease(catalogue, "another", "run", NOW) == []


def test_retries_wait_longer_each_time_and_end() -> None:
    waits = [leads.retry_time(n, NOW) for n in range(1, leads.MOST_ATTEMPTS)]
    hours = [(time - NOW).total_seconds() / 3600 for time in waits if time]
    assert hours == [1, 2, 4, 8, 16, 32, 64]
    assert leads.retry_time(leads.MOST_ATTEMPTS, NOW) is None


def test_other_addresses_of_a_known_page_are_no_new_leads(catalogue: sqlite_utils.Database) -> None:
    first = Lead(url="https://www.outlet.example/a/story", outlet="outlet", source="feed")
    variants = [
        Lead(url=url, outlet="outlet", source="feed")
        for url in (
            "https://m.outlet.example/a/story/",
            "http://www.outlet.example/amp/a/story",
            "https://outlet.example/a/story?ref=x",
        )
    ]
    assert leads.announce(catalogue, [first, *variants], NOW) == [first]
