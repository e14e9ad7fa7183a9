"""The one order in which a capture becomes an article: read, classify, extract, recall.

The crawl, re-extraction, `scrapy ask`, the benchmarks and the tests all call `refine`, so they cannot differ.
"""

from __future__ import annotations

from dataclasses import replace

from pipelines.classify import classify
from pipelines.document import read
from pipelines.extract import extract
from pipelines.memory import Memory, recall
from storage.records import Article, Capture, Evidence, Kind, Outlet, Page


def refine(capture: Capture, outlet: Outlet, memory: Memory | None = None) -> Page | Article:
    """Capture and outlet -> an Article, or the Page with kind and evidence when it holds no article. Pure.

    `memory` is what the outlet's other stories taught; without it the page speaks for itself alone.
    """
    document = read(capture)
    page = classify(capture, document)
    if document is None or page.kind != "ARTICLE":
        return page
    article = extract(page, document, outlet)
    if not article.text.strip():
        nothing = Evidence(rule="no-story", words=f"{len(article.removed)} passages, none of them a story", weight=1.0)
        return replace(page, kind=Kind.EMPTY, evidence=(*page.evidence, nothing))
    return recall(article, memory) if memory is not None else article
