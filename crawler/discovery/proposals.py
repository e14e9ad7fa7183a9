"""A home page and what its sources announce -> what an outlet file needs: sources, language, pattern of article URLs.

Proposals for a person to look at (`scrapy addoutlet`), made without network; what is guessed is marked as a guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from crawler.discovery.announced import Listing
from crawler.discovery.encoding import decoded_page, folded
from crawler.discovery.links import read_listing, site_of, tell
from crawler.network.robots import Robots
from storage.urls import absolute, canonical

_GUESSED_FEEDS = ("/feed", "/rss", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml", "/feed.json")
_GUESSED_SITEMAPS = ("/sitemap.xml", "/sitemap_index.xml", "/sitemap-index.xml", "/news-sitemap.xml", "/sitemap-news.xml")
_FEED_PATH = re.compile(r"(?:^|[/._-])(?:rss|feeds?|atom)(?:[/._-]|$)|\.rdf$", re.I)
_SITEMAP_PATH = re.compile(r"sitemap[\w.-]*\.xml(?:\.gz)?$", re.I)
_COMMENTS = re.compile(r"comment|kommentar|commentaire|comentario", re.I)
_SERVICE = re.compile(
    r"(?:^|/)(?:about|contact|privacy|terms|imprint|impressum|login|sign-?in|register|subscribe|account|newsletter|search|tags?"
    r"|author|archive|help|jobs|advert\w*|cookies?|legal|datenschutz|agb|kontakt|mentions-legales|shop|video|podcasts?|wp-\w+)(?:[/.-]|$)",
    re.I,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where an outlet announces. `feeds` and `sitemaps` are named by the site, `guesses` are worth one request each.

    `listings` are section pages: links of one or two path segments on the same site, the home page first.
    """

    home: str
    title: str | None = None
    language: str | None = None
    feeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    listings: tuple[str, ...] = ()
    guesses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A regular expression to search for in URL paths. `covered`: share of the announced URLs it finds; `sections`:
    share of the section pages it finds too, which should be 0; `missed`: up to five announced URLs it does not find."""

    expression: str
    covered: float
    sections: float
    missed: tuple[str, ...] = ()


def discover_outlet(body: bytes, url: str, content_type: str | None = None, robots: Robots | None = None) -> Sources:
    """Body of a home page, its URL, Content-Type, and the site's robots.txt -> Sources."""
    listing = read_listing(body, url, content_type)
    title, language = _about(body, content_type)
    feeds = [link.url for link in listing.feeds if not _COMMENTS.search(link.url + " " + (link.text or ""))]
    feeds += [link.url for link in listing.links if _is_feed(link.url, url) and not _COMMENTS.search(link.url)]
    sitemaps = [link.url for link in listing.links if _SITEMAP_PATH.search(urlsplit(link.url).path)]
    sitemaps = [*(robots.sitemaps if robots else ()), *sitemaps]
    guesses = [] if feeds else [absolute(path, url) for path in _GUESSED_FEEDS]
    guesses += [] if sitemaps else [absolute(path, url) for path in _GUESSED_SITEMAPS]
    return Sources(
        home=absolute(url) or url,
        title=title,
        language=language,
        feeds=tuple(dict.fromkeys(feeds)),
        sitemaps=tuple(dict.fromkeys(sitemaps)),
        listings=tuple(dict.fromkeys([absolute(url) or url, *_sections(listing, url)])),
        guesses=tuple(guess for guess in guesses if guess),
    )


def propose_pattern(announced: Iterable[str], linked: Iterable[str] = ()) -> Pattern | None:
    """URLs that feeds and sitemaps announce, and URLs that listing pages link to -> Pattern; None from fewer than three.

    Of the shapes that nearly all announced URLs have (dates, numbers, slugs, endings, first segments), the one is taken
    that finds the fewest section pages, then the fewest other links, then the one that says most.
    """
    stories = list(dict.fromkeys(path for url in announced if (path := _path(url)) and path != "/"))
    if len(stories) < 3:
        return None
    others = {path for url in linked if (path := _path(url))} - set(stories)
    sections = {path for path in others if _looks_like_section(path)} | {"/"}
    rest = others - sections
    best: tuple[tuple[float, ...], Pattern] | None = None
    for expression, weight in _candidates(stories):
        shape = re.compile(expression)
        missed = [path for path in stories if not shape.search(path)]
        covered = 1 - len(missed) / len(stories)
        if covered < 0.8:
            continue
        wrong = _share(shape, sections)
        # A tenth of the stories lost weighs as much as a tenth of the section pages fetched for nothing.
        rank = (round(covered - wrong, 2), -round(0.2 * _share(shape, rest), 2), weight)
        if best is None or rank > best[0]:
            best = rank, Pattern(expression=expression, covered=covered, sections=wrong, missed=tuple(missed[:5]))
    return best[1] if best else None


