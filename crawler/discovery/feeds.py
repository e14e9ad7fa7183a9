"""Bytes of a feed -> its entries: RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0 (RFC 4287), JSON Feed 1.0 and 1.1.

What a body is, it says itself; Content-Type is only asked for its charset. A feed that is broken gives the entries that
can be read, and never an error.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from lxml import etree

from crawler.discovery.announced import Entry, Feed
from crawler.discovery.encoding import decoded, folded, from_html, from_text, unpacked
from crawler.discovery.repair import attribute, base_of, children, name_of, parse, repaired, split, words
from pipelines.moments import iso
from storage.urls import absolute

MOST_ENTRIES = 10_000

_RDF_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_AS_WRITTEN = re.compile(r"https?://[^\s\\/?#@]+(?:[/?#][^\s\\]*)?", re.I)
# Needs no parser to be known as a URL.
_PLAIN = re.compile(r"https?://(?:[a-z][a-z0-9-]{0,40}\.){1,6}[a-z]{2,20}/[A-Za-z0-9/._~?=&%:,;+@!-]{0,2000}")
_BREAKS = re.compile(r"[\t\r\n]")
# Best first; a date that cannot be read gives way to the next.
_PUBLISHED = (
    "pubdate", "dc:date", "published", "atom:published", "dcterms:issued", "dcterms:created", "issued", "dcterms:date",
    "created", "date", "updated", "atom:updated", "dcterms:modified", "modified", "lastbuilddate",
)  # fmt: skip
_TITLES = ("title", "dc:title", "atom:title", "dcterms:title", "media:title")


def kind_of(root: etree._Element) -> str | None:
    """Root element -> "atom", "rss", or None; its local name decides, namespaces on it are often wrong."""
    local = split(root)[1].rpartition(":")[2]
    if local == "feed":
        return "atom"
    return "rss" if local in {"rss", "rdf", "channel"} else None


def read_xml_feed(root: etree._Element, kind: str, url: str, cut: bool = False, torn: bool = False) -> Feed:
    """Root, its kind and the feed's URL -> Feed. `cut`: the body ended early; `torn`: within its last story."""
    top = next((one for name, one in children(root) if name.rpartition(":")[2] == "channel"), root) if kind == "rss" else root
    parts = list(children(top))
    home = _first(_links(parts, url, "alternate"))
    following = _first(_links(parts, url, "next")) or _first(_links(parts, url, "prev-archive"))
    found = _stories(root, str(top.tag), torn)
    # RSS says nothing about relative links; they are meant from the page that the channel belongs to.
    start = (home or url) if kind == "rss" else (url or home or "")
    return Feed(
        kind=kind,
        entries=tuple(_entry(story, kind, start, url) for story in found[:MOST_ENTRIES]),
        title=_title(parts, kind),
        home=home,
        following=following,
        truncated=cut or len(found) > MOST_ENTRIES,
    )


def _stories(root: etree._Element, own: str, torn: bool) -> list[etree._Element]:
    """Elements of stories in document order, at most one more than MOST_ENTRIES; the last one not when it is torn."""
    found: list[etree._Element] = []
    for element in root.iter():
        if isinstance(element.tag, str) and name_of(element.tag, own) in {"item", "entry", "atom:entry"}:
            found.append(element)
            if len(found) > MOST_ENTRIES:
                break
    return found[:-1] if torn else found


def _entry(story: etree._Element, kind: str, start: str, url: str) -> Entry:
    parts = list(children(story))
    dates = {}
    for name, part in parts:
        if name in _PUBLISHED and name not in dates:
            dates[name] = words(part)
    published = next((date for date in (iso(dates.get(name)) for name in _PUBLISHED) if date), None)
    return Entry(url=_first(_addresses(story, parts, start, url)), title=_title(parts, kind), published=published)


def _title(parts: list[tuple[str, etree._Element]], kind: str) -> str | None:
    for wanted in _TITLES:
        for name, part in parts:
            if name == wanted and (title := _words_of_title(part, kind)):
                return title
    return None


def _words_of_title(part: etree._Element, kind: str) -> str | None:
    """A title -> plain text. In Atom its type says what it holds (RFC 4287 3.1); elsewhere it is taken for HTML."""
    text = words(part)
    if len(part):
        return folded("".join(_with_breaks(part)))
    if (attribute(part, "mode") or "") == "base64":
        try:
            text = base64.b64decode(text, validate=False).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            return None
    atom = kind == "atom" or name_is_atom(part)
    form = (attribute(part, "type") or "").lower()
    markup = form.endswith(("html", "xml")) or attribute(part, "mode") == "escaped"
    return from_text(text) if atom and not markup else from_html(text)


def _with_breaks(part: etree._Element) -> Iterator[str]:
    """Text of an element with markup in it, a space where a line or block ends."""
    for event, child in etree.iterwalk(part, events=("start", "end")):
        if event == "start":
            yield " " if split(child)[1] in {"br", "p", "div", "li"} else ""
            yield child.text or ""
        elif child is not part:
            yield child.tail or ""


def name_is_atom(part: etree._Element) -> bool:
    """Whether an element is Atom's, wherever it stands."""
    return (split(part)[0] or "").startswith(("http://www.w3.org/2005/atom", "http://purl.org/atom/ns"))


