"""What announces the stories: RSS 2.0, Atom, an RSS in ISO-8859-1, sitemaps, robots.txt."""

from __future__ import annotations

import datetime as dt
import email.utils
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from tests.newsstand.courier import NAME as COURIER
from tests.newsstand.gazette import NAME as GAZETTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One entry of a source: an absolute URL, its headline, times in UTC, the first words of the story."""

    url: str
    headline: str
    published: dt.datetime
    modified: dt.datetime
    summary: str


ROBOTS = {
    "menafn": "User-agent: *\nDisallow: /includes/\nDisallow: /1110599001/\nAllow: /\n",
    "courier": "# Welcome aboard\nUser-agent: *\nDisallow: /privacy\nCrawl-delay: 0\nSitemap: {home}/sitemap.xml\n",
    "gazette": "User-agent: *\nDisallow: /print.asp\n",
}


def _rss(title: str, home: str, notices: Sequence[Notice], author: str, codec: str) -> bytes:
    items = "\n".join(
        f"""<item><title>{escape(n.headline)}</title><link>{escape(n.url)}</link>
<guid isPermaLink="true">{escape(n.url)}</guid><description>{escape(n.summary)}</description>
<author>{author}</author><pubDate>{email.utils.format_datetime(n.published)}</pubDate></item>"""
        for n in notices
    )
    text = f"""<?xml version="1.0" encoding="{codec}"?>
<rss version="2.0"><channel><title>{escape(title)}</title><link>{home}/</link><description>{escape(title)}</description>
{items}
</channel></rss>
"""
    return text.encode(codec, "xmlcharrefreplace")


def menafn_rss(path: str, home: str, notices: Sequence[Notice]) -> bytes:
    """A feed of the first outlet."""
    return _rss(f"MENAFN.COM {path}", home, notices, "marketing@menafn.com (MENAFN)", "utf-8")


def gazette_rss(home: str, notices: Sequence[Notice]) -> bytes:
    """The feed of the third outlet, in ISO-8859-1, with character references for the rest."""
    return _rss(GAZETTE, home, notices, "desk@gazette.example", "iso-8859-1")


def atom(home: str, notices: Sequence[Notice]) -> bytes:
    """The feed of the second outlet."""
    entries = "\n".join(
        f"""<entry><id>{escape(n.url)}</id><title type="html">{escape(escape(n.headline, quote=False))}</title>
<link rel="alternate" type="text/html" href="{escape(n.url)}"/><link rel="replies" href="{escape(n.url)}/comments"/>
<published>{n.published.isoformat()}</published><updated>{n.modified.isoformat()}</updated>
<summary>{escape(n.summary)}</summary></entry>"""
        for n in notices
    )
    newest = max((n.modified for n in notices), default=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    return f"""<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>{COURIER}</title><id>{home}/</id><updated>{newest.isoformat()}</updated>
<link rel="self" href="{home}/feed.atom"/><link rel="alternate" href="{home}/"/>
{entries}
</feed>
""".encode()


def sitemap_index(home: str) -> bytes:
    """Points to the one sitemap."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<sitemap><loc>{home}/sitemap-news.xml</loc></sitemap></sitemapindex>
""".encode()


def sitemap(notices: Sequence[Notice]) -> bytes:
    """A sitemap with the news extension."""
    rows = "\n".join(
        f"""<url><loc>{escape(n.url)}</loc><lastmod>{n.modified.isoformat()}</lastmod>
<news:news><news:publication><news:name>{COURIER}</news:name><news:language>en</news:language></news:publication>
<news:publication_date>{n.published.isoformat()}</news:publication_date>
<news:title>{escape(n.headline)}</news:title></news:news></url>"""
        for n in notices
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
{rows}
</urlset>
""".encode()
