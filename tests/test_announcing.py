"""Sources that name others: what lies behind an index is read before the index counts as read."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest
from scrapy import Request
from scrapy.http import Response
from scrapy.settings import Settings

from crawler.announcing import Announcing, Source, SourceKind, read_source
from storage.catalogue.sources import state_of
from tests.test_run import NOW, begin

INDEX, PART = "https://outlet.example/sitemap.xml", "https://outlet.example/sitemap-1.xml"
SPACE = "xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'"
WHOLE = f"<sitemapindex {SPACE}><sitemap><loc>{PART}</loc></sitemap></sitemapindex>".encode()
STORIES = f"<urlset {SPACE}><url><loc>https://outlet.example/1</loc></url></urlset>".encode()


class Killed(BaseException):
    """The process ends here."""


class Engine:
    """Stands for Scrapy's engine: answers by URL, an exception is raised; what was asked is kept."""

    def __init__(self, answers: dict[str, bytes | int | type[BaseException]]) -> None:
        self.answers, self.asked = answers, list[Request]()

    async def download_async(self, request: Request) -> Response:
        self.asked.append(request)
        answer = self.answers[request.url]
        if isinstance(answer, type):
            raise answer
        if isinstance(answer, int):
            return Response(request.url, status=answer)
        return Response(request.url, body=answer, headers={"ETag": '"1"', "Content-Type": "application/xml"})


@pytest.mark.parametrize("trouble", [Killed, 500], ids=["killed", "failed"])
def test_an_index_is_asked_for_whole_until_all_that_it_names_was_read(tmp_path: Path, trouble: int | type[Killed]) -> None:
    run = begin(tmp_path)
    engine = Engine({INDEX: WHOLE, PART: trouble})
    crawler = SimpleNamespace(engine=engine, settings=Settings({"DOWNLOAD_MAXSIZE": 1 << 20}))

    def read() -> None:
        announcing = Announcing(run=run, crawler=crawler, ours=list, moved=lambda url: url)
        asyncio.run(announcing.all([Source(url=INDEX, kind=SourceKind.SITEMAP)]))

    if trouble is Killed:
        with pytest.raises(Killed):
            read()
    else:
        read()
    assert state_of(run.catalogue, INDEX, "outlet").headers == {}
    engine.answers[PART] = STORIES
    read()
    assert [row[0] for row in run.catalogue.conn.execute("select url from leads")] == ["https://outlet.example/1"]
    assert state_of(run.catalogue, INDEX, "outlet").headers == {"If-None-Match": '"1"'}
    run.finish("finished", NOW)


def test_of_what_a_source_says_only_addresses_become_leads_and_an_index_of_indexes_names_nothing() -> None:
    inner = Source(url=PART, kind=SourceKind.SITEMAP, depth=1)
    assert read_source(inner, "outlet", WHOLE, PART, None).more == ()
    items = "".join(f"<item><title>Bridge</title><link>{url}</link></item>" for url in ("mailto:news@outlet.example", "/1"))
    feed = f"<rss version='2.0'><channel><title>News</title>{items}</channel></rss>".encode()
    read = read_source(Source(url="https://outlet.example/feed", kind=SourceKind.FEED), "outlet", feed, "https://outlet.example/feed", None)
    assert [lead.url for lead in read.leads] == ["https://outlet.example/1"]


def test_a_page_in_place_of_a_sitemap_is_told(tmp_path: Path) -> None:
    run = begin(tmp_path)
    engine = Engine({PART: b"<html><p>Please log in.</p></html>"})
    crawler = SimpleNamespace(engine=engine, settings=Settings({"DOWNLOAD_MAXSIZE": 1 << 20}))
    announcing = Announcing(run=run, crawler=crawler, ours=list, moved=lambda url: url)
    asyncio.run(announcing.all([Source(url=PART, kind=SourceKind.SITEMAP)]))
    assert announcing.read == 0 and "what came is no sitemap" in str(run.notes)
    run.finish("unreadable", NOW)
