"""A Document, its capture and its outlet -> what is known about the story, each field with its source.

Order of trust by field, with sanity checks; see docs/extraction.md.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipelines.document import Document
from pipelines.headline import Candidate, choose, headings
from pipelines.structured import Node, Structured, structured
from storage.records import Capture, Outlet, Picture, Stamp

_ARTICLE_TYPES = re.compile(r"(?:Article|Posting|Report|Review)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """The fields of an Article that do not come out of its text; `sources` names where each came from."""

    canonical: str
    headline: str | None = None
    authors: tuple[str, ...] = ()
    published: Stamp | None = None
    modified: Stamp | None = None
    language: str | None = None
    section: str | None = None
    tags: tuple[str, ...] = ()
    description: str | None = None
    picture: Picture | None = None
    sources: dict[str, str] = field(default_factory=dict)


def metadata(document: Document, capture: Capture, outlet: Outlet) -> Metadata:
    """Document, capture and outlet -> Metadata."""
    said = structured(document.tree)
    story = _story(said)
    headline = choose(_headlines(document, said, story, capture), document.title)
    description = _text(story.get("description")) or said.first("og:description", "description")
    published = _text(story.get("datePublished")) or said.first("article:published_time")
    return Metadata(
        canonical=capture.url,
        headline=headline.text if headline else None,
        authors=_names(story.get("author")),
        published=Stamp(value=published, source="json-ld") if published else None,
        language=document.tree.get("lang"),
        description=description,
        sources={"headline": headline.source} if headline else {},
    )


def _headlines(document: Document, said: Structured, story: Node, capture: Capture) -> Iterator[Candidate]:
    for text in headings(document.tree):
        yield Candidate(text=text, source="visible")
    for value, source in (
        (_text(story.get("headline")), "json-ld"),
        (said.first("og:title"), "meta"),
        (said.first("twitter:title"), "meta"),
        (capture.lead.title, "feed"),
    ):
        if value:
            yield Candidate(text=value, source=source)


def _story(said: Structured) -> Node:
    for node in said.nodes:
        types = node.get("@type")
        if any(
            _ARTICLE_TYPES.search(t)
            for t in (types if isinstance(types, list) else [types])
            if isinstance(t, str)
        ):
            return node
    return {}


def _text(value: object) -> str | None:
    return (" ".join(html.unescape(value).split()) or None) if isinstance(value, str) else None


def _names(value: object) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    names = [_text(v.get("name") if isinstance(v, dict) else v) for v in values]
    return tuple(dict.fromkeys(name for name in names if name))
