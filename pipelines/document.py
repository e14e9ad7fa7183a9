"""Bytes of a capture -> a Document: decoded once, parsed once, shared by everything that reads the page.

Nothing may change `Document.tree`; whoever needs another tree copies the part it needs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

import lxml.html
from charset_normalizer import from_bytes
from lxml import etree
from lxml.html import HtmlElement

from pipelines.markup import is_markup
from pipelines.shown import Passage, passages
from pipelines.structured import Structured, structured
from storage.records import Capture

_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.I)
# Labels that mean another encoding than Python's codec of that name (WHATWG Encoding, section 4.2).
_CODECS = {
    **dict.fromkeys(("iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "latin-1", "l1", "ascii", "us-ascii", "x-cp1252"), "cp1252"),
    **dict.fromkeys(("iso-8859-9", "iso8859-9", "latin5", "l5"), "cp1254"),
    **dict.fromkeys(("gb2312", "gbk", "gb_2312", "gb_2312-80", "x-gbk", "chinese"), "gb18030"),
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "x-sjis", "ms_kanji", "windows-31j"), "cp932"),
    **dict.fromkeys(("euc-kr", "ks_c_5601-1987", "ksc5601", "korean", "windows-949"), "cp949"),
    **dict.fromkeys(("big5", "big5-hkscs", "cn-big5", "x-x-big5"), "big5hkscs"),
    **dict.fromkeys(("tis-620", "iso-8859-11", "windows-874", "dos-874"), "cp874"),
    **dict.fromkeys(("iso-8859-8-i", "logical", "iso-8859-8-e", "visual"), "iso-8859-8"),
    **dict.fromkeys(("utf-16", "unicode", "ucs-2"), "utf-8"),  # said in a page that could be read to find it said
}
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
    def structured(self) -> Structured:
        """What the page says to machines."""
        return structured(self.tree)

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
    wide = _wide(body)
    if wide:
        return body.decode(wide, "replace").lstrip("\ufeff"), wide
    declared = [m.group(1) for m in [_HEADER_CHARSET.search(content_type or "")] if m]
    declared += [m.group(1).decode("ascii", "replace") for m in [_META_CHARSET.search(body[:4096])] if m]
    for label in ["utf-8", *declared]:
        codec = _CODECS.get(label.strip().lower(), label)
        try:
            return body.decode(codec), codec.lower()
        except (UnicodeDecodeError, LookupError):
            continue
    return _undeclared(body, declared)


def _wide(body: bytes) -> str | None:
    """UTF-16 by its byte order mark or its first tag, ISO-2022-JP by its escapes; None for anything else."""
    if body.startswith(b"\xff\xfe") or body[:64].count(b"<\x00") > 1:
        return "utf-16-le"
    if body.startswith(b"\xfe\xff") or body[:64].count(b"\x00<") > 1:
        return "utf-16-be"
    if b"\x1b$B" in body[:4096] or b"\x1b$@" in body[:4096]:
        return "iso2022_jp"
    return None


def _undeclared(body: bytes, declared: list[str]) -> tuple[str, str]:
    """A body that is not in the encoding it says -> read as well as it can be.

    UTF-8 with a few broken bytes stays UTF-8; else what the bytes look like; at last windows-1252, as browsers do.
    """
    text = body.decode("utf-8", "replace")
    if text.count("\ufffd") * 50 < sum(byte > 127 for byte in body[:200_000]):
        return text, "utf-8"
    for label in declared:
        codec = _CODECS.get(label.strip().lower(), label)
        try:
            lenient = body.decode(codec, "replace")
        except LookupError:
            continue
        if lenient.count("\ufffd") * 200 < len(lenient):
            return lenient, codec.lower()
    guess = from_bytes(body[:60_000]).best()
    codec = guess.encoding if guess is not None else "cp1252"
    return body.decode(codec, "replace"), codec
