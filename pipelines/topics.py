"""What a page says its story is about: the section it stands in and its tags."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator

from pipelines.structured import Node, Structured, letters

_SECTIONS = ("article:section", "section", "parsely-section", "cxenseparse:category")
# What systems of publishers write among the tags: their own names for lists, identifiers.
_PREFIX = re.compile(r"^(?:\w+ ){0,2}(?:category|section|tag|topic|keyword|token)s?\s*:\s*", re.I)
_NO_TAG = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{20,}|[\d\W_]*|https?:.*", re.I)
_MOST, _LONGEST = 40, 100  # tags, characters of a section


def section(said: Structured, story: Node, headline: str | None) -> str | None:
    """JSON-LD's section, then meta's, then the last step of the breadcrumbs that is not the story itself."""
    value = story.get("articleSection")
    value = value[0] if isinstance(value, list) and value else value
    named = (text(value), said.first(*_SECTIONS), _crumb(said, headline))
    return next((name for name in named if name and len(name) <= _LONGEST), None)


def _crumb(said: Structured, headline: str | None) -> str | None:
    for node in said.nodes:
        if node.get("@type") != "BreadcrumbList" or not isinstance(node.get("itemListElement"), list):
            continue
        steps = [name for step in node["itemListElement"] if isinstance(step, dict) and (name := _step(step))]
        steps = [name for name in steps if len(name) <= 40 and letters(name) != letters(headline or "")]
        if len(steps) > 1:  # the first is the front page
            return steps[-1]
    return None


def _step(step: Node) -> str | None:
    thing = step.get("item")
    return text(step.get("name")) or (text(thing.get("name")) if isinstance(thing, dict) else None)


def tags(said: Structured, story: Node, site: Iterable[str]) -> tuple[str, ...]:
    """JSON-LD's keywords, else the tags of meta, else its keywords; each once, without the site's own names and host."""
    names = {letters(name) for name in site}
    found = list(_clean(_declared(story.get("keywords")), names)) or list(_clean(said.meta.get("article:tag", ()), names))
    if not found:
        listed = said.first("news_keywords", "keywords")
        found = list(_clean((listed or "").split(","), names))
    once: dict[str, str] = {}
    for tag in found:
        once.setdefault(letters(tag), tag)
    return tuple(once.values())[:_MOST]


def _declared(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield from value.split(",")
    for each in value if isinstance(value, list) else ():
        if named := text(each.get("name") if isinstance(each, dict) else each):
            yield named


def _clean(given: Iterable[str], names: set[str]) -> Iterator[str]:
    for each in given:
        tag = _PREFIX.sub("", " ".join(html.unescape(each).split()))
        if 1 < len(tag) < 80 and not _NO_TAG.fullmatch(tag) and letters(tag) not in names:
            yield tag


def text(value: object) -> str | None:
    """A value of JSON-LD -> its words, None when it has none."""
    return (" ".join(html.unescape(html.unescape(value)).split()) or None) if isinstance(value, str) else None
