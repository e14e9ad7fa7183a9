"""Known stories are looked at again: when, how many, and what becomes of a correction, a removal and a block."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import re
import sqlite3
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.revisit import FEWEST, ages, allowed, due
from tests.conftest import Scrapy
from tests.raw_server import RawServer, answer
from tests.test_crawl import FORBIDDEN, crawl, feed, outlet, story

NOON = dt.datetime(2026, 2, 3, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
SCHEDULE = ages("30m 3h 1d 4d 14d")


def test_ages_are_read_in_order() -> None:
    assert ages(" 1d, 30m 3H ") == (dt.timedelta(minutes=30), 3 * HOUR, dt.timedelta(days=1))
    assert ages("") == ()


@pytest.mark.parametrize("fault", ["3", "h", "0m", "-1d", "1w", "1.5h", "999999d"])
def test_what_is_no_age_is_told(fault: str) -> None:
    with pytest.raises(ValueError, match="NEWS_REVISITS"):
        ages(fault)


@pytest.mark.parametrize(
    ("last", "now", "expected"),
    [(0, 0.4, None), (0, 0.5, 0.5), (0.5, 2.9, None), (0.5, 3, 3), (0, 30, 24), (24.1, 30, None), (0, 24 * 20, 24 * 14)],
)
def test_a_story_is_due_once_at_each_age(last: float, now: float, expected: float | None) -> None:
    found = due(NOON, NOON + last * HOUR, NOON + now * HOUR, SCHEDULE)
    assert found == (None if expected is None else expected * HOUR)


@given(st.lists(st.floats(min_value=0, max_value=24 * 30), min_size=1, max_size=60))
def test_however_often_the_crawl_runs_a_story_is_looked_at_once_an_age(hours: list[float]) -> None:
    looked = [NOON]
    for now in sorted(NOON + each * HOUR for each in hours):
        if due(NOON, looked[-1], now, SCHEDULE):
            looked.append(now)
    assert len(looked) <= 1 + len(SCHEDULE)
    assert all(sum(one < NOON + age <= other for age in SCHEDULE) >= 1 for one, other in pairwise(looked))


def test_revisits_are_a_share_of_the_pages() -> None:
    assert allowed(0, 0.25) == allowed(5, 0.25) == FEWEST
    assert allowed(300, 0.25) == 100
    assert allowed(300, 0) == 0


def age(archive: Path, hours: int) -> None:
    """As if everything had been fetched so long ago."""
    with sqlite3.connect(archive / "catalogue.sqlite") as catalogue:
        catalogue.execute(
            "update captures set fetched_at = replace(datetime(fetched_at, ?), ' ', 'T') || '+00:00'", (f"-{hours} hours",)
        )


def conditions(server: RawServer) -> list[str]:
    """The ETags by which stories were asked for."""
    return [found[1].decode() for each in server.received if (found := re.search(rb"/ferry .*If-None-Match: (\S+)", each, re.S))]


def states(archive: Path) -> dict[str, str]:
    with sqlite3.connect(archive / "catalogue.sqlite") as catalogue:
        return {url.rsplit("/", 2)[1][-1]: state for url, state in catalogue.execute("select url, state from leads")}


@pytest.mark.slow
def test_a_correction_a_removal_and_a_block(archive: Path, scrapy_command: Scrapy) -> None:
    corrected = story(1).replace(b"in letter number", b"in the corrected letter number")
    pages = {
        0: [answer(story(0), "200 OK", 'ETag: "a"'), answer(b"", "304 Not Modified", 'ETag: "a"')],
        1: [answer(story(1), "200 OK", 'ETag: "b"'), answer(corrected, "200 OK", 'ETag: "b"')],
        2: [answer(story(2)), answer(b"<html><h1>Gone</h1><p>This page was removed.</p></html>", "410 Gone"), answer(story(2))],
        3: [answer(story(3)), answer(FORBIDDEN, "403 Forbidden")],
    }
    with outlet(pages) as server:
        first = crawl(server, scrapy_command)
        assert (first.receipt["outcomes"]["kept"], first.receipt["revisited"]) == (4, 0)
        age(archive, 2)
        second = crawl(server, scrapy_command)
        assert second.status == 0, second.err
        outcomes = {name: count for name, count in second.receipt["outcomes"].items() if count}
        assert outcomes == {"revision": 1, "unchanged": 1, "quarantined": 2}
        assert (second.receipt["revisited"], second.receipt["gone"]) == (4, 1)
        assert sorted(conditions(server)) == ['"a"', '"b"'], "by what their newest answers said"
        server.received.clear()
        assert states(archive) == {"0": "captured", "1": "captured", "2": "gone", "3": "captured"}
        age(archive, 2)
        assert crawl(server, scrapy_command).receipt["outcomes"]["unchanged"] == 3
        assert conditions(server) == [], "story 1 changed and its ETag did not: the host lies"
        assert states(archive)["2"] == "captured", "a story that came back is no longer gone"
    assert scrapy_command("verify").status == 0
    copies = [json.loads(gzip.decompress(path.read_bytes())) for path in (archive / "clean").rglob("*.json.gz")]
    assert len(copies) == 5, "four stories, one of them twice; the copy of the one that was taken away stays"
    assert "leads" not in scrapy_command("rebuild", "--check").out, "made again, the catalogue says the same of them"


def test_a_wrong_schedule_is_told(archive: Path, scrapy_command: Scrapy) -> None:
    wrong = scrapy_command("crawl", "menafn", NEWS_REVISITS="1w")
    assert (wrong.status, wrong.err.count("\n")) == (2, 1)
    assert "'1w' is no age" in wrong.err


def test_a_feed_that_moved_past_what_was_seen_is_reported(archive: Path, scrapy_command: Scrapy) -> None:
    with outlet({n: answer(story(n)) for n in range(9)}) as server:
        windows = [(0, 1, 2), (6, 7, 8)]
        server.answers["/rss/menafn_sa.xml"] = [answer(feed(*each, origin=server.url)) for each in windows]
        receipts = [crawl(server, scrapy_command).receipt for _ in windows]
    assert [each["missed"] for each in receipts] == [[], [f"{server.url}/rss/menafn_sa.xml"]]
    assert any("may have gone by" in note for note in receipts[1]["notes"])
