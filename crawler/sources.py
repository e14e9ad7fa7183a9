"""An outlet's feeds, sitemaps and listings: one body read -> the leads in it, and further sources that it names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from crawler.discovery import read_feed, read_listing, read_sitemap
from storage.records import Lead
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
        leads=_known(found), more=_next(source, feed.following), readable=feed.kind is not None or not body.strip()
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
    return Announced(leads=_known(found), readable=sitemap.kind is not None)


def _listing(source: Source, outlet: str, body: bytes, url: str, content_type: str | None) -> Announced:
    listing = read_listing(body, url, content_type)
    found = (_lead(link.url, outlet, source.url, None, None) for link in listing.links)
    return Announced(leads=_known(found), more=_next(source, listing.following))


def _next(source: Source, following: str | None) -> tuple[Source, ...]:
    if following is None or source.depth + 1 >= PAGES:
        return ()
    return (Source(url=following, kind=source.kind, depth=source.depth + 1),)


def _lead(url: str | None, outlet: str, source: str, title: str | None, published: str | None) -> Lead | None:
    one_form = canonical(url) if url else None
    if one_form is None:
        return None
    return Lead(
        url=one_form,
        outlet=outlet,
        source=source,
        title=title,
        published=dt.datetime.fromisoformat(published) if published else None,
    )


def _known(found: Iterator[Lead | None]) -> tuple[Lead, ...]:
    return tuple(lead for lead in found if lead is not None)


_READERS: dict[SourceKind, Callable[[Source, str, bytes, str, str | None], Announced]] = {
    SourceKind.FEED: _feed,
    SourceKind.SITEMAP: _sitemap,
    SourceKind.LISTING: _listing,
}
