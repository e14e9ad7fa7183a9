"""A tree -> its passages: blocks of text in reading order, each with whether a reader would see it.

What is shown decides (the project's first case: an error block inside <div hidden>). Hidden by markup are: the
`hidden` attribute, display:none and visibility:hidden in a style attribute, aria-hidden, and elements that browsers
never show (script, style, template, noscript, head).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml.html import HtmlElement

NEVER_SHOWN = frozenset(
    "head script style template noscript iframe object svg math textarea select option datalist audio video canvas".split()
)
BLOCKS = frozenset(
    "address article aside blockquote body br button caption center dd details dialog div dl dt fieldset figcaption "
    "figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol p pre section summary "
    "table tbody td tfoot th thead tr ul".split()
)
_HIDING_STYLE = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.I)


@dataclass(frozen=True, slots=True)
class Passage:
    """Text of one block: `element` is the block element that holds it, `linked` counts characters inside links."""

    element: HtmlElement
    text: str
    linked: int
    hidden: bool


def hides(element: HtmlElement) -> bool:
    """Whether this element by itself hides what is in it."""
    if element.tag in NEVER_SHOWN:
        return True
    attributes = element.attrib
    if not attributes:
        return False
    if attributes.get("hidden", "until-found").lower() != "until-found" or attributes.get("aria-hidden") == "true":
        return True
    style = attributes.get("style")
    return bool(style and _HIDING_STYLE.search(style))


def passages(tree: HtmlElement) -> Iterator[Passage]:
    """Root element -> passages in reading order. Iterative: depth of the markup costs no stack."""
    block, parts, linked, links, hidden = tree, [], 0, 0, 0
    pending: list[tuple[bool, HtmlElement]] = [(True, tree)]

    def flush() -> Iterator[Passage]:
        nonlocal parts, linked
        text = " ".join("".join(parts).split())
        if text:
            yield Passage(element=block, text=text, linked=linked, hidden=hidden > 0)
        parts, linked = [], 0

    def add(text: str | None) -> None:
        nonlocal linked
        if text:
            parts.append(text)
            if links:
                linked += len(text.strip())

    blocks = [tree]
    while pending:
        entering, element = pending.pop()
        if not isinstance(element.tag, str):
            add(element.tail)
            continue
        breaks, hiding = element.tag in BLOCKS, hides(element)
        if breaks or hiding:
            yield from flush()
        if entering:
            hidden += hiding
            links += element.tag == "a"
            if breaks:
                blocks.append(element)
                block = element
            add(element.text)
            pending.append((False, element))
            pending.extend((True, child) for child in reversed(element))
        else:
            hidden -= hiding
            links -= element.tag == "a"
            if breaks:
                blocks.pop()
                block = blocks[-1]
            add(element.tail)
    yield from flush()
