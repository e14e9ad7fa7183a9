"""From feed to clean copy: what the newsstand prints is what the archive holds, page by page."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.archive.packed import plain
from tests.conftest import Scrapy
from tests.newsstand import Expected, Fault, Newsstand


@pytest.fixture
def stand() -> Iterator[Newsstand]:
    with Newsstand() as stand:
        yield stand


def crawl(stand: Newsstand, outlet: str, scrapy_command: Scrapy, *words: str):  # type: ignore[no-untyped-def]
    modules = ("-s", "SPIDER_MODULES=crawler.spiders,tests.spiders")
    return scrapy_command("crawl", outlet, "--json", *modules, "-a", f"origin={stand.outlets[outlet]}", *words)


def outcomes(archive: Path) -> dict[str, tuple[str, str | None, str | None]]:
    """URL that was asked for -> (outcome, kind, key of the clean copy)."""
    with sqlite3.connect(archive / "catalogue.sqlite") as catalogue:
        rows = catalogue.execute("select lead, url, outcome, kind, clean_key from captures").fetchall()
    catalogue.close()
    return {url: tuple(rest) for lead, final, *rest in rows for url in (lead, final)}


def found(each: Expected, ended: dict[str, tuple[str, str | None, str | None]]) -> tuple[str, str | None, str | None] | None:
    return next((ended[url] for url in (each.url, *each.asked) if url in ended), None)


@pytest.mark.slow
@pytest.mark.parametrize("outlet", ["menafn", "courier", "gazette"])
def test_every_page_becomes_what_it_must(stand: Newsstand, archive: Path, scrapy_command: Scrapy, outlet: str) -> None:
    done = crawl(stand, outlet, scrapy_command)
    assert done.status == 0, done.err
    receipt, ended = done.receipt, outcomes(archive)
    assert sum(receipt["outcomes"].values()) == receipt["captures"]
    wrong, texts = [], []
    copied = {each.copy_of for each in stand.expected.values() if each.copy_of}
    for each in stand.expected.values():
        if each.outlet != outlet or each.late:
            continue
        end = found(each, ended)
        if each.outcome is None:
            assert end is None, f"{each.url} may not be fetched"
        elif end is not None and end[0] == "duplicate" and each.url in copied:
            continue  # its copy came first
        elif end is not None and end[0] == "duplicate" and each.fault is Fault.CUT_SHORT:
            continue  # what came before the cut is a text that stands elsewhere
        elif end is not None and end[0] == "unchanged" and each.asked:
            continue  # announced under two addresses, of which one leads to the other
        elif end is None or end[0] not in each.allowed:
            wrong.append((each.url, each.fault, each.outcome, end))
        elif end[0] == "kept":
            copy = json.loads(plain((archive / str(end[2])).read_bytes()))
            if each.fault is Fault.CUT_SHORT:  # the start of the story, as far as it came
                assert "\n".join(each.paragraphs).startswith("\n".join(copy["text"]))
            elif tuple(copy["text"]) != each.paragraphs or copy["headline"] != each.headline:
                texts.append((each.url, copy["headline"], copy["text"], each.headline, each.paragraphs))
            assert [line for line in each.furniture if line in "\n".join(copy["text"])] == []
    assert wrong == []
    assert texts == []


@pytest.mark.slow
def test_a_second_run_fetches_no_page_and_a_late_story_is_found(stand: Newsstand, scrapy_command: Scrapy) -> None:
    crawl(stand, "menafn", scrapy_command)
    stand.forget()
    again = crawl(stand, "menafn", scrapy_command)
    assert (again.status, again.receipt["captures"], stand.article_requests("menafn")) == (0, 0, ())
    late = [each for each in stand.publish() if each.outlet == "menafn"]
    third = crawl(stand, "menafn", scrapy_command)
    assert third.receipt["captures"] == len(late) > 0


@pytest.mark.slow
def test_a_correction_is_a_revision_and_both_texts_stay(stand: Newsstand, archive: Path, scrapy_command: Scrapy) -> None:
    crawl(stand, "menafn", scrapy_command)
    url = stand.correctable()[0]
    before = outcomes(archive)[url][2]
    corrected = stand.correct(url)
    done = crawl(stand, "menafn", scrapy_command, "-a", f"url={url}")
    assert done.receipt["outcomes"]["revision"] == 1
    with sqlite3.connect(archive / "catalogue.sqlite") as catalogue:
        (key,) = catalogue.execute("select clean_key from captures where outcome = 'revision'").fetchone()
    catalogue.close()
    assert tuple(json.loads(plain((archive / key).read_bytes()))["text"]) == corrected.paragraphs
    assert before is not None and (archive / before).exists() and before != key
