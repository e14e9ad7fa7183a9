"""An RSL document that stands in a page, and the page's URL -> what it says of each use: "ai-train=no". Pure.

RSL 1.0, https://rslstandard.org/rsl: a document has contents, each for the URLs that its pattern covers, and a content has
licenses, each an offer of its own. Words of other vocabularies are not interpreted (3.4.1). Prices and texts are not read,
only whether something is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from lxml import etree

from pipelines.patterns import specificity
from storage.urls import host_of

LONGEST = 64 * 1024
"""Characters of a document that is read. Of a longer one a part is not read: the other part may prohibit."""

MOST_DOCUMENTS = 10
"""Documents of a page that are read."""

MOST_CONTENTS = 200
"""Contents of a document that is read. A page speaks of itself; one with more is a list that only costs time."""

ALL = "all"

# Uses, each with the words that name it, the most specific first (RSL 1.0 3.4.1.1).
_NAMES: Mapping[str, tuple[str, ...]] = {
    "ai-train": ("ai-train", "ai-all", ALL),
    "ai-input": ("ai-input", "ai-all", ALL),
    "ai-index": ("ai-index", "ai-all", ALL),
    "search": ("search", ALL),
}
_FREE = frozenset({"", "free", "attribution"})  # a payment without a type is free (3.7); attribution costs a line of text
_NAMESPACE = "https://rslstandard.org/rsl"
_START = re.compile(r"<(?:[\w.-]{1,40}:)?rsl[\s/>]", re.I)
_CONTROL = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127))
_LONGEST_PATTERN = 2_000


class _License(NamedTuple):
    """Words of its usage lists; `permits` None without a list. `asks`: for a payment, a kind of reader or a place."""

    permits: frozenset[str] | None
    prohibits: frozenset[str]
    asks: bool

    def refuses(self, use: str) -> bool:
        """Whether it prohibits a use. In one license what is more specific counts, and a tie prohibits (3.1.1)."""
        against, in_favour = _rank(use, self.prohibits), _rank(use, self.permits or frozenset())
        return against is not None and (in_favour is None or against <= in_favour)

    def says(self, use: str) -> str | None:
        """Whether it permits a use: yes, no, or on terms; None where it has no list of uses and asks for nothing (3.5)."""
        if self.permits is not None and _rank(use, self.permits) is None:
            return "no"
        if self.asks:
            return "terms"
        return "yes" if self.permits is not None else None


def terms(document: str, url: str) -> tuple[str, ...]:
    """Text of an RSL document, URL of the page -> "use=yes", "use=no" or "use=terms", where it says something of the use;
    "all=no" where every use is prohibited in one word. Never fails: rubbish says nothing."""
    root = _root(document)
    found = [] if root is None else list(_licenses(root, url))
    said = [(use, _verdict(use, found)) for use in _NAMES]
    if any(ALL in each.prohibits for each in found):
        said.append((ALL, "no"))
    return tuple(f"{use}={verdict}" for use, verdict in said if verdict)


def _verdict(use: str, licenses: Iterable[_License]) -> str | None:
    """A use that one license prohibits no other permits (3.1.1); else the best offer counts."""
    offers = list(licenses)
    if any(each.refuses(use) for each in offers):
        return "no"
    said = {each.says(use) for each in offers}
    return next((verdict for verdict in ("yes", "terms", "no") if verdict in said), None)


def _rank(use: str, words: frozenset[str]) -> int | None:
    return next((rank for rank, name in enumerate(_NAMES[use]) if name in words), None)


def _root(document: str) -> etree._Element | None:
    """Text -> its <rsl>. What stands before it, a DTD with entities too, is left out; nothing is fetched or resolved."""
    start = _START.search(document) if len(document) <= LONGEST else None
    if start is None:
        return None
    markup = document[start.start() :].translate(_CONTROL).encode("utf-8", "replace")
    parser = etree.XMLParser(
        recover=True, no_network=True, resolve_entities=False, load_dtd=False, remove_pis=True, encoding="utf-8"
    )
    try:
        root = etree.fromstring(markup, parser)
    except etree.XMLSyntaxError:
        return None
    return root if root is not None and _name(root) == "rsl" else None


def _licenses(root: etree._Element, url: str) -> Iterator[_License]:
    """The licenses of the contents that are most specific to the page, several where they are equally so."""
    contents = list(_children(root, "content"))
    if len(contents) > MOST_CONTENTS:
        return
    weighed = [(weight, each) for each in contents if (weight := _weight(each, url)) is not None]
    best = max((weight for weight, _ in weighed), default=0)
    for weight, content in weighed:
        if weight == best:
            # A license server is to be asked first, even for what is free (3.3).
            asks = bool(content.get("server"))
            yield from (_license(each, asks) for each in _children(content, "license"))


def _weight(content: etree._Element, url: str) -> float | None:
    """How specific the URL of a content is, None where it does not cover the page. Without one it is the page's own."""
    where = (content.get("url") or "").strip()
    if not where:
        return float("inf")
    if len(where) > _LONGEST_PATTERN:
        return None
    if "://" in where:
        if _site(where) != _site(url):
            return None
        where = "/" + where.partition("://")[2].partition("/")[2]
    return specificity(where, url)


def _site(url: str) -> str | None:
    """Host without "www.": who writes one of the two means both."""
    host = host_of(url)
    return host.removeprefix("www.") if host else None


def _license(element: etree._Element, asks: bool) -> _License:
    permits, prohibits = _lists(element, "permits"), _lists(element, "prohibits")
    limited = any(kind != "usage" and words for kind, words in [*permits, *prohibits])
    paid = any((each.get("type") or "").strip().lower() not in _FREE for each in _children(element, "payment"))
    return _License(
        permits=frozenset().union(*uses) if (uses := [words for kind, words in permits if kind == "usage"]) else None,
        prohibits=frozenset().union(*(words for kind, words in prohibits if kind == "usage")),
        asks=asks or limited or paid,
    )


def _lists(element: etree._Element, name: str) -> list[tuple[str, frozenset[str]]]:
    """<permits> or <prohibits> of a license -> type and words of each; spaces divide them (3.5), or commas, as in drafts."""
    return [
        ((each.get("type") or "usage").strip().lower(), frozenset("".join(each.itertext()).lower().replace(",", " ").split()))
        for each in _children(element, name)
    ]


def _children(element: etree._Element, name: str) -> Iterator[etree._Element]:
    return (child for child in element if _name(child) == name)


def _name(element: etree._Element) -> str | None:
    """Local name of an element of RSL, its namespace or prefix left out as by many; None for other vocabularies."""
    if not isinstance(element.tag, str):
        return None
    space, brace, local = element.tag.rpartition("}")
    if brace and space[1:].rstrip("/#") != _NAMESPACE:
        return None
    return local.rpartition(":")[2].lower()
