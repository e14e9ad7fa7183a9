"""The lead picture and its caption, apart from the text."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from pipelines.chain import refine
from storage.records import Article, Capture, Lead, Outlet, Picture

URL = "https://harbour.example/2026/quay"
FILE = "https://img.harbour.example/2026/quay-opening-40.jpg?w=1200"
TEXT = "".join(
    f"<p>The quay of district {n} was opened by the harbour master, who said that work had gone well.</p>" for n in "abcdef"
)


def found(head: str, body: str = "", **story: object) -> Article:
    ld = (
        f"<script type='application/ld+json'>{json.dumps({'@type': 'NewsArticle', 'headline': 'Quay opens', **story})}</script>"
    )
    page = (
        f"<html><head>{head}{ld if story else ''}</head><body><article><h1>Quay opens</h1>{body}{TEXT}</article></body></html>"
    )
    lead = Lead(url=URL, outlet="harbour", source="feed")
    now = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    capture = Capture(lead=lead, url=URL, status=200, headers=(), body=page.encode(), fetched_at=now)
    article = refine(capture, Outlet(name="harbour"))
    assert isinstance(article, Article)
    return article


SHARED = f"<meta property='og:image' content='{FILE}'>"
FIGURE = "<figure><img src='/i/{}.jpg'><figcaption>{}</figcaption></figure>"


def test_declared_with_its_caption() -> None:
    image = {"@type": "ImageObject", "url": FILE, "caption": "The quay on Tuesday. "}
    assert found(SHARED, image=[image, "https://img.harbour.example/other.jpg"]).picture == Picture(
        url=FILE, caption="The quay on Tuesday."
    )


def test_the_caption_that_is_shown_below_it() -> None:
    figures = FIGURE.format("pilot-boats", "Pilot boats in January.") + FIGURE.format(
        "quay-opening-40-600x400", "The quay on Tuesday."
    )
    article = found(SHARED, figures)
    assert article.picture == Picture(url=FILE, caption="The quay on Tuesday.")
    assert "on Tuesday" not in article.text and "in January" not in article.text


def test_the_first_caption_behind_the_headline_where_names_say_nothing() -> None:
    assert found(SHARED, FIGURE.format("8f3a", "The quay on Tuesday.")).picture == Picture(
        url=FILE, caption="The quay on Tuesday."
    )


@pytest.mark.parametrize(
    "caption",
    ["", "<time>3 Feb</time> By Ida Kern", "<span class='author'>Ida Kern</span>", "<button>Show more</button>"],
)
def test_what_is_no_caption(caption: str) -> None:
    assert found(SHARED, FIGURE.format("8f3a", caption)).picture == Picture(url=FILE)


def test_an_alternative_text_that_repeats_the_headline_is_none() -> None:
    assert found(SHARED + "<meta property='og:image:alt' content='Quay opens'>").picture == Picture(url=FILE)
    alternative = found(SHARED + "<meta property='og:image:alt' content='Ships at the quay'>").picture
    assert alternative == Picture(url=FILE, caption="Ships at the quay")


@pytest.mark.parametrize("image", ["javascript:alert(1)", {"url": 5}, {"caption": "Only words"}, [], 7, {"url": {"@id": "x"}}])
def test_what_is_no_picture(image: object) -> None:
    assert found("", image=image).picture is None
