"""A person's word, and what went from cluster to cluster, after a rebuild; and a cluster whose canonical is forgotten."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from pathlib import Path

import pytest

from crawler.indexing import index
from pipelines.stages import enter
from storage.archive import open_archive
from storage.archive.forget import forget
from storage.archive.keys import article_id, run_id
from storage.catalogue.forgotten import take_out
from storage.catalogue.rulings import rule
from storage.catalogue.schema import open_catalogue
from storage.run import Run, start_run
from tests.conftest import Scrapy
from tests.test_dedupe import FERRY, LETTER, ORCHESTRA
from tests.test_rebuild import abandon, begin_next_day, rebuilt
from tests.test_run import NOW, begin, fetched, keep
from tests.test_story import filled, page, url

__all__ = ["filled"]

LATER = NOW + dt.timedelta(days=1)
PAGES = {
    1: [*LETTER[:2], *FERRY],
    2: FERRY[:2],
    3: FERRY,
    4: ORCHESTRA,
    5: [*ORCHESTRA[:2], "Tickets are to be had at the depot from Monday, the director said, and cost as much as last year."],
    6: FERRY[:-1],
    7: [*FERRY[:-1], "The mayor's office did not answer."],
}


def bring(run: Run, number: int) -> None:
    keep(run, fetched(run, number, page(f"Headline {number}", PAGES[number])))


def say(run: Run, verb: str, sequence: int, **fields: int) -> None:
    """What scrapy merge and split do: the ledger first, then the catalogue."""
    named = {part: article_id(url(number)) for part, number in fields.items()}
    run.ledger.append(verb, {"sequence": sequence, **named})
    rule(run.catalogue.conn, verb, named)


def standing(catalogue: Path) -> dict[int, str]:
    with sqlite3.connect(catalogue) as connection:
        found = dict(connection.execute("select article, cluster from articles where current = 1").fetchall())
    connection.close()
    return {number: found[article_id(url(number))] for number in PAGES if article_id(url(number)) in found}


def test_what_a_person_said_and_what_moved_come_again(tmp_path: Path) -> None:
    run = begin(tmp_path)
    for number in (1, 2, 3, 4):
        bring(run, number)
    assert len(set(list(standing(tmp_path / "catalogue.sqlite").values())[:3])) == 1, "1 went with 3 to the cluster of 2"
    say(run, "split", 4, article=2)
    say(run, "merged", 4, one=4, other=2)
    bring(run, 5)
    run.finish("finished", NOW)
    second = begin_next_day(tmp_path)
    say(second, "split", 5, article=1)
    bring(second, 6)
    second.finish("finished", NOW)
    grown = standing(tmp_path / "catalogue.sqlite")
    assert grown[2] == grown[4] == grown[5] and grown[3] == grown[6] and len({grown[1], grown[2], grown[3]}) == 3
    assert rebuilt(tmp_path)[1] == []
    assert standing(tmp_path / "catalogue.again") == grown


def test_what_moved_for_a_capture_that_is_taken_back_goes_back(tmp_path: Path) -> None:
    run = begin(tmp_path)
    for number in (1, 2):
        bring(run, number)
    alone = standing(tmp_path / "catalogue.sqlite")
    enter(run, fetched(run, 3, page("Headline 3", PAGES[3])))
    assert standing(tmp_path / "catalogue.sqlite")[1] != alone[1]
    abandon(run)  # killed before it was durable
    begin_next_day(tmp_path).finish("finished", NOW)
    assert standing(tmp_path / "catalogue.sqlite") == alone
    assert rebuilt(tmp_path)[1] == []


def taken_away(folder: Path, number: int) -> None:
    """What scrapy forget does."""
    archive, database = open_archive(str(folder)), open_catalogue(folder / "catalogue.sqlite")
    gone = forget(archive, url(number), "asked for", run=run_id(LATER, bytes(6)), clock=lambda: LATER)
    take_out(database, urls=gone.urls, articles=gone.articles, inherited=gone.inherited)
    database.close()


@pytest.mark.parametrize("gone", [5, 3], ids=["one of its own", "one that others had joined"])
def test_a_ruling_on_what_is_forgotten_later_does_not_stand_in_the_way_of_a_rebuild(tmp_path: Path, gone: int) -> None:
    run = begin(tmp_path)
    for number in (4, 3, 6):
        bring(run, number)
    bring(run, 5)
    say(run, "split", 4, article=5)
    say(run, "merged", 4, one=3, other=4)
    say(run, "merged", 4, one=5, other=6)
    run.finish("finished", NOW)
    before = standing(tmp_path / "catalogue.sqlite")
    assert len(set(before.values())) == 1
    taken_away(tmp_path, gone)
    assert rebuilt(tmp_path)[1] == []
    assert standing(tmp_path / "catalogue.again") == {number: before[number] for number in before if number != gone}


def test_a_ruling_on_another_outlets_article_is_passed_over_by_a_machine_that_does_not_know_it(tmp_path: Path) -> None:
    run = begin(tmp_path)
    for number in (3, 4):
        bring(run, number)
    run.ledger.append("merged", {"sequence": 2, "one": article_id(url(3)), "other": article_id("https://other.example/1")})
    run.finish("finished", NOW)
    (tmp_path / "catalogue.sqlite").rename(tmp_path / "catalogue.of-the-other-machine")
    fresh = start_run(
        outlet="outlet", archive=open_archive(str(tmp_path)), catalogue=tmp_path / "catalogue.sqlite", clock=lambda: NOW,
        about={}, index=index,
    )  # fmt: skip
    fresh.finish("finished", NOW)
    assert len(set(standing(tmp_path / "catalogue.sqlite").values())) == 2


def test_when_the_canonical_is_forgotten_another_stands_for_the_cluster(filled: Path, scrapy_command: Scrapy) -> None:
    assert scrapy_command("forget", url(1), "--reason", "asked for").status == 0
    told = json.loads(scrapy_command("story", url(2), "--json").out)
    assert [(member["url"], member["canonical"]) for member in told["members"]] in (
        [(url(2), False), (url(3), True)],
        [(url(2), True), (url(3), False)],
    )
    checked = scrapy_command("rebuild", "--check")
    assert checked.status == 0, checked.out
