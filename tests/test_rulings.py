"""A person's word, and what went from cluster to cluster, after a rebuild; and a cluster whose canonical is forgotten."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from pipelines.stages import enter
from storage.archive.keys import article_id
from storage.catalogue.rulings import rule
from storage.run import Run
from tests.conftest import Scrapy
from tests.test_dedupe import FERRY, LETTER, ORCHESTRA
from tests.test_rebuild import abandon, begin_next_day, rebuilt
from tests.test_run import NOW, begin, fetched, keep
from tests.test_story import filled, page, url

__all__ = ["filled"]

PAGES = {
    1: [*LETTER[:2], *FERRY],
    2: FERRY[:2],
    3: FERRY,
    4: ORCHESTRA,
    5: [*ORCHESTRA[:2], "Tickets are to be had at the depot from Monday, the director said, and cost as much as last year."],
    6: FERRY[:-1],
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


def test_when_the_canonical_is_forgotten_another_stands_for_the_cluster(filled: Path, scrapy_command: Scrapy) -> None:
    assert scrapy_command("forget", url(1), "--reason", "asked for").status == 0
    told = json.loads(scrapy_command("story", url(2), "--json").out)
    assert [(member["url"], member["canonical"]) for member in told["members"]] in (
        [(url(2), False), (url(3), True)],
        [(url(2), True), (url(3), False)],
    )
    checked = scrapy_command("rebuild", "--check")
    assert checked.status == 0, checked.out
