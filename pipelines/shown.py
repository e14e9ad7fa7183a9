"""A tree -> its passages: blocks of text in reading order, each with whether a reader would see it.

What is shown decides (the project's first case: an error block inside <div hidden>). Hidden by markup are: the
`hidden` attribute, display:none and visibility:hidden in a style attribute, aria-hidden, a dialog that is not open,
and elements whose text browsers never show as text of the page (script, style, template, noscript, head and others).
Text of these last is no passage at all.

Two hidings do not hold, because no reader ever sees them: on <html> and <body> (a script reveals the page as a
whole), and <div hidden id="S:0">, in which React streams the parts of a page that its script then moves into place
(https://github.com/reactwg/react-18/discussions/37). Real pages hold their whole story in both.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from lxml.html import HtmlElement

_UNSEEN = "head script style template noscript iframe object svg math textarea select option datalist audio video canvas"
_BREAKING = (
    "address article aside blockquote body br button caption center dd details dialog div dl dt fieldset figcaption "
    "figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol p pre section summary "
    "table tbody td tfoot th thead tr ul"
)
NEVER_SHOWN = frozenset(_UNSEEN.split())
BLOCKS = frozenset(_BREAKING.split())
# What a passage stands in, as bits of Passage.inside.
MENU, HEADER, FOOTER, ASIDE, FORM, BUTTON, ITEM, HEADING, FIGURE = (1 << bit for bit in range(9))
_INSIDE = {
    "nav": MENU, "menu": MENU, "header": HEADER, "footer": FOOTER, "aside": ASIDE, "form": FORM, "fieldset": FORM,
    "button": BUTTON, "li": ITEM, "figure": FIGURE, "figcaption": FIGURE,
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), HEADING),
}  # fmt: skip
_HIDING_STYLE = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.I)
_STREAMED = re.compile(r"S:[0-9a-f]+")


class Passage(NamedTuple):
    """Text of one block: `element` is the block element that holds it, `linked` counts characters inside links,
    `inside` has the bits (MENU, HEADER, ...) of what the element is or stands in."""

    element: HtmlElement
    text: str
    linked: int
    hidden: bool
    inside: int = 0


def hides(element: HtmlElement) -> bool:
    """Whether this element by itself hides what is in it."""
    tag, attributes = element.tag, element.attrib
    if tag in NEVER_SHOWN:
        return True
    if tag == "body" or tag == "html":
        return False
    if tag == "dialog" and "open" not in attributes:
        return True
    if attributes.get("hidden", "until-found").lower() != "until-found":
        return not _STREAMED.fullmatch(attributes.get("id", ""))
    if attributes.get("aria-hidden") == "true":
        return True
    style = attributes.get("style")
    return bool(style and _HIDING_STYLE.search(style))


def passages(tree: HtmlElement) -> list[Passage]:
    """Root element -> passages in reading order. Iterative: depth of the markup costs no stack."""
    walk = _Walk(tree)
    pending: list[HtmlElement | tuple[HtmlElement, bool, bool]] = [tree]
    while pending:
        following = pending.pop()
        if isinstance(following, tuple):
            walk.leave(*following)
            continue
        element, tag = following, following.tag
        if tag in NEVER_SHOWN or type(tag) is not str:
            walk.add(element.tail)
            continue
        attributes = element.attrib
        noted = tag == "dialog" or (
            attributes and ("style" in attributes or "hidden" in attributes or "aria-hidden" in attributes)
        )
        breaks, hiding = tag in BLOCKS, bool(noted) and hides(element)
        walk.enter(element, breaks, hiding)
        pending.append((element, breaks, hiding))
        if children := element[:]:
            children.reverse()
            pending += children
    walk.flush()
    return walk.found


class _Walk:
    """Where the walk over a tree stands: the open blocks, and the text of the passage that is being read."""

    __slots__ = ("blocks", "found", "hidden", "linked", "links", "parts")

    def __init__(self, tree: HtmlElement) -> None:
        self.found: list[Passage] = []
        self.blocks: list[tuple[HtmlElement, int]] = [(tree, 0)]
        self.parts: list[str] = []
        self.linked = self.links = self.hidden = 0

    def add(self, text: str | None) -> None:
        """Text of the page goes to the open passage."""
        if text:
            self.parts.append(text)
            if self.links:
                self.linked += len(text.strip())

    def flush(self) -> None:
        """The open passage ends."""
        if self.parts:
            text = " ".join("".join(self.parts).split())
            if text:
                element, inside = self.blocks[-1]
                self.found.append(Passage(element, text, self.linked, self.hidden > 0, inside))
            self.parts, self.linked = [], 0

    def enter(self, element: HtmlElement, breaks: bool, hiding: bool) -> None:
        """An element opens."""
        if breaks or hiding:
            self.flush()
            self.hidden += hiding
            if breaks:
                self.blocks.append((element, self.blocks[-1][1] | _INSIDE.get(element.tag, 0)))
        if element.tag == "a":
            self.links += 1
        self.add(element.text)

    def leave(self, element: HtmlElement, breaks: bool, hiding: bool) -> None:
        """An element closes; the text after it follows."""
        if breaks or hiding:
            self.flush()
            self.hidden -= hiding
            if breaks:
                self.blocks.pop()
        if element.tag == "a":
            self.links -= 1
        self.add(element.tail)