def _candidates(stories: Sequence[str]) -> list[tuple[str, float]]:
    """Paths of stories -> expressions worth trying, each with how much it says (more is better)."""
    shapes = [
        (r"/\d{4}/\d{1,2}/\d{1,2}/[^/]+", 6.0),
        (r"/\d{4}/\d{1,2}/[^/]+", 5.0),
        (r"/\d{4}-\d{2}-\d{2}/[^/]+", 6.0),
        (r"/20\d{6}/", 5.0),
        (r"[-_.]\d{5,}(?:\.\w+)?/?$", 5.0),
        (r"/\d{4,}(?:\.\w+)?/?$", 5.0),
        (r"/\d{5,}[-_/][^/]", 5.0),
        (r"\d{5,}", 3.0),
        (r"/[^/]+-[^/]+-[^/]+-[^/]+/?$", 3.0),
        (r"/[^/]+-[^/]+-[^/]+/?$", 2.0),
        (r"/[^/]+/[^/]+/[^/]+", 1.0),
        (r"/[^/]+/[^/]+", 0.5),
        (r"/[^/]", 0.0),
    ]
    endings = {found[0] for path in stories for found in [re.search(r"\.[a-z]{3,5}$", path)] if found}
    shapes += [(re.escape(ending) + "$", 2.5) for ending in endings]
    firsts = [path.split("/")[1] for path in stories if path.count("/") > 1]
    common = sorted({first for first in firsts if firsts.count(first) >= max(2, len(stories) // 20)})
    if 0 < len(common) <= 12:
        head = re.escape(common[0]) if len(common) == 1 else "(?:" + "|".join(map(re.escape, common)) + ")"
        lead = rf"^/{head}/"
        shapes += [(lead + r"[^/]+", 1.5), *((lead + ".*" + shape, weight + 0.1) for shape, weight in shapes[:10])]
    return shapes


def _share(shape: re.Pattern[str], paths: set[str]) -> float:
    return sum(1 for path in paths if shape.search(path)) / len(paths) if paths else 0.0


def _looks_like_section(path: str) -> bool:
    """A path that is no story for certain: a service page, or one or two short words without figures."""
    segments = [segment for segment in path.split("/") if segment]
    if _SERVICE.search(path):
        return True
    return len(segments) <= 2 and all(segment.count("-") <= 1 and not re.search(r"\d{3}", segment) for segment in segments)


def _path(url: str) -> str | None:
    found = canonical(url)
    return urlsplit(found).path if found else None


def _is_feed(url: str, home: str) -> bool:
    return bool(_FEED_PATH.search(urlsplit(url).path)) and site_of(url) == site_of(home)


def _sections(listing: Listing, url: str) -> list[str]:
    found = []
    for page in filter(None, (canonical(link.url) for link in listing.links)):
        path = urlsplit(page).path
        unwanted = path == "/" or "?" in page or _SERVICE.search(path) or _FEED_PATH.search(path)
        if not unwanted and _looks_like_section(path) and site_of(page) == site_of(url):
            found.append(page)
    return list(dict.fromkeys(found))[:30]


_PARTING = re.compile(r"\s+[-–—|:·]\s+")


class _Head:
    """Target of the parser: title and language that the page gives itself."""

    def __init__(self) -> None:
        self.language: str | None = None
        self.site: str | None = None
        self.words: list[str] = []
        self._in_title = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "html" and self.language is None:
            self.language = (attributes.get("lang") or attributes.get("xml:lang") or "").strip() or None
        elif tag == "meta" and attributes.get("property", "").lower() == "og:site_name" and self.site is None:
            self.site = folded(attributes.get("content", ""))
        self._in_title = tag == "title" and not self.words

    def end(self, tag: str) -> None:
        self._in_title = False

    def data(self, text: str) -> None:
        if self._in_title:
            self.words.append(text)

    def close(self) -> None:
        return None


def _about(body: bytes, content_type: str | None) -> tuple[str | None, str | None]:
    """Page -> (name of the site, language)."""
    text, _ = decoded_page(body[:262_144], content_type)
    head = _Head()
    tell(text, head)
    return head.site or _once(folded("".join(head.words))), head.language


def _once(title: str | None) -> str | None:
    """A home page's title that says the site's name twice ("Gazette – Gazette") -> the name."""
    parts = _PARTING.split(title) if title else []
    return parts[0] if len(parts) > 1 and len(set(parts)) == 1 else title
