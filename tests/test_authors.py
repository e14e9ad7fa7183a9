"""Who signs a story, of all that a page says about it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.authors import people_of
from pipelines.document import read
from pipelines.metadata import metadata
from storage.records import Capture, Kind, Lead, Outlet, Page

URL = "https://www.harbour.example/2026/02/03/quay"
SITE = "<meta property='og:site_name' content='The Harbour Post'>"


def signed(body: str = "", head: str = "", author: object = None) -> tuple[tuple[str, ...], str | None]:
    """A page whose JSON-LD names `author` -> authors and their source."""
    ld = f"<script type='application/ld+json'>{json.dumps({'@type': 'NewsArticle', 'headline': 'Quay', 'author': author})}</script>"
    page = f"<html><head>{SITE}{head}{ld if author else ''}</head><body><h1>Quay opens</h1>{body}<p>It was opened.</p></body></html>"
    lead = Lead(url=URL, outlet="harbour", source="feed")
    capture = Capture(
        lead=lead, url=URL, status=200, headers=(), body=page.encode(), fetched_at=dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    )
    document = read(capture)
    assert document is not None
    found = metadata(document, Page(capture=capture, kind=Kind.ARTICLE, evidence=()), Outlet(name="harbour"))[0]
    return found.authors, found.sources.get("authors")


@pytest.mark.parametrize("kind", ["Person", "Organization", None])
def test_the_newsroom_signs_where_json_ld_says_so_and_nobody_else_does(kind: str | None) -> None:
    newsroom = {"@type": kind, "name": "The Harbour Post"}
    assert signed(author=newsroom) == (("The Harbour Post",), "json-ld")
    assert signed("<p class='byline'>By Ida Kern</p>", author=newsroom) == (("Ida Kern",), "visible")
    assert signed("<p class='byline'>ik</p>", author=newsroom) == (("The Harbour Post",), "json-ld")
    assert signed("<p class='byline'>ik</p>") == (("ik",), "visible")
    assert signed(author={"@type": "Person", "name": "admin"}) == ((), None)


def test_who_wrote_it_for_cards() -> None:
    card = "<meta name='twitter:label1' content='{}'><meta name='twitter:data1' content='{}'>"
    assert signed(head=card.format("Written by", "Ida Kern")) == (("Ida Kern",), "meta")
    assert signed(head=card.format("Est. reading time", "3 minutes")) == ((), None)


@pytest.mark.parametrize(
    "byline",
    [
        "<div class='line'>Tue 3 Feb | 14:07 | By <span class='authorname'>Ida Kern</span></div>",
        "<p class='byline'>By Ida Kern 3 February 2026 • 4:45pm</p>",
        "<p class='byline'>By Ida Kern, Dec 28, 2007</p>",
        "<ul><li class='authors__item'><span>von </span><b>Ida Kern</b></li></ul>",
        "<p class='share author'>Twitter Facebook</p><p class='byline'>Ida Kern, Frankfurt</p>",
        "<form><label class='author'>Your Name *</label></form><p class='author'>Ida Kern, Senior Editor</p>",
        "<a rel='author' href='/ida'>Ida Kern</a>",
    ],
)
def test_bylines_in_many_forms(byline: str) -> None:
    assert signed(byline)[0] == ("Ida Kern",)


def test_authors_of_teasers_do_not_sign() -> None:
    teasers = "".join(f"<a rel='author' href='/{n}'>Omar Said {n}</a>" for n in "abcdef")
    assert signed(f"<p class='byline'>By Ida Kern</p>{teasers}") == (("Ida Kern",), "visible")


@pytest.mark.parametrize(
    ("value", "people"),
    [
        ("Ida Kern, Frankfurt", ["Ida Kern"]),
        ("Ida Kern, Omar Said", ["Ida Kern", "Omar Said"]),
        ("Ida Kern/dpa", ["Ida Kern", "dpa"]),
        ("Ida Kern, AFP", ["Ida Kern", "AFP"]),
        ("harbour.example, Frankfurt, Germany", []),
        ("Harbour Post staff reporter", ["Harbour Post staff reporter"]),
        ("Ида Керн и Омар Саид", ["Ида Керн", "Омар Саид"]),
        ("記者 山田太郎", ["山田太郎"]),
        ("بقلم: إيدا كيرن", ["إيدا كيرن"]),
        ("Quelle: sid", []),
        ("WhatsApp Telegram", []),
        ("5 days ago", []),
        ("Jan 4", []),
        ("Published 3 February 2026", []),
    ],
)
def test_names_in_a_value(value: str, people: Sequence[str]) -> None:
    assert people_of(value) == people


@given(st.text(max_size=200))
def test_names_are_short_and_hold_letters(text: str) -> None:
    for name in people_of(text):
        assert 2 <= len(name) <= 60
        assert any(c.isalpha() for c in name)
        assert "@" not in name or "." not in name.partition("@")[2]
