"""Bytes of a capture -> a Document: decoded once, parsed once, shared by everything that reads the page.

Nothing may change `Document.tree`; whoever needs another tree copies the part it needs. Pictures, PDF and rubbish, which come
under .html too, are no page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import lxml.html
import numpy as np
from lxml import etree
from lxml.html import HtmlElement

from pipelines.encodings import transcoded
from pipelines.shown import Passage, passages
from pipelines.structured import Structured, structured
from storage.records import Capture

# Control characters that no page means; lxml would keep them, XML and JSON readers choke on them.
_CONTROL = dict.fromkeys((*range(9), 11, *range(14, 32), 127))
_CONTROL_BYTES = bytes(_CONTROL)
# lxml.html's own lookup is a call into Python for every element; nothing here asks for its special classes of forms.
_CLASSES = etree.ElementDefaultClassLookup(element=HtmlElement)
_FORMATTING = re.compile(r"</?(?:font|b|i|u|em|strong|span|big|small|center|tt|blink)\b[^<>]{0,2000}>", re.I)
_WRAPPING = re.compile(r"</?(?:div|section|article|table|tbody|tr|td|ul|ol|li|dl|dd|blockquote)\b[^<>]{0,2000}>", re.I)
_OPEN_TITLE = re.compile(r"(<title\b[^<>]{0,500}>[^<]{0,500})<(?!/title\s*>)", re.I)
_ROOT = re.compile(r"<(?:html|head)\b[^<>]{0,2000}/>", re.I)


@dataclass(frozen=True)
class Document:
    """A page as a tree. `tree` is the root element; `encoding` the Python codec name that decoded it."""

    tree: HtmlElement
    encoding: str
    text: str = field(repr=False, default="")

    @cached_property
    def passages(self) -> tuple[Passage, ...]:
        """Every block of text of the page in reading order, shown or not (`Passage.hidden`)."""
        return tuple(passages(self.tree))

    @cached_property
    def structured(self) -> Structured:
        """What the page says to machines."""
        return structured(self.tree)

    @cached_property
    def title(self) -> str | None:
        """The words of <title>, white space folded; None when there are none."""
        found = next(self.tree.iter("title"), None)
        words = " ".join((found.text_content() if found is not None else "").split())
        return words or None


def read(capture: Capture) -> Document | None:
    """A capture -> its Document; None when the body holds no element at all (empty, or not markup)."""
    if not is_markup(capture.body):
        return None
    text, encoding, markup = transcoded(capture.body, capture.header("Content-Type"))
    if _has_controls(markup):
        text, markup = text.translate(_CONTROL), markup.translate(None, _CONTROL_BYTES)
    if not text or text.isspace():
        return None
    tree, cut = _parse(markup)
    for repaired in _repairs(text, tree, cut):
        again, cut = _parse(repaired.encode("utf-8", "replace"))
        if again is not None and _length(again) > _length(tree):
            tree = again
        if not cut:
            break
    return None if tree is None else Document(tree=tree, encoding=encoding, text=text)


def _has_controls(markup: bytes) -> bool:
    """Whether a page in UTF-8 holds any of _CONTROL. By arrays: half the cost of asking `translate`."""
    codes = np.frombuffer(markup, np.uint8)
    spaces = codes - np.uint8(9) <= 4  # tab, line feed, vertical tab, form feed, carriage return
    if np.count_nonzero(codes < 32) != np.count_nonzero(spaces):
        return True
    return b"\x7f" in markup or b"\x0b" in markup


def _parse(markup: bytes) -> tuple[HtmlElement | None, bool]:
    """A page in UTF-8 -> (its tree, whether the parser stopped at its depth limit)."""
    # huge_tree: 2048 levels instead of 256; the size of a body is bounded by the crawl. From bytes: lxml refuses a str
    # that carries an XML encoding declaration.
    parser = lxml.html.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True, collect_ids=False
    )
    parser.set_element_class_lookup(_CLASSES)
    try:
        tree = lxml.html.document_fromstring(markup, parser=parser)
    except etree.ParserError:
        return None, False
    last = parser.error_log.last_error
    return tree, last is not None and last.type_name == "ERR_RESOURCE_LIMIT"


def _repairs(text: str, tree: HtmlElement | None, cut: bool) -> Iterator[str]:
    """Text whose tree came out without what it holds -> the text with the usual causes taken away, one by one."""
    if cut:
        flat = _FORMATTING.sub(" ", text)
        yield flat
        yield _WRAPPING.sub("<p>", flat)
    elif tree is not None and _is_empty(tree) and text.count("<") > 20:
        # An unclosed <title> swallows the page, <html … /> ends it before it begins.
        yield _ROOT.sub("<html>", _OPEN_TITLE.sub(r"\1</title><", text))


def _is_empty(tree: HtmlElement) -> bool:
    body = tree.find("body")
    return body is None or all(text.isspace() for text in body.itertext())


def _length(tree: HtmlElement | None) -> int:
    """Characters of text in the body, white space apart."""
    body = tree.find("body") if tree is not None else None
    return 0 if body is None else sum(len(text.strip()) for text in body.itertext())


MAGIC = (
    b"%PDF-", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PK\x03\x04", b"\x1f\x8b", b"BM", b"II*\x00", b"MM\x00*", b"RIFF", b"OggS",
    b"ID3", b"\x00\x00\x00\x18ftyp", b"\x00\x00\x00\x20ftyp", b"7z\xbc\xaf", b"Rar!", b"\x7fELF", b"SQLite format 3\x00", b"wOFF",
)  # fmt: skip
_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\v\f\r\x1b")
_LOOKED_AT = 16_384
_MOST_CONTROL = 0.02


def is_markup(body: bytes) -> bool:
    """Body -> False for known binary formats and for bytes of which more than a fiftieth are control characters.

    UTF-16 is told by its byte order mark or its first tag; half of its bytes may be control characters.
    """
    start = body[:_LOOKED_AT]
    if start.startswith(MAGIC) and b"<html" not in start[:1024].lower():
        return False
    if start[:2] in (b"\xff\xfe", b"\xfe\xff") or b"<\x00" in start[:64] or b"\x00<" in start[:64]:
        return True
    control = len(start) - len(start.translate(None, _CONTROLS))
    return control <= _MOST_CONTROL * max(len(start), 1)
