"""scrapy status: an outlet is measured by its own history, and what is broken is said to those who should know."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from crawler.commands.status import AlertFailed, metrics, post
from crawler.health import RULES, Broken, broken
from storage.archive import open_archive
from storage.catalogue.runs import BY_HAND
from storage.catalogue.schema import open_catalogue, writing
from storage.views.status import LastRun, OutletStatus, Shares, outlet_status, usual_stories
from tests.conftest import Scrapy

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
WELL = OutletStatus(
    outlet="menafn",
    last=LastRun(started_at=NOW.isoformat(), ended_at=NOW.isoformat(), reason="finished", bad_in_a_row=0),
    today=20,
    usual=20.0,
    recent=Shares(captures=140, failed=0.0, blocked=0.0, stories=140, having={"date": 1.0, "author": 0.5, "text": 1.0}),
    before=Shares(captures=420, failed=0.0, blocked=0.0, stories=420, having={"date": 1.0, "author": 0.5, "text": 1.0}),
)


def changed(**fields: object) -> OutletStatus:
    return OutletStatus(**{name: getattr(WELL, name) for name in OutletStatus.__slots__} | fields)  # type: ignore[arg-type]


def shares(failed: float = 0.0, blocked: float = 0.0, date: float = 1.0, author: float = 0.5, text: float = 1.0) -> Shares:
    having = {"date": date, "author": author, "text": text}
    return Shares(captures=140, failed=failed, blocked=blocked, stories=140, having=having)


@pytest.mark.parametrize(
    ("status", "rules"),
    [
        (WELL, []),
        (OutletStatus(outlet="new"), []),
        (changed(last=LastRun(started_at="2026-02-27T00:00:00+00:00", ended_at=None, reason=None, bad_in_a_row=0)), ["runs"]),
        (changed(last=LastRun(started_at=NOW.isoformat(), ended_at=None, reason="killed", bad_in_a_row=2)), ["endings"]),
        (changed(today=3), ["stories"]),
        (changed(today=0, usual=2.0), []),
        (changed(recent=shares(failed=0.3)), ["errors"]),
        (changed(recent=shares(blocked=0.3)), ["blocks"]),
        (changed(recent=shares(date=0.4)), ["date"]),
        (changed(recent=shares(author=0.1, text=0.2)), ["author", "text"]),
        (changed(oldest_lead_hours=60.0), ["leads"]),
        (changed(missed=1), ["missed"]),
    ],
)
def test_each_rule_breaks_by_what_it_measures(status: OutletStatus, rules: list[str]) -> None:
    found = list(broken(status, NOW))
    assert [each.rule for each in found] == rules
    assert all(status.outlet in each.line and "limit" in each.line and "{" not in each.line for each in found)


def test_what_is_usual_knows_week_ends() -> None:
    week = [20, 20, 20, 20, 20, 2, 2]
    assert usual_stories(week * 4) == 2.0  # today is the day of the week of the seventh
    assert usual_stories([20] * 6) is None


def fill(database_path: Path, now: dt.datetime, today: int = 10, days: int = 20) -> None:
    """Ten stories a day for some days, a run a day, and `today` stories in the last hours; one capture a day blocked."""
    with closing(open_catalogue(database_path)) as database, writing(database) as connection:
        number = 0
        for back in range(days, -1, -1):
            at = now - dt.timedelta(days=back, hours=1)
            reason = "finished" if back else "blocked"
            connection.execute(
                "insert into runs values (?, 'menafn', ?, ?, ?, null)",
                (f"r{1000 - back:04}", at.isoformat(), at.isoformat(), reason),
            )
            for kind in [None] * (10 if back else today) + ["FORBIDDEN"]:
                number += 1
                connection.execute(
                    """insert into captures (id, run, lead, outlet, url, fetched_at, outcome, kind, evidence, settled)
                       values (?, 'r', 'l', 'menafn', 'u', ?, ?, ?, '[]', 1)""",
                    (number, at.isoformat(), "quarantined" if kind else "kept", kind),
                )
                if kind is None:
                    connection.execute(
                        """insert into articles (article, content_digest, capture, outlet, url, canonical, published, authors,
                             text_zlib, characters, clean_key, relation, cluster, fetched_at)
                           values (?, 'd', ?, 'menafn', 'u', 'u', ?, ?, x'', 300, 'k', 'NEW', 'c', ?)""",
                        (f"a{number}", number, at.isoformat() if back else None, "[]", at.isoformat()),
                    )
        connection.execute(
            "insert into leads (url, key, outlet, source, announced_at, state) values ('l', 'l', 'menafn', 's', ?, 'announced')",
            ((now - dt.timedelta(hours=60)).isoformat(),),
        )


def test_a_catalogue_becomes_a_status(tmp_path: Path) -> None:
    fill(tmp_path / "catalogue.sqlite", NOW, today=1)
    with closing(sqlite3.connect(tmp_path / "catalogue.sqlite")) as connection:
        for number, reason in enumerate(BY_HAND):  # of these the health of an outlet does not depend
            connection.execute("insert into runs values (?, 'menafn', ?, ?, ?, null)", (f"s{number}", *[NOW.isoformat()] * 2, reason))
        status = outlet_status(connection, "menafn", NOW)
    assert (status.today, status.usual) == (1, 10.0)
    assert status.last is not None and (status.last.reason, status.last.bad_in_a_row) == ("blocked", 1)
    assert status.recent.captures == 6 * 11 + 2 and status.recent.blocked == pytest.approx(7 / 68)
    assert status.recent.having == {"date": pytest.approx(60 / 61), "author": 0.0, "text": 1.0}
    assert (status.leads_waiting, status.oldest_lead_hours) == (1, 60.0)
    assert [each.rule for each in broken(status, NOW)] == ["stories", "leads"]


@contextmanager
def webhook(answers: int) -> Iterator[tuple[str, list[bytes]]]:
    received: list[bytes] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(answers)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return None

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/secret", received
        server.shutdown()


def test_a_broken_rule_is_posted_written_and_an_exit_status(archive: Path, tmp_path: Path, scrapy_command: Scrapy) -> None:
    open_archive(str(archive))
    fill(archive / "catalogue.sqlite", dt.datetime.now(dt.UTC), today=1)
    prometheus = tmp_path / "cleancopy.prom"
    with webhook(200) as (url, received):
        done = scrapy_command("status", "--json", NEWS_ALERT_WEBHOOK=url, NEWS_PROMETHEUS_FILE=str(prometheus))
    assert done.status == 1, done.err
    told = json.loads(done.out)
    assert {each["rule"] for each in told["broken"]} == {"stories", "leads"}
    quiet = scrapy_command("status", "--quiet")
    assert (quiet.status, quiet.out, quiet.err) == (1, "", done.err), "cron mails what is wrong, and nothing else"
    (posted,) = map(json.loads, received)
    assert posted["broken"] == told["broken"] and posted["text"] == done.err.strip()
    lines = prometheus.read_text().splitlines()
    assert 'cleancopy_rule_broken{outlet="menafn",rule="stories"} 1' in lines
    assert 'cleancopy_rule_broken{outlet="menafn",rule="blocks"} 0' in lines
    shown = scrapy_command("status", "menafn")
    assert "blocked" in shown.out and "60 h" in shown.out


def test_an_outlet_that_is_not_known_and_no_catalogue(archive: Path, scrapy_command: Scrapy) -> None:
    assert scrapy_command("status").status == 5
    archive.mkdir()
    open_catalogue(archive / "catalogue.sqlite").close()
    done = scrapy_command("status", "nowhere")
    assert (done.status, len(done.err.splitlines())) == (2, 1)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "https://", "hooks"])
def test_only_addresses_of_the_web_are_posted_to(url: str) -> None:
    with pytest.raises(AlertFailed, match="NEWS_ALERT_WEBHOOK"):
        post(url, [], "./archive")


def test_the_secret_of_a_webhook_is_not_told() -> None:
    with webhook(500) as (url, _), pytest.raises(AlertFailed, match="500") as failed:
        post(url, [], "./archive")
    assert "secret" not in str(failed.value)


def test_metrics_are_one_line_a_value_whatever_an_outlet_is_called() -> None:
    odd = changed(outlet='a"b\\c\nd')
    found = [Broken(outlet=odd.outlet, rule="runs", value=30, most=26, line="")]
    lines = [line for line in "".join(metrics([odd], found)).splitlines() if not line.startswith("#")]
    assert all(line.startswith("cleancopy_") and 'outlet="a\\"b\\\\c\\nd"' in line for line in lines)
    assert sum("rule_broken" in line for line in lines) == len(RULES)


def test_an_outlet_of_which_little_is_known_has_fewer_metrics() -> None:
    lines = [line for line in "".join(metrics([OutletStatus(outlet="new")], [])).splitlines() if not line.startswith("#")]
    assert not [line for line in lines if line.startswith(("cleancopy_captures_share", "cleancopy_last_run", "cleancopy_oldest"))]
    assert 'cleancopy_new_stories{outlet="new"} 0' in lines
