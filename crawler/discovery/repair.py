"""Text that means to be XML -> bytes that an XML parser reads without losing words.

Feeds carry entities that only HTML knows, bare ampersands, control characters, tags that are never closed. `repaired` mends
what a well-meant feed has; `balanced` rewrites one whose tags do not nest. Both are linear in the text. `parse` gives elements
with one name each, whatever prefix or namespace they were written with.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from functools import lru_cache
from html.entities import html5

from lxml import etree

from storage.urls import absolute

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
    while True:
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


_SPACES = {
    "http://www.w3.org/2005/atom": "atom",
    "http://purl.org/atom/ns": "atom",
    "http://purl.org/dc/elements/1.0": "dc",
    "http://purl.org/dc/elements/1.1": "dc",
    "http://purl.org/dc/terms": "dcterms",
    "http://rssnamespace.org/feedburner/ext/1.0": "feedburner",
    "http://search.yahoo.com/mrss": "media",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns": "rdf",
    "http://purl.org/rss/1.0": "",
    "http://www.sitemaps.org/schemas/sitemap/0.9": "",
    "http://www.google.com/schemas/sitemap/0.84": "",
    "http://www.google.com/schemas/sitemap-news/0.9": "news",
    "http://www.google.com/schemas/sitemap-image/1.1": "image",
    "http://www.google.com/schemas/sitemap-video/1.1": "video",
    "http://www.w3.org/1999/xhtml": "xhtml",
}
_PREFIXES = {
    "atom": "atom", "a10": "atom", "dc": "dc", "dcterms": "dcterms", "feedburner": "feedburner", "media": "media",
    "rdf": "rdf", "news": "news", "n": "news", "xhtml": "xhtml", "rss": "", "sitemap": "", "sm": "",
}  # fmt: skip
_BASE = "{http://www.w3.org/XML/1998/namespace}base"


def parse(markup: bytes) -> etree._Element | None:
    """Output of `repair.repaired` -> its root element; None when there is none. Entities and files are never read."""
    parser = _parser()
    root = _root(markup, parser)
    if root is not None and all(error.domain == etree.ErrorDomains.NAMESPACE for error in parser.error_log):
        return root
    mended = _root(balanced(markup), _parser())
    return mended if mended is not None else root


@lru_cache(maxsize=4096)
def name_of(tag: str, own: str) -> str:
    """Tag, and the tag of the element it belongs to -> "local" in lower case where both are of one vocabulary, or
    "vocabulary:local" where it is foreign."""
    space, local = split_tag(tag)
    own_space, own_local = split_tag(own)
    prefix, colon, rest = local.partition(":")
    if space == own_space and not colon:
        return local
    if colon:  # a prefix that nobody declared
        vocabulary = "" if prefix == own_local.rpartition(":")[0] else _PREFIXES.get(prefix, prefix)
        return f"{vocabulary}:{rest}" if vocabulary else rest
    # In the namespace of another vocabulary; one that nobody knows keeps apart from the plain names.
    vocabulary = _SPACES.get(space.rstrip("#/"), "other") if space else ""
    return f"{vocabulary}:{local}" if vocabulary else local


def split_tag(tag: str) -> tuple[str | None, str]:
    """Tag -> (namespace, local name), both in lower case; an undeclared prefix stays in the local name."""
    space, brace, local = tag.rpartition("}")
    return (space[1:].lower() if brace else None), local.lower()


def split(element: etree._Element) -> tuple[str | None, str]:
    """Element -> what `split_tag` says of its tag."""
    return split_tag(str(element.tag))


def children(element: etree._Element) -> Iterator[tuple[str, etree._Element]]:
    """Child elements with their names, as `name_of` gives them beside the element's own."""
    own = str(element.tag)
    for child in element:
        if isinstance(child.tag, str):
            yield name_of(child.tag, own), child


def words(element: etree._Element) -> str:
    """All text in an element, its children's too."""
    return "".join(element.itertext())


def attribute(element: etree._Element, name: str) -> str | None:
    """Value of an attribute by its name in any case, without namespace."""
    for key, value in element.attrib.items():
        if str(key).lower() == name:
            return str(value)
    return None


def base_of(element: etree._Element, start: str) -> str | None:
    """The xml:base that holds for an element (XML Base), resolved from `start`; None where there is none."""
    named = [value for value in (one.get(_BASE) for one in (element, *element.iterancestors())) if value]
    base = start
    for value in reversed(named):
        base = absolute(value, base or None) or base
    return base if named else None


def _root(markup: bytes, parser: etree.XMLParser) -> etree._Element | None:
    try:
        return etree.fromstring(markup, parser)
    except etree.XMLSyntaxError:
        return None


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        recover=True, no_network=True, resolve_entities=False, load_dtd=False, remove_pis=True, encoding="utf-8"
    )
