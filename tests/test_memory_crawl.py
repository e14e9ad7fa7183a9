"""A whole crawl of an outlet that prints its own words in every story: learned on the way, undone behind it."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from html import escape
from pathlib import Path

import pytest

from storage.catalogue.rows import unpacked
from tests.conftest import Scrapy
from tests.loopback import Loopback, read_request
from tests.newsstand.wire_stories import stories

NOTE = (
    "Figures in this report come from the exchange and may be delayed by up to fifteen minutes; readers should not rely "
    "on them when they trade."
)
ENGLISH = [story for story in stories().values() if story.language == "en"][:4]


def page(number: int) -> str:
    story = ENGLISH[number]
    title = escape(story.headlines["gazette"])
    texts = [*(block.text for block in story.blocks if block.kind == "paragraph"), NOTE]
    body = "".join(f"<p>{escape(text)}</p>" for text in texts)
    return f"<html><head><title>{title}</title></head><body><article><h1>{title}</h1>{body}</article></body></html>"


def answer(target: str) -> tuple[str, str]:
    if target == "/rss.xml":
        items = "".join(f"<item><title>{n}</title><link>/story.asp?sid={7000 + n}</link></item>" for n in range(len(ENGLISH)))
        return "200 OK", f"<rss version='2.0'><channel><title>g</title><link>/</link>{items}</channel></rss>"
    number = target.removeprefix("/story.asp?sid=")
    return ("200 OK", page(int(number) - 7000)) if number.isdecimal() else ("404 Not Found", "<p>Not found</p>")


async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, door: int) -> None:
    while request := await read_request(reader, "gazette", 0):
        status, text = answer(request.target)
        kind = "application/rss+xml" if request.target.endswith(".xml") else "text/html"
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {len(text.encode())}\r\n\r\n"
        writer.write((head + text).encode())
        await writer.drain()


@pytest.fixture
def gazette() -> Iterator[str]:
    with Loopback(doors={"gazette": 0}, talk=talk) as server:
        yield server.url("gazette")


def newest(archive: Path) -> list[bool]:
    """Of each article, in the order of arrival, whether the note stands in its newest clean copy."""
    query = "select headline, text_zlib from articles where current = 1"
    with sqlite3.connect(archive / "catalogue.sqlite") as catalogue:
        texts = dict(catalogue.execute(query).fetchall())
        order = [row[0] for row in catalogue.execute("select headline from articles group by article order by min(id)")]
    catalogue.close()
    return [NOTE in unpacked(texts[headline]) for headline in order]


@pytest.mark.slow
def test_in_worker_processes_too(gazette: str, archive: Path, scrapy_command: Scrapy) -> None:
    modules = ("-s", "SPIDER_MODULES=crawler.spiders,tests.spiders")
    done = scrapy_command("crawl", "gazette", "--json", *modules, "-a", f"origin={gazette}", NEWS_WORKERS="2")
    assert (done.status, done.receipt["outcomes"]["kept"]) == (0, len(ENGLISH)), done.err
    assert newest(archive) == [True, True, False, False]
    again = scrapy_command("reextract", "--json", *modules)
    assert [json.loads(line)["changed"] for line in again.out.splitlines()] == [["text"], ["text"]], again.err
    assert newest(archive) == [False] * len(ENGLISH)
    checked = scrapy_command("rebuild", "--check", *modules)
    assert checked.status == 0, checked.out
