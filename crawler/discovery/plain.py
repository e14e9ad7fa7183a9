"""A title that may hold markup -> its words."""

from __future__ import annotations

import html
import re

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
