"""scrapy story, merge and split: a cluster as a person sees it, and a person's word that stands in the ledger."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from storage.archive import open_archive
from storage.archive.keys import article_id
from storage.archive.ledger import events
from storage.catalogue.rulings import UnknownArticle
from storage.catalogue.schema import open_catalogue
from storage.catalogue.stories import find, members
from tests.conftest import Scrapy
from tests.test_dedupe import FERRY, ORCHESTRA
from tests.test_run import NOW, begin, fetched, keep


def page(headline: str, paragraphs: list[str]) -> bytes:
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return (
        f"<html><head><title>{headline}</title></head><body><article><h1>{headline}</h1>{body}</article></body></html>".encode()
    )


def url(number: int) -> str:
    return f"https://outlet.example/{number}"


@pytest.fixture
def filled(archive: Path) -> Path:
    """An archive with a ferry (1: whole, 2: cut at the end, 3: a figure corrected) and an orchestra (4)."""
    run = begin(archive)
    keep(run, fetched(run, 1, page("Harbour of Lindby closes", FERRY)))
    keep(run, fetched(run, 2, page("No way into Lindby", FERRY[:-1])))
    keep(run, fetched(run, 3, page("Harbour shut", [p.replace("40 boats", "48 boats") for p in FERRY])))
    keep(run, fetched(run, 4, page("Music in the depot", ORCHESTRA)))
    run.finish("finished", NOW)
    return archive


def clusters(archive: Path) -> dict[int, set[int]]:
    """Number of a page -> the numbers of its cluster, by the catalogue; articles and index say the same."""
    database = open_catalogue(archive / "catalogue.sqlite")
    numbers = {article_id(url(number)): number for number in range(1, 5)}
    found = {}
    for article, number in numbers.items():
        cluster, together = members(database.conn, article)
        found[number] = {numbers[member.article] for member in together}
        row = database.conn.execute("select distinct cluster from articles where article = ?", (article,)).fetchall()
        assert row == [(cluster,)]
    database.close()
    return found


def test_a_story_shows_who_carried_it_and_what_differs(filled: Path, scrapy_command: Scrapy) -> None:
    shown = scrapy_command("story", url(2))
    assert shown.status == 0, shown.err
    assert "3 articles" in shown.out
    assert "No way into Lindby" in shown.out and "Music in the depot" not in shown.out
    told = json.loads(scrapy_command("story", article_id(url(2))[:8], "--json").out)
    by_url = {member["url"]: member for member in told["members"]}
    assert set(by_url) == {url(1), url(2), url(3)}
    assert by_url[url(1)]["canonical"] and by_url[url(1)]["differs"] == ""
    assert by_url[url(2)]["relation"] == "NEAR_DUPLICATE"
    assert by_url[url(2)]["of_own"] == 1 and 0.7 < by_url[url(2)]["keeps"] < 0.9
    assert by_url[url(3)]["differs"] == "-1 +1 words: [-40-] {+48+}"


def test_who_carried_it_first_is_not_changed_by_a_later_revision(filled: Path) -> None:
    run = begin(filled)
    later = page("Harbour of Lindby closes", [p.replace("3 May", "4 May") for p in FERRY]).replace(
        b"<head>", b'<head><meta property="article:published_time" content="2026-03-02T08:00:00+02:00">'
    )
    assert keep(run, fetched(run, 1, later)).outcome == "revision"
    run.finish("finished", NOW)
    database = open_catalogue(filled / "catalogue.sqlite")
    together = members(database.conn, article_id(url(2)))[1]
    database.close()
    assert [(member.url, member.revisions, member.seen[:16]) for member in together] == [
        (url(1), 2, "2026-03-01T12:00"),
        (url(2), 1, "2026-03-01T12:00"),
        (url(3), 1, "2026-03-01T12:00"),
    ]


def test_two_articles_are_compared_word_by_word(filled: Path, scrapy_command: Scrapy) -> None:
    shown = scrapy_command("story", "--diff", url(1), url(3))
    assert "who speaks for the [-40-] {+48+} boats" in shown.out
    told = json.loads(scrapy_command("story", "--diff", url(1), url(3), "--json").out)
    assert [change["words"] for change in told["changes"] if change["op"] != "equal"] == ["40", "48"]


def test_a_page_with_the_same_text_is_named_and_never_the_page_itself(filled: Path, scrapy_command: Scrapy) -> None:
    run = begin(filled)
    assert keep(run, fetched(run, 5, page("Music in the depot", ORCHESTRA))).outcome == "duplicate"
    run.finish("finished", NOW)
    assert "same text" not in scrapy_command("explain", url(1)).out
    assert [line for line in scrapy_command("explain", url(5)).out.splitlines() if "same text" in line] == [f"same text  {url(4)}"]


def test_a_long_headline_is_cut_where_one_sees_it(archive: Path, scrapy_command: Scrapy) -> None:
    run = begin(archive)
    keep(run, fetched(run, 1, page("Harbour of Lindby closes " * 4, FERRY)))
    run.finish("finished", NOW)
    shown = scrapy_command("story", url(1)).out
    assert "1 article, first carried" in shown and "Harbour of Lindby closes Harbour o…\n" in shown


def test_an_article_that_is_not_there(filled: Path, scrapy_command: Scrapy) -> None:
    asked = scrapy_command("story", "https://outlet.example/99")
    assert asked.status == 2 and "give the id of an article, six digits of it at least, or its URL" in asked.err
    assert "six digits of it at least" in scrapy_command("story", article_id(url(1))[:5]).err
    assert scrapy_command("merge", url(1), "nobody").status == 2
    database = open_catalogue(filled / "catalogue.sqlite")
    with pytest.raises(UnknownArticle, match="no article"):
        find(database.conn, "abc")
    database.close()


def test_a_persons_word_is_in_the_ledger_and_stands(filled: Path, scrapy_command: Scrapy) -> None:
    assert clusters(filled) == {1: {1, 2, 3}, 2: {1, 2, 3}, 3: {1, 2, 3}, 4: {4}}
    merged = scrapy_command("merge", url(4), url(1))
    assert merged.status == 0, merged.err
    assert clusters(filled)[4] == {1, 2, 3, 4}
    taken = scrapy_command("split", url(2))
    assert taken.status == 0, taken.err
    assert clusters(filled) == {1: {1, 3, 4}, 2: {2}, 3: {1, 3, 4}, 4: {1, 3, 4}}
    assert "stood alone" in scrapy_command("split", url(2)).out
    told = [event for event in events(open_archive(str(filled))) if event.event in ("merged", "split")]
    assert [(event.event, event.outlet) for event in told] == [("merged", "outlet"), ("split", "outlet"), ("split", "outlet")]
    assert told[0].fields == {"sequence": 4, "one": article_id(url(4)), "other": article_id(url(1))}
