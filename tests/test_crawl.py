"""The crawl as cron starts it: what it fetches, what it leaves alone, and what its exit status says."""

from __future__ import annotations

import datetime as dt
import email.utils
import gzip
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crawler.network.manners import retry_after
from storage.catalogue.schema import lock_outlet, locks_folder
from tests.conftest import ROOT, Scrapy
from tests.raw_server import RawServer, answer

DAY = dt.datetime(2026, 2, 3, 8, tzinfo=dt.UTC)
FORBIDDEN = b"<html><head><title>403 Forbidden</title></head><body><h1>403 Forbidden</h1><hr>nginx</body></html>"


def story(number: int) -> bytes:
    place, figure = ("Aldmoor", "Brenwick", "Carrow", "Dunsby", "Elmstead", "Farleigh")[number % 6], 17 * number + 3
    paragraphs = "".join(
        f"<p>The ferry company of {place} said on Tuesday that line {number} will run {figure + n} times a week from spring, "
        f"after {n} years in which passengers of {place} had asked for more boats in letter number {number * n + 11}.</p>"
        for n in range(1, 7)
    )
    head = f"<html><head><title>Ferry {number} for {place}</title></head><body><h1>Ferry {number} for {place}</h1>"
    return f"{head}{paragraphs}</body></html>".encode()


def feed(*numbers: int, origin: str = "") -> bytes:
    entries = "".join(
        f"<item><title>Ferry {n}</title><link>{origin}/{1000000 + n}/ferry</link>"
        f"<pubDate>{email.utils.format_datetime(DAY + dt.timedelta(days=n))}</pubDate></item>"
        for n in numbers
    )
    return f"<?xml version='1.0'?><rss version='2.0'><channel><title>News</title>{entries}</channel></rss>".encode()


def outlet(stories: dict[int, bytes | list[bytes]], **more: bytes | list[bytes]) -> RawServer:
    """A server in the shape of the outlet menafn: one feed with all stories, the other feeds empty."""
    answers: dict[str, bytes | list[bytes]] = {f"/{1000000 + n}/ferry": page for n, page in stories.items()}
    answers |= {f"/rss/{name}.xml": answer(feed()) for name in ("menafn_sa", "menafn_energy", "menafn_saudi_arabia")}
    server = RawServer(answers | {path.replace("__", "/"): page for path, page in more.items()})
    server.answers["/rss/menafn_sa.xml"] = [answer(feed(*stories, origin=server.url), kind="application/rss+xml")]
    return server


def crawl(server: RawServer, scrapy_command: Scrapy, *words: str, **environment: str):  # type: ignore[no-untyped-def]
    return scrapy_command("crawl", "menafn", "--json", "-a", f"origin={server.url}", *words, **environment)


def asked(server: RawServer) -> list[str]:
    return [path for path in server.paths if path.endswith("/ferry")]


def test_new_stories_are_kept_once_and_a_second_run_fetches_none(archive: Path, scrapy_command: Scrapy) -> None:
    with outlet({n: answer(story(n)) for n in range(3)}) as server:
        first = crawl(server, scrapy_command)
        assert first.status == 0, first.err
        assert first.err == "", "cron mails what is on standard error"
        assert first.receipt["outcomes"] == {
            "kept": 3, "duplicate": 0, "revision": 0, "unchanged": 0, "quarantined": 0, "failed": 0,
        }  # fmt: skip
        before = asked(server)
        second = crawl(server, scrapy_command)
        assert (second.status, second.receipt["captures"]) == (0, 0)
        assert asked(server) == before
    clean = [json.loads(gzip.decompress(path.read_bytes())) for path in (archive / "clean").rglob("*.json.gz")]
    assert {copy["headline"] for copy in clean} == {"Ferry 0 for Aldmoor", "Ferry 1 for Brenwick", "Ferry 2 for Carrow"}
    assert all(copy["text"][0].startswith("The ferry company of") and len(copy["text"]) == 6 for copy in clean)


