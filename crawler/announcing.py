"""An outlet's sources (feeds, sitemaps, listings), each fetched and read once in a run: what is new in them is announced.

What a server says of a source's newest version is a hint (storage/catalogue/sources.py). A feed shows a window of its outlet's
stories; when nothing in it was heard of before, the window has moved past what was seen, and stories may have gone by unread.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from scrapy.http import Request, Response

from crawler.discovery.feeds import read_feed
from crawler.discovery.links import read_listing
from crawler.discovery.sitemaps import read_sitemap
from crawler.network.manners import FINAL, UNREACHABLE, header
from storage.archive.codings import decode_body
from storage.catalogue import leads
from storage.catalogue.sources import CHECKED, SourceState, state_of
from storage.endings import lead_of
from storage.records import Lead
from storage.run import Run
from storage.urls import canonical

PAGES = 3  # pages of a listing or a paged feed that are followed
SITEMAPS = 20  # sitemaps of an index that are read in a run, newest first


class SourceKind(StrEnum):
    """The three forms in which outlets announce stories."""

    FEED = "feed"
    SITEMAP = "sitemap"
    LISTING = "listing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where an outlet announces. `depth`: how many sources led here."""

    url: str
    kind: SourceKind
    depth: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """What a source said: leads in its order, further sources, and whether it was a source at all."""

    leads: tuple[Lead, ...] = ()
    more: tuple[Source, ...] = ()
    readable: bool = True


def read_source(source: Source, outlet: str, body: bytes, url: str, content_type: str | None) -> Announced:
    """A source, its outlet, the decoded body, the address that answered -> what it announces. Pure."""
    return _READERS[source.kind](source, outlet, body, url, content_type)


def _feed(source: Source, outlet: str, body: bytes, url: str, content_type: str | None) -> Announced:
    feed = read_feed(body, url, content_type)
    found = (_lead(entry.url, outlet, source.url, entry.title, entry.published) for entry in feed.entries)
    return Announced(
        leads=tuple(filter(None, found)), more=_next(source, feed.following), readable=feed.kind is not None or not body.strip()
    )


def _sitemap(source: Source, outlet: str, body: bytes, url: str, content_type: str | None) -> Announced:
    sitemap = read_sitemap(body, url, content_type)
    if sitemap.index:
        if source.depth > 0:  # an index of indexes: the protocol knows none
            return Announced()
        newest = sorted(sitemap.urls, key=lambda each: each.modified or "", reverse=True)[:SITEMAPS]
        more = (Source(url=each.url, kind=SourceKind.SITEMAP, depth=1) for each in newest)
        return Announced(more=tuple(more))
    found = (_lead(each.url, outlet, source.url, each.title, each.published or each.modified) for each in sitemap.urls)
    return Announced(leads=tuple(filter(None, found)), readable=sitemap.kind is not None)


def _listing(source: Source, outlet: str, body: bytes, url: str, content_type: str | None) -> Announced:
    listing = read_listing(body, url, content_type)
    found = (_lead(link.url, outlet, source.url, None, None) for link in listing.links)
    return Announced(leads=tuple(filter(None, found)), more=_next(source, listing.following))


def _next(source: Source, following: str | None) -> tuple[Source, ...]:
    if following is None or source.depth + 1 >= PAGES:
        return ()
    return (Source(url=following, kind=source.kind, depth=source.depth + 1),)


def _lead(url: str | None, outlet: str, source: str, title: str | None, published: str | None) -> Lead | None:
    one_form = canonical(url) if url else None
    return lead_of(one_form, outlet, source, title, published) if one_form else None


_READERS: dict[SourceKind, Callable[[Source, str, bytes, str, str | None], Announced]] = {
    SourceKind.FEED: _feed,
    SourceKind.SITEMAP: _sitemap,
    SourceKind.LISTING: _listing,
}


FEWEST = 3
"""Stories in a source below which a change of all of them says nothing: a feed of one story always moves past it."""


