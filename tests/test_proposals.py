"""What is proposed for an outlet that nobody has described yet."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.discovery.proposals import discover_outlet, propose_pattern
from crawler.network.robots import Robots

HOME = "https://www.gazette.example/"
PAGE = b"""<html lang=en-GB><head><title>Home | Harbour Gazette</title><meta property="og:site_name" content="Harbour Gazette">
<link rel=alternate type=application/rss+xml href=/feed/>
<link rel=alternate type=application/rss+xml href=/comments/feed/></head>
<body><nav><a href=/>Home</a><a href=/news>News</a><a href=/sport/sailing>Sailing</a><a href=/about>About</a>
<a href=/rss/sport.xml>RSS</a>
<a href=https://other.example/news>Partner</a></nav><a href=/news/ferry-late-after-storm-48211>Ferry late</a></body></html>"""


def test_sources_of_a_home_page() -> None:
    found = discover_outlet(PAGE, HOME, "text/html", Robots.parse("Sitemap: https://www.gazette.example/sm.xml"))
    assert (found.title, found.language) == ("Harbour Gazette", "en-GB")
    assert found.feeds == (HOME + "feed/", HOME + "rss/sport.xml")
    assert found.sitemaps == (HOME + "sm.xml",)
    assert found.listings == (HOME, HOME + "news", HOME + "sport/sailing")
    assert found.guesses == ()


def test_where_nothing_is_named_usual_places_are_guessed() -> None:
    found = discover_outlet(b"<title>Gazette</title>", HOME)
    assert (found.feeds, found.sitemaps, found.title) == ((), (), "Gazette")
    assert HOME + "feed" in found.guesses and HOME + "sitemap.xml" in found.guesses


@pytest.mark.parametrize(
    ("title", "name"),
    [("Gazette – Gazette", "Gazette"), ("Gazette | News", "Gazette | News"), ("Gazette-Gazette", "Gazette-Gazette"), (" - ", "-")],
)
def test_a_name_that_the_title_says_twice_is_said_once(title: str, name: str) -> None:
    assert discover_outlet(f"<title>{title}</title><p>x".encode(), HOME).title == name


SECTIONS = [
    HOME + path
    for path in ("", "news", "sport", "news/world", "about-us", "contact", "tag/sea", "author/ann-lee", "privacy")
]
WORDS = [
    "ferry late after storm",
    "harbour opens again today",
    "mayor wins second vote",
    "tide table for week",
    "old mill is sold",
]


@pytest.mark.parametrize(
    "shape",
    [
        "/2026/11/{day:02d}/{slug}",
        "/news/2026/11/{slug}.html",
        "/news/{slug}-{number}",
        "/news/{slug}-{number}.html",
        "/a/{number}/{slug}",
        "/{number}",
        "/{slug}",
        "/news/world/{slug}/",
        "/article/{number}/{slug}.html",
    ],
)
def test_the_pattern_finds_stories_and_no_sections(shape: str) -> None:
    stories = [
        HOME.rstrip("/")
        + shape.format(
            day=number % 28 + 1, number=480_000 + number * 37, slug=f"{WORDS[number % 5]} {number}".replace(" ", "-")
        )
        for number in range(40)
    ]
    pattern = propose_pattern(stories[:20], [*stories[10:30], *SECTIONS])
    assert pattern is not None
    assert (pattern.covered, pattern.sections) == (1.0, 0.0)
    finds = re.compile(pattern.expression)
    assert all(finds.search(url.removeprefix(HOME.rstrip("/"))) for url in stories[30:])


def test_too_few_stories_give_no_pattern() -> None:
    assert propose_pattern([HOME + "a", HOME + "b"]) is None


def test_a_stray_announcement_does_not_widen_the_pattern() -> None:
    stories = [f"{HOME}news/a-b-c-{number}" for number in range(48_000, 48_030)]
    pattern = propose_pattern([*stories, HOME + "live"], SECTIONS)
    assert pattern is not None
    assert (pattern.missed, pattern.sections) == (("/live",), 0.0)


@given(st.lists(st.text(max_size=20), max_size=8), st.lists(st.text(max_size=20), max_size=8), st.binary(max_size=100))
def test_anything_is_answered(announced: list[str], linked: list[str], body: bytes) -> None:
    pattern = propose_pattern([HOME + tail for tail in announced], [HOME + tail for tail in linked])
    assert pattern is None or re.compile(pattern.expression)
    discover_outlet(body, HOME)
