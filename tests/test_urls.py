"""One story, one address: what is the same, what is not, and what is no address at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.urls import LONGEST, absolute, canonical, host_of, key


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("HTTP://Gazette.EXAMPLE/News", "http://gazette.example/News"),
        ("https://gazette.example:443/a", "https://gazette.example/a"),
        ("http://gazette.example:8080/a", "http://gazette.example:8080/a"),
        ("https://gazette.example", "https://gazette.example/"),
        ("https://gazette.example/a/./b/../c", "https://gazette.example/a/c"),
        ("https://gazette.example/a/%2e%2E/c", "https://gazette.example/c"),
        ("https://gazette.example/%7euser/%c3%bc", "https://gazette.example/~user/%C3%BC"),
        ("https://gazette.example/ü?q=ü", "https://gazette.example/%C3%BC?q=%C3%BC"),
        ("https://gazette.example/a b", "https://gazette.example/a%20b"),
        ("https://gazette.example/a#part", "https://gazette.example/a"),
        ("https://gazette.example/#!/story", "https://gazette.example/"),
        ("https://gazette.example/a?", "https://gazette.example/a"),
        ("https://gazette.example/a?b=2&a=1", "https://gazette.example/a?b=2&a=1"),
        ("https://gazette.example/a?&b=2&&a=1&", "https://gazette.example/a?b=2&a=1"),
        ("https://gazette.example/a/", "https://gazette.example/a/"),
        ("https://user:secret@gazette.example/a", "https://gazette.example/a"),
        ("https://gazette.example./a", "https://gazette.example/a"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://straße.example/", "https://xn--strae-oqa.example/"),
        ("https://ｇazette。example/", "https://gazette.example/"),
        ("http://0x7f.1/", "http://127.0.0.1/"),
        ("http://[0:0:0:0:0:0:0:1]/", "http://[::1]/"),
        ("  https://gazette.example/a\n", "https://gazette.example/a"),
        ("https://gazette.example/a\nb\tc", "https://gazette.example/abc"),
        ("https:\\\\gazette.example\\a", "https://gazette.example/a"),
        ("https:gazette.example/a", "https://gazette.example/a"),
        ("https://gazette.example/a?utm_source=x&id=1&fbclid=y&at_medium=z&xtor=RSS-1", "https://gazette.example/a?id=1"),
        ("https://gazette.example/a?UTM_Source=x", "https://gazette.example/a"),
        ("https://gazette.example/a?utm%5Fsource=x", "https://gazette.example/a"),
        ("https://gazette.example/a?data=utm_source", "https://gazette.example/a?data=utm_source"),
        ("https://gazette.example/a;jsessionid=0A1B?x=1", "https://gazette.example/a?x=1"),
        ("https://gazette.example/(S(abcdefghijklmnopqrstuvwx))/a.aspx", "https://gazette.example/a.aspx"),
        ("https://gazette.example/a?PHPSESSID=abc&x=1", "https://gazette.example/a?x=1"),
        ("https://gazette.example/a?sid=12", "https://gazette.example/a?sid=12"),
        ("https://gazette.example/a?sid=0123456789abcdef0123456789abcdef", "https://gazette.example/a"),
        ("https://gazette.example/harbour-opens/amp/", "https://gazette.example/harbour-opens/"),
        ("https://gazette.example/harbour-opens/amp", "https://gazette.example/harbour-opens"),
        ("https://gazette.example/news/48211234.amp", "https://gazette.example/news/48211234"),
        ("https://gazette.example/a?amp=1&outputType=amp", "https://gazette.example/a"),
        ("https://gazette.example/a?print=1", "https://gazette.example/a"),
        ("https://gazette.example/amp/", "https://gazette.example/amp/"),
        ("https://gazette.example/music/amp", "https://gazette.example/music/amp"),
        ("https://gazette-example.cdn.ampproject.org/c/s/gazette.example/a", "https://gazette.example/a"),
        ("https://www.google.com/amp/s/gazette.example/a", "https://gazette.example/a"),
        ("https://gazette.example/%%34%31", "https://gazette.example/%%341"),
        ("https://gazette.example/a/..;sid=1/b", "https://gazette.example/b"),
    ],
)
def test_the_form_to_fetch(written: str, expected: str) -> None:
    assert canonical(written) == expected
    assert canonical(expected) == expected


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "mailto:a@gazette.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://gazette.example/",
        "file:///etc/passwd",
        "//gazette.example/a",
        "/a",
        "a",
        "#x",
        "https://",
        "https:///",
        "http://a b/",
        "http://gazette.example:99999/",
        "http://gazette.example:x/",
        "http://[::1",
        "http://256.256.256.256/",
        "http://a..%00/",
        "http://%zz/",
        "http://./",
        "about:blank",
        "tel:110",
        "urn:isbn:1",
        "https://gazette.example/" + "a" * LONGEST,
    ],
)
def test_no_address_to_fetch(written: str) -> None:
    assert canonical(written) is None
    assert key(written) is None


@pytest.mark.parametrize(
    ("written", "base", "expected"),
    [
        ("//gazette.example/a", "https://x.example/", "https://gazette.example/a"),
        ("../a", "https://gazette.example/x/y/z", "https://gazette.example/x/a"),
        ("?p=2", "https://gazette.example/x?p=1", "https://gazette.example/x?p=2"),
        ("a", "no base", None),
        ("a", "mailto:x", None),
        ("https://gazette.example/a", "no base", None),
    ],
)
def test_relative(written: str, base: str, expected: str | None) -> None:
    assert canonical(written, base) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://www.gazette.example/a/", "https://gazette.example/a"),
        ("https://m.gazette.example/a", "https://www.gazette.example/a"),
        ("https://gazette.example/amp/a", "https://gazette.example/a"),
        ("https://gazette.example/x/index.html", "https://gazette.example/x/"),
        ("https://gazette.example//x///y", "https://gazette.example/x/y"),
        ("https://gazette.example/a?b=1&a=2", "https://gazette.example/a?a=2&b=1"),
        ("https://gazette.example/a?ref=home", "https://gazette.example/a"),
    ],
)
def test_the_same_page_by_key(one: str, other: str) -> None:
    assert key(one) == key(other)
    assert canonical(one) != canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://gazette.example/a", "https://gazette.example/A"),
        ("https://gazette.example/a%2Fb", "https://gazette.example/a/b"),
        ("https://gazette.example/a?id=1", "https://gazette.example/a?id=2"),
        ("https://gazette.example/a", "https://news.gazette.example/a"),
        ("https://gazette.example:8080/a", "https://gazette.example/a"),
        ("https://m.example/a", "https://www.example/b"),
    ],
)
def test_different_pages_differ_by_key(one: str, other: str) -> None:
    assert key(one) != key(other)


def test_absolute_keeps_the_fragment_and_host_of_the_name() -> None:
    assert absolute("a#b", "https://gazette.example/") == "https://gazette.example/a#b"
    assert host_of("https://USER@Gazette.Example.:80/") == "gazette.example"
    assert host_of("mailto:x") is None


_pieces = st.lists(
    st.sampled_from(
        [
            "/",
            "..",
            ".",
            "%2e",
            "%",
            "%41",
            "%2",
            "a-b",
            "amp",
            "print",
            ".amp",
            ".html",
            ";sid=1",
            "(S(abcdefghijklmnopqrstuvwx))",
            "?",
            "&",
            "=",
            "utm_source=1",
            "amp=1",
            "#",
            "ü",
            " ",
            "\n",
            "\\",
            "@",
            ":",
            "12345",
            "https://",
            "cdn.ampproject.org/c/s/",
            "\ud800",
        ]
    ),
    max_size=12,
)


@given(st.one_of(st.text(max_size=80), _pieces.map("".join)))
def test_canonical_and_key_settle(tail: str) -> None:
    for written in (tail, "https://gazette.example/" + tail, "https://gazette-example.cdn.ampproject.org/c/" + tail):
        found = canonical(written)
        if found is not None:
            assert canonical(found) == found
            assert found.startswith(("http://", "https://")) and found.isascii() and "#" not in found
            assert key(found) == key(written)
