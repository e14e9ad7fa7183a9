"""Bytes of a capture -> a Document: decoded once, parsed once, shared by everything that reads the page.

Nothing may change `Document.tree`; whoever needs another tree copies the part it needs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

import lxml.html
from lxml import etree
from lxml.html import HtmlElement

from pipelines.markup import is_markup
from pipelines.shown import Passage, passages
from storage.records import Capture

_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.I)
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.I)


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
    def title(self) -> str | None:
        """The words of <title>, white space folded; None when there are none."""
        found = self.tree.find(".//title")
        words = " ".join((found.text_content() if found is not None else "").split())
        return words or None


def read(capture: Capture) -> Document | None:
    """A capture -> its Document; None when the body holds no element at all (empty, or not markup)."""
    if not is_markup(capture.body):
        return None
    text, encoding = decode(capture.body, capture.header("Content-Type"))
    if not text.strip():
        return None
    parser = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        # From bytes: lxml refuses a str that carries an XML encoding declaration.
        tree = lxml.html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except etree.ParserError:
        return None
    return Document(tree=tree, encoding=encoding, text=text)


def decode(body: bytes, content_type: str | None) -> tuple[str, str]:
    """Body and Content-Type header -> (text, codec name): BOM, strict UTF-8, declared, windows-1252."""
    if body.startswith(b"\xef\xbb\xbf"):
        return body[3:].decode("utf-8", "replace"), "utf-8"
    declared = [m.group(1) for m in [_HEADER_CHARSET.search(content_type or "")] if m]
    declared += [m.group(1).decode("ascii", "replace") for m in [_META_CHARSET.search(body[:4096])] if m]
    for codec in ["utf-8", *declared]:
        try:
            return body.decode(codec), codec.lower()
        except (UnicodeDecodeError, LookupError):
            continue
    return body.decode("cp1252", "replace"), "cp1252"
