"""The only spider logic: an outlet's feeds and listings become leads, leads become captures.

A spider of this kind is data (see crawler/spiders/menafn.py): a name, where new stories are announced, and what the
address of a story looks like.
"""

from __future__ import annotations

import datetime as dt
import re
import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Self
from urllib.parse import urljoin, urlsplit, urlunsplit

import scrapy
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider, IgnoreRequest
from scrapy.http import Request, Response
from twisted.python.failure import Failure as TwistedFailure

from crawler.announcing import Announcing, Source, SourceKind, now
from crawler.arguments import ArgumentError, fault_of_outlet
from crawler.discovery.links import read_listing
from crawler.impossible import impossible_answer
from crawler.network.manners import FINAL, UNREACHABLE, Refused, header
from crawler.network.robots import beside
from crawler.network.wire import Postponed
from crawler.opening import open_run
from crawler.revisit import CODE, ages, allowed, as_before, known_answer, learn, revisits
from storage.archive.exchange import NotHttp, capture_of
from storage.catalogue import leads
from storage.records import Exchange, Failure, Fetched, Lead, Outlet, Override
from storage.run import Run
from storage.urls import canonical

REDIRECTS = (301, 302, 303, 307, 308)
LEASED = 32  # leads that are leased at once: all that wait are sorted for it


class OutletSpider(scrapy.Spider):
    """A site that we read, as data. Paths may be relative to `home`.

    Arguments (`-a`): url (one page, also when it is known), limit (how many pages at most), since (YYYY-MM-DD: pass over
    leads that their source dates earlier), origin (read the outlet at another address, as a mirror or a test server).
    """

    home: str
    title: str = ""
    feeds: tuple[str, ...] = ()
    listings: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    article: str = ""  # regular expression that the path of a story matches
    language: str | None = None
    zone: str | None = None
    founded: dt.date | None = None
    overrides: tuple[Override, ...] = ()
    run: Run
    impossible: tuple[int, ...] = ()

    def __init__(
        self, url: str | None = None, limit: str | None = None, since: str | None = None, origin: str | None = None, **rest: Any
    ) -> None:
        if rest:
            known = "url, limit, since and origin"
            raise ArgumentError(f"-a {next(iter(rest))}=… is not known; a crawl takes {known}.")
        if fault := fault_of_outlet(self):
            raise ArgumentError(fault)
        super().__init__()
        self.elsewhere = origin is not None
        if origin is not None:
            self.home = _site(origin).rstrip("/") + "/"
            self.hosts = (urlsplit(origin).hostname or "",)
        self.only = self._page(url)
        self.limit = _whole_number(limit)
        self.since = _day(since)
        self.hosts = self.hosts or (urlsplit(self.home).hostname or "",)

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, run: Run | None = None, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.run = run or open_run(spider.name, crawler.settings)
        return spider

    @property
    def profile(self) -> Outlet:
        """What the pipelines know of this outlet."""
        same = {name: getattr(self, name) for name in ("name", "title", "hosts", "language", "zone", "overrides", "impossible")}
        return Outlet(since=self.founded, **same)

    async def start(self) -> AsyncIterator[Any]:
        """Read the sources, then hand out requests as the engine asks for them, oldest lead first."""
        if self.only:
            lead = Lead(url=self.only, outlet=self.name, source="by hand")
            self.run.take(lead, now())
            yield self.ask(lead)
            return
        announcing = Announcing(run=self.run, crawler=self.crawler, ours=self._ours, moved=self._moved)
        await announcing.all(self._sources())
        if announcing.failed and not announcing.read:
            raise CloseSpider("unreadable")
        self.impossible = await impossible_answer(self, now())
        left, new = self.limit or sys.maxsize, 0
        while fresh := leads.lease(self.run.catalogue, self.name, self.run.id, now(), self.since, most=min(left - new, LEASED)):
            new += len(fresh)
            for lead in fresh:
                yield self.ask(lead)
        most = min(left - new, allowed(new, self.settings.getfloat("NEWS_REVISIT_SHARE")))
        # Known stories are not leased: one that is not reached is due in the next run.
        for known in revisits(self.run.catalogue, self.name, now(), ages(self.settings["NEWS_REVISITS"]), most):
            self.run.revisited += 1
            yield self.ask(known, known=True)

    def ask(self, lead: Lead, *, known: bool = False) -> Request:
        """Lead -> the request for its page. `known`: its story is kept already, whatever comes."""
        before = known_answer(self.run, lead.url) if known else None
        meta = {"lead": lead, "known": known, "known_answer": before}
        asked = before.conditions if before else {}
        return Request(
            lead.url, callback=self.answered, errback=self.missed, cb_kwargs={"lead": lead}, headers=asked, meta=meta
        )

    def answered(self, response: Response, lead: Lead) -> Iterator[Fetched | Failure | Request]:
        """An answer, whatever its status -> what was fetched; a failure for a redirect that cannot be followed."""
        request: Request = response.request  # type: ignore[assignment]
        if response.status in REDIRECTS:  # one that is followed does not come here
            location = header(response, "Location")
            told = f"it redirects to {location[:500]!r}, which is no page of the web" if location else "it redirects to nowhere"
            yield self._failure(request, lead, told, response.status)
            return
        exchange: Exchange = request.meta["exchange"]
        if (before := request.meta["known_answer"]) is not None:
            learn(self.run, before, response, request.meta["address"], now())
            if response.status == CODE:
                exchange = as_before(self.run, exchange, before)
        onward = sends_on(exchange, lead)
        if onward is not None and request.meta.get("stubs", 0) < MOST:
            yield request.replace(url=onward, meta={**request.meta, "stubs": request.meta.get("stubs", 0) + 1})
            return
        rules, reserved = request.meta.get("rules"), request.meta.get("tdm")
        said = beside(rules, url=request.url, agent=self.settings["USER_AGENT"], tdm_file=reserved)
        yield Fetched(lead=lead, exchange=exchange, address=request.meta["address"], rights=said)

    def missed(self, failure: TwistedFailure) -> Iterator[Failure]:
        """No whole answer came -> the failure, or a refused lead where we may not ask."""
        request: Request = failure.request  # type: ignore[attr-defined]
        lead: Lead = request.meta["lead"]
        if failure.check(Refused):
            if not request.meta["known"]:
                self.run.refuse(lead, failure.getErrorMessage())
            return
        if failure.check(Postponed):
            return  # the lease is given back at the end of the run
        if not failure.check(*UNREACHABLE, *FINAL):
            self.logger.error("a download failed in a way that no server can cause", exc_info=failure.value)
            self.crawler.stats.inc_value("spider_exceptions/count")
        yield self._failure(request, lead, _reason(failure))

    def _failure(self, request: Request, lead: Lead, error: str, status: int | None = None) -> Failure:
        chain = request.meta.get("redirect_urls", ())
        led = f" (redirected {len(chain)} times: {' '.join(chain[-3:])} {request.url})" if chain else ""
        return Failure(
            lead=lead,
            url=request.url,
            fetched_at=request.meta.get("fetched_at") or now(),
            error=(error + led)[:1000],
            address=request.meta.get("address"),
            status=status,
        )

    def _sources(self) -> list[Source]:
        kinds = ((SourceKind.FEED, self.feeds), (SourceKind.SITEMAP, self.sitemaps), (SourceKind.LISTING, self.listings))
        return [Source(url=urljoin(self.home, path), kind=kind) for kind, paths in kinds for path in paths]

    def _ours(self, found: Iterable[Lead]) -> list[Lead]:
        """Leads to stories of this outlet; the rest of what a source names is not for us."""
        ours = []
        for lead in found:
            parts = urlsplit(lead.url)
            if belongs(parts.hostname, (*type(self).hosts, *self.hosts)) and re.search(self.article, parts.path):
                ours.append(replace(lead, url=self._moved(lead.url)))
        return ours

    def _moved(self, url: str) -> str:
        """Under -a origin=…, addresses of the outlet's own host lead to the origin."""
        parts, home = urlsplit(url), urlsplit(self.home)
        if not self.elsewhere or not belongs(parts.hostname, type(self).hosts):
            return url
        return urlunsplit((home.scheme, home.netloc, parts.path, parts.query, ""))

    def _page(self, url: str | None) -> str | None:
        if url is None:
            return None
        page = canonical(url)
        if page is None:
            raise ArgumentError(f"-a url={url} is not the address of a page; it begins with https:// or http://.")
        return page


