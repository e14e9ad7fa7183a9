"""Bytes of a feed -> its entries: RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0 (RFC 4287), JSON Feed 1.0 and 1.1.

What a body is, it says itself; Content-Type is only asked for its charset. A feed that is broken gives the entries that
can be read, and never an error.
"""

from __future__ import annotations

import re

from crawler.discovery.announced import Feed
from crawler.discovery.elements import parse
from crawler.discovery.encoding import decoded, unpacked
from crawler.discovery.jsonfeed import read_json_feed
from crawler.discovery.repair import repaired
from crawler.discovery.xmlfeed import kind_of, read_xml_feed

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