def test_limit_and_since_leave_the_rest_for_later(scrapy_command: Scrapy) -> None:
    with outlet({n: answer(story(n)) for n in range(4)}) as server:
        day = (DAY + dt.timedelta(days=2)).date().isoformat()
        assert crawl(server, scrapy_command, "-a", f"since={day}").receipt["captures"] == 2
        assert crawl(server, scrapy_command, "-a", "limit=1").receipt["captures"] == 1
        assert crawl(server, scrapy_command).receipt["captures"] == 1
        assert sorted(asked(server)) == sorted({f"/{1000000 + n}/ferry" for n in range(4)})


def test_one_page_by_hand_is_fetched_also_when_it_is_known(scrapy_command: Scrapy) -> None:
    with outlet({1: answer(story(1))}) as server:
        crawl(server, scrapy_command)
        again = crawl(server, scrapy_command, "-a", f"url={server.url}/1000001/ferry")
        assert again.receipt["outcomes"]["unchanged"] == 1


@pytest.mark.parametrize(
    ("words", "status", "line"),
    [
        (("crawl", "nowhere"), 2, "There is no outlet 'nowhere'; there are: "),
        (("crawl", "menafn", "-a", "since=yesterday-ish"), 2, "since=yesterday-ish is not a day; write it as 2026-01-31"),
        (("crawl", "menafn", "-a", "limit=many"), 2, "limit=many is not a number of pages"),
        (("crawl", "menafn", "-a", "url=javascript:alert(1)"), 2, "is not the address of a page"),
        (("crawl", "menafn", "-a", "colour=red"), 2, "colour=… is not known"),
    ],
)
def test_wrong_use_is_one_clear_line(scrapy_command: Scrapy, words: tuple[str, ...], status: int, line: str) -> None:
    done = scrapy_command(*words)
    assert (done.status, len(done.err.strip().splitlines())) == (status, 1), done.err
    assert line in done.err


def test_an_archive_that_cannot_be_written_is_one_clear_line(tmp_path: Path, scrapy_command: Scrapy) -> None:
    (tmp_path / "taken").write_text("a file, not a folder")
    done = scrapy_command("crawl", "menafn", NEWS_ARCHIVE_URI=str(tmp_path / "taken"))
    assert (done.status, len(done.err.strip().splitlines())) == (5, 1), done.err


def test_an_outlet_that_cannot_be_read_is_status_3(scrapy_command: Scrapy) -> None:
    with RawServer({}) as server:
        done = crawl(server, scrapy_command)
    assert done.status == 3
    assert done.receipt["reason"] == "unreadable"
    assert "could not be read: status 404" in done.err


def test_a_row_of_refusals_ends_the_run_with_status_4_and_the_leads_wait(scrapy_command: Scrapy) -> None:
    refusal = answer(FORBIDDEN, "403 Forbidden")
    with outlet(dict.fromkeys(range(80), refusal)) as server:
        done = crawl(server, scrapy_command)
        assert done.status == 4, done.err
        assert done.receipt["quarantined_by_kind"]["FORBIDDEN"] >= 5
        assert len(asked(server)) < 80
        assert done.receipt["leads_waiting"] == 80


def test_robots_txt_is_obeyed_and_the_lead_is_refused(scrapy_command: Scrapy) -> None:
    rules = answer(b"User-agent: *\nDisallow: /1000002/\n", kind="text/plain")
    with outlet({1: answer(story(1)), 2: answer(story(2))}, **{"__robots.txt": rules}) as server:
        done = crawl(server, scrapy_command)
        assert done.status == 0, done.err
        assert (done.receipt["captures"], done.receipt["leads_refused"]) == (1, 1)
        assert asked(server) == ["/1000001/ferry"]


def test_a_robots_txt_that_fails_means_fetch_nothing(scrapy_command: Scrapy) -> None:
    with outlet({1: answer(story(1))}, **{"__robots.txt": answer(b"", "503 Busy")}) as server:
        done = crawl(server, scrapy_command)
        assert done.status == 3
        assert asked(server) == []


