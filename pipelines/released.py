"""A capture that a person calls an article, against the judge's verdict -> the article."""

from __future__ import annotations

from dataclasses import replace

from pipelines.classify import classify
from pipelines.document import read
from pipelines.extract import extract
from storage.records import Article, Capture, Evidence, Kind, Outlet, Page


def released(capture: Capture, outlet: Outlet) -> Page | Article:
    """Capture and outlet -> its Article, with the person's word among the evidence; the Page when it holds no markup."""
    document = read(capture)
    page = classify(capture, document)
    if document is None:
        return page
    word = Evidence(rule="released", words="released from quarantine by a person", weight=-99.0)
    return extract(replace(page, kind=Kind.ARTICLE, evidence=(*page.evidence, word)), document, outlet)