def _addresses(story: etree._Element, parts: list[tuple[str, etree._Element]], start: str, url: str) -> Iterator[str]:
    """URLs that a story gives for itself, best first."""
    for name, part in parts:
        # Where FeedBurner puts itself between, this is the publisher's own address.
        if name == "feedburner:origlink" and (found := _resolved(words(part), part, start, url)):
            yield found
    yield from _links(parts, start, "alternate", url)
    for name, part in parts:
        if name in {"guid", "id", "atom:id"} and (attribute(part, "ispermalink") or "true").strip().lower() != "false":
            identity = words(part).strip()
            if _AS_WRITTEN.fullmatch(identity):
                yield identity
    about = story.get(_RDF_ABOUT) or attribute(story, "rdf:about")
    if about and (found := _resolved(about, story, start, url)):
        yield found
    for name, part in parts:
        if name in {"content", "atom:content"} and (source := attribute(part, "src")):
            yield from [found for found in [_resolved(source, part, start, url)] if found]


def _links(parts: list[tuple[str, etree._Element]], start: str, relation: str, url: str | None = None) -> Iterator[str]:
    """<link> of RSS (text) and of Atom (href) with this relation -> absolute URLs: pages before other documents."""
    ranked = []
    for name, part in parts:
        if name not in {"link", "atom:link"}:
            continue
        href = attribute(part, "href")
        rel = (attribute(part, "rel") or "alternate").strip().lower().rpartition("/")[2]
        written = words(part).strip()
        if rel != relation or not (href or written):
            continue
        # RSS's own element before an atom:link beside it, HTML before feeds, PDF and sound.
        rank = (name != "link", "html" not in (attribute(part, "type") or "html").lower())
        found = _resolved(href or written, part, start, start if url is None else url)
        if found:
            ranked.append((rank, found))
    yield from (found for _, found in sorted(ranked, key=lambda pair: pair[0]))


def _resolved(written: str, element: etree._Element, start: str, url: str) -> str | None:
    """A URL as written in an element -> absolute: by xml:base, else by `start`."""
    is_absolute = written.lstrip()[:8].lower().startswith(("http://", "https://"))
    return resolved(written, start if is_absolute else base_of(element, url) or start)


def resolved(written: str, base: str) -> str | None:
    """A URL as written -> absolute http(s), or None. One that is absolute already stays as it is."""
    # Escaped twice: no site means "&amp;" in its own URLs.
    written = _BREAKS.sub("", written).strip().replace("&amp;", "&")
    if _PLAIN.fullmatch(written):
        return written
    if _AS_WRITTEN.fullmatch(written):
        return written if absolute(written) else None
    return absolute(written, base or None) if written else None


def _first(found: Iterable[str]) -> str | None:
    return next(iter(found), None)


MOST_BYTES = 8 * 1024 * 1024

_CLOSED = re.compile(rb"</[\w:.-]+\s*>$")


def read_feed(body: bytes, url: str, content_type: str | None = None) -> Feed:
    """Body (gzip or not), the URL it came from and its Content-Type -> Feed. Reads at most MOST_BYTES and MOST_ENTRIES."""
    body, cut = unpacked(body, MOST_BYTES)
    text = decoded(body, content_type)
    if text.lstrip("\ufeff \t\r\n")[:1] in {"{", "["}:
        return read_json_feed(text, url)
    markup = repaired(text)
    root = parse(markup)
    kind = kind_of(root) if root is not None else None
    if root is None or kind is None:
        return Feed(kind=None)
    # What begins after the last story that ended is a story cut in two: its URL may be half.
    tail = markup[max(markup.rfind(b"</item"), markup.rfind(b"</entry"), 0) :].rstrip()
    cut = cut or not _CLOSED.search(tail[-200:])
    torn = cut and (b"<item" in tail or b"<entry" in tail)
    return read_xml_feed(root, kind, url, cut, torn)


def read_json_feed(text: str, url: str) -> Feed:
    """Text and the URL it came from -> Feed; kind None when it is not JSON or holds no list of items."""
    try:
        found = json.loads(text.strip().strip("\ufeff\0"), strict=False)
    except (ValueError, RecursionError):
        return Feed(kind=None)
    items = found.get("items") if isinstance(found, dict) else None
    if not isinstance(items, list):
        return Feed(kind=None)
    home = _address(found, "home_page_url", url)
    entries = tuple(_json_entry(item, url or home or "") for item in items[:MOST_ENTRIES] if isinstance(item, dict))
    return Feed(
        kind="json",
        entries=entries,
        title=folded(_text(found, "title")),
        home=home,
        following=_address(found, "next_url", url),
        truncated=len(items) > MOST_ENTRIES,
    )


def _json_entry(item: dict[str, Any], base: str) -> Entry:
    """`id` is often the permalink; `external_url`, the page a link blog points to, is better than none."""
    identity = _text(item, "id")
    address = _address(item, "url", base) or resolved(identity, "") or _address(item, "external_url", base)
    published = iso(_text(item, "date_published")) or iso(_text(item, "date_modified"))
    return Entry(url=address, title=from_text(_text(item, "title")), published=published)


def _address(holder: dict[str, Any], name: str, base: str) -> str | None:
    return resolved(_text(holder, name), base)


def _text(holder: dict[str, Any], name: str) -> str:
    value = holder.get(name)
    return value if isinstance(value, str) else ""
