"""Bytes of a feed, sitemap or listing -> unpacked, and text, whatever its headers say of it; a title that may hold markup -> its words."""

from __future__ import annotations

import codecs
import html
import re
import zlib

from w3lib.encoding import resolve_encoding

from pipelines.encodings import decode as decode_page

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# XML 1.0, appendix F.1: how "<" and "<?xm" look in the families of encodings that are not ASCII.
_STARTS = (
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00<", "utf-16-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00{", "utf-16-be"),
    (b"{\x00", "utf-16-le"),
    (b"\x4c\x6f\xa7\x94", "cp037"),
)
_HEADER = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.I)
_DECLARATION = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']\s*([\w.:-]+)", re.I)
_GZIP = b"\x1f\x8b"
_SHIFTING = re.compile(r"utf-?7|iso-?2022|hz", re.I)


def unpacked(body: bytes, limit: int) -> tuple[bytes, bool]:
    """Body -> (without gzip, up to three layers, at most `limit` bytes; whether something is missing at its end)."""
    cut = False
    for _ in range(3):
        if not body.startswith(_GZIP):
            break
        out, rest, complete = bytearray(), body, True
        while rest.startswith(_GZIP) and len(out) < limit:
            member = zlib.decompressobj(31)
            try:
                out += member.decompress(rest, limit - len(out))
            except zlib.error:
                complete = False
                break
            complete = member.eof
            rest = member.unused_data
        if not out:
            return b"", True
        cut = cut or not complete
        body = bytes(out)
    return body[:limit], cut or len(body) > limit


def decoded(body: bytes, content_type: str | None = None) -> str:
    """Body and Content-Type -> text. Order: byte order mark, look of the first bytes, UTF-8 where it is valid or
    has few faults, what header and XML declaration name, and last the judgement that pages get."""
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(codec, "replace")
    head = body[:64].lstrip(b" \t\r\n")
    for start, codec in _STARTS:
        if head.startswith(start) or body.startswith(start):
            return body.decode(codec, "replace")
    named = _named(body, content_type)
    if body.isascii() and not any(_SHIFTING.match(name) for name in named):
        return body.decode("ascii")
    for codec in [name for name in named if _SHIFTING.match(name)] + ["utf-8"]:
        try:
            return body.decode(codec)
        except UnicodeDecodeError:
            continue
    text = body.decode("utf-8", "replace")
    # Characters of UTF-8 fold several bytes into one; other encodings hardly ever look like that.
    folded, faults = len(body) - len(text), text.count("\ufffd")
    if folded >= 4 * faults:
        return text
    for codec in named:
        try:
            return body.decode(codec)
        except UnicodeDecodeError:
            continue
    return decode_page(body, content_type)[0]


def decoded_page(body: bytes, content_type: str | None = None) -> tuple[str, str]:
    """Body of an HTML page and Content-Type -> (text, Python codec), as the pages of the archive are decoded."""
    for mark, codec in _MARKS[1:]:
        if body.startswith(mark):
            return body[len(mark) :].decode(codec, "replace"), codec
    return decode_page(body, content_type)


def _named(body: bytes, content_type: str | None) -> list[str]:
    """Codecs that the header and the XML declaration name, by the labels of the WHATWG Encoding Standard or Python's."""
    labels = [found[1] for found in [_HEADER.search(content_type or "")] if found]
    labels += [found[1].decode("ascii", "replace") for found in [_DECLARATION.search(body[:1024])] if found]
    names = []
    for label in labels:
        codec = resolve_encoding(label) or label
        try:
            if codecs.lookup(codec)._is_text_encoding and codec not in names:
                names.append(codec)
        except (LookupError, ValueError):
            continue
    return names


_ELEMENTS = (
    "a|abbr|acronym|address|article|b|base|bdi|bdo|big|blockquote|br|center|cite|code|del|dfn|div|em|figcaption|figure"
    "|font|h[1-6]|hr|i|img|ins|kbd|label|li|mark|nobr|o:p|ol|p|pre|q|rp|rt|ruby|s|samp|section|small|span|strike|strong"
    "|sub|sup|table|tbody|td|th|time|tr|tt|u|ul|var|wbr"
)
_UNSEEN = re.compile(r"<(script|style)\b[^<>]{0,2000}>[^<]{0,20000}</\1\s{0,9}>|<!--[^<>]{0,2000}-->", re.I)
_BREAK = re.compile(r"</?(?:br|p|div|li|tr|td|h[1-6])(?:\s[^<>]{0,2000}|\s*/)?>", re.I)
_TAG = re.compile(rf"</?(?:{_ELEMENTS}|script|style)(?:\s[^<>]{{0,2000}}|\s*/)?>", re.I)
_REFERENCE = re.compile(r"&(?:#[0-9]{1,8}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")

LONGEST = 4_000
"""Characters of a title that are kept; a longer one is no title."""


def from_html(text: str) -> str | None:
    """HTML, escaped once -> plain words, white space folded; None for none. "<" that opens no HTML element stays."""
    text = text[: 8 * LONGEST]
    if "<" in text:
        text = _TAG.sub("", _BREAK.sub(" ", _UNSEEN.sub("", text)))
    if "&" in text:
        text = _REFERENCE.sub(lambda found: html.unescape(found[0]), text)
    return folded(text)


def from_text(text: str) -> str | None:
    """Plain text -> the same, white space folded; None for none.

    References that are no markup (&#8217;, &ndash;) are read, since nobody writes about them in headlines.
    """

    def settle(found: re.Match[str]) -> str:
        character = html.unescape(found[0])
        return found[0] if character in "<>&" else character

    return folded(_REFERENCE.sub(settle, text[: 8 * LONGEST]) if "&" in text else text)


def folded(text: str) -> str | None:
    """Text -> on one line, without control characters, cut to LONGEST."""
    return " ".join(_CONTROL.sub("", text[: 8 * LONGEST]).split())[:LONGEST] or None
