"""Links of a page as a browser follows them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.discovery.announced import Link
from crawler.discovery.encoding import decoded_page
from crawler.discovery.links import read_listing

HOME = "https://gazette.example/news/today"


def links(body: str | bytes, content_type: str | None = "text/html; charset=utf-8", url: str = HOME) -> list[str]:
    return [link.url for link in read_listing(body if isinstance(body, bytes) else body.encode(), url, content_type).links]


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("a", "https://gazette.example/news/a"),
        ("/a", "https://gazette.example/a"),
        ("../a", "https://gazette.example/a"),
        ("//x.example/a", "https://x.example/a"),
        ("?p=2", "https://gazette.example/news/today?p=2"),
        ("", HOME),
        ("  /a\n", "https://gazette.example/a"),
        ("/a\n\tb", "https://gazette.example/ab"),
        ("/a b", "https://gazette.example/a%20b"),
        ("\\a", "https://gazette.example/a"),
        ("HTTPS://Gazette.EXAMPLE", "https://gazette.example/"),
        ("/a#part", "https://gazette.example/a#part"),
        ("/ü?ü", "https://gazette.example/%C3%BC?%C3%BC"),
        ("/a?x=1&copy=2&amp;y=3&sect=4", "https://gazette.example/a?x=1&copy=2&y=3&sect=4"),
        ("https:a", "https://gazette.example/news/a"),
    ],
)
def test_an_href_is_resolved_as_a_browser_does(href: str, url: str) -> None:
    assert links(f'<a href="{href}">x</a>') == [url]


@pytest.mark.parametrize(
    "markup",
    [
        "<a href='#top'>x</a>",
        "<a href='mailto:a@gazette.example'>x</a>",
        "<a href='javascript:void(0)'>x</a>",
        "<a href=' java\nscript:1'>x</a>",
        "<a href='tel:110'>x</a>",
        "<a href='data:text/html,x'>x</a>",
        "<a href='http://[::1'>x</a>",
        "<a>x</a>",
        "<a name='x'>x</a>",
        "<!-- <a href='/x'>x</a> -->",
        "<template><a href='/x'>x</a></template>",
        "<noscript><a href='/x'>x</a></noscript>",
        "<script>'<a href=/x>'</script>",
        "<style><a href=/x></style>",
        "<textarea><a href='/x'>x</a></textarea>",
        "<title><a href='/x'></title>",
        "<iframe><a href='/x'>x</a></iframe>",
        "<xmp><a href='/x'>x</a></xmp>",
        "<div data-href='/x'>x</div>",
        "<![CDATA[x><a href=/x",
        "<link rel=stylesheet href=/x>",
        "<img src=/x>",
    ],
)
def test_what_a_browser_does_not_follow(markup: str) -> None:
    assert links(markup) == []


@pytest.mark.parametrize(
    ("markup", "found"),
    [
        ("<a href=/1>x<a href=/2>y", ["/1", "/2"]),
        ("<map><area href=/1 alt=one></map>", ["/1"]),
        ("<svg><a xlink:href='/1'>x</a><a href='/2'>y</a></svg>", ["/1", "/2"]),
        ("<A HREF='/1'>x</A>", ["/1"]),
        ("<a href=/1 href=/2>x</a>", ["/1"]),
        ("<a href=/1>x</a><a href=/1>y</a><a href=/2>z</a>", ["/1", "/2"]),
        ("<a href=/1 rel=nofollow>x</a>", ["/1"]),
        ("<div hidden><a href=/1>x</a></div>", ["/1"]),
        ("<a href=/1>x</a></body></html><a href=/2>y</a>", ["/1", "/2"]),
        ("<table><a href=/1>x</a><tr><td><a href=/2>y", ["/1", "/2"]),
        ("<template><template></template><a href=/1>x</a></template><a href=/2>y</a>", ["/2"]),
    ],
)
def test_which_elements_are_links(markup: str, found: list[str]) -> None:
    assert links(markup) == ["https://gazette.example" + path for path in found]


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("<base href='/x/'>", "https://gazette.example/x/a"),
        ("<base href='https://x.example/y/z'>", "https://x.example/y/a"),
        ("<base href='/x/'><base href='/y/'>", "https://gazette.example/x/a"),
        ("<base target=_top><base href='/y/'>", "https://gazette.example/y/a"),
        ("<base href='javascript:x'>", "https://gazette.example/news/a"),
        ("<base href='http://[/'>", "https://gazette.example/news/a"),
        ("<template><base href='/x/'></template>", "https://gazette.example/news/a"),
        ("<base href=''>", "https://gazette.example/news/a"),
    ],
)
def test_base(base: str, url: str) -> None:
    assert links(base + "<a href=a>x</a>") == [url]
    assert links("<a href=a>x</a>" + base) == [url]


def test_the_query_is_in_the_encoding_of_the_page() -> None:
    page = "<meta charset=windows-1251><a href='/п?п=я'>x</a>"
    assert links(page.encode("cp1251"), "text/html; charset=windows-1251") == ["https://gazette.example/%D0%BF?%EF=%FF"]
    page = "<meta charset=windows-1252><a href='?&#8364;&#10003;'>x</a><p>é</p>"
    assert links(page.encode("cp1252"), "text/html; charset=windows-1252") == [HOME + "?%80%26%2310003%3B"]


def test_words_and_relations() -> None:
    page = """<link rel="alternate" type="application/rss+xml" title="News" href="/feed">
      <link rel="alternate" hreflang="de" href="/de">
      <link rel="feed" href="/f2"><link rel="alternate stylesheet" type="text/xml" href="/s"><link rel="Canonical" href="/c">
      <meta http-equiv="Refresh" content="5; URL='/r'"><a href="/1"><img src=x alt="Picture"></a>
      <a href="/1">Ferry <b>late</b></a>
      <a rel="next nofollow" href="?p=2">More</a>"""
    listing = read_listing(page.encode(), HOME)
    assert listing.links == (
        Link(url="https://gazette.example/1", text="Picture"),
        Link(url=HOME + "?p=2", text="More", rel=("next", "nofollow")),
    )
    assert [feed.url for feed in listing.feeds] == ["https://gazette.example/feed", "https://gazette.example/f2"]
    assert listing.feeds[0].text == "News"
    assert (listing.canonical, listing.refresh) == ("https://gazette.example/c", "https://gazette.example/r")
    assert listing.following == HOME + "?p=2"


def test_deep_and_large_pages_end() -> None:
    assert links("<div>" * 100_000 + "<a href=/1>x</a>") == ["https://gazette.example/1"]
    assert len(links("".join(f"<a href=/{number}>x" for number in range(30_000)))) == 20_000


@given(
    st.binary(max_size=300), st.sampled_from([None, "text/html", "text/html; charset=utf-16", "text/html; charset=nonsense"])
)
def test_any_bytes_are_answered(body: bytes, content_type: str | None) -> None:
    for link in read_listing(b"<a href='" + body, HOME, content_type).links:
        assert link.url.startswith(("http://", "https://"))
    read_listing(body, "no url", content_type)


def test_elements_that_lead_nowhere_are_none() -> None:
    assert links("<area alt='x'><link rel='next'><area href='/a' alt='A'>") == ["https://gazette.example/a"]


def test_a_page_in_utf_16_is_read() -> None:
    page = "<a href='/a'>\N{LATIN SMALL LETTER E WITH ACUTE}</a>".encode("utf-16")
    assert links(page, None) == ["https://gazette.example/a"]
    assert decoded_page(page)[1].startswith("utf-16")
