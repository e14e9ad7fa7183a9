"""robots.txt by RFC 9309, and what sites make of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.network.robots import LIMIT, Robots

SITE = "https://gazette.example"


def may(body: str | bytes, path: str, agent: str = "Reader") -> bool:
    return Robots.parse(body).allowed(agent, path if "://" in path else SITE + path)


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        ("Disallow: /a", "/a", False),
        ("Disallow: /a", "/abc/d", False),
        ("Disallow: /a", "/A", True),
        ("Disallow: /a/", "/a", True),
        ("Disallow: /", "/", False),
        ("Disallow: /", "", False),
        ("Disallow:", "/a", True),
        ("Disallow: /\nAllow: /a", "/ab", True),
        ("Allow: /a\nDisallow: /ab", "/abc", False),
        ("Allow: /a\nDisallow: /a", "/a", True),
        ("Disallow: /a\nAllow: /a", "/a", True),
        ("Disallow: /*.php", "/x/y.php?z", False),
        ("Disallow: /*.php$", "/x/y.php?z", True),
        ("Disallow: /*.php$", "/x/y.php", False),
        ("Disallow: /a*b*c", "/a1c2b3c", False),
        ("Disallow: /a*b*c", "/a1c2b3", True),
        ("Disallow: /a$b", "/a$b", False),
        ("Disallow: /a$", "/a$", True),
        ("Disallow: /a%24", "/a$", False),
        ("Disallow: /a%2A", "/a*", False),
        ("Disallow: /a%2A", "/ab", True),
        ("Disallow: *x", "/a/x", False),
        ("Disallow: /*a*$", "/ba", False),
        ("Disallow: /aa*a$", "/aa", True),
        ("Disallow: x", "/x", True),
        ("Disallow: /a?b=1", "/a?b=1&c", False),
        ("Disallow: /a%2fb", "/a/b", True),
        ("Disallow: /a%2fb", "/a%2Fb", False),
        ("Disallow: /%62%61r", "/bar", False),
        ("Disallow: /bar", "/%62%61r", False),
        ("Disallow: /ツ", "/%e3%83%84", False),
        ("Disallow: /%E3%83%84", "/ツ", False),
        ("Disallow: /a?u=https://x", "/a?u=https%3A%2F%2Fx", False),
        ("Disallow: /*/edit", "/p?from=/edit", False),
        ("Disallow: /a%3cb", "/a<b", False),
        ("Disallow: /a!b", "/a%21b", False),
        ("Disallow: /a%3Ab", "/a:b", False),
        ("Disallow: /a?b%26c", "/a?b&c", True),
        ("Disallow: /a # a comment", "/a", False),
        ("Disallow: /a", "/a#fragment", False),
        ("Disallow: /", "/robots.txt", True),
        ("dISALLOW : /a", "/a", False),
        ("Disalow: /a", "/a", False),
        ("Disallow /a", "/a", False),
        ("Nonsense: /a", "/a", True),
    ],
)
def test_rules(rules: str, path: str, allowed: bool) -> None:
    for end in ("\n", "\r", "\r\n"):
        assert may(f"User-agent: *\n{rules}\n".replace("\n", end), path) is allowed


@pytest.mark.parametrize(
    ("body", "agent", "allowed"),
    [
        ("User-agent: reader\nDisallow: /", "Reader", False),
        ("User-agent: READER/2.0\nDisallow: /", "reader", False),
        ("User-agent: Reader\nDisallow: /", "Reader/1.0", False),
        ("User-agent: Reader\nDisallow: /", "Mozilla/5.0 (compatible; Reader/2.1; +https://gazette.example/bot)", False),
        ("User-agent: Reader Digest\nDisallow: /", "Reader", False),
        ("User-agent: Reader Digest\nDisallow: /", "Digest", True),
        ("User-agent: Read\nDisallow: /", "Reader", True),
        ("User-agent: Readers\nDisallow: /", "Reader", True),
        ("User-agent: *\nDisallow: /\n\nUser-agent: Reader\nAllow: /", "Reader", True),
        ("User-agent: Reader\nAllow: /x\n\nUser-agent: *\nDisallow: /", "Reader", True),
        ("User-agent: A\nUser-agent: Reader\nDisallow: /", "Reader", False),
        ("User-agent: Reader\n\n\nDisallow: /", "Reader", False),
        ("User-agent: Reader\nDisallow: /x\nUser-agent: B\nDisallow: /b\nUser-agent: reader\nDisallow: /a", "Reader", False),
        ("User-agent: Reader\nCrawl-delay: 5\nUser-agent: B\nDisallow: /a", "Reader", False),
        ("User-agent: Reader\nSitemap: https://gazette.example/s.xml\nFoo: bar\nDisallow: /a", "Reader", False),
        ("User-agent: Reader\nDisallow: /x\nSitemap: https://gazette.example/s.xml\nDisallow: /a", "Reader", False),
        ("Disallow: /a\nUser-agent: B\nDisallow: /b", "Reader", True),
        ("User-agent:\nDisallow: /a", "Reader", True),
        ("User-agent: * all of you\nDisallow: /a", "Reader", False),
        ("\ufeffUser-agent: Reader\nDisallow: /a", "Reader", False),
        ("<!DOCTYPE html><pre>\nUser-agent: *\nDisallow: /a\n</pre>", "Reader", True),
        ("", "Reader", True),
    ],
)
def test_groups(body: str, agent: str, allowed: bool) -> None:
    assert may(body, "/a", agent) is allowed


def test_the_first_500_kib_are_read_and_no_line_in_part() -> None:
    filler = b"#" * 99 + b"\n"
    lines = LIMIT // 100 - 1
    head = b"User-agent: *\n" + filler * (lines - 1)
    head += b"#" * (LIMIT - len(head) - len("Disallow: /in\nDisallow: /") - 1) + b"\n"
    body = head + b"Disallow: /in\nDisallow: /private\nDisallow: /out\n" + filler * 1000
    assert not may(body, "/in")
    assert may(body, "/x") and may(body, "/out")


def test_what_else_it_says() -> None:
    robots = Robots.parse(
        "Sitemap: /s.xml\nUser-agent: A\nUser-agent: B\nCrawl-delay: 2.5\nDisallow: /x\n"
        "User-agent: *\nCrawl-delay: 1\nContent-Signal: search=yes, ai-train=no\nsitemap: https://o.example/t.xml\n"
        "License: https://gazette.example/license.xml\nCrawl-delay: many\nAllow: /\n",
        SITE + "/robots.txt",
    )
    assert robots.sitemaps == ("https://gazette.example/s.xml", "https://o.example/t.xml")
    assert robots.licenses("other") == ("https://gazette.example/license.xml",)
    assert [robots.crawl_delay(agent) for agent in ("a", "B", "other")] == [2.5, 2.5, 1.0]
    assert robots.signals("other") == ("search=yes, ai-train=no",)
    assert robots.signals("A") == ()


@pytest.mark.parametrize(
    ("body", "licenses"),
    [
        ("License: /all\nUser-agent: *\nAllow: /", "/all"),
        ("User-agent: *\nAllow: /\nLicense: /group", "/group"),
        ("License: /all\nUser-agent: a\nLicense: /one\nlicense: /two\nLicense: /one", "/one /two"),
        ("License: /all\nUser-agent: b\nLicense: /theirs", "/all"),
        ("User-agent: b\nLicense: /theirs", ""),
        ("License: /all\nUser-agent: a\nUser-agent: b\nLicense: /both", "/both"),
        ("License: /all\nUser-agent: *\nLicense: /rest\nUser-agent: a\nDisallow: /x", "/all"),
        # After an empty line or a sitemap it stands in no group, as most sites that mean everybody write it.
        ("User-agent: b\nDisallow: /\n\nLicense: /all", "/all"),
        ("User-agent: b\r\nDisallow: /\r\n \t\r\nLicense: /all", "/all"),
        ("User-agent: b\nDisallow: /\nSitemap: /s.xml\nLicense: /all", "/all"),
        ("User-agent: b\n\nDisallow: /\nLicense: /theirs", ""),
        ("User-agent: b\n# of ours\nLicense: /theirs", ""),
        ("License:\nLicense: # none", ""),
    ],
)
def test_licenses(body: str, licenses: str) -> None:
    assert Robots.parse(body).licenses("A/1.0") == tuple(licenses.split())


def test_a_hostile_file_costs_what_it_is_long() -> None:
    agents = "User-agent: a\n" * 15_000 + "Disallow: /x\n" * 15_000 + "Crawl-delay: 1\n" * 5_000
    assert may(agents, "/y", "a")
    assert may("User-agent: *\nDisallow: /" + "*a" * 5_000 + "b", "/" + "a" * 10_000)
    assert may("a" + " " * 400_000, "/y")


@given(st.binary(max_size=300), st.text(max_size=30), st.text(max_size=30))
def test_any_bytes_are_answered(body: bytes, agent: str, url: str) -> None:
    robots = Robots.parse(body, SITE)
    assert robots.allowed(agent, url) in {True, False}
    assert Robots.parse(b"User-agent: *\nDisallow: " + body).allowed(agent, url) in {True, False}


_path = st.text(alphabet="ab/%2f?=é*$.~", max_size=12).map(lambda tail: "/" + tail)


@given(_path)
def test_a_path_as_pattern_covers_itself(path: str) -> None:
    pattern = path.replace("*", "%2A").replace("$", "%24")
    assert path == "/robots.txt" or not may(f"User-agent: *\nDisallow: {pattern}", path)


@given(_path, st.lists(_path, max_size=4))
def test_more_allow_lines_never_forbid(path: str, allows: list[str]) -> None:
    base = "User-agent: *\nDisallow: /a\n"
    assert may(base + "".join(f"Allow: {line}\n" for line in allows), path) >= may(base, path)


def test_a_signal_before_every_group_is_for_everybody() -> None:
    read = Robots.parse(b"Content-Signal: ai-train=no\nUser-agent: other\nDisallow: /")
    assert read.signals("cleancopy") == ("ai-train=no",)
