"""A few pages fetched with the crawl's own manners and guards, to look and not to archive.

The project's settings are in force (robots.txt, delays, refused addresses). What crosses the wire is recorded as in any
run, but into an archive in a temporary folder that is gone when the command ends.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import scrapy
from scrapy.http import Request

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
