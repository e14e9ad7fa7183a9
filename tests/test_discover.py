"""scrapy discover and addoutlet: what would be fetched and why not, and a new outlet that can be crawled at once."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.announcing import Source, SourceKind
from crawler.commands.addoutlet import outlet_file, review
from crawler.commands.discover import Rules, before_asking, by_robots
from crawler.discovery.proposals import Pattern, Sources
from crawler.network.addresses import networks
from crawler.survey import Survey
from tests.conftest import Scrapy
from tests.raw_server import RawServer, answer
from tests.test_crawl import crawl, feed, outlet, story

RULES = Rules(hosts=("news.example",), article=r"^/\d{7,}/", agent="cleancopy/0.1", allow=(), known=None)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://news.example/1000001/ferry", None),
        ("https://www.news.example/1000001/ferry", None),
        ("https://other.example/1000001/ferry", "off host"),
        ("https://notnews.example/1000001/ferry", "off host"),
        ("https://news.example/about", "no story by the pattern"),
        ("http://127.0.0.1/1000001/ferry", "refused address"),
        ("http://169.254.169.254/1000001/", "refused address"),
    ],
)
def test_an_address_is_left_for_a_reason(url: str, reason: str | None) -> None:
    said = before_asking(url, RULES)
    assert said is None if reason is None else said is not None and said.startswith(reason)


def test_an_outlet_shows_what_would_be_fetched(archive: Path, scrapy_command: Scrapy) -> None:
    rules = answer(b"User-agent: *\nDisallow: /1000002/\n", kind="text/plain")
    with outlet({n: answer(story(n)) for n in (1, 2, 3)}, **{"__robots.txt": rules}) as server:
        crawl(server, scrapy_command, "-a", f"url={server.url}/1000003/ferry")
        before = sorted(path.name for path in archive.rglob("*.warc.gz"))
        server.received.clear()
        left = archive.parent / "cleancopy-probe-left"  # by one that was killed
        left.mkdir()
        done = scrapy_command("discover", "menafn", "--json", "--origin", server.url, TMPDIR=str(archive.parent))
        assert done.status == 0, done.err
        assert not list(archive.parent.glob("cleancopy-probe*"))
        said = {each["url"]: each["reason"] for each in map(json.loads, done.out.splitlines()) if "url" in each}
        assert said == {
            f"{server.url}/1000001/ferry": None,
            f"{server.url}/1000002/ferry": "robots.txt disallows it",
            f"{server.url}/1000003/ferry": "known: captured (kept)",
        }
        assert not [path for path in server.paths if path.endswith("/ferry")], "no story is fetched"
    assert sorted(path.name for path in archive.rglob("*.warc.gz")) == before


def test_wrong_words_and_a_silent_outlet_are_one_line(scrapy_command: Scrapy) -> None:
    done = scrapy_command("discover", "nowhere")
    assert (done.status, len(done.err.splitlines())) == (2, 1)
    with RawServer({}) as server:
        silent = scrapy_command("discover", "menafn", "--origin", server.url)
    assert silent.status == 3 and "could not be read: status 404" in silent.out


@pytest.mark.slow
def test_a_new_outlet_is_proposed_and_never_overwritten(tmp_path: Path, scrapy_command: Scrapy) -> None:
    home = (
        b'<html lang="en-GB"><head><title>Ferry News</title><link rel="alternate" type="application/rss+xml" href="/rss.xml">'
        b'</head><body><a href="/ports">Ports</a><a href="/about">About</a></body></html>'
    )
    with RawServer({"/": answer(home)}) as server:
        server.answers["/rss.xml"] = [answer(feed(*range(1, 9), origin=server.url), kind="application/rss+xml")]
        server.answers["/1000002/ferry"] = [answer(story(2))]  # the first is gone
        done = scrapy_command("addoutlet", "ferry-news", server.url, "--out", str(tmp_path))
        assert done.status == 0, done.err
        written = tmp_path / "ferry_news.py"
        text = written.read_text()
        assert 'name = "ferry-news"' in text and 'feeds = ("/rss.xml",)' in text and 'language = "en"' in text
        assert 8 <= len(text.splitlines()) <= 15 and "class FerryNews(OutletSpider)" in text
        told = json.loads((tmp_path / "ferry_news.json").read_text())
        assert (told["kind"], told["headline"], len(told["text"])) == ("ARTICLE", "Ferry 2 for Carrow", 6)
        assert (tmp_path / "ferry_news.html").read_bytes() == story(2)
        again = scrapy_command("addoutlet", "ferry-news", server.url, "--out", str(tmp_path))
    assert (again.status, written.read_text()) == (2, text)
    assert scrapy_command("addoutlet", "../x", "https://news.example/").status == 2
    for words in (("addoutlet", "x", "https://news.example/"), ("discover", "menafn")):
        wrong = scrapy_command(*words, NEWS_ALLOW_ADDRESSES="127.0.0.0/99")
        assert (wrong.status, wrong.err.count("\n")) == (2, 1)
        assert "NEWS_ALLOW_ADDRESSES: '127.0.0.0/99'" in wrong.err


@given(st.text(max_size=60), st.text(max_size=60))
def test_words_of_a_site_stay_words(title: str, address: str) -> None:
    found = Survey(home="https://news.example/", sources=Sources(home="https://news.example/", title=title, language=title))
    found.readable[Source(url=f"https://news.example/{address}", kind=SourceKind.FEED)] = 3
    space: dict[str, object] = {}
    exec(outlet_file("strange", found), space)  # what is written must be data, whatever the site is called
    spider = space["Strange"]
    assert spider.name == "strange" and isinstance(spider.title, str) and len(spider.feeds) == 1  # type: ignore[attr-defined]


def test_private_addresses_are_let_through_by_the_setting_alone() -> None:
    allowed = replace(RULES, hosts=("127.0.0.1",), allow=networks(["127.0.0.0/8"]))
    assert before_asking("http://127.0.0.1:8000/1000001/ferry", allowed) is None


def sitemap(*addresses: str, index: bool = False) -> bytes:
    outer, inner = ("sitemapindex", "sitemap") if index else ("urlset", "url")
    entries = "".join(f"<{inner}><loc>{address}</loc></{inner}>" for address in addresses)
    text = f'<?xml version="1.0"?><{outer} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</{outer}>'
    return answer(text.encode(), kind="application/xml")


def test_a_site_that_names_no_source_is_asked_where_others_have_theirs(scrapy_command: Scrapy) -> None:
    with RawServer({"/": answer(b"<html><body><a href='/ports'>Ports</a></body></html>")}) as server:
        stories = [f"{server.url}/2026/03/0{n}/ferry-{n}-runs" for n in range(1, 5)]
        server.answers["/sitemap.xml"] = [sitemap(f"{server.url}/march.xml", f"{server.url}/may.xml", index=True)]
        gone = scrapy_command("discover", f"{server.url}/", "--json")
        server.answers["/march.xml"] = [sitemap(*stories)]
        done = scrapy_command("discover", f"{server.url}/")
        assert "/may.xml" not in server.paths, "of an index, the first is read"
    assert gone.status == 0 and gone.out == "", "what a guess does not find is not told"
    assert done.status == 0 and f"source  {server.url}/sitemap.xml  sitemap, 4 addresses" in done.out
    assert all(f"leave   {url}  of no outlet; propose one: scrapy addoutlet NAME URL" in done.out for url in stories)
    assert done.out.endswith("\n0 of 4 addresses would be fetched.\n")


def test_sources_that_a_site_names_and_that_cannot_be_read_are_told(scrapy_command: Scrapy, tmp_path: Path) -> None:
    named = ("gone.xml", "page.xml", "empty.xml")
    links = "".join(f'<link rel="alternate" type="application/rss+xml" href="/{name}">' for name in named)
    with RawServer({"/": answer(f"<html><head>{links}</head><body></body></html>".encode())}) as server:
        server.answers["/page.xml"] = [answer(b"<html><body>Please log in.</body></html>")]
        server.answers["/empty.xml"] = [answer(feed(), kind="application/rss+xml")]
        done = scrapy_command("discover", f"{server.url}/")
        bare = scrapy_command("addoutlet", "bare", f"{server.url}/", "--out", str(tmp_path))
        nothing = scrapy_command("discover", f"{server.url}/nowhere")
        failed = scrapy_command("addoutlet", "none", f"{server.url}/nowhere", "--out", str(tmp_path))
    for name, why in zip(named, ("status 404", "what came is no feed", "it announces no story"), strict=True):
        assert f"source  {server.url}/{name}  could not be read: {why}" in done.out
        assert f"look at  not readable: {server.url}/{name} ({why})" in bare.out
    assert bare.status == 0 and 'listings = ("/",)' in (tmp_path / "bare.py").read_text()
    assert "look at  No feed or sitemap could be read: the home page is the listing." in bare.out
    assert "look at  Too few stories are announced to propose a pattern" in bare.out
    assert "No story could be fetched: there is no saved page to look at." in bare.out
    assert {path.name for path in tmp_path.glob("bare*")} == {"bare.py"}
    assert nothing.status == 3 and f"source  {server.url}/nowhere  could not be read: status 404" in nothing.out
    assert failed.status == 3 and f"{server.url}/nowhere could not be read: status 404" in failed.err
    assert not (tmp_path / "none.py").exists()


def test_one_story_is_judged_by_its_outlets_rules_and_a_robots_txt_that_fails_means_fetch_nothing(scrapy_command: Scrapy) -> None:
    one = scrapy_command("discover", "https://menafn.com/about/us")
    assert (one.status, "leave   https://menafn.com/about/us  no story by the pattern" in one.out) == (0, True), one.out
    for words in (("discover",), ("discover", "menafn", "menafn")):
        assert "Name an outlet or a URL, as in: scrapy discover menafn" in scrapy_command(*words).err
    assert "Write: scrapy addoutlet NAME URL" in scrapy_command("addoutlet", "ferry").err
    assert by_robots("https://menafn.com/1000001/ferry", None, "cleancopy") == "robots.txt cannot be read: nothing is fetched"


def test_many_sources_stand_in_lines_of_their_own_and_a_wide_pattern_is_told() -> None:
    found = Survey(home="https://news.example/", sources=Sources(home="https://news.example/", title="News"))
    addresses = [f"https://maps.example/sitemaps/of-the-year/{year}.xml" for year in (2024, 2025, 2026)]
    found.readable = {Source(url=url, kind=SourceKind.SITEMAP): 3 for url in addresses}
    found.announced = [f"https://news.example/{n}" for n in range(5)]
    found.pattern = Pattern(expression=r"^/\d", covered=0.8, sections=0.25, missed=("/odd",))
    text, space = outlet_file("many", found), dict[str, Any]()
    exec(text, space)
    assert space["Many"].sitemaps == tuple(addresses) and f'        "{addresses[0]}",\n' in text
    assert review(found)[:3] == [
        "article: the pattern finds 80% of 5 announced addresses.",
        "article: it also finds 25% of the section pages; make it narrower.",
        "article: it misses /odd",
    ]
