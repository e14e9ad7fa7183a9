"""What is known of a story, field by field, and where it came from."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from pipelines.authors import people_of, provider_of
from pipelines.document import read
from pipelines.metadata import language_of, metadata
from storage.records import Article, Capture, Kind, Lead, Outlet, Page

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
URL = "https://www.harbour.example/2026/02/03/quay"


def known(head: str = "", body: str = "", *, title: str | None = None, outlet: Outlet | None = None) -> Article:
    page = f"<html lang='en-GB'><head>{head}</head><body>{body}<p>The quay was opened on Tuesday.</p></body></html>"
    lead = Lead(url=URL, outlet="harbour", source="feed", title=title, published=dt.datetime(2026, 2, 3, 9, tzinfo=dt.UTC))
    capture = Capture(lead=lead, url=URL, status=200, headers=(), body=page.encode(), fetched_at=NOW)
    document = read(capture)
    assert document is not None
    return metadata(document, Page(capture=capture, kind=Kind.ARTICLE, evidence=()), outlet or Outlet(name="harbour"))[0]


def ld(**fields: object) -> str:
    return f"<script type='application/ld+json'>{json.dumps({'@type': 'NewsArticle', **fields})}</script>"


def test_json_ld_comes_first_and_each_field_names_its_source() -> None:
    found = known(
        ld(
            headline="Quay opens",
            datePublished="2026-02-03T08:00:00+01:00",
            author=[{"name": "Ida Kern"}],
            keywords="port, ships",
        )
        + "<meta property='og:title' content='Quay opens'><meta property='article:published_time' content='2026-01-01'>",
        "<h1>Quay opens</h1>",
    )
    assert (found.headline, found.authors, found.tags) == ("Quay opens", ("Ida Kern",), ("port", "ships"))
    assert found.published is not None and found.published.value == "2026-02-03T08:00:00+01:00"
    assert found.sources == {"headline": "json-ld", "authors": "json-ld", "published": "json-ld"}


def test_a_date_in_the_future_is_passed_over_for_the_next_source() -> None:
    found = known(ld(datePublished="2062-02-03"), "<h1>Quay</h1>")
    assert found.published is not None
    assert (found.published.value, found.published.source) == ("2026-02-03T09:00:00+00:00", "feed")


def test_the_date_shown_under_the_headline_is_found_without_markup() -> None:
    page = b"<html><body><h1>Quay opens</h1><span class='entry-date'>2/21/2026 3:04:00 AM</span><p>Text.</p></body></html>"
    capture = Capture(
        lead=Lead(url="https://a.example/1", outlet="a", source="x"),
        url="https://a.example/1",
        status=200,
        headers=(),
        body=page,
        fetched_at=NOW,
    )
    document = read(capture)
    assert document is not None
    found = metadata(document, Page(capture=capture, kind=Kind.ARTICLE, evidence=()), Outlet(name="a", zone="Asia/Amman"))[0]
    assert found.published is not None and found.published.value == "2026-02-21T03:04:00+03:00"


def test_the_sites_name_is_no_author_and_no_part_of_the_headline() -> None:
    found = known(
        "<meta property='og:site_name' content='The Harbour Post'><meta name='author' content='The Harbour Post'>"
        "<meta property='og:title' content='Quay opens - The Harbour Post'>",
        "<h1>Quay opens</h1><p class='byline'>By Ida Kern and Omar Said</p>",
    )
    assert found.headline == "Quay opens"
    assert found.authors == ("Ida Kern", "Omar Said")


@pytest.mark.parametrize(
    ("canonical", "kept"),
    [
        ("https://www.harbour.example/quay-opens", "https://www.harbour.example/quay-opens"),
        ("/quay-opens", "https://www.harbour.example/quay-opens"),
        ("https://www.harbour.example/", URL),
        ("https://elsewhere.example/quay", URL),
        ("javascript:alert(1)", URL),
    ],
)
def test_a_canonical_url_must_be_a_page_of_the_same_site(canonical: str, kept: str) -> None:
    assert known(f"<link rel='canonical' href='{canonical}'>").canonical == kept


@pytest.mark.parametrize(
    ("byline", "people"),
    [
        ("By Ida Kern and Omar Said", ["Ida Kern", "Omar Said"]),
        ("Von Ida Kern, Berlin-Korrespondentin", ["Ida Kern"]),
        ("ida.kern@harbour.example", []),
        ("admin", []),
        ("Ida Kern (Reuters)", ["Ida Kern"]),
        ("<a href='/x'>Ida Kern</a>", ["Ida Kern"]),
        ("https://social.example/harbour", []),
    ],
)
def test_bylines_become_names(byline: str, people: list[str]) -> None:
    assert people_of(byline) == people


@pytest.mark.parametrize(
    ("paragraphs", "provider"),
    [
        (["(MENAFN- IANS) New Delhi, March 1: The quay"], "IANS"),
        (["(MENAFN) The quay was opened."], "MENAFN"),
        (["LONDON (Reuters) - The quay was opened."], "Reuters"),
        (["BERLIN, 3. Mai (dpa) – Der Kai"], "dpa"),
        (["The quay was opened.", "(AFP)"], "AFP"),
        (["KIEL, May 3 (Harbour Wire) - The quay was opened."], "Harbour Wire"),
        (["Berlin/dpa - Der Kai"], "dpa"),
        (["Ida Kern (SPD) - the mayor - opened the quay."], None),
        (["LAHORE, Pakistan -- The quay was opened."], None),
        (["BEIRUT/THE HAGUE - The quay was opened."], None),
        (["The quay was opened. (ik)"], None),
        (["The quay was opened.", "More about IT - Security"], None),
        (["The quay (pictured) was opened on Tuesday by the mayor."], None),
        ([], None),
    ],
)
def test_the_agency_in_the_dateline_is_the_provider(paragraphs: list[str], provider: str | None) -> None:
    assert provider_of(paragraphs) == provider


def test_the_language_is_what_the_page_says_unless_its_letters_say_otherwise() -> None:
    german = "Der Hafen ist wieder geöffnet worden, sagte der Hafenmeister am Dienstag vor der Presse."
    arabic = "قالت الوزارة إن الميناء سيفتح غدا صباحا أمام السفن التجارية القادمة من البحر"
    assert language_of(german, ["de-AT"]) == ("de-AT", "page")
    assert language_of(german, [None]) == ("de", "text")
    assert language_of(arabic, ["en"]) == ("ar", "text")
    assert language_of("Too short", []) == (None, None)


def test_an_agency_that_signs_is_the_provider() -> None:
    assert provider_of(["The quay was opened."], ["Ida Kern", "dpa"]) == "dpa"
    assert provider_of(["LONDON (Reuters) - The quay was opened."], ["AFP"]) == "Reuters"
    assert provider_of([], ["Ida Kern", "The Harbour Post"]) is None


def test_what_was_changed_before_it_was_published_was_not() -> None:
    changed = known(ld(datePublished="2026-02-03T08:00:00Z", dateModified="2026-02-03T09:30:00+01:00"))
    assert changed.published is not None and changed.modified is not None
    drafted = known(ld(datePublished="2026-02-03T08:00:00Z", dateModified="2026-02-01T09:30:00Z"))
    assert drafted.published is not None and drafted.modified is None
    same_day = known(ld(datePublished="2026-02-03T08:00:00Z", dateModified="2026-02-03"))
    assert same_day.modified is not None
