"""A few pages fetched with the crawl's own manners and guards, to look and not to archive; and a home page -> where its site
announces stories, which of that can be read, and what a story's address looks like.

The project's settings are in force (robots.txt, delays, refused addresses). What crosses the wire is recorded as in any
run, but into an archive in a temporary folder that is gone when the command ends.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import scrapy
from scrapy.http import Request

from crawler.announcing import Source, SourceKind, read_source
from crawler.discovery.links import read_listing, site_of
from crawler.discovery.proposals import Pattern, Sources, discover_outlet, propose_pattern
from crawler.network.manners import FINAL, UNREACHABLE, header
from crawler.network.robots import Robots
from storage.archive import open_archive
from storage.archive.codings import decode_body
from storage.archive.folders import scratch_folder
from storage.run import Run, start_run
from storage.software import SOFTWARE


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came: the address that answered, its status, the decoded body; or `error`, why nothing came."""

    url: str
    status: int = 0
    body: bytes = b""
    content_type: str | None = None
    error: str | None = None

    @property
    def failure(self) -> str | None:
        """Why there is nothing to read; None when there is."""
        return self.error or (f"status {self.status}" if self.status >= 400 else None)


Job = Callable[["Probe"], Awaitable[None]]


class Probe(scrapy.Spider):
    """Runs one job, which asks for pages by `fetch`; nothing becomes a capture."""

    name = "probe"
    custom_settings = {"ITEM_PIPELINES": {}}  # noqa: RUF012 - Scrapy wants a dict; no worker processes for nothing

    def __init__(self, job: Job, run: Run) -> None:
        super().__init__()
        self.job = job
        self.run = run
        self.rules: dict[str, Robots | None] = {}

    async def start(self) -> AsyncIterator[Any]:
        """The job is done while the crawl starts."""
        await self.job(self)
        nothing: tuple[Request, ...] = ()
        for request in nothing:
            yield request

    async def fetch(self, url: str, **meta: object) -> Answer:
        """URL -> its answer. What a server or our own guards do is no exception."""
        try:
            response = await self.crawler.engine.download_async(Request(url, meta=meta))
        except (*UNREACHABLE, *FINAL, ValueError) as error:
            return Answer(url=url, error=str(error).strip() or type(error).__name__)
        most = self.settings.getint("DOWNLOAD_MAXSIZE")
        body, _ = decode_body(response.body, header(response, "Content-Encoding"), most)
        return Answer(url=response.url, status=response.status, body=body, content_type=header(response, "Content-Type"))

    async def robots(self, url: str) -> Robots | None:
        """URL -> the robots.txt of its host; None when it cannot be read, which means: fetch nothing (RFC 9309)."""
        parts = urlsplit(url)
        if parts.netloc not in self.rules:
            address = f"{parts.scheme}://{parts.netloc}/robots.txt"
            found = await self.fetch(address, robots=[])  # the manners' list of what was asked on the way
            unread = found.error or found.status == 429 or found.status >= 500
            body = found.body if found.status < 300 else b""
            self.rules[parts.netloc] = None if unread else Robots.parse(body, address)
        return self.rules[parts.netloc]


def probe(process: Any, job: Job) -> None:
    """A crawler process and a job -> the job done. The process cannot be used again."""
    with scratch_folder(Path(tempfile.gettempdir()), "cleancopy-probe") as folder:
        run = start_run(
            outlet="probe",
            archive=open_archive(str(folder)),
            catalogue=folder / "catalogue.sqlite",
            clock=lambda: dt.datetime.now(dt.UTC),
            about={"software": SOFTWARE},
        )
        process.crawl(Probe, job=job, run=run)
        process.start()


_FEEDS, _SITEMAPS = 8, 3


@dataclass(slots=True)
class Survey:
    """What was found: readable sources with the number of stories that each announces, the addresses themselves, and
    why other sources could not be read. `error`: why the home page itself could not."""

    home: str
    error: str | None = None
    sources: Sources | None = None
    readable: dict[Source, int] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    announced: list[str] = field(default_factory=list)
    pattern: Pattern | None = None

    def of(self, kind: SourceKind) -> list[str]:
        """The addresses of the readable sources of a kind."""
        return [source.url for source in self.readable if source.kind is kind]


async def survey(probe: Probe, url: str) -> Survey:
    """A probe and the address of a home page -> Survey. A dozen requests at most, with the crawl's manners."""
    home = await probe.fetch(url)
    if home.failure:
        return Survey(home=url, error=home.failure)
    found = Survey(home=home.url)
    robots = await probe.robots(home.url)
    found.sources = sources = discover_outlet(home.body, home.url, home.content_type, robots)
    guessed_feeds = [guess for guess in sources.guesses if "sitemap" not in guess]
    guessed_sitemaps = [guess for guess in sources.guesses if "sitemap" in guess]
    await _try(probe, found, SourceKind.FEED, sources.feeds[:_FEEDS], guessed=False)
    if not found.readable:
        await _try(probe, found, SourceKind.FEED, guessed_feeds, guessed=True)
    await _try(probe, found, SourceKind.SITEMAP, sources.sitemaps[:_SITEMAPS], guessed=False)
    if not found.readable:
        await _try(probe, found, SourceKind.SITEMAP, guessed_sitemaps, guessed=True)
    linked = [link.url for link in read_listing(home.body, home.url, home.content_type).links]
    ours = [address for address in dict.fromkeys(found.announced) if site_of(address) == site_of(home.url)]
    found.pattern = propose_pattern(ours, linked)
    return found


async def _try(probe: Probe, found: Survey, kind: SourceKind, urls: Iterable[str], *, guessed: bool) -> None:
    """Read sources of a kind; of guesses, only the first that holds."""
    for url in urls:
        source = Source(url=url, kind=kind)
        answer = await probe.fetch(url)
        if answer.failure:
            if not guessed:
                found.unreadable[url] = answer.failure
            continue
        announced = read_source(source, "probe", answer.body, answer.url, answer.content_type)
        for inner in announced.more[:1] if kind is SourceKind.SITEMAP else ():
            answer = await probe.fetch(inner.url)
            if not answer.failure:
                announced = read_source(inner, "probe", answer.body, answer.url, answer.content_type)
        if announced.readable and announced.leads:
            found.readable[source] = len(announced.leads)
            found.announced += [lead.url for lead in announced.leads]
            if guessed:
                return
        elif not guessed:
            found.unreadable[url] = "it announces no story" if announced.readable else f"what came is no {kind}"
