"""What of the newsstand announces the rest: which path is a feed, a sitemap, a listing, and what stands in it now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from urllib.parse import parse_qs, unquote, urlsplit

from tests.newsstand import courier, gazette, menafn
from tests.newsstand.plan import LATIN_CODEC, Fault, Printing
from tests.newsstand.replies import HARD, Reply, text
from tests.newsstand.sources import ROBOTS, Notice, atom, gazette_rss, menafn_rss, sitemap, sitemap_index
from tests.newsstand.wire_stories import BASE

FEEDS = {
    "menafn": ("/rss/menafn_sa.xml", "/rss/menafn_energy.xml", "/rss/menafn_saudi_arabia.xml"),
    "courier": ("/feed.atom",),
    "gazette": ("/rss.xml",),
}
LISTINGS = {"menafn": ("/mn_main.aspx",), "courier": ("/",), "gazette": ("/",)}
SITEMAPS = {"menafn": (), "courier": ("/sitemap.xml",), "gazette": ()}
ARTICLES = {"menafn": r"^/\d{10}/", "courier": r"^/\d{4}/\d\d/\d\d/[^/]+-\d+$", "gazette": r"^/story\.asp$"}
PAGED = ("/mn_main.aspx", "/sections/energy")  # listings that go on at ?page=2
PER_PAGE = 12


def hard_urls(home: str) -> tuple[str, ...]:
    """URLs of the pages that only /rss/hard.xml names."""
    return tuple(home + target for target in HARD)


def addresses(page: Printing) -> tuple[str, ...]:
    """Every target under which a page is known: its own, an old one, those with tracking parameters."""
    joint = "&" if "?" in page.target else "?"
    return tuple(
        at for at in (page.target, page.moved_from, *(page.target + joint + q for q in page.trackers)) if at is not None
    )


def key_of(outlet: str, target: str) -> str:
    """What of a target decides which page is meant: the path, at the gazette with the number in the query."""
    parts = urlsplit(target)
    path = unquote(parts.path)
    return f"{path}?sid={parse_qs(parts.query).get('sid', [''])[0]}" if outlet == "gazette" else path


def shown(pages: Sequence[Printing], outlet: str, source: str | None = None) -> list[Printing]:
    """The pages of an outlet that a source names, newest first; without a source the good ones."""
    there = [page for page in pages if page.outlet == outlet and not page.late and not page.withdrawn]
    wanted = [page for page in there if (source in page.announced if source else page.wire and page.fault is Fault.NONE)]
    return sorted(wanted, key=lambda page: (page.published, page.number), reverse=True)


def source(outlet: str, key: str, home: str, pages: Sequence[Printing]) -> Reply | None:
    """robots.txt, feeds, sitemaps, listings of an outlet at `home`; None for any other path."""
    path = key.split("?", 1)[0]
    if path == "/robots.txt":
        return Reply(body=ROBOTS[outlet].format(home=home).encode(), kind="text/plain", modified=BASE)
    return {"menafn": _menafn, "courier": _courier, "gazette": _gazette}[outlet](key, home, pages)


def _menafn(key: str, home: str, pages: Sequence[Printing]) -> Reply | None:
    path, _, query = key.partition("?")
    if path == "/rss/hard.xml":
        found = [Notice(url=url, headline=url, published=BASE, modified=BASE, summary="") for url in hard_urls(home)]
        return _feed(menafn_rss(path, home, found), found, "application/rss+xml")
    if path in FEEDS["menafn"]:
        found = _notices(pages, "menafn", path, home)
        return _feed(menafn_rss(path, home, found), found, "text/xml; charset=utf-8")
    return _section(path, query, pages) if path in ("/", *PAGED) else None


def _courier(key: str, home: str, pages: Sequence[Printing]) -> Reply | None:
    found = _notices(pages, "courier", "sitemap" if key == "/sitemap-news.xml" else key, home)
    if key == "/feed.atom":
        return _feed(atom(home, found), found, "application/atom+xml")
    if key == "/sitemap-news.xml":
        return _feed(sitemap(found), found, "application/xml")
    if key == "/sitemap.xml":
        return Reply(body=sitemap_index(home), kind="application/xml", modified=BASE)
    if key == "/":
        return Reply(body=courier.listing(courier.NAME, _links(pages, "courier")).encode(), kind=text())
    return None


def _gazette(key: str, home: str, pages: Sequence[Printing]) -> Reply | None:
    path = key.split("?", 1)[0]
    if path == "/rss.xml":
        found = _notices(pages, "gazette", path, home)
        return _feed(gazette_rss(home, found), found, "text/xml")
    if path == "/":
        return Reply(body=gazette.listing(_links(pages, "gazette")).encode(LATIN_CODEC), kind="text/html")
    return None


def _section(path: str, query: str, pages: Sequence[Printing]) -> Reply:
    energy = path.endswith("energy")
    rows = [
        (page.headline, page.target)
        for page in shown(pages, "menafn")
        if path == "/" or (page.wire and (page.wire.section == "energy") == energy)
    ]
    if path == "/":
        return Reply(body=menafn.listing("News", rows).encode(), kind=text())
    wanted = parse_qs(query).get("page", ["1"])[0]
    number = int(wanted) if wanted.isdecimal() else 1
    end = number * PER_PAGE
    following = f"{path}?page={number + 1}" if len(rows) > end else None
    title = "Energy" if energy else "News"
    return Reply(body=menafn.listing(title, rows[end - PER_PAGE : end], following).encode(), kind=text())


def _links(pages: Sequence[Printing], outlet: str) -> list[tuple[str, str]]:
    return [(page.headline, page.target) for page in shown(pages, outlet)]


def _notices(pages: Sequence[Printing], outlet: str, source: str, home: str) -> list[Notice]:
    return [
        Notice(
            url=home + at,
            headline=page.headline,
            published=page.published,
            modified=page.modified,
            summary=page.blocks[0].text[:120] if page.blocks else page.headline,
        )
        for page in shown(pages, outlet, source)
        for at in addresses(page)
        if not (page.moved_from and at == page.target)
    ]


def _feed(body: bytes, notices: Sequence[Notice], kind: str) -> Reply:
    newest = max((notice.modified for notice in notices), default=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    return Reply(body=body, kind=kind, modified=newest)
