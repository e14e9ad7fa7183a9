"""A Document, its capture and its outlet -> what is known about the story, each field with its source.

Order of trust by field, with sanity checks; see docs/extraction.md. Its language is what the page says, unless its letters say
otherwise, then what a model says.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement
from py3langid import langid

from pipelines.authors import authors
from pipelines.document import Document
from pipelines.headline import Candidate, choose, headings, named_by_host
from pipelines.picture import picture
from pipelines.published import published
from pipelines.structured import Node, Structured, section, tags, text
from pipelines.vicinity import Vicinity
from pipelines.wording import Said
from storage.records import Article, Capture, Outlet, Page
from storage.urls import canonical

_ARTICLE_TYPES = re.compile(r"(?:Article|Posting|Report|Review)$")
_PUBLISHERS = ("og:site_name", "application-name", "twitter:site", "dc.publisher", "publisher")


def metadata(
    document: Document, page: Page, outlet: Outlet, body: Sequence[HtmlElement] = ()
) -> tuple[Article, tuple[str, ...], str | None]:
    """Document, page and outlet -> the Article as far as it does not come out of its text; the tags of its language that the page
    offers, in order of trust; the agency that it names. `body`: the block elements that hold the story's text, in reading order."""
    said, capture = document.structured, page.capture
    story = _story(said)
    languages = tuple(tag for tag in _languages(document, said, story, outlet) if tag)
    site = tuple(_site(said, story, outlet))
    names = (*site, *named_by_host(document.title, capture.url))
    headline = choose(_headlines(document, said, story, capture), document.title, names)
    if headline is None and (above := Vicinity(document.passages, body).heading_above()):
        headline = Candidate(text=above, source="visible")
    title, address = headline.text if headline else None, _canonical(said, capture)
    near = Vicinity(document.passages, body, title)
    written, by = authors(document, said, story, site, near)
    first, changed, day_first = published(document, said, story, capture, outlet, next(iter(languages), None), near)
    description = text(story.get("description")) or said.first("og:description", "description", "twitter:description")
    sources = {
        "headline": headline.source if headline else None,
        "authors": by,
        "published": first.source if first else None,
        "modified": changed.source if changed else None,
    }
    article = Article(
        page=page,
        canonical=address,
        headline=title,
        blocks=(),
        authors=written,
        published=first,
        modified=changed,
        section=section(said, story, title),
        tags=tags(said, story, (*site, (urlsplit(address).hostname or "").removeprefix("www."))),
        description=html.unescape(description) if description else None,
        picture=picture(document, said, story, address, title),
        sources={name: source for name, source in sources.items() if source},
        day_first=day_first,
    )
    return article, languages, text(_name_of(story.get("sourceOrganization")))


def _languages(document: Document, said: Structured, story: Node, outlet: Outlet) -> Iterator[str | None]:
    yield document.tree.get("lang") or document.tree.get("{http://www.w3.org/XML/1998/namespace}lang")
    value = story.get("inLanguage")
    yield value if isinstance(value, str) else None
    yield said.first("og:locale", "content-language", "dc.language", "language")
    yield outlet.language


def _site(said: Structured, story: Node, outlet: Outlet) -> Iterator[str]:
    """Names of the site itself, which is nobody's author."""
    yield outlet.title
    for name in _PUBLISHERS:
        yield from said.meta.get(name, ())
    publisher = story.get("publisher")
    for each in publisher if isinstance(publisher, list) else [publisher]:
        if named := text(_name_of(each)):
            yield named


def _name_of(value: object) -> object:
    return value.get("name") if isinstance(value, dict) else value


def _canonical(said: Structured, capture: Capture) -> str:
    """The canonical URL that the page names, when it is a page of the same site and not its front; else where it came from."""
    own = canonical(capture.url) or capture.url
    host = (urlsplit(own).hostname or "").removeprefix("www.")
    for href in (*said.links.get("canonical", ()), *said.meta.get("og:url", ())):
        named = canonical(urljoin(capture.url, href)) if href else None
        if named is None:
            continue
        parts = urlsplit(named)
        there = (parts.hostname or "").removeprefix("www.")
        if not own:
            return named
        if there and (there == host or there.endswith("." + host) or host.endswith("." + there)) and parts.path.strip("/"):
            return named
    return own


