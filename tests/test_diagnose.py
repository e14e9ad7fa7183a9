"""On which day an outlet broke: what its archived pages say when they are read again."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from crawler.diagnose import Reading, broken, diagnose
from storage.catalogue.runs import Archived, archived
from storage.records import Article, Kind, Lead, Outlet, WarcAddress
from tests.conftest import Scrapy
from tests.test_run import NOW, begin, fetched, keep, story

BLOCK = b"<html><head><title>403 Forbidden</title></head><body><h1>403 Forbidden</h1><p>Access denied.</p></body></html>"
ADDRESS = WarcAddress(file="f", offset=0, length=1, record_id="r", payload_digest="d")


def pages(*sources: str) -> list[Reading]:
    """A page a day, with what gave the date on it."""
    made = []
    for number, source in enumerate(sources):
        day = dt.datetime(2026, 3, 1, tzinfo=dt.UTC) + dt.timedelta(days=number)
        lead = Lead(url=f"https://outlet.example/{number}", outlet="outlet", source="feed")
        page = Archived(lead=lead, fetched_at=day.isoformat(), address=ADDRESS, kept=(True, True, True, True))
        made.append(Reading(page=page, sources={"date": source}))
    return made


@pytest.mark.parametrize(
    ("sources", "day", "instead"),
    [
        (["json-ld"] * 5 + ["none"] * 5, "2026-03-06", "none"),
        (["json-ld"] * 5 + ["visible"] * 5, "2026-03-06", "visible"),
        (["json-ld", "none", *["json-ld"] * 5, "none", "none", "json-ld", "none", "none"], "2026-03-08", "none"),
        # One source goes in silence, another for a better one: what is lost is told.
        (["meta", "meta", "meta", *["json-ld"] * 5, *["none"] * 5], "2026-03-09", "none"),
    ],
)
def test_the_day_and_the_source(sources: list[str], day: str, instead: str) -> None:
    found = broken("date", pages(*sources))
    assert found is not None
    assert (found.day, found.instead, found.broke) == (day, instead, instead == "none")
    assert found.before + found.after == sources.count(found.source)


@pytest.mark.parametrize(
    "sources", [["json-ld"] * 9, ["json-ld", "none"] * 8, ["none"] * 4 + ["json-ld"] * 4, ["json-ld"] * 9 + ["none"] * 2, []]
)
def test_nothing_broke(sources: list[str]) -> None:
    found = broken("date", pages(*sources))
    assert found is None or not found.broke


def test_what_differs_within_one_day_is_no_break() -> None:
    at = "2026-03-01T12:00:00+00:00"
    one_day = [replace(each, page=replace(each.page, fetched_at=at)) for each in pages(*["json-ld"] * 5, *["none"] * 5)]
    assert broken("date", one_day) is None


def test_an_archive_of_one_day_is_too_little(archive: Path, scrapy_command: Scrapy) -> None:
    run = begin(archive)
    for number in range(8):
        keep(run, fetched(run, number, page(number, dated=number < 3)))
    one_day = scrapy_command("diagnose", "outlet", "--days", "3650")
    assert one_day.status == 2
    assert one_day.err.startswith("outlet: Too little is archived: 8 pages, where 6 of more than one day are needed.")
    keep(run, fetched(run, 9, BLOCK, status="403 Forbidden"))
    run.finish("finished", NOW)
    told = scrapy_command("diagnose", "outlet", "--days", "3650").out
    assert "Too little is archived" in told and "date      well: given on 3 of 8 pages" in told
    assert "author    never given" in told


def page(number: int, dated: bool) -> bytes:
    said = json.dumps(
        {"@type": "NewsArticle", "headline": f"Bridge {number} is voted", "datePublished": "2026-02-27T08:00:00Z"}
    )
    return story(number).replace(b"<head>", b'<head><script type="application/ld+json">' + said.encode() + b"</script>", dated)


def test_an_outlet_that_dropped_its_dates(tmp_path: Path, archive: Path, scrapy_command: Scrapy) -> None:
    run = begin(archive)
    for number in range(12):
        keep(run, fetched(run, number, page(number, dated=number < 6)))
    keep(run, fetched(run, 12, BLOCK, status="403 Forbidden"))
    wrong = fetched(run, 13, page(13, dated=True))
    assert isinstance(wrong, Article)
    keep(run, replace(wrong.page, kind=Kind.FORBIDDEN))  # as earlier rules had judged it
    run.finish("finished", NOW)
    with sqlite3.connect(archive / "catalogue.sqlite") as catalogue:  # two pages a day, up to yesterday
        start = dt.datetime.now(dt.UTC) - dt.timedelta(days=7)
        for row in range(1, 15):
            catalogue.execute(
                "update captures set fetched_at = ? where id = ?", ((start + row * dt.timedelta(hours=12)).isoformat(), row)
            )
        found = diagnose(run.archive, Outlet(name="outlet"), archived(catalogue, "outlet", start, 8))
        assert [each.field for each in found.breaks if each.broke] == ["date"]
        fall = found.breaks[0]
        assert (fall.source, fall.before, fall.pages_before, fall.after) == ("json-ld", 6, 6, 0)
        assert (fall.last_good, fall.first_bad) == ("https://outlet.example/5", "https://outlet.example/6")
        assert fall.day == (start + 7 * dt.timedelta(hours=12)).date().isoformat()
        assert len(archived(catalogue, "outlet", start, 1)) in (6, 7), "so many pages a day, and no more"
    done = scrapy_command("diagnose", "outlet")
    assert done.status == 1, done.err
    assert f"date      broke on {fall.day}: json-ld gave it on 6 of 6 pages" in done.out
    assert "text      well: given on 12 of 12 pages" in done.out
    assert "1 FORBIDDEN as before, by the rule" in done.out
    assert "1 FORBIDDEN then, ARTICLE now" in done.out
    assert "1 article among them by the present rules: scrapy refeed --outlet outlet" in done.out
    few = scrapy_command("diagnose", "nowhere")
    assert few.status == 2 and "There is no outlet" in few.err


def test_what_the_rules_changed_is_told_apart_from_what_the_pages_did(archive: Path, scrapy_command: Scrapy) -> None:
    run = begin(archive)
    for number in range(8):
        keep(run, fetched(run, number, page(number, dated=True)))
    run.finish("finished", NOW)
    with closing(sqlite3.connect(archive / "catalogue.sqlite", isolation_level=None)) as catalogue:
        catalogue.execute("update captures set fetched_at = replace(fetched_at, '03-01', '03-02') where id > 4")
        catalogue.execute("update articles set published = null where capture <= 3")
        catalogue.execute("""update articles set authors = '["Jane Roe"]' where capture > 4""")
        catalogue.execute("update captures set warc_file = 'warc/none.warc.gz' where id = 4")
    told = scrapy_command("diagnose", "outlet", "--days", "3650")
    assert told.status == 0, told.err
    assert "  date: the present rules find it on 3 pages kept without: scrapy reextract --outlet outlet" in told.out
    assert "  author: kept of 4 pages on which the present rules find none: the rules changed, not the pages." in told.out
    assert told.out.endswith("  not to be read from the archive: 1 page; scrapy verify\n")
    as_json = json.loads(scrapy_command("diagnose", "outlet", "--days", "3650", "--json").out)
    assert (as_json["pages"], as_json["unreadable"], as_json["rules"]["date"]) == (7, 1, {"lost": 0, "gained": 3})
    wrong = scrapy_command("diagnose")
    assert wrong.status == 2 and "Name one outlet, as in: scrapy diagnose menafn" in wrong.err
