"""What a page says to machines: JSON-LD, meta tags (OpenGraph, Dublin Core, …), microdata, links; the section and the tags in
them.

Read once a page. Which source to believe is decided by metadata.py.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree
from lxml.html import HtmlElement

# What publishers put around or into JSON-LD that JSON forbids: HTML comments, CDATA, trailing commas.
_WRAPPING = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[)|(?://\s*)?(?:-->|\]\]>)\s*(?:\*/)?\s*$"
)
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_NODES_MAX = 5000  # a page with more JSON-LD nodes than this is a data dump; the article stands among the first

Node = Mapping[str, Any]
_HOLDING = (dict, list)
_ITEMPROPS = etree.XPath("descendant::*[@itemprop]")


@dataclass(frozen=True, slots=True)
class Structured:
    """`nodes`: every JSON-LD object, outermost first; `meta`: lower-cased name or property -> values in page
    order; `links`: rel -> hrefs; `itemprops`: microdata name -> values (content, datetime, href or text)."""

    nodes: tuple[Node, ...] = ()
    meta: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    links: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    itemprops: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def first(self, *names: str) -> str | None:
        """The first non-empty meta value of the first name that has one."""
        return next((value for name in names for value in self.meta.get(name, ()) if value), None)


def structured(tree: HtmlElement) -> Structured:
    """Root element -> Structured."""
    meta: dict[str, list[str]] = {}
    links: dict[str, list[str]] = {}
    scripts: list[str] = []
    for element in tree.iter("meta", "link", "script"):
        tag = element.tag
        if tag == "script":
            if "ld+json" in element.get("type", "").lower():
                scripts.append(element.text or "")
            continue
        attributes = dict(element.items())
        if tag == "link":
            for rel in attributes.get("rel", "").lower().split():
                links.setdefault(rel, []).append(attributes.get("href", "").strip())
            continue
        name = attributes.get("property") or attributes.get("name") or attributes.get("http-equiv")
        if name:
            meta.setdefault(name.strip().lower(), []).append(" ".join(attributes.get("content", "").split()))
    nodes = [node for script in scripts for node in walk(parse_json(script))]
    return Structured(
        nodes=tuple(nodes[:_NODES_MAX]),
        meta={name: tuple(values) for name, values in meta.items()},
        links={name: tuple(values) for name, values in links.items()},
        itemprops={name: tuple(values) for name, values in _itemprops(tree).items()},
    )


def _itemprops(tree: HtmlElement) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for element in _ITEMPROPS(tree):
        attributes = element.attrib
        value = attributes.get("content") or attributes.get("datetime")
        if value is None and element.tag == "link":
            value = attributes.get("href")
        if value is None:
            value = " ".join(element.itertext())[:500]
        value = " ".join(value.split())
        if value:
            for name in attributes["itemprop"].split():
                found.setdefault(name.lower(), []).append(value)
    return found


def parse_json(script: str) -> list[Any]:
    """Text of a JSON-LD script -> the values it holds; [] when the usual repairs do not make it readable."""
    try:
        return [json.loads(script, strict=False)]
    except (ValueError, RecursionError):
        text = _WRAPPING.sub("", script).strip().rstrip(";").strip()
    if not text:
        return []
    for attempt in (text, _TRAILING_COMMA.sub(r"\1", _CONTROL.sub(" ", text))):
        try:
            return [json.loads(attempt, strict=False)]
        except (ValueError, RecursionError):
            continue
    return _leading_values(_TRAILING_COMMA.sub(r"\1", _CONTROL.sub(" ", text)))


def _leading_values(text: str) -> list[Any]:
    """Values that stand one after another in one script; stops at the first that is no JSON."""
    decoder, values, at = json.JSONDecoder(strict=False), [], 0
    while at < len(text):
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            break
        values.append(value)
        while at < len(text) and text[at] in " \r\n\t,;":
            at += 1
    return values


def walk(values: list[Any]) -> Iterator[Node]:
    """JSON values -> every object in them, breadth first, so that the outer ones come first."""
    row: list[Any] = values
    while row:
        below: list[Any] = []
        for value in row:
            if isinstance(value, dict):
                yield value
                below.extend(value.values())
            elif isinstance(value, list):
                below.extend(value)
        row = [value for value in below if isinstance(value, _HOLDING)]


def letters(text: str) -> str:
    """Text -> its letters and figures alone, folded: what two spellings of a name have in common."""
    return "".join(c for c in text.casefold() if c.isalnum())


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
