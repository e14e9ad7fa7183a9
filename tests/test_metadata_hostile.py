"""What a hostile page says of itself costs neither the stack nor more than its length, and harms nothing."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from pipelines.document import read
from pipelines.metadata import metadata
from storage.records import Article, Capture, Kind, Lead, Outlet, Page

DEEP, LONG = 20_000, "Ida Kern and " * 50_000


def known(page: str) -> Article:
    lead = Lead(url="https://harbour.example/1", outlet="harbour", source="feed", title="Quay " * 50_000)
    now = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    capture = Capture(lead=lead, url=lead.url, status=200, headers=(), body=page.encode(), fetched_at=now)
    document = read(capture)
    assert document is not None
    return metadata(document, Page(capture=capture, kind=Kind.ARTICLE, evidence=()), Outlet(name="harbour"))[0]


def ld(**story: object) -> str:
    text = json.dumps({"@type": "NewsArticle", **story}).replace("</", "<\\/")
    return f"<script type='application/ld+json'>{text}</script>"


def nested(depth: int) -> object:
    value: object = "Ida Kern"
    for _ in range(depth):
        value = {"name": value}
    return value


@pytest.mark.parametrize(
    "page",
    [
        "<figure><h1><div>" * DEEP + "<figcaption>Quay",
        "<h1>" + "<span>Quay</span>" * DEEP,
        "<p>By <a rel=author>" * DEEP + "Ida Kern",
        "<div>" + "<span class=byline>By Ida Kern</span><br>" * DEEP,
        "<div>" + "1/2/2026 - " * DEEP,
        ld(headline=LONG, author=LONG, keywords=LONG, articleSection=LONG, datePublished=LONG, image=LONG),
        ld(headline="Quay", author=[{"name": ["Ida Kern"] * DEEP}] * 50, keywords=["a" * n for n in range(2000)]),
        ld(headline="Quay", author=nested(150), image=nested(150), sourceOrganization=nested(150), keywords=nested(150)),
        f"<meta property='og:title' content='{LONG}'><title>{LONG}</title><meta name='author' content='{LONG}'>",
        f"<title>{'| - ' * DEEP}</title>",
    ],
    ids=range(10),
)
def test_it_is_read_all_the_same(page: str) -> None:
    found = known(f"<html><body>{page}")
    assert len(found.headline or "") <= 500
    assert all(len(name) <= 60 for name in found.authors) and len(found.authors) <= 12
    assert len(found.tags) <= 40 and len(found.section or "") <= 200


def test_script_in_a_headline_is_text() -> None:
    said = ld(headline="<script>alert(1)</script> Quay", author="<img src=x onerror=alert(1)>Ida Kern")
    found = known(said + "<h1>&lt;script&gt;alert(1)&lt;/script&gt; Quay</h1>")
    assert found.headline == "<script>alert(1)</script> Quay", "as the page shows it; views escape it"
    assert found.authors == ("Ida Kern",)
