"""The one order in which a capture becomes an article: read, classify, extract, recall.

The crawl, re-extraction, `scrapy ask`, the benchmarks and the tests all call `refine`, so they cannot differ.
"""

from __future__ import annotations

from dataclasses import replace

from pipelines.classify import classify
from pipelines.document import read
from pipelines.extract import extract
from pipelines.memory import Memory, recall
from pipelines.probe import likeness
from storage.records import Article, Capture, Evidence, Kind, Outlet, Page

RELEASED = Evidence(rule="released", words="released from quarantine by a person", weight=-99.0)
"""A person's word against the verdict. Ledgers and clean copies hold it, so it goes on to decide."""


def refine(
    capture: Capture, outlet: Outlet, memory: Memory | None = None, copies: int = 0, *, release: bool = False
) -> Page | Article:
    """Capture and outlet -> an Article, or the Page with kind and evidence when it holds no article. Pure.

    `memory` is what the outlet's other stories taught; without it the page speaks for itself alone. `copies`: other URLs
    of the outlet that were answered with the very same body. `release`: a person called it an article, whatever it looks like.
    """
    document = read(capture)
    alike = likeness(document, outlet.impossible) if document is not None and outlet.impossible else None
    page = classify(capture, document, likeness=alike, copies=copies)
    if document is not None and release:
        page = replace(page, kind=Kind.ARTICLE, evidence=(*page.evidence, RELEASED))
    if document is None or page.kind != "ARTICLE":
        return page
    article = extract(page, document, outlet)
    if not article.text.strip():
        nothing = Evidence(rule="no-story", words=f"{len(article.removed)} passages, none of them a story", weight=1.0)
        return replace(page, kind=Kind.EMPTY, evidence=(*page.evidence, nothing))
    return recall(article, memory) if memory is not None else article
