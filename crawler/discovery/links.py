"""Bytes of a page -> where it points, as a browser with scripting would follow it (WHATWG HTML and URL).

The page is tokenised and not built as a tree, so nesting costs nothing. What a browser does not render as links gives
none: <template>, <noscript>, comments, and the text of script, style, textarea, title and iframe.

Which addresses belong to one site is said by the registrable domain, by the public suffix list that ships with tldextract.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from lxml import etree

from crawler.discovery.announced import Link, Listing
from crawler.discovery.encoding import decoded_page, folded
from storage.urls import absolute, host_of

MOST_BYTES = 8 * 1024 * 1024
MOST_LINKS = 20_000

_FEEDS = re.compile(r"\s*(?:application/(?:(?:rss|atom|rdf)\+xml|feed\+json|x-rss\+xml)|text/(?:rss|xml))\s*(?:;|$)", re.I)
_INERT = frozenset({"template", "noscript"})
_REFRESH = re.compile(r"\s*[0-9.]*(?:\s*[;,]|\s)\s*(?:url\s*=\s*)?(?:\"([^\"]*)|'([^']*)|(.*))", re.I | re.S)


def read_listing(body: bytes, url: str, content_type: str | None = None) -> Listing:
    """Body of a page, its URL and Content-Type -> Listing. Reads at most MOST_BYTES and MOST_LINKS."""
    text, codec = decoded_page(body[:MOST_BYTES], content_type)
    reader = _Reader()
    tell(text, reader)
    page = absolute(url) or ""
    base = _base(reader.base, page)
    links = _followed(reader, base, page, codec)
    related = [(found, rel, about) for href, rel, about in reader.related if (found := _follow(href, base, codec))]
    feeds = {
        found: Link(url=found, text=folded(about.get("title", "")), rel=rel)
        for found, rel, about in related
        if "feed" in rel or ("alternate" in rel and "stylesheet" not in rel and _is_feed(about.get("type", ""), found))
    }
    following = [found for found, rel, _ in related if "next" in rel] + [link.url for link in links if "next" in link.rel]
    return Listing(
        base=base,
        links=links,
        feeds=tuple(feeds.values()),
        canonical=next((found for found, rel, _ in related if "canonical" in rel), None),
        following=next(iter(following), None),
        refresh=_follow(reader.refresh, base, codec) if reader.refresh else None,
    )


def tell(text: str, target: object) -> None:
    """Text of a page -> what it is made of, told to a target of lxml's parser in its order."""
    parser = etree.HTMLParser(target=target, encoding="utf-8")
    markup = text.replace("\0", "\ufffd").encode("utf-8", "replace")
    if markup.strip():
        parser.feed(markup)
        parser.close()


def _is_feed(kind: str, url: str) -> bool:
    """Whether a type is that of a feed; JSON alone is also that of interfaces for programs."""
    return bool(_FEEDS.match(kind)) or (kind.strip().lower() == "application/json" and "feed" in url.lower())


def _followed(reader: _Reader, base: str, page: str, codec: str) -> tuple[Link, ...]:
    links: dict[str, Link] = {}
    for href, rel, words in reader.links:
        found = _follow(href, base, codec)
        # A fragment of the page itself is scrolled to, not fetched.
        if found and not ("#" in found and found.partition("#")[0] == page.partition("#")[0]):
            known = links.get(found)
            if known is None or (known.text is None and words):
                links[found] = Link(url=found, text=words, rel=rel)
    return tuple(links.values())


def _follow(href: str, base: str, codec: str) -> str | None:
    return absolute(_queried(href, codec), base or None)


