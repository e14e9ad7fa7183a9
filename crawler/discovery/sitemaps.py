"""Bytes of a sitemap -> its URLs: XML, index, text, RSS, Atom, gzip (sitemaps.org), with the news extension.

Read in pieces, so that 50 MB cost no more memory than their text; a piece that is broken costs only itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lxml import etree

from crawler.discovery.announced import Sitemap, SitemapEntry
from crawler.discovery.encoding import decoded, from_html, unpacked
from crawler.discovery.feeds import kind_of, read_feed, resolved
from crawler.discovery.links import site_of
from crawler.discovery.repair import children, name_of, parse, repaired, split, words
from pipelines.moments import iso
from storage.urls import LONGEST

MOST_BYTES = 50 * 1024 * 1024
"""Of the unpacked file, by the protocol."""
MOST_URLS = 100_000
"""The protocol says 50,000; some publishers write more."""

_PIECE = 2 * 1024 * 1024
_ROOT = re.compile(rb"<(?:[\w.-]+:)?(?:urlset|sitemapindex)\b[^>]{0,4000}>", re.I)
_CLOSED = re.compile(rb"</(?:[\w.-]+:)?(?:urlset|sitemapindex)\s*>", re.I)
_END = re.compile(rb"</(?:[\w.-]+:)?(?:url|sitemap)\s*>", re.I)
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<")


def read_sitemap(body: bytes, url: str, content_type: str | None = None) -> Sitemap:
    """Body (packed any number of times up to three), its URL and Content-Type -> Sitemap; kind None if it is none."""
    body, cut = unpacked(body, MOST_BYTES)
    if body[:2] in _WIDE:
        body = decoded(body, content_type).encode("utf-8")
        content_type = None
    start = body[:2048].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] in {b"{", b"["}:
        return _from_feed(body, url, content_type, cut)
    if b"<" not in start[:512]:
        return _settled("text", False, _lines(decoded(body, content_type)), url, cut)
    begun, ended = body.rfind(b"<loc"), body.rfind(b"</loc")
    if begun > ended and not _CLOSED.search(body, begun):  # the file ends within a URL: half of one is another URL
        body, cut = body[:begun], True
    root = _ROOT.search(body, 0, 65536)
    if root is None or len(body) <= _PIECE:
        whole = parse(repaired(decoded(body[:_PIECE], content_type)))
        if whole is None or kind_of(whole) is not None:
            return _from_feed(body, url, content_type, cut)
        if root is None and split(whole)[1] not in {"url", "sitemap", "urlset", "sitemapindex"}:
            return Sitemap(kind=None) if split(whole)[1] == "html" else _from_pieces([whole], url, cut)
    return _from_pieces(_pieces(body, root, content_type), url, cut)


def _pieces(body: bytes, root: re.Match[bytes] | None, content_type: str | None) -> Iterator[etree._Element]:
    """XML of a sitemap -> root elements that hold a part of its URLs each."""
    opening = root[0] if root else b"<urlset>"
    closing = b"</" + re.split(rb"[\s>]", opening[1:], maxsplit=1)[0] + b">"
    at = root.end() if root else 0
    declaration = body[: body.find(b">") + 1] if body[:64].lstrip().startswith(b"<?xml") else b""
    while at < len(body):
        end = len(body)
        if end - at > _PIECE:
            end = max((found.end() for found in _END.finditer(body, at + _PIECE // 2, at + _PIECE)), default=at + _PIECE)
        text = decoded(declaration + opening + body[at:end] + (closing if end < len(body) else b""), content_type)
        element = parse(repaired(text))
        if element is not None:
            yield element
        at = end


def _from_pieces(roots: Iterable[etree._Element], url: str, cut: bool) -> Sitemap:
    found: list[SitemapEntry] = []
    named: set[str] = set()
    for root in roots:
        own = str(root.tag)
        named.add(name_of(own, own))
        for element in root.iter():
            if isinstance(element.tag, str) and name_of(element.tag, own) in {"url", "sitemap"}:
                entry = _entry(element, url)
                named.add("<" + name_of(element.tag, own))
                if entry is not None:
                    found.append(entry)
        if len(found) > MOST_URLS:
            break
    index = "sitemapindex" in named or ("<sitemap" in named and "<url" not in named)
    kind = "sitemapindex" if index else "urlset" if named & {"urlset", "<url"} else None
    return _settled(kind, index, found, url, cut)


def _entry(element: etree._Element, url: str) -> SitemapEntry | None:
    """<url> or <sitemap> -> its entry; None without a loc of its own (those of images and videos do not count)."""
    loc = title = published = modified = None
    for name, child in children(element):
        if name == "loc" and loc is None:
            loc = resolved(words(child), url)
        elif name == "lastmod":
            modified = iso(words(child))
        elif name == "news:news":
            for part, value in children(child):
                # Inside its own namespace the names have no vocabulary.
                if part in {"title", "news:title"}:
                    title = from_html(words(value))
                elif part in {"publication_date", "news:publication_date"}:
                    published = iso(words(value))
    return SitemapEntry(url=loc, title=title, published=published, modified=modified) if loc else None


def _lines(text: str) -> list[SitemapEntry]:
    lines = (line.strip() for line in re.split(r"[\r\n]+", text.lstrip("\ufeff")))
    return [
        SitemapEntry(url=found)
        for line in lines
        if line[:4].lower() == "http" and len(line) <= LONGEST and (found := resolved(line, ""))
    ]


def _from_feed(body: bytes, url: str, content_type: str | None, cut: bool) -> Sitemap:
    feed = read_feed(body, url, content_type)
    found = [SitemapEntry(url=entry.url, title=entry.title, published=entry.published) for entry in feed.entries if entry.url]
    return _settled(feed.kind, False, found, url, cut or feed.truncated)


def _settled(kind: str | None, index: bool, found: list[SitemapEntry], url: str, cut: bool) -> Sitemap:
    """Every URL once; those of other sites apart, unless the file lists nothing else."""
    once = list({entry.url: entry for entry in reversed(found)}.values())[::-1]
    home = site_of(url)
    elsewhere = tuple(entry for entry in once if home and site_of(entry.url) != home)
    ours = [entry for entry in once if not home or site_of(entry.url) == home] or once
    if kind == "text" and not once:
        kind = None
    return Sitemap(
        kind=kind, urls=tuple(ours[:MOST_URLS]), index=index, elsewhere=elsewhere, truncated=cut or len(once) > MOST_URLS
    )
