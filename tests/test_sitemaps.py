"""Sitemaps in every wrapping that the protocol and its readers know."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.discovery.announced import SitemapEntry
from crawler.discovery.encoding import unpacked
from crawler.discovery.links import site_of
from crawler.discovery.sitemaps import read_sitemap

HOME = "https://www.gazette.example/sitemap.xml"
SPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
A, B = "https://www.gazette.example/a", "https://www.gazette.example/b"


def urls(body: str | bytes, url: str = HOME, content_type: str | None = None) -> list[str]:
    sitemap = read_sitemap(body if isinstance(body, bytes) else body.encode(), url, content_type)
    return [entry.url for entry in sitemap.urls]


def urlset(inner: str, root: str = SPACE) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset {root}>{inner}</urlset>'


PAIR = f"<url><loc>{A}</loc></url><url><loc>{B}</loc></url>"


@pytest.mark.parametrize(
    "body",
    [
        urlset(PAIR),
        urlset(PAIR, ""),
        urlset(PAIR, 'xmlns="http://www.google.com/schemas/sitemap/0.84"'),
        urlset(PAIR, 'xmlns="https://gazette.example/made-up"'),
        urlset(PAIR).replace("<", "<s:").replace("<s:/", "</s:").replace("<s:?", "<?").replace("xmlns=", "xmlns:s="),
        urlset(PAIR).replace("<", "<s:").replace("<s:/", "</s:").replace("<s:?", "<?"),
        "\ufeff  " + urlset(PAIR).partition("\n")[2],
        urlset(PAIR).removesuffix("</urlset>"),
        urlset(PAIR.replace(A, f"\n\t<![CDATA[{A}]]> ")),
        urlset(f"<url><loc>{A}</loc><loc>{B}x</loc></url><url><loc>{B}</loc></url>"),
        urlset(f"<url><loc>/a</loc></url><url><loc>{B}</loc></url>"),
        urlset(PAIR + "<url><loc>mailto:x@gazette.example</loc></url><url><loc></loc></url><url/>"),
        urlset(PAIR + PAIR),
        PAIR,
        f"{A}\n{B}\n",
        f"\ufeff{A}\r{B}\r\r# no address\n",
        f"<rss><channel><item><link>{A}</link></item><item/><item><link>{B}</link></item></channel></rss>",
        f'<feed xmlns="http://www.w3.org/2005/Atom"><entry><link href="{A}"/></entry><entry><link href="{B}"/></entry></feed>',
        f"<rss {SPACE}><channel><item><link>{A}</link></item><item><link>{B}</link></item></channel></rss>",
        f'{{"items": [{{"url": "{A}"}}, {{"url": "{B}"}}]}}',
    ],
)
def test_the_same_two_urls(body: str) -> None:
    plain = body.encode()
    packed = gzip.compress(plain)
    for bytes_sent in (plain, packed, gzip.compress(packed), packed + gzip.compress(b""), packed + b"trailing"):
        assert urls(bytes_sent) == [A, B]
    assert not read_sitemap(plain, HOME).index


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_other_encodings(codec: str) -> None:
    assert urls(urlset(PAIR).encode(codec)) == [A, B]


def test_an_index_says_so() -> None:
    inner = f"<sitemap><loc>{A}.xml.gz</loc><lastmod>2020-01-02</lastmod></sitemap>"
    for body in (f"<sitemapindex {SPACE}>{inner}</sitemapindex>", f"<sitemapindex>{inner}</sitemapindex>", inner):
        sitemap = read_sitemap(body.encode(), HOME)
        assert sitemap.index
        assert sitemap.urls == (SitemapEntry(url=A + ".xml.gz", modified="2020-01-02T00:00:00+00:00"),)


def test_what_belongs_to_pictures_is_no_page() -> None:
    spaces = (
        SPACE
        + ' xmlns:i="http://www.google.com/schemas/sitemap-image/1.1" xmlns:v="http://www.google.com/schemas/sitemap-video/1.1"'
    )
    inner = (
        f"<url><i:image><i:loc>{A}.jpg</i:loc></i:image><loc>{A}</loc></url>"
        f"<url><i:loc>{A}.png</i:loc><v:video><v:content_loc>{A}.mp4</v:content_loc></v:video></url><url><loc>{B}</loc></url>"
    )
    assert urls(urlset(inner, spaces)) == [A, B]
    assert urls(urlset(inner, SPACE)) == [A, B]


def test_the_news_extension() -> None:
    news = (
        "<url><loc>{0}</loc><lastmod>2020-01-03</lastmod><{1}news><{1}publication><{1}name>G</{1}name></{1}publication>"
        "<{1}publication_date>2020-01-02T10:00:00+09:00</{1}publication_date>"
        "<{1}title>Ferry &amp;amp; tide</{1}title></{1}news></url>"
    )
    expected = SitemapEntry(
        url=A, title="Ferry & tide", published="2020-01-02T10:00:00+09:00", modified="2020-01-03T00:00:00+00:00"
    )
    for prefix in ("news:", "n:"):
        spaces = f'{SPACE} xmlns:{prefix[:-1]}="http://www.google.com/schemas/sitemap-news/0.9"'
        assert read_sitemap(urlset(news.format(A, prefix), spaces).encode(), HOME).urls == (expected,)
    assert read_sitemap(urlset(news.format(A, "news:"), "").encode(), HOME).urls == (expected,)


def test_ampersands_that_were_not_escaped() -> None:
    assert urls(urlset(f"<url><loc>{A}?x=1&y=2&copy=3</loc></url><url><loc>{B}?x=1&amp;y=2</loc></url>")) == [
        A + "?x=1&y=2&copy=3",
        B + "?x=1&y=2",
    ]


def test_other_sites_are_left_apart() -> None:
    other = "https://elsewhere.example/x"
    sitemap = read_sitemap(
        urlset(PAIR + f"<url><loc>{other}</loc></url><url><loc>https://m.gazette.example/c</loc></url>").encode(), HOME
    )
    assert [entry.url for entry in sitemap.urls] == [A, B, "https://m.gazette.example/c"]
    assert [entry.url for entry in sitemap.elsewhere] == [other]
    alone = read_sitemap(urlset(f"<url><loc>{other}</loc></url>").encode(), HOME)
    assert [entry.url for entry in alone.urls] == [entry.url for entry in alone.elsewhere] == [other]


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://www.gazette.co.uk/a", "gazette.co.uk"),
        ("https://a.b.gazette.com:8080/", "gazette.com"),
        ("http://127.0.0.1:80/", "127.0.0.1"),
        ("http://[::1]/", "[::1]"),
        ("https://bücher.de/", "xn--bcher-kva.de"),
        ("mailto:x", None),
    ],
)
def test_site_of(url: str, site: str | None) -> None:
    assert site_of(url) == site


@pytest.mark.parametrize(
    "body", [b"", b"<", b"<html><body>404</body></html>", b"not found", b"\x1f\x8b", b"\x1f\x8bxx", b"{", b"\xff\xfe"]
)
def test_what_is_no_sitemap_says_so(body: bytes) -> None:
    sitemap = read_sitemap(body, HOME)
    assert (sitemap.kind, sitemap.urls) == (None, ())


def test_a_file_cut_short_gives_no_half_url() -> None:
    body = urlset(PAIR)
    half = body[: body.index(B) + 10]
    sitemap = read_sitemap(half.encode(), HOME)
    assert ([entry.url for entry in sitemap.urls], sitemap.truncated) == ([A], True)
    packed = gzip.compress(body.encode())
    assert read_sitemap(packed[:-12], HOME).truncated


def test_large_files_are_read_in_pieces() -> None:
    inner = "".join(f"<url><loc>{A}-{number}</loc><lastmod>2020-01-02</lastmod></url>" for number in range(40_000))
    found = urls(urlset(inner.replace(f"<loc>{A}-7<", f"<loc>{A}-7</b><", 1)))
    assert len(found) == 40_000
    assert (found[0], found[-1]) == (A + "-0", A + "-39999")


def test_a_bomb_stops_at_the_limit() -> None:
    bomb = gzip.compress(b"\0" * 3_000_000)
    assert unpacked(gzip.compress(bomb), 1_000_000) == (b"\0" * 1_000_000, True)
    assert unpacked(gzip.compress(b"ab") + gzip.compress(b"cd"), 10) == (b"abcd", False)


@given(st.binary(max_size=300))
def test_any_bytes_are_answered(body: bytes) -> None:
    read_sitemap(body, HOME)
    read_sitemap(b"<urlset><url><loc>" + body, HOME)
    read_sitemap(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" + body, HOME)


def test_packed_four_times_is_packed_after_three() -> None:
    body = urlset(PAIR).encode()
    for _ in range(3):
        body = gzip.compress(body)
    assert urls(body) == [A, B]
    assert unpacked(gzip.compress(body), 1 << 20)[0].startswith(b"\x1f\x8b")


def test_a_document_type_that_does_not_end_and_marks_that_are_none_cost_no_address() -> None:
    assert urls('<?xml version="1.0"?><!DOCTYPE urlset [ <!ENTITY a "b"> ' + urlset(PAIR).partition("?>")[2]) == [A, B]
    assert urls(urlset(PAIR.replace("<url>", "<!x><url><!-- a note -->", 1) + "<br/>")) == [A, B]


def test_only_so_many_addresses_are_read_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawler.discovery.sitemaps.MOST_URLS", 3)
    read = read_sitemap(urlset("".join(f"<url><loc>/{n}</loc></url>" for n in range(5))).encode(), HOME, None)
    assert [entry.url[-2:] for entry in read.urls] == ["/0", "/1", "/2"] and read.truncated
