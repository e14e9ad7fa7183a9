"""Bytes of a feed -> its entries: RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0 (RFC 4287), JSON Feed 1.0 and 1.1.

What a body is, it says itself; Content-Type is only asked for its charset. A feed that is broken gives the entries that
can be read, and never an error.
"""

from __future__ import annotations

import json
import re
from typing import Any

from crawler.discovery import plain
from crawler.discovery.announced import Entry, Feed
from crawler.discovery.encoding import decoded, unpacked
from crawler.discovery.repair import parse, repaired
from crawler.discovery.xmlfeed import MOST_ENTRIES, kind_of, read_xml_feed, resolved
from pipelines.moments import iso

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
    entries = tuple(_entry(item, url or home or "") for item in items[:MOST_ENTRIES] if isinstance(item, dict))
    return Feed(
        kind="json",
        entries=entries,
        title=plain.folded(_text(found, "title")),
        home=home,
        following=_address(found, "next_url", url),
        truncated=len(items) > MOST_ENTRIES,
    )


def _entry(item: dict[str, Any], base: str) -> Entry:
    """`id` is often the permalink; `external_url`, the page a link blog points to, is better than none."""
    identity = _text(item, "id")
    address = _address(item, "url", base) or resolved(identity, "") or _address(item, "external_url", base)
    published = iso(_text(item, "date_published")) or iso(_text(item, "date_modified"))
    return Entry(url=address, title=plain.from_text(_text(item, "title")), published=published)


def _address(holder: dict[str, Any], name: str, base: str) -> str | None:
    return resolved(_text(holder, name), base)


def _text(holder: dict[str, Any], name: str) -> str:
    value = holder.get(name)
    return value if isinstance(value, str) else ""