@dataclass
class Announcing:
    """The sources of one outlet in one run. `ours` gives of the leads of a source those that are the outlet's stories, `moved`
    the address to ask instead of one (for -a origin=…). `read` counts sources, `failed` names them."""

    run: Run
    crawler: Any
    ours: Callable[[Iterable[Lead]], list[Lead]]
    moved: Callable[[str], str]
    read: int = 0
    failed: list[str] = field(default_factory=list)
    indexes: list[tuple[Response, SourceState, str]] = field(default_factory=list)

    async def all(self, sources: Iterable[Source]) -> None:
        """Read every source, and what the sources name in turn, each once."""
        waiting = list(sources)
        seen = {source.url for source in waiting}
        while waiting:
            source = waiting.pop(0)
            try:
                announced = await self._read(source)
            except (*UNREACHABLE, *FINAL) as error:
                self._failed(source, str(error) or type(error).__name__)
                continue
            new = [each for each in announced.more if self.moved(each.url) not in seen] if announced else []
            seen.update(self.moved(each.url) for each in new)
            waiting += [replace(each, url=self.moved(each.url)) for each in new]
        if not self.failed:
            # Only now: a run killed before, or a part that failed, would leave its stories behind the index's next 304.
            for index in self.indexes:
                self._changed(*index)

    async def _read(self, source: Source) -> Announced | None:
        """Fetch a source and announce what is in it; None when it could not be read or says nothing new."""
        state = state_of(self.run.catalogue, source.url, self.run.outlet)
        request = Request(source.url, headers=state.headers, meta={"source": source.url})
        response = await self.crawler.engine.download_async(request)
        if response.status == 304:
            self._unchanged(response, state)
            return None
        if response.status >= 400:
            self._failed(source, f"status {response.status}")
            return None
        most = self.crawler.settings.getint("DOWNLOAD_MAXSIZE")
        body, _ = decode_body(response.body, header(response, "Content-Encoding"), most)
        announced = read_source(source, self.run.outlet, body, response.url, header(response, "Content-Type"))
        if not announced.readable:
            self._failed(source, f"what came is no {source.kind}")
            return None
        self.read += 1
        ours = self.ours(announced.leads)
        if state.digest is not None and len(ours) >= FEWEST and not announced.more:
            self._look_for_a_gap(source, ours)
        self.run.announce(ours, now())
        newest = response, state, hashlib.sha256(body).hexdigest()
        if announced.more:
            self.indexes.append(newest)
        else:
            self._changed(*newest)
        return announced

    def _unchanged(self, response: Response, state: SourceState) -> None:
        self.read += 1
        newest = replace(
            state,
            etag=header(response, "ETag") or state.etag,  # a 304 may bring new ones (RFC 9111 3.2)
            last_modified=header(response, "Last-Modified") or state.last_modified,
            unchanged=state.unchanged + 1,
        )
        self.run.heard(newest, now())

    def _changed(self, response: Response, state: SourceState, digest: str) -> None:
        newest = replace(
            state,
            etag=header(response, "ETag"),
            last_modified=header(response, "Last-Modified"),
            digest=digest,
            unchanged=0,
            lies=state.lies or (state.unchanged >= CHECKED and digest != state.digest),
        )
        self.run.heard(newest, now())

    def _look_for_a_gap(self, source: Source, ours: list[Lead]) -> None:
        if not leads.heard_before(self.run.catalogue, (lead.url for lead in ours), self.run.started_at):
            self.run.missed.append(source.url)
            self.run.notes.append(
                f"{source.url}: none of its {len(ours)} stories was heard of before; some may have gone by since it was last "
                "read. Run the outlet more often, or add its sitemap."
            )

    def _failed(self, source: Source, reason: str) -> None:
        self.failed.append(source.url)
        self.run.notes.append(f"{source.url} could not be read: {reason}")


def now() -> dt.datetime:
    """The time."""
    return dt.datetime.now(dt.UTC)
