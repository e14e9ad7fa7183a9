"""A page called an article and its Document -> the Article: blocks of text, what was removed, metadata."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import trafilatura
from lxml.html import HtmlElement
from trafilatura.settings import Document as Found
from trafilatura.settings import Extractor

from pipelines.boilerplate import strip
from pipelines.document import Document
from pipelines.language import language_of
from pipelines.metadata import metadata
from pipelines.provider import provider_of
from pipelines.shown import hides
from storage.records import Article, Block, BlockKind, Outlet, Page, Removed

# deduplicate stays off: it would empty pages seen before in this process (docs/extraction.md).
_OPTIONS = Extractor(comments=False, output_format="python", date_params={"max_date": ""})


def extract(page: Page, document: Document, outlet: Outlet) -> Article:
    """Page, its Document and its outlet -> Article."""
    known = metadata(document, page.capture, outlet)
    shown, hidden = _shown(document.tree)
    found = trafilatura.bare_extraction(shown, options=_OPTIONS)
    blocks, removed = strip(_blocks(found.body if isinstance(found, Found) else None), known.headline)
    language, by = language_of("\n".join(block.text for block in blocks), known.languages)
    return Article(
        page=page,
        canonical=known.canonical,
        headline=known.headline,
        blocks=blocks,
        removed=hidden + removed,
        authors=known.authors,
        published=known.published,
        modified=known.modified,
        language=language,
        provider=provider_of([block.text for block in blocks if block.kind is BlockKind.PARAGRAPH]),
        section=known.section,
        tags=known.tags,
        picture=known.picture,
        description=known.description,
        sources=known.sources | ({"language": by} if by else {}),
    )


def _shown(tree: HtmlElement) -> tuple[HtmlElement, tuple[Removed, ...]]:
    tree = copy.deepcopy(tree)
    removed = []
    for element in list(tree.iter()):
        if (
            isinstance(element.tag, str)
            and element.tag not in ("head", "body", "html", "noscript")
            and hides(element)
        ):
            text = " ".join(element.text_content().split()) if element.tag not in ("script", "style") else ""
            if text:
                removed.append(Removed(rule="hidden", words=text))
            element.drop_tree()
    return tree, tuple(removed)


def _blocks(body: HtmlElement | None) -> Iterator[Block]:
    for element in body if body is not None else ():
        kind = {"head": BlockKind.HEADING, "list": BlockKind.LIST, "quote": BlockKind.QUOTE}.get(
            element.tag, BlockKind.PARAGRAPH
        )
        lines = "\n".join(" ".join(line.split()) for line in _lines(element)).split("\n")
        text = "\n".join(line for line in lines if line)
        if text:
            yield Block(kind=kind, text=text)


def _lines(element: HtmlElement) -> Iterator[str]:
    if element.tag not in ("list", "table", "quote"):
        for lb in element.iter("lb"):
            lb.tail = "\n" + (lb.tail or "")
        yield from "".join(element.itertext()).split("\n")
        return
    for part in element.iter("item", "row", "p", element.tag):
        yield " ".join(t for t in part.itertext()) if part.tag != element.tag else (part.text or "")
