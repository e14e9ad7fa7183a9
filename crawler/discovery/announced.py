"""What outlets announce, as read from one body: nouns of the discovery, frozen. The crawl makes Leads of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One announcement: an absolute http(s) URL or None, the title as plain text, the time as ISO 8601 with offset."""

    url: str | None
    title: str | None = None
    published: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Entries in the order of the feed. `kind` is "rss", "atom", "json", or None for a body that is no feed.

    `home` is the page it belongs to, `following` the next page of a paged or archived feed (RFC 5005), `truncated`
    whether the body or a limit ended it early.
    """

    kind: str | None
    entries: tuple[Entry, ...] = ()
    title: str | None = None
    home: str | None = None
    following: str | None = None
    truncated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SitemapEntry:
    """A URL of a sitemap. `title` and `published` come from the news extension, `modified` from lastmod (ISO 8601)."""

    url: str
    title: str | None = None
    published: str | None = None
    modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitemap:
    """`urls` in the order of the file; those of a sitemap index are sitemaps themselves, and `index` says so.

    `elsewhere` holds URLs of other sites: a sitemap speaks for its own host (sitemaps.org, "location"). `kind` is
    "urlset", "sitemapindex", "rss", "atom", "json", "text", or None for a body that is none of them.
    """

    kind: str | None
    urls: tuple[SitemapEntry, ...] = ()
    index: bool = False
    elsewhere: tuple[SitemapEntry, ...] = ()
    truncated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link of a page as a browser would follow it: absolute URL (fragment kept), its words, and its rel tokens."""

    url: str
    text: str | None = None
    rel: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a page points to. `base` is what its relative URLs stand on, `feeds` are its alternates that are feeds.

    `following` is rel=next, `canonical` rel=canonical, `refresh` where a meta refresh leads; None when there is none.
    """

    base: str
    links: tuple[Link, ...] = ()
    feeds: tuple[Link, ...] = ()
    canonical: str | None = None
    following: str | None = None
    refresh: str | None = None
