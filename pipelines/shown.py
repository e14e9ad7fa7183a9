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

from lxml import etree
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
# What the walk asks of a tag, in one number; the bits of Passage.inside stand above those.
_UNREAD, _LINK, _BREAKS, _DIALOG, _SHIFT = 1, 2, 4, 12, 4
_KINDS = {
    **{tag: _BREAKS | _INSIDE.get(tag, 0) << _SHIFT for tag in BLOCKS},
    **dict.fromkeys(NEVER_SHOWN, _UNREAD),
    "a": _LINK, "dialog": _DIALOG,
}  # fmt: skip
_NOTED = frozenset(("style", "hidden", "aria-hidden"))
_PASSAGE = tuple.__new__
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
    """Root element -> passages in reading order. Iterative: depth of the markup costs no stack. One long
    loop, for it goes over every element of every page: calls in it would cost more than what they do."""
    found: list[Passage] = []
    parts: list[str] = []
    block, inside, hidden, links, linked = tree, 0, 0, 0, 0  # of the text at hand
    above: list[tuple[HtmlElement | None, HtmlElement, int, int, int, bool]] = []
    last, parting = None, False  # the innermost open element that is more than a wrapper of words, whether it parts them
    kinds, plain = _KINDS.get, _NOTED.isdisjoint
    walk = etree.iterwalk(tree, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        if event == "start":
            kind = kinds(element.tag, 0)
            if kind == _UNREAD:
                walk.skip_subtree()
                continue
            names = element.keys()
            hiding = False
            if (names and not plain(names)) or kind == _DIALOG:
                hiding = hides(element)
            if kind or hiding:
                above.append((last, block, inside, hidden, links, parting))
                last, parting = element, hiding or kind != _LINK
                if parting and parts:
                    linked = _end(found, parts, block, linked, hidden, inside)
                hidden += hiding
                links += kind == _LINK
                if kind >= _BREAKS:
                    block, inside = element, inside | kind >> _SHIFT
            text = element.text
        else:
            if element is last:
                if parting and parts:
                    linked = _end(found, parts, block, linked, hidden, inside)
                last, block, inside, hidden, links, parting = above.pop()
            text = element.tail
        # White space parts words; where nothing has been read yet there is nothing to part.
        if text and (parts or not text.isspace()):
            parts.append(text)
            if links:
                linked += len(text.strip())
    if parts:
        _end(found, parts, block, linked, hidden, inside)
    return found


def _end(found: list[Passage], parts: list[str], block: HtmlElement, linked: int, hidden: int, inside: int) -> int:
    """A passage ends: it is found if it has words. -> the characters in links of the next one, none."""
    text = " ".join("".join(parts).split())
    if text:
        found.append(_PASSAGE(Passage, (block, text, linked, hidden > 0, inside)))
    parts.clear()
    return 0
