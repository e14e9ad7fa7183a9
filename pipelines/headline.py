"""The headline of a story, by agreement of what the page shows, what it says to machines, and the feed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from lxml.html import HtmlElement

from pipelines.shown import hides

_WORD = re.compile(r"\w+")
# What stands between a headline and the name of the site in <title>.
_SEPARATOR = re.compile(r"\s+[|–—•·»«:/\-]+\s+|\s*[|»«•]\s*|\s+::\s+")


@dataclass(frozen=True, slots=True)
class Candidate:
    """Words that could be the headline and the source that offers them."""

    text: str
    source: str


def choose(candidates: Iterable[Candidate], title: str | None) -> Candidate | None:
    """Candidates in order of trust (visible heading, JSON-LD, OpenGraph, feed) and <title> -> the best.

    The first that another source says too wins; else the first; else <title> without the site's name.
    """
    offered = [c for c in candidates if _WORD.search(c.text)]
    parts = title_parts(title)
    for one in offered:
        others = [c.text for c in offered if c.source != one.source] + parts[:1]
        if any(alike(one.text, other) for other in others):
            return one
    named = [c for c in offered if c.source != "visible"] or offered
    if named:
        return named[0]
    return Candidate(text=parts[0], source="title") if parts else None


def headings(tree: HtmlElement) -> Iterator[str]:
    """Root element -> words of every shown h1 in page order, line breaks as spaces."""
    for h1 in tree.iter("h1"):
        if any(hides(above) for above in (h1, *h1.iterancestors())):
            continue
        words = " ".join("".join(_texts(h1)).split())
        if words:
            yield words


def _texts(element: HtmlElement) -> Iterator[str]:
    for node in element.iter():
        if node.tag == "br":
            yield " "
        elif isinstance(node.tag, str) and node.text:
            yield node.text
        if node is not element and node.tail:
            yield node.tail


def title_parts(title: str | None) -> list[str]:
    """Words of <title> -> its parts between separators, the longest first; [] when there is no title."""
    if not title:
        return []
    parts = [part.strip() for part in _SEPARATOR.split(title) if part and part.strip()]
    return sorted(parts, key=lambda part: -len(_WORD.findall(part)))


def alike(one: str, other: str) -> bool:
    """Whether two strings say the same headline: equal words, one starting the other, or nearly equal."""
    a, b = _WORD.findall(one.casefold()), _WORD.findall(other.casefold())
    if not a or not b:
        return False
    if a == b or (min(len(a), len(b)) >= 4 and a[: len(b)] == b[: len(a)]):
        return True
    return SequenceMatcher(None, a, b, autojunk=False).ratio() > 0.8
