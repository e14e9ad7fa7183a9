"""A page called an article and its Document -> the Article: text as blocks, what was removed, the metadata."""

from __future__ import annotations

from pipelines.document import Document
from storage.records import Article, Block, BlockKind, Outlet, Page


def extract(page: Page, document: Document, outlet: Outlet) -> Article:
    """Page, its Document and its outlet -> Article."""
    blocks = tuple(
        Block(kind=BlockKind.PARAGRAPH, text=p.text) for p in document.passages if not p.hidden and len(p.text) > 80
    )
    return Article(page=page, canonical=page.capture.url, headline=document.title, blocks=blocks)
