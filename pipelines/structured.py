"""What a page says to machines: JSON-LD, meta tags (OpenGraph, Dublin Core, …), microdata, links.

Read once a page. Nothing is judged here; metadata.py decides which source to believe.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
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
_NODES_MAX = (
    5000  # a page with more JSON-LD nodes than this is a data dump; the article stands among the first
)

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
        for name in names:
            for value in self.meta.get(name, ()):
                if value:
                    return value
        return None


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
    nodes: list[Node] = []
    for script in scripts:
        nodes.extend(walk(parse_json(script)))
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
        if value is None and element.tag in ("a", "link"):
            value = attributes.get("href") if element.tag == "link" else None
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
