"""Text that means to be XML -> bytes that an XML parser reads without losing words.

Feeds carry entities that only HTML knows, bare ampersands, control characters, tags that are never closed. `repaired`
mends what a well-meant feed has; `balanced` rewrites one whose tags do not nest. Both are linear in the text.
"""

from __future__ import annotations

import html
import re
from html.entities import html5

DEEPEST = 200
"""Elements inside each other that are kept: libxml2 stops at 256, and no feed means more."""

_START = re.compile(r"<(?:\?xml|!DOCTYPE|!--|[A-Za-z_])", re.I)
_PROLOG = re.compile(r"\s*<\?xml(?:[^?>]|\?(?!>))*\??>", re.I)
_DOCTYPE = re.compile(r"\s*<!DOCTYPE[^\[<>]*(\[[^\]]*\]\s*)?>", re.I)
_DOCTYPE_OPEN = re.compile(r"\s*<!DOCTYPE", re.I)
_ENTITY = re.compile(r"<!ENTITY\s+([\w.-]{1,40})\s+(?:\"([^\"%]{0,200})\"|'([^'%]{0,200})')\s*>")
_REFERENCE = re.compile(r"&(?:(#[0-9]{1,8}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{0,31});)?")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_BARE_LESS = re.compile(r"<(?![/!?:_A-Za-z\u00c0-\U0010ffff])")
_PREDEFINED = frozenset({"amp", "lt", "gt", "quot", "apos"})
_TAG = re.compile(r"<(/?)([A-Za-z_:][\w.:-]*)((?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*)>|<")
_ATTRIBUTE = re.compile(r"([A-Za-z_:][\w.:-]*)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>]+))")
_STORY_TAGS = frozenset({"item", "entry"})


def repaired(text: str) -> bytes:
    """Text -> UTF-8 without XML declaration, document type and comments; references and CDATA as plain characters.

    Entities that the document type defines are put in where their value is short and refers to nothing else.
    """
    start = _START.search(text)
    text = text[start.start() :] if start else ""
    prolog = _PROLOG.match(text)
    text = text[prolog.end() :] if prolog else text
    own: dict[str, str] = {}
    text = _without_doctype(text, own)
    text = _CONTROL.sub("", text)
    return _without_sections(text, own).encode("utf-8")


def balanced(markup: bytes) -> bytes:
    """Output of `repaired` that does not nest -> the same with every element closed, attributes quoted and unique.

    An end tag closes what is open inside its element, a stray one is dropped, a story that begins closes the one before.
    """
    text = markup.decode("utf-8")
    out: list[str] = []
    opened: list[str] = []
    counts: dict[str, int] = {}
    at = 0
    for tag in _TAG.finditer(text):
        out.append(text[at : tag.start()].replace(">", "&gt;"))
        at = tag.end()
        name = tag[2]
        if name is None:
            continue
        folded, local = name.lower(), name.rpartition(":")[2].lower()
        if counts.get(folded) and (tag[1] or local in _STORY_TAGS):
            _close(folded, opened, counts, out)
        while local in _STORY_TAGS and len(opened) >= DEEPEST - 50:
            _close(opened[-1].lower(), opened, counts, out)
        if tag[1] or len(opened) >= DEEPEST:
            continue
        alone = tag[3].rstrip().endswith("/")
        out.append(f"<{name}{_attributes(tag[3])}{'/' if alone else ''}>")
        if not alone:
            opened.append(name)
            counts[folded] = counts.get(folded, 0) + 1
    out.append(text[at:].replace(">", "&gt;").replace("<", "&lt;"))
    out += [f"</{name}>" for name in reversed(opened)]
    return "".join(out).encode("utf-8")


def _close(folded: str, opened: list[str], counts: dict[str, int], out: list[str]) -> None:
    """Close what is open, from the inside, through the element of this name (in lower case)."""
    while opened:
        last = opened.pop()
        counts[last.lower()] -= 1
        out.append(f"</{last}>")
        if last.lower() == folded:
            return


def _attributes(text: str) -> str:
    found: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(text):
        value = (double or single or bare).replace("<", "&lt;").replace('"', "&quot;")
        found.setdefault(name, value if bare == "" else value.rstrip("/"))
    return "".join(f' {name}="{value}"' for name, value in found.items())


def _without_doctype(text: str, own: dict[str, str]) -> str:
    """Text after the XML declaration -> text after the document type, its harmless entities put into `own`."""
    found = _DOCTYPE.match(text)
    if found:
        for name, double, single in _ENTITY.findall(found[1] or "")[:200]:
            # Characters by number are harmless; what refers to other entities can grow without end.
            value = double or single
            if not re.search(r"&(?!#|amp;|lt;|gt;|quot;|apos;)", value):
                own[name] = value
        return text[found.end() :]
    if _DOCTYPE_OPEN.match(text):
        end = text.find("]>")
        return text[end + 2 :] if end >= 0 else text[text.find(">") + 1 :]
    return text


def _without_sections(text: str, own: dict[str, str]) -> str:
    """Comments dropped, CDATA escaped, everything between mended. One that never ends costs only its first mark, or
    for CDATA the words up to the next end tag."""
    out: list[str] = []
    at = look = 0
    endless: set[str] = set()
    while (found := text.find("<!", look)) >= 0:
        begin, close = (found + 4, "-->") if text.startswith("<!--", found) else (found + 9, "]]>")
        if close == "]]>" and not text.startswith("<![CDATA[", found):
            look = found + 2
            continue
        out.append(_mended(text[at:found], own))
        end = -1 if close in endless else text.find(close, begin)
        at = end + 3
        if end < 0:
            endless.add(close)
            end = text.find("</", begin) if close == "]]>" else begin
            at = end = end if end >= 0 else len(text)
        if close == "]]>":
            out.append(html.escape(text[begin:end], quote=False))
        look = at
    out.append(_mended(text[at:], own))
    return "".join(out)


def _mended(text: str, own: dict[str, str]) -> str:
    def settle(found: re.Match[str]) -> str:
        name = found[1]
        if name is None:
            return "&amp;"
        if name in _PREDEFINED:
            return found[0]
        if name.startswith("#"):
            # As HTML reads numbers: 0x80 to 0x9f are windows-1252, what no text can hold is nothing.
            return html.escape(_CONTROL.sub("", html.unescape(found[0]).replace("\ufffd", "")))
        if name in own:
            return html.escape(html.unescape(own[name]))
        character = html5.get(name + ";", "")
        return html.escape(character) if character else f"&amp;{name};"

    if "&" in text:
        text = _REFERENCE.sub(settle, text)
    return _BARE_LESS.sub("&lt;", text)