def said_elsewhere(document: Document) -> Said:
    """Document -> its titles, description and declared body, to compare units of text with."""
    said = document.structured
    story = _story(said)
    titles = (said.first("og:title"), text(story.get("headline")), document.title)
    description = said.first("og:description", "description", "twitter:description")
    body = story.get("articleBody")
    return Said(
        titles=tuple(title for title in titles if title),
        description=description or text(story.get("description")) or "",
        body=body if isinstance(body, str) else "",
    )


def _headlines(document: Document, said: Structured, story: Node, capture: Capture) -> Iterator[Candidate]:
    for words in headings(document.tree):
        yield Candidate(text=words, source="visible")
    for value, source in (
        (text(story.get("headline")), "json-ld"),
        (text(said.first("og:title")), "meta"),
        (text(said.first("twitter:title")), "meta"),
        (text(capture.lead.title), "feed"),
    ):
        if value:
            yield Candidate(text=value, source=source)


def _story(said: Structured) -> Node:
    """The JSON-LD object of the story itself: the first of an article type that has a headline or a date."""
    best: Node = {}
    for node in said.nodes:
        types = node.get("@type")
        if any(isinstance(t, str) and _ARTICLE_TYPES.search(t) for t in (types if isinstance(types, list) else [types])):
            if node.get("headline") or node.get("datePublished") or node.get("author"):
                return node
            best = best or node
    return best


_TAG = re.compile(r"^[a-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*$", re.I)
# Scripts that only these languages write: a page that says "en" over a story in one of them is wrong.
_SCRIPTS = (
    (re.compile("[\u3040-\u30ff]"), {"ja"}),
    (re.compile("[\uac00-\ud7a3]"), {"ko"}),
    (re.compile("[\u4e00-\u9fff]"), {"zh", "ja", "yue"}),
    (re.compile("[\u0590-\u05ff]"), {"he", "yi", "iw"}),
    (re.compile("[\u0600-\u06ff]"), {"ar", "fa", "ur", "ps", "ku", "ckb", "ug", "sd", "dv"}),
    (re.compile("[\u0e00-\u0e7f]"), {"th"}),
    (re.compile("[\u0900-\u097f]"), {"hi", "mr", "ne", "sa"}),
    (re.compile("[\u0980-\u09ff]"), {"bn", "as"}),
    (re.compile("[\u0370-\u03ff]"), {"el"}),
    (re.compile("[\u0400-\u04ff]"), {"ru", "uk", "bg", "sr", "mk", "be", "kk", "ky", "mn", "tg", "uz", "az", "tt", "ba", "cv"}),
)
_LETTERS = re.compile(r"[^\W\d_]")
_BEYOND_LATIN = re.compile("[\u0370-\u1dff\u2e80-\ufffc]")
# Written in more than one script, so that no script speaks against them.
_EITHER = frozenset(("sr", "az", "uz", "kk", "ku", "mn", "ug", "tt"))
_SCRIPTED = frozenset().union(*(languages for _, languages in _SCRIPTS)) - _EITHER


def language_of(text: str, said: Iterable[str | None]) -> tuple[str | None, str | None]:
    """Text of a story, and the tags that the page offers in order of trust -> (language tag, source)."""
    sample = text[:1200]
    for tag in said:
        if tag and _TAG.match(tag.strip()) and _fits(tag.strip().replace("_", "-"), sample):
            return tag.strip().replace("_", "-"), "page"
    if len(sample) < 40:
        return None, None
    return str(langid.classify(sample)[0]), "text"


def _fits(tag: str, sample: str) -> bool:
    primary = tag.split("-")[0].lower()
    # Nearly all pages of the world's Latin scripts end here.
    if primary not in _SCRIPTED and (sample.isascii() or not _BEYOND_LATIN.search(sample)):
        return True
    letters = len(_LETTERS.findall(sample))
    if letters < 40:
        return True
    if len(_BEYOND_LATIN.findall(sample)) <= 0.3 * letters:
        return primary not in _SCRIPTED
    for script, languages in _SCRIPTS:
        share = len(script.findall(sample)) / letters
        if share > 0.3:
            return primary in languages
    return primary not in _SCRIPTED
