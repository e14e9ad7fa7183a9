"""The lead picture of a story: its URL as the page declares it, and its caption, apart from the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from urllib.parse import unquote, urljoin, urlsplit

from lxml.html import HtmlElement

from pipelines.document import Document
from pipelines.structured import Node, Structured, letters
from storage.records import Picture
from storage.urls import canonical

_CAPTION = re.compile(r"caption|bildunterschrift|legende|didascalia|pie-?(?:de-?)?foto", re.I)
_BYLINE = re.compile(r"byline|(?<![a-z])author|publish|dateline", re.I)
_SOURCES = ("src", "data-src", "srcset", "data-srcset", "data-original", "data-lazy-src")
_NAME = re.compile(r"[\w-]{6,}")
_FIGURES, _PARTS = 200, 200  # figures of a page and elements of a figure that are looked at
_LONGEST = 1000  # characters of a caption


def picture(document: Document, said: Structured, story: Node, address: str, headline: str | None) -> Picture | None:
    """What a page declares as its picture -> URL and caption. JSON-LD first, then OpenGraph; the caption that the page
    shows below it where none is declared. An alternative text that only repeats the headline is no caption."""
    declared, caption = _declared(story.get("image"))
    if declared is None:
        declared = said.first("og:image", "og:image:url", "twitter:image", "twitter:image:src")
        caption = said.first("og:image:alt", "twitter:image:alt")
    url = canonical(urljoin(address, declared)) if declared else None
    if url is None:
        return None
    if caption is None or letters(caption) == letters(headline or "") or not letters(caption):
        caption = _shown(document, url)
    return Picture(url=url, caption=caption[:_LONGEST] if caption else None)


def _declared(image: object) -> tuple[str | None, str | None]:
    """JSON-LD's image (an address, an object, a list of them) -> (address, caption) of the first."""
    image = image[0] if isinstance(image, list) and image else image
    if not isinstance(image, dict):
        return (image if isinstance(image, str) else None), None
    address, caption = image.get("url") or image.get("contentUrl"), image.get("caption") or image.get("description")
    words = " ".join(caption.split()) if isinstance(caption, str) else ""
    return (address if isinstance(address, str) else None), words or None


def _shown(document: Document, url: str) -> str | None:
    """The caption that stands below the picture: below the one with this file name, else below the first after the
    headline."""
    name = _file(url)
    head = next(document.tree.iter("h1"), None)
    first, behind = None, head is None
    for element in islice(document.tree.iter("h1", "figure"), _FIGURES):
        behind = behind or element is head
        if element.tag != "figure":
            continue
        words = _caption(element)
        if not words:
            continue
        if name and any(name in source for source in _addresses(element)):
            return words
        first = first or (words if behind else None)
    return first


def _addresses(figure: HtmlElement) -> Iterator[str]:
    for element in islice(figure.iter("img", "source"), _PARTS):
        yield from (unquote(element.get(name) or "") for name in _SOURCES)


def _caption(figure: HtmlElement) -> str | None:
    for element in islice(figure.iter(), _PARTS):
        if isinstance(element.tag, str) and (element.tag == "figcaption" or _CAPTION.search(element.get("class") or "")):
            words = " ".join(" ".join(_texts(element)).split())
            return words if " " in words or not words.isascii() else None
    return None


def _texts(caption: HtmlElement) -> Iterator[str]:
    """Its texts, without those of buttons; none when it is the story's byline that stands there."""
    parts = list(islice(caption.iter(), _PARTS))
    if any(part.tag == "time" or _BYLINE.search(part.get("class") or "") for part in parts if isinstance(part.tag, str)):
        return
    for element in parts:
        if isinstance(element.tag, str) and element.tag != "button":
            yield element.text or ""
        if element is not caption:
            yield element.tail or ""


def _file(url: str) -> str | None:
    """URL of a picture -> what its file is called in all its sizes; None when that says nothing."""
    path = unquote(urlsplit(url).path).rpartition("/")[2].rpartition(".")
    found = _NAME.search(path[0] or path[2])
    return found.group() if found else None
