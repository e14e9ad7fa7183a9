"""scrapy quarantine: a person's word against the verdict stands, is given once, and is known to whatever reads the page again."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.chain import refine
from storage.archive.reading import read_capture
from storage.catalogue.quarantine import quarantined
from storage.records import Article, Failure, Kind, Lead, Outcome, Outlet
from tests.conftest import Scrapy
from tests.test_last_good_copy import BLOCKED
from tests.test_rebuild import rebuilt
from tests.test_run import NOW, begin, enter, fetched, keep, story

WORDS = story(1).replace(b"<h1>", b"<h1>403 Sorry!! Error!</h1><h1>").replace(b"<title>Bridge 1", b"<title>403 Forbidden")


@pytest.fixture
def refused(archive: Path) -> Path:
    """An archive of a story and three pages that were refused: one with a story in it, a bare one, and one without a body."""
    run = begin(archive)
    keep(run, fetched(run, 2, story(2)))
    assert keep(run, fetched(run, 1, WORDS[: WORDS.index(b"<p>Paragraph 2")], "404 Not Found")).outcome is Outcome.QUARANTINED
    assert keep(run, fetched(run, 3, BLOCKED, "403 Forbidden")).outcome is Outcome.QUARANTINED
    assert keep(run, fetched(run, 4, b"")).outcome is Outcome.QUARANTINED
    run.finish("finished", NOW)
    return archive


def test_what_a_person_released_stays_an_article(refused: Path, scrapy_command: Scrapy) -> None:
    done = scrapy_command("quarantine", "release", "2")
    assert done.status == 0 and "Capture 2 is released: kept, clean/outlet/" in done.out, done.err
    assert scrapy_command("verify", "--deep").status == 0
    again = scrapy_command("reextract")
    assert (again.status, again.err, again.out) == (0, "", "2 articles extracted again, 0 came out another.\n")
    assert "headline  well: given on 2 of 3 pages" in scrapy_command("diagnose", "outlet", "--days", "3650").out
    (refused / done.out.split()[-1]).unlink()
    assert "mended: clean/" in scrapy_command("verify", "--mend").out
    assert scrapy_command("verify", "--deep").status == 0
    assert scrapy_command("rebuild", "--check").status == 0


def test_a_capture_is_released_once(refused: Path, scrapy_command: Scrapy) -> None:
    scrapy_command("quarantine", "release", "2")
    again = scrapy_command("quarantine", "release", "2")
    assert again.status == 2
    assert "Capture 2 does not lie in quarantine: it was judged again as capture 5, kept." in again.err
    shown = scrapy_command("quarantine", "show", "2").out
    assert "It does not lie in quarantine: it was judged again as capture 5, kept." in shown and "release 2" not in shown
    assert scrapy_command("rebuild", "--check").status == 0


def test_a_page_without_a_text_is_not_released(refused: Path, scrapy_command: Scrapy) -> None:
    for capture in ("3", "4"):
        done = scrapy_command("quarantine", "release", capture)
        assert (done.status, done.out) == (1, "")
        assert f"Capture {capture} holds nothing that can be made an article." in done.err


def test_a_capture_that_was_judged_again_twice_comes_again(archive: Path) -> None:
    run = begin(archive)
    first = keep(run, fetched(run, 1, BLOCKED, "403 Forbidden"))
    (kept,) = quarantined(run.catalogue)
    assert kept.address is not None
    for _ in range(2):  # by two who had both seen it in quarantine
        item = refine(read_capture(run.archive, kept.address, kept.lead), Outlet(name="outlet"))
        ending, clean = enter(run, item, None, first.sequence)
        run.keep(ending, clean).result(timeout=10)
        run.settled(ending)
    superseded = run.catalogue.conn.execute("select superseded_by from captures order by id").fetchall()
    run.finish("refed", NOW)
    assert superseded == [(2,), (3,), (None,)], "one of the three counts"
    assert rebuilt(archive)[1] == []


def test_one_reason_is_named_everywhere(refused: Path, scrapy_command: Scrapy) -> None:
    why = "kind-forbidden: “403 Forbidden”"
    listed = scrapy_command("quarantine").out
    assert why in listed and "no-markup: “the answer has no body”" in listed
    assert why in scrapy_command("report", "--month", "2026-03").out
    assert "FORBIDDEN as before, by the rule kind-forbidden" in scrapy_command("diagnose", "outlet", "--days", "3650").out


def test_the_list_and_its_counts_keep_to_the_filters(refused: Path, scrapy_command: Scrapy) -> None:
    listed = scrapy_command("quarantine", "--kind", "forbidden").out
    assert "outlet  2026-03-01  FORBIDDEN  2" in listed and "EMPTY" not in listed
    none = "Nothing lies in quarantine by these filters; fewer filters find more.\n"
    assert scrapy_command("quarantine", "--since", "2027-01-01").out == none


def test_evidence_is_told_by_weight(refused: Path, scrapy_command: Scrapy) -> None:
    page = refused / "page.html"
    page.write_bytes(BLOCKED)
    for shown in (scrapy_command("quarantine", "show", "3").out, scrapy_command("explain", str(page)).out):
        lines = [line for line in shown.splitlines() if line.startswith("evidence ")]
        weights = [float(line.split()[1]) for line in lines]
        assert len(weights) > 3 and weights == sorted(weights, reverse=True)
        assert "(above 0 speaks against an article, below 0 for one)" in shown
        assert not re.search(r"“[\d.]+”", shown), "figures stand without quotes"


def test_lists_and_pages_come_as_json_and_what_cannot_be_read_is_said(refused: Path, scrapy_command: Scrapy) -> None:
    listed = [json.loads(line) for line in scrapy_command("quarantine", "--json").out.splitlines()]
    assert [(each["id"], each["kind"]) for each in listed] == [(4, "EMPTY"), (3, "FORBIDDEN"), (2, "FORBIDDEN")]
    shown = json.loads(scrapy_command("quarantine", "show", "3", "--json").out)
    assert (shown["id"], shown["status"]) == (3, 403) and "403 Forbidden" in shown["text"] and shown["evidence"]
    for path in refused.rglob("*.warc.gz"):
        path.unlink()
    done = scrapy_command("quarantine", "release", "2")
    assert (done.status, done.out) == (5, "") and ".warc.gz" in done.err
    with closing(sqlite3.connect(refused / "catalogue.sqlite", isolation_level=None)) as catalogue:
        catalogue.execute("delete from captures")
    assert scrapy_command("quarantine").out == "Nothing lies in quarantine.\n"


def test_what_is_judged_again_is_counted_by_what_became_of_it(archive: Path, scrapy_command: Scrapy) -> None:
    run = begin(archive)
    lead = Lead(url="https://outlet.example/8", outlet="outlet", source="by hand")
    keep(run, Failure(lead=lead, url=lead.url, fetched_at=NOW, error="reset"))  # nothing came that could be judged
    keep(run, fetched(run, 1, BLOCKED, "403 Forbidden"))
    wrong = fetched(run, 2, story(2))
    assert isinstance(wrong, Article)
    keep(run, replace(wrong.page, kind=Kind.FORBIDDEN))  # as earlier rules had judged it
    run.finish("finished", NOW)
    done = scrapy_command("refeed")
    assert done.status == 0 and "1  FORBIDDEN as before" in done.out and "1  FORBIDDEN -> ARTICLE (kept)" in done.out, done.out
    for path in archive.rglob("*.warc.gz"):
        path.unlink()
    lost = scrapy_command("refeed")
    assert lost.status == 1 and "capture 2: " in lost.err
    assert scrapy_command("refeed", "--kind", "captcha").status == 2
    assert scrapy_command("refeed", "--kind", "empty").out == "0 captures judged again.\n"
