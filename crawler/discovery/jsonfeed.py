"""Text of a JSON Feed (versions 1 and 1.1, jsonfeed.org) -> Feed."""

from __future__ import annotations

import json
from typing import Any

from crawler.discovery import plain
from crawler.discovery.announced import Entry, Feed
from crawler.discovery.xmlfeed import MOST_ENTRIES, resolved
from pipelines.moments import iso


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
