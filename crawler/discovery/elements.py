"""The XML of feeds and sitemaps as elements with one name each, whatever prefix or namespace it was written with."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from lxml import etree

from crawler.discovery.repair import balanced
from storage.urls import absolute

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