def test_retry_after_is_waited_for_and_the_page_kept(scrapy_command: Scrapy) -> None:
    pages = [answer(b"slow down", "429 Too Many Requests", "Retry-After: 1"), answer(story(1))]
    with outlet({1: pages}) as server:
        started = time.monotonic()
        done = crawl(server, scrapy_command)
        assert done.receipt["outcomes"]["kept"] == 1
        assert asked(server) == ["/1000001/ferry"] * 2
        assert time.monotonic() - started > 1


def test_an_error_is_tried_again_as_often_as_set_and_then_judged(scrapy_command: Scrapy) -> None:
    with outlet({1: answer(b"<h1>Internal Server Error</h1>", "500 Internal Server Error")}) as server:
        done = crawl(server, scrapy_command)
        assert asked(server) == ["/1000001/ferry"] * 3
        assert done.receipt["outcomes"]["quarantined"] == 1


def test_private_addresses_are_refused_unless_allowed(scrapy_command: Scrapy) -> None:
    with outlet({1: answer(story(1))}) as server:
        done = crawl(server, scrapy_command, NEWS_ALLOW_ADDRESSES="")
        assert done.status == 3, done.err
        assert server.received == []


def test_a_second_run_of_the_outlet_ends_at_once(archive: Path, scrapy_command: Scrapy) -> None:
    with lock_outlet(locks_folder(archive / "catalogue.sqlite"), "menafn"):
        done = scrapy_command("crawl", "menafn", "-a", "origin=http://127.0.0.1:9")
    assert done.status == 6
    assert "already going" in done.err


@pytest.mark.slow
@pytest.mark.parametrize("times", [1, 2])  # the second ends it at once
def test_an_interrupted_run_keeps_what_it_has_and_the_next_goes_on(times: int, archive: Path, scrapy_command: Scrapy) -> None:
    with outlet({n: answer(story(n)) for n in range(20)}) as server:
        environment = os.environ | {
            "NEWS_ARCHIVE_URI": str(archive), "NEWS_ALLOW_ADDRESSES": "127.0.0.0/8", "NEWS_DELAY": "0.2",
        }  # fmt: skip
        process = subprocess.Popen(
            [sys.executable, "-m", "scrapy", "crawl", "menafn", "-a", f"origin={server.url}"],
            cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        while len(asked(server)) < 3:
            time.sleep(0.05)
        for _ in range(times):
            os.killpg(process.pid, signal.SIGTERM)  # as a service manager does, and Ctrl-C: the workers too
        assert process.wait(timeout=20) == 130
        rest = crawl(server, scrapy_command)
        assert rest.status == 0, rest.err
    catalogue = sqlite3.connect(archive / "catalogue.sqlite")
    assert catalogue.execute("select count(*), count(distinct lead) from captures where outcome = 'kept'").fetchone() == (
        20,
        20,
    )
    assert catalogue.execute("select distinct state from leads").fetchall() == [("captured",)]
    catalogue.close()


def test_robots_txt_may_be_left_aside_and_a_retry_after_without_a_zone_is_utc(scrapy_command: Scrapy) -> None:
    rules = answer(b"User-agent: *\nDisallow: /", kind="text/plain")
    with outlet({1: answer(story(1))}, **{"__robots.txt": rules}) as server:
        done = crawl(server, scrapy_command, "-s", "NEWS_OBEY_ROBOTS=False")
        assert (done.status, done.receipt["captures"], asked(server)) == (0, 1, ["/1000001/ferry"])
        assert "/robots.txt" not in server.paths
    assert retry_after("Sun, 01 Mar 2026 12:00:30 -0000", dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)) == 30


def test_where_robots_txt_keeps_tdmrep_json_away_it_is_not_asked_for(scrapy_command: Scrapy) -> None:
    rules = answer(b"User-agent: *\nDisallow: /.well-known/", kind="text/plain")
    with outlet({1: answer(story(1))}, **{"__robots.txt": rules}) as server:
        assert crawl(server, scrapy_command).receipt["captures"] == 1
    assert not [path for path in server.paths if "tdmrep" in path]
