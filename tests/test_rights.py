"""What publishers say of the use of their pages, in every place where they say it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.network.robots import Robots, beside
from pipelines.rights import MOST_LICENSES, MOST_METAS, metas_of, rights

URL = "https://gazette.example/news/1"


@pytest.mark.parametrize(
    ("value", "directives"),
    [
        ("noindex, NoArchive", ("noindex", "noarchive")),
        ("otherbot: noindex, nofollow", ()),
        ("reader: noai, otherbot: noindex", ("noai",)),
        ("max-snippet: 50, noimageai", ("max-snippet:50", "noimageai")),
        ("", ()),
    ],
)
def test_robots_directives(value: str, directives: tuple[str, ...]) -> None:
    assert rights([("X-Robots-Tag", value)], agent="Reader/1.0").directives == directives


def test_metas_of_a_page() -> None:
    page = (
        "<meta name=Robots content='noarchive'><meta name=reader content=noai><meta name=otherbot content=noindex>"
        "<meta name=tdm-reservation content=1><meta name=tdm-policy content=/policy.json>"
        "<link rel=license type=application/rsl+xml href=/rsl.xml><link rel=license href=/cc-by>"
    )
    found = rights([("TDM-Reservation", "0")], metas_of(page.encode()), url=URL, agent="Reader")
    assert found.directives == ("noarchive", "noai")
    assert (found.tdm_reserved, found.tdm_policy) == (True, "https://gazette.example/policy.json")
    assert found.licenses == ("https://gazette.example/rsl.xml",)


def test_tdm_headers_and_file() -> None:
    file = b"""[{"location": "/", "tdm-reservation": 1, "tdm-policy": "https://gazette.example/p.json"},
               {"location": "/news/*", "tdm-reservation": 0}, {"location": 5}, "no rule"]"""
    here = beside(None, url=URL, tdm_file=file)
    assert rights([], beside=here, url=URL).tdm_reserved is False
    assert beside(None, url="https://gazette.example/x", tdm_file=file).tdm_policy == "https://gazette.example/p.json"
    assert rights([("tdm-reservation", "1")], beside=here, url=URL).tdm_reserved is True
    assert rights([("tdm-reservation", "maybe")], url=URL).tdm_reserved is None
    assert beside(None, url=URL, tdm_file=b"[" * 100_000).tdm_reserved is None


def test_robots_txt() -> None:
    robots = Robots.parse(
        "License: https://gazette.example/rsl.xml\nUser-agent: *\nContent-Signal: search=yes, ai-train=no\n"
        "Content-Usage: /news train-ai=n\nContent-Usage: /sport train-ai=y\nAllow: /\n"
    )
    link = '<https://gazette.example/l2.xml>; rel="license"; type="application/rsl+xml"'
    found = rights([("Link", link)], beside=beside(robots, url=URL), url=URL)
    assert found.licenses == ("https://gazette.example/l2.xml", "https://gazette.example/rsl.xml")
    assert found.signals == ("search=yes", "ai-train=no", "train-ai=n")
    assert found.robots == robots.digest and len(robots.digest) == 64


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ('</rsl.xml>; rel="license"; type="application/rsl+xml"', ("https://gazette.example/rsl.xml",)),
        ("<l.xml>; type=application/rsl+xml; REL=License", ("https://gazette.example/news/l.xml",)),
        (
            '<https://a.example/a,b>; rel="nofollow license"; type="application/rsl+xml", </c>; rel=next',
            ("https://a.example/a,b",),
        ),
        ('</cc>; rel="license"; title="rsl"', ()),
        ("</l>; rel=license; rel=next; type=application/rsl+xml", ("https://gazette.example/l",)),
        ('</l>; rel="licenses"; type="application/rsl+xml"', ()),
        ('<javascript:x>; rel="license"; type="application/rsl+xml"', ()),
        ('<https://\x00>; rel="license"; type="application/rsl+xml"', ()),
        ('</l\t\x1bm>; rel="license"; type="application/rsl+xml"', ("https://gazette.example/l%1Bm",)),
    ],
)
def test_license_links(value: str, found: tuple[str, ...]) -> None:
    assert rights([("Link", value)], url=URL).licenses == found


def test_of_endless_licenses_some_are_kept() -> None:
    lines = "\n".join(f"License: https://gazette.example/{number}.xml" for number in range(10_000))
    here = beside(Robots.parse(lines), url=URL)
    links = [("Link", f'</{number}>; rel="license"; type="application/rsl+xml"') for number in range(100)]
    assert len(here.licenses) == len(rights(links, beside=here, url=URL).licenses) == MOST_LICENSES


def test_licenses_of_robots_txt_are_those_of_our_group() -> None:
    robots = Robots.parse(
        "License: /all.xml\nUser-agent: Reader\nLicense: /ours.xml\n\nUser-agent: Other\nLicense: /theirs.xml"
    )
    assert beside(robots, url=URL, agent="Reader/1.0").licenses == ("https://gazette.example/ours.xml",)
    assert beside(robots, url=URL, agent="Third").licenses == ("https://gazette.example/all.xml",)


_headers = st.lists(st.tuples(st.sampled_from(["X-Robots-Tag", "Link", "tdm-reservation"]), st.text(max_size=60)))


@given(_headers, st.binary(max_size=60))
def test_anything_is_read(headers: list[tuple[str, str]], file: bytes) -> None:
    host = beside(Robots.parse(file), url=URL, agent="R", tdm_file=file)
    rights(headers, metas_of(b"<meta " + file + b">"), beside=host, url=URL, agent="R")


def test_a_page_of_nothing_but_tags_is_read_in_no_time() -> None:
    assert metas_of(b"<meta " * 200_000) == ()
    assert len(metas_of(b'<meta name="robots" content="noai">' * 20_000)) == MOST_METAS
    assert metas_of(b"<META NAME='Robots' CONTENT='no&amp;ai'>") == (("robots", "no&ai"),)
