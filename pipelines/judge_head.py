"""A tree -> what its head, forms and scripts say: type, date, byline, refresh, canonical address, vendors of walls."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import NamedTuple
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from pipelines.document import Document
from storage.records import Kind

_LD_TYPE = re.compile(r'"@type"\s*:\s*\[?\s*"(\w+)"')
_LD_ARTICLE = re.compile(r"(?:News|Reportage|Opinion|Analysis|Background|Review|Tech|Scholarly)?Article$|BlogPosting$|LiveBlog")
_LD_LISTING = re.compile(r"CollectionPage|SearchResultsPage|ItemList$")
_UNPAID = re.compile(r'"isAccessibleForFree"\s*:\s*"?false', re.I)
# Classes that WordPress, Drupal, Joomla, Ghost and others give to <body>, as documented by them.
_LISTING_BODY = re.compile(
    r"(?:^|\s)(?:home|blog|archive|category|tag|search|search-results|paged|author|date|home-template|tag-template|"
    r"path-frontpage|front|view-category|taxonomy|frontpage)(?=\s|$)"
)
_SINGLE_BODY = re.compile(
    r"(?:^|\s)(?:single|single-post|post-template|page-template|node-type-article|page-node-type-\w+|article|postid-\d+)(?=\s|$)"
)
_ERROR_BODY = re.compile(
    r"(?:^|[\s_-])(?:error-?404|error-?page|error-?403|error-?500|not-?found|page-?404|http-?error)(?=[\s_-]|$)"
)
_ROBOTS = re.compile(r"noindex", re.I)
# What walls and hosts leave in the markup they send, and the kind they stand for.
VENDORS = tuple(
    (mark.strip(), Kind(kind.strip()), name.strip())
    for kind, mark, name in (
        line.split("|")
        for line in files("pipelines").joinpath("wall_marks.txt").read_text("utf-8").splitlines()
        if line[0] != "#"
    )
)
_FRONT = 60_000  # characters of markup in which vendors are looked for


class Head(NamedTuple):
    """What markup says beside the shown text; `words` quotes each. `vendor` is (name, kind) of a wall, only on pages
    that show little."""

    article: bool
    listing: bool
    dated: bool
    byline: bool
    noindex: bool
    refresh: bool
    home: bool
    pager: bool
    password: bool
    paid: bool
    error_template: bool
    articles: int
    times: int
    description: str
    vendor: tuple[str, Kind] | None
    scripts: int
    words: dict[str, str]


class _Reader:
    """Reads one element after another."""

    def __init__(self) -> None:
        self.words: dict[str, str] = {}
        self.articles = self.scripts = self.times = 0
        self.description = ""

    def note(self, name: str, words: str) -> None:
        self.words.setdefault(name, " ".join(words.split())[:80])

    def meta(self, element: HtmlElement) -> None:
        name = (
            element.get("property") or element.get("name") or element.get("itemprop") or element.get("http-equiv") or ""
        ).lower()
        content = element.get("content") or ""
        if name == "og:type":
            self.note("says-article" if content.lower() == "article" else "og-type", f"og:type {content}")
        elif name in (
            "article:published_time",
            "datepublished",
            "date",
            "pubdate",
            "publishdate",
            "dc.date",
            "parsely-pub-date",
            "sailthru.date",
        ):
            self.note("dated", content)
        elif name in ("author", "article:author", "dc.creator", "parsely-author"):
            self.note("byline", content)
        elif name in ("description", "og:description"):
            self.description = self.description or content[:300]
        elif name == "robots" and _ROBOTS.search(content):
            self.note("noindex", content)
        elif name == "refresh":
            self.note("refresh", content)
        elif name == "og:url" and _is_home(content):
            self.note("points-home", f"og:url {content}")

    def link(self, element: HtmlElement) -> None:
        rel = (element.get("rel") or "").lower()
        if rel == "canonical" and _is_home(element.get("href") or ""):
            self.note("points-home", f"canonical {element.get('href')}")
        elif rel in ("next", "prev") and element.tag == "link":
            self.note("pager", f"rel={rel} {element.get('href')}")

    def script(self, element: HtmlElement) -> None:
        self.scripts += 1
        if "ld+json" not in (element.get("type") or ""):
            return
        text = element.text or ""
        types = _LD_TYPE.findall(text[:200_000])
        for kind in types[:40]:
            if _LD_ARTICLE.match(kind):
                self.note("says-article", f"JSON-LD {kind}")
            elif _LD_LISTING.match(kind):
                self.note("says-listing", f"JSON-LD {kind}")
        if _UNPAID.search(text):
            self.note("paid", "isAccessibleForFree false")
        if '"datePublished"' in text:
            self.note("dated", "JSON-LD datePublished")

    def body(self, element: HtmlElement) -> None:
        classes = f"{element.get('class') or ''} {element.get('id') or ''}".lower()
        if _ERROR_BODY.search(classes):
            self.note("template-of-error", classes)
        elif _SINGLE_BODY.search(classes):
            self.note("says-article", f"body class {classes}")
        elif _LISTING_BODY.search(classes):
            self.note("says-listing", f"body class {classes}")

    def part(self, element: HtmlElement) -> None:
        tag = element.tag
        if tag == "article":
            self.articles += 1
        elif tag == "time":
            self.times += 1
            self.note("dated", element.get("datetime") or element.text or "time")
        elif tag == "input" and (element.get("type") or "").lower() == "password":
            self.note("password", element.get("name") or "password")


def _is_home(url: str) -> bool:
    """Whether an address is that of a host's front page."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return False
    return bool(url.strip()) and parts.path in ("", "/") and not parts.query and bool(parts.netloc or parts.path)


def read_head(document: Document) -> Head:
    """Document -> Head."""
    reader = _Reader()
    read = {"meta": reader.meta, "link": reader.link, "script": reader.script, "body": reader.body, "html": reader.body}
    for element in document.tree.iter("html", "body", "meta", "link", "script", "article", "time", "input"):
        read.get(element.tag, reader.part)(element)
    if 'rel="author"' in document.text:
        reader.note("byline", "rel=author")
    words = reader.words
    vendor = _vendor(document, words)
    return Head(
        "says-article" in words, "says-listing" in words, "dated" in words, "byline" in words, "noindex" in words,
        "refresh" in words, "points-home" in words, "pager" in words, "password" in words, "paid" in words,
        "template-of-error" in words, reader.articles, reader.times, reader.description, vendor, reader.scripts, words,
    )  # fmt: skip


def _vendor(document: Document, words: dict[str, str]) -> tuple[str, Kind] | None:
    """The vendor of a wall whose marks are in a page that shows less than 2,500 characters."""
    if sum(len(passage.text) for passage in document.passages if not passage.hidden) > 2_500:
        return None
    front = document.text[:_FRONT].lower()
    for mark, kind, name in VENDORS:
        if mark in front:
            words["vendor"] = f"{name}: {mark}"
            return name, kind
    return None
