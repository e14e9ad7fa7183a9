"""A page of an outlet, saved, and what is read from it: for a person to look through, and for a test to hold on to."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any
from urllib.parse import urlsplit

from crawler.probe import Answer, Probe
from crawler.survey import Survey
from pipelines.chain import refine
from storage.records import Article, Capture, Lead, Outlet

_TRIED = 3  # stories of which one has to answer


def expected(outlet: Outlet, url: str, body: bytes, content_type: str | None) -> dict[str, Any]:
    """An outlet and a saved page -> what is read from it, in the names of the clean copy; `kind` says when it is no article."""
    headers = (("Content-Type", content_type),) if content_type else ()
    # The time of the fetch decides nothing that is told here.
    lead, then = Lead(url=url, outlet=outlet.name, source="by hand"), dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    found = refine(Capture(lead=lead, url=url, status=200, headers=headers, body=body, fetched_at=then), outlet)
    told: dict[str, Any] = {"url": url, "contentType": content_type}
    if not isinstance(found, Article):
        return {**told, "kind": found.kind.value}
    return {
        **told,
        "kind": "ARTICLE",
        "headline": found.headline,
        "author": list(found.authors),
        "datePublished": found.published.value if found.published else None,
        "inLanguage": found.language,
        "text": [block.text for block in found.blocks],
    }


async def sample(probe: Probe, found: Survey) -> Answer | None:
    """A survey -> a story that its sources announce, fetched; None where none answers."""
    pattern = found.pattern.expression if found.pattern else ""
    stories = [url for url in found.announced if re.search(pattern, urlsplit(url).path)]
    for url in stories[:_TRIED]:
        answer = await probe.fetch(url)
        if answer.failure is None and answer.body:
            return answer
    return None


def sample_text(told: dict[str, Any]) -> str:
    """What is expected of a saved page -> the text of its file."""
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"
