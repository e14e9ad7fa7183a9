"""A page from another program -> what the chain makes of it, as JSON-ready fields."""

from __future__ import annotations

import base64
import datetime as dt
from dataclasses import asdict, replace
from typing import Any

from pipelines.chain import refine
from storage.archive.codings import decode_body
from storage.records import Article, Capture, Lead, Outlet, Page


def capture_asked(question: dict[str, Any]) -> Capture:
    """The fields url, body_b64, headers, status -> a capture that lies in no archive. ValueError when they are wrong."""
    try:
        body = base64.b64decode(question.get("body_b64") or "", validate=True)
    except (TypeError, ValueError) as error:
        raise ValueError(f"body_b64 is not base64: {error}") from None
    headers = headers_asked(question.get("headers"))
    status = question.get("status")
    if status is not None and (not isinstance(status, int) or not 100 <= status <= 999):
        raise ValueError("status is not an HTTP status")
    url = str(question.get("url") or "")
    lead, now = Lead(url=url, outlet="", source="by hand"), dt.datetime.now(dt.UTC)
    sent = Capture(lead=lead, url=url, status=status or 200, headers=headers, body=body, fetched_at=now)
    return replace(sent, body=decode_body(body, sent.header("Content-Encoding"))[0])


def headers_asked(given: Any) -> tuple[tuple[str, str], ...]:
    """Headers as {name: value}, {name: [values]} or [[name, value]] -> pairs. ValueError for anything else."""
    if given is None:
        return ()
    if isinstance(given, dict):
        given = [
            (name, value) for name, values in given.items() for value in (values if isinstance(values, list) else [values])
        ]
    try:
        return tuple((str(name), str(value)) for name, value in given)
    except (TypeError, ValueError):
        raise ValueError("headers are an object of strings") from None


def page_fields(refined: Page | Article) -> dict[str, Any]:
    """What `refine` returned -> JSON-ready fields."""
    page = refined.page if isinstance(refined, Article) else refined
    fields: dict[str, Any] = {
        "kind": page.kind.value,
        "evidence": [asdict(evidence) for evidence in page.evidence],
        "flags": list(page.flags),
        "title": page.title,
        "published": None,
        "modified": None,
        "authors": [],
        "text": None,
        "language": page.language,
        "encoding": page.encoding,
        "canonical": None,
        "removed": [],
    }
    if isinstance(refined, Article):
        fields |= {
            "title": refined.headline,
            "published": refined.published.value if refined.published else None,
            "modified": refined.modified.value if refined.modified else None,
            "authors": list(refined.authors),
            "text": refined.text,
            "blocks": [asdict(block) for block in refined.blocks],
            "language": refined.language or page.language,
            "provider": refined.provider,
            "section": refined.section,
            "tags": list(refined.tags),
            "description": refined.description,
            "picture": asdict(refined.picture) if refined.picture else None,
            "sources": dict(refined.sources),
            "canonical": refined.canonical,
            "removed": [asdict(removed) for removed in refined.removed],
        }
    return fields


def answer_page(question: dict[str, Any]) -> dict[str, Any]:
    """A question of kind page -> its answer. ValueError when a field of it is wrong."""
    return {"id": question.get("id"), **page_fields(refine(capture_asked(question), Outlet(name="")))}
