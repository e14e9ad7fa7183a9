"""An outlet that answers every address with 200: asked once a day for one that cannot exist, its error page is known."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import pytest

from crawler.impossible import impossible
from tests.conftest import Scrapy
from tests.loopback import Loopback, read_request
from tests.pages_for_judge import PARAGRAPHS, page

# It says nothing that a list of words could know, and has the length of a report.
LOST = "".join(f"<p>{words}</p>" for words in (
    "The harbour is wide and the tide comes in twice a day, which is more than can be said of some ferries we have known "
    "and loved over the years in this town.",
    "Have a look at the tables of the week, at the letters, or at the pictures of boats that our guests have sent us since "
    "the spring; there are some very fine ones among them.",
))  # fmt: skip
HEADLINE = "Harbour Town Votes to Keep Its Night Ferry"
STORY = f"<article><h1>{HEADLINE}</h1>{''.join(f'<p>{text}</p>' for text in PARAGRAPHS)}</article>"


def answer(target: str) -> tuple[str, str]:
    if target == "/robots.txt":
        return "404 Not Found", "none"
    if target == "/rss.xml":
        items = "".join(f"<item><title>{n}</title><link>/story.asp?sid={7000 + n}</link></item>" for n in range(2))
        return "200 OK", f"<rss version='2.0'><channel><title>g</title><link>/</link>{items}</channel></rss>"
    return "200 OK", page(STORY if target.endswith("7000") else LOST, "Harbour Gazette", frame=True)


async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, door: int) -> None:
    while request := await read_request(reader, "gazette", 0):
        ASKED.append(request.target)
        status, text = answer(request.target)
        kind = "application/rss+xml" if request.target.endswith(".xml") else "text/html"
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {len(text.encode())}\r\n\r\n"
        writer.write((head + text).encode())
        await writer.drain()


ASKED: list[str] = []


@pytest.fixture
def gazette() -> Iterator[str]:
    ASKED.clear()
    with Loopback(doors={"gazette": 0}, talk=talk) as server:
        yield server.url("gazette")


def crawl(url: str, scrapy_command: Scrapy, *words: str):  # type: ignore[no-untyped-def]
    modules = ("-s", "SPIDER_MODULES=crawler.spiders,tests.spiders")
    return scrapy_command("crawl", "gazette", "--json", *modules, "-a", f"origin={url}", *words)


def kinds(archive: Path) -> dict[str, tuple[str, list[str]]]:
    with sqlite3.connect(archive / "catalogue.sqlite") as catalogue:
        rows = catalogue.execute("select lead, kind, evidence from captures").fetchall()
    catalogue.close()
    return {lead[-4:]: (kind, evidence) for lead, kind, evidence in rows}


@pytest.mark.slow
def test_an_error_page_with_status_200_is_known_by_its_likeness(gazette: str, archive: Path, scrapy_command: Scrapy) -> None:
    done = crawl(gazette, scrapy_command, "-s", "NEWS_PROBE=1")
    assert done.status == 0, done.err
    found = kinds(archive)
    assert found["7000"][0] == "ARTICLE"
    assert found["7001"][0] != "ARTICLE"
    assert "like-impossible-url" in found["7001"][1]
    again = scrapy_command("refeed", "--outlet", "gazette")
    assert (again.status, kinds(archive)["7001"][0]) == (0, found["7001"][0]), "judged again, with what is known of the outlet"
    made_up = [target for target in ASKED if "sid=9999" in target]
    assert len(made_up) == 1, "one request a day"
    ASKED.clear()
    crawl(gazette, scrapy_command, "-s", "NEWS_PROBE=1", "-a", f"url={gazette}/story.asp?sid=7001")
    assert "/story.asp?sid=7001" in ASKED
    assert [target for target in ASKED if "sid=9999" in target] == []


@pytest.mark.slow
def test_without_the_setting_nothing_is_asked(gazette: str, archive: Path, scrapy_command: Scrapy) -> None:
    assert crawl(gazette, scrapy_command, "-s", "NEWS_PROBE=0").status == 0
    assert [target for target in ASKED if "sid=9999" in target] == []


@pytest.mark.parametrize(
    ("like", "kept"),
    [
        ("https://gazette.test/2026/01/a-story-of-boats.html?utm=x", "https://gazette.test/2026/01/"),
        ("https://gazette.test/news/a-story/", "https://gazette.test/news/"),
        ("https://gazette.test/story.asp?sid=7000", "https://gazette.test/story.asp?sid=9999"),
        ("https://gazette.test/", "https://gazette.test/"),
        ("https://gazette.test", "https://gazette.test/"),
    ],
)
def test_an_impossible_address_has_the_form_of_a_story(like: str, kept: str) -> None:
    made = impossible(like, Random(4))
    assert made.startswith(kept)
    assert made != like
    assert made != impossible(like, Random(5))
    assert urlsplit(made).path.endswith((".html", "/", ".asp")) or "." not in urlsplit(like).path
