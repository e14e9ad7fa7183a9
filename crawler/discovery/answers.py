"""Questions of other programs about what was fetched -> answers, JSON-ready. No network, no files, no error raised.

A question is a decoded JSON object with `id`, and of `url`, `body_b64`, `headers` and `agent` those that its kind needs.
An answer carries the same `id`; one that cannot be given has `error` beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import wraps
from typing import Any

from crawler.answers import capture_asked
from crawler.discovery.feeds import read_feed
from crawler.discovery.links import read_listing
from crawler.discovery.sitemaps import read_sitemap
from crawler.network.addresses import refused, refused_url
from crawler.network.robots import Robots
from storage.urls import canonical, key

Question = Mapping[str, Any]
Answer = dict[str, Any]


def _answering(answer: Callable[[dict[str, Any]], Answer]) -> Callable[[Question], Answer]:
    """An answer from fields that hold what they should -> one for anything that a program may send."""

    @wraps(answer)
    def answered(question: Question) -> Answer:
        asked = dict(question) if isinstance(question, Mapping) else {}
        identity = asked.get("id")
        try:
            return {"id": identity, **answer(asked)}
        except (ValueError, TypeError) as error:
            return {"id": identity, "error": str(error)}

    return answered


@_answering
def answer_feed(question: dict[str, Any]) -> Answer:
    """Body of a feed -> its entries in order, also those without a URL."""
    capture = capture_asked(question)
    feed = asdict(read_feed(capture.body, capture.url, capture.header("Content-Type")))
    return feed | {"entries": list(feed["entries"])}


@_answering
def answer_sitemap(question: dict[str, Any]) -> Answer:
    """Body of a sitemap -> `urls`, and whether they are sitemaps (`index`); `entries` has titles and times."""
    capture = capture_asked(question)
    sitemap = read_sitemap(capture.body, capture.url, capture.header("Content-Type"))
    return {
        "urls": [entry.url for entry in sitemap.urls],
        "index": sitemap.index,
        "kind": sitemap.kind,
        "entries": [asdict(entry) for entry in sitemap.urls],
        "elsewhere": [entry.url for entry in sitemap.elsewhere],
        "truncated": sitemap.truncated,
    }


@_answering
def answer_links(question: dict[str, Any]) -> Answer:
    """Body of a page -> `links`, absolute and in order; `anchors` has their words, `feeds` what it offers as feeds."""
    capture = capture_asked(question)
    listing = read_listing(capture.body, capture.url, capture.header("Content-Type"))
    return {
        "links": [link.url for link in listing.links],
        "anchors": [asdict(link) for link in listing.links],
        "feeds": [link.url for link in listing.feeds],
        "base": listing.base or None,
        "canonical": listing.canonical,
        "following": listing.following,
        "refresh": listing.refresh,
    }


@_answering
def answer_robots(question: dict[str, Any]) -> Answer:
    """Body of a robots.txt, the URL that an agent wants -> `allowed`."""
    robots = Robots.parse(capture_asked(question).body, _text(question, "url"))
    agent = _text(question, "agent")
    return {
        "allowed": robots.allowed(agent, _text(question, "url")),
        "crawl_delay": robots.crawl_delay(agent),
        "sitemaps": list(robots.sitemaps),
    }


@_answering
def answer_url(question: dict[str, Any]) -> Answer:
    """A URL (and `base`, if it is relative) -> `canonical`, the form to fetch, or null; `key` to compare pages by."""
    found = canonical(_text(question, "url"), _text(question, "base") or None)
    return {"canonical": found, "key": key(found) if found else None}


@_answering
def answer_address(question: dict[str, Any]) -> Answer:
    """A URL, or a host alone -> whether it is `refused`, and the `reason`."""
    url = _text(question, "url") or _text(question, "host") or _text(question, "address")
    reason = refused_url(url) if "//" in url else refused(url)
    return {"refused": reason is not None, "reason": reason}


def _text(question: dict[str, Any], name: str) -> str:
    value = question.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"{name} is a string")
    return value