def _reason(failure: TwistedFailure) -> str:
    if failure.check(IgnoreRequest):
        return failure.getErrorMessage()
    kind = failure.type.__name__ if failure.type else "error"
    return f"{kind}: {failure.getErrorMessage()}"[:500]


def _whole_number(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or int(text) == 0:
        raise ArgumentError(f"-a limit={text} is not a number of pages; try -a limit=10.")
    return int(text)


def _site(origin: str) -> str:
    try:
        parts = urlsplit(origin)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        known = False
    if not known:
        raise ArgumentError(f"origin={origin} is not the address of a site; it begins with https:// or http://.")
    return origin


def _day(text: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text is not None else None
    except ValueError:
        raise ArgumentError(f"-a since={text} is not a day; write it as {dt.date(2026, 1, 31)}.") from None


MOST = 3
"""Stubs that are followed one after the other."""
_SMALL = 8 * 1024  # bytes of a stub; a page of a story that reloads itself is larger


def sends_on(exchange: Exchange, lead: Lead) -> str | None:
    """A fetched exchange and its lead -> the address that it sends its reader to; None for a page, or for itself."""
    if len(exchange.response) > 2 * _SMALL:
        return None
    try:
        capture = capture_of(exchange, lead, limit=_SMALL)
    except NotHttp:
        return None
    if capture.truncated or capture.status >= 300 or b"refresh" not in capture.body.lower():
        return None
    target = read_listing(capture.body, capture.url, capture.header("Content-Type")).refresh
    return target if target is not None and canonical(target) not in (None, canonical(capture.url)) else None


def belongs(host: str | None, hosts: Sequence[str]) -> bool:
    """Whether a host is one of the outlet's, or below one."""
    return any(host == ours or (host or "").endswith("." + ours) for ours in hosts)