class _Reader:
    """Takes the events of the parser and keeps what points somewhere, as written."""

    def __init__(self) -> None:
        self.base: str | None = None
        self.refresh: str | None = None
        self.links: list[tuple[str, tuple[str, ...], str | None]] = []
        self.related: list[tuple[str, tuple[str, ...], Mapping[str, str]]] = []
        self._inert = 0
        self._href: tuple[str, tuple[str, ...]] | None = None
        self._words: list[str] = []

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if tag in _INERT:
            self._inert += 1
        elif self._inert:
            return
        elif tag == "a":
            self._settle()
            href = attributes.get("href", attributes.get("xlink:href"))
            if href is not None:
                self._href = href, _rel(attributes)
        elif tag == "area":
            if "href" in attributes and len(self.links) < MOST_LINKS:
                self.links.append((attributes["href"], _rel(attributes), folded(attributes.get("alt", ""))))
        elif tag == "base":
            self.base = attributes.get("href") if self.base is None else self.base
        elif tag == "link":
            if "href" in attributes and len(self.related) < MOST_LINKS:
                self.related.append((attributes["href"], _rel(attributes), attributes))
        elif tag == "meta" and attributes.get("http-equiv", "").strip().lower() == "refresh" and self.refresh is None:
            found = _REFRESH.match(attributes.get("content", ""))
            self.refresh = (found[1] or found[2] or found[3] or "").strip() or None if found else None
        elif tag == "img" and self._href is not None and not self._words:
            self._words.append(attributes.get("alt", ""))

    def end(self, tag: str) -> None:
        if tag in _INERT:
            self._inert = max(0, self._inert - 1)
        elif tag == "a":
            self._settle()

    def data(self, text: str) -> None:
        if self._href is not None and not self._inert and len(self._words) < 1_000:
            self._words.append(text)

    def close(self) -> None:
        self._settle()

    def _settle(self) -> None:
        if self._href is not None and len(self.links) < MOST_LINKS:
            self.links.append((*self._href, folded("".join(self._words))))
        self._href, self._words = None, []


def _rel(attributes: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(attributes.get("rel", "").lower().split())


def _base(written: str | None, page: str) -> str:
    """href of the first <base> that has one -> what relative URLs stand on; the page where it is no URL for that."""
    if written is None:
        return page
    return absolute(written, page or None) or page


def _queried(href: str, codec: str) -> str:
    """An href with its query percent-encoded in the page's encoding, as forms of old sites expect (WHATWG URL 4.4)."""
    if href.isascii() or codec in {"utf-8", "utf-8-sig", "ascii"} or codec.startswith("utf"):
        return href
    address, hash_mark, fragment = href.partition("#")
    path, mark, query = address.partition("?")
    return path + mark + "".join(_octets(c, codec) for c in query) + hash_mark + fragment


def _octets(character: str, codec: str) -> str:
    if character.isascii():
        return character
    try:
        octets = character.encode(codec)
    except (UnicodeEncodeError, LookupError):
        return f"%26%23{ord(character)}%3B"
    return "".join(chr(o) if 0x21 <= o <= 0x7E and chr(o) not in "\"#<>'" else f"%{o:02X}" for o in octets)


_AUTHORITY = re.compile(r"https?://([a-z0-9.-]+)(?=[/?#]|$)")


def site_of(url: str) -> str | None:
    """URL -> "example.co.uk" for any host below it, an address literal or single name as it is; None for no URL."""
    plain = _AUTHORITY.match(url)
    host = plain[1] if plain else host_of(url)
    return _registrable(host.rstrip(".")) if host else None


@cache
def _suffixes() -> Any:
    """The list in the package; never fetched, so that a crawl asks nobody whom it was not told to ask."""
    from tldextract import TLDExtract  # not at the top: it loads an HTTP client that is never used

    return TLDExtract(cache_dir=None, suffix_list_urls=())


@lru_cache(maxsize=4096)
def _registrable(host: str) -> str:
    parts = _suffixes()(host)
    if parts.suffix:
        return f"{parts.domain}.{parts.suffix}" if parts.domain else host
    # A suffix that the list does not know (.test, .example, of an intranet): its last two labels.
    return host if re.fullmatch(r"[0-9.]+|\[.*", host) else ".".join(host.split(".")[-2:])
