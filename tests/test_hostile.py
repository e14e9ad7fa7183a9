"""A crawl of everything that servers do: it ends by itself, every page has one outcome, and nothing forbidden is asked."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from tests.conftest import Scrapy
from tests.hostile import ALLOWED, BEHAVIOURS, Behaviour, Hostile, Pace
from tests.hostile.verdicts import WORDS, Ended, endings, wrong
from tests.loopback import Loopback, read_request
from tests.newsstand import Newsstand
from tests.starter import Finished, Starter

pytestmark = pytest.mark.slow

PACE = Pace(hold=12, endless=6 << 20)
MOST_MEMORY = 500  # MB
NAMED = {each.name: each for each in BEHAVIOURS}


@dataclass(frozen=True)
class Crawled:
    """A crawl of everything that ended: the server with its log, the archive, the receipt, what leads became."""

    hostile: Hostile
    archive: Path
    done: Finished
    receipt: dict[str, object]
    ended: dict[str, list[Ended]]


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory, starter: Starter) -> Iterator[Crawled]:
    """One crawl over the feed that announces every page of the server."""
    archive = tmp_path_factory.mktemp("hostile") / "archive"
    env = {
        "NEWS_ARCHIVE_URI": str(archive), "NEWS_ALLOW_ADDRESSES": ALLOWED, "NEWS_DELAY": "0", "NEWS_RETRY_WAIT": "0.1",
    }  # fmt: skip
    with Hostile(PACE) as hostile:
        words = ("crawl", "hostile", "--json", *WORDS, "-a", f"sources={hostile.hub}/feed.xml")
        done = starter.run(words, b"", env, seconds=180)
        yield Crawled(hostile, archive, done, done.receipt if done.out else {}, endings(archive))


def test_it_ends_by_itself_and_its_columns_add_up(crawled: Crawled) -> None:
    assert (crawled.done.status, crawled.receipt["reason"]) == (0, "finished"), crawled.done.err
    outcomes = crawled.receipt["outcomes"]
    assert isinstance(outcomes, dict)
    assert sum(outcomes.values()) == crawled.receipt["captures"]


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=lambda each: f"{each.number}-{each.name}")
def test_one_allowed_outcome_and_the_stories_behind_are_kept(crawled: Crawled, behaviour: Behaviour) -> None:
    assert list(wrong(crawled.hostile, behaviour, crawled.ended)) == []


def test_no_forbidden_address_was_asked(crawled: Crawled) -> None:
    assert crawled.hostile.trespasses == ()


def test_memory_stays_bounded(crawled: Crawled) -> None:
    assert crawled.done.megabytes < MOST_MEMORY, "the crawl, or the largest of its workers"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("to-literal", "127.0.0.1: loopback"),
        ("to-name", "localhost: loopback"),
        ("to-decimal", "2130706433: loopback"),
        ("to-ipv6", "::1: loopback"),
        ("to-link-local", "169.254.169.254: link-local"),
        ("to-file", "redirects to 'file:///etc/passwd'"),
        ("to-data", "redirects to 'data:text/html,"),
        ("to-ftp", "redirects to 'ftp://"),
        ("far", "redirected 10 times"),
        ("circle", "redirected 10 times"),
        ("huge-head", "the headers are larger than"),
        ("huge-line", "the headers are larger than"),
        ("cookies", "the headers are larger than"),
        ("endless", "the answer is larger than"),
        ("gzip-bomb", "unpacked it is larger than"),
        ("brotli-bomb", "unpacked it is larger than"),
        ("drip", "took longer than"),
    ],
)
def test_a_failure_says_its_reason(crawled: Crawled, name: str, reason: str) -> None:
    assert reason in crawled.ended[crawled.hostile.url(NAMED[name])][0].told


def test_what_is_no_fault_of_the_moment_is_asked_once(crawled: Crawled) -> None:
    for name in ("to-literal", "to-name", "to-file", "huge-head", "huge-line", "cookies", "endless", "drip"):
        assert len(crawled.hostile.asked(NAMED[name])) == 1, name


@pytest.mark.parametrize(("name", "reason"), [("drip", "time"), ("endless", "length"), ("until-reset", "disconnect")])
def test_the_record_of_a_part_says_that_it_is_one(crawled: Crawled, name: str, reason: str) -> None:
    url, said = crawled.hostile.url(NAMED[name]), set()
    for file in crawled.archive.rglob("*.warc.gz"):
        with file.open("rb") as stream:
            for record in ArchiveIterator(stream, check_digests="raise"):
                if record.rec_type == "response" and record.rec_headers.get_header("WARC-Target-URI") == url:
                    record.content_stream().read()
                    said.add(record.rec_headers.get_header("WARC-Truncated"))
    assert said == {reason}


def test_a_host_that_a_redirect_leads_to_is_asked_for_its_robots_txt(tmp_path: Path, scrapy_command: Scrapy) -> None:
    with Hostile(PACE) as hostile:
        behaviour = NAMED["robots-five-hops"]  # its robots.txt forbids what the redirect leads to

        async def talk(reader, writer, _door):  # type: ignore[no-untyped-def]
            while request := await read_request(reader, "gate"):
                moved = f"HTTP/1.1 302 Found\r\nLocation: {hostile.url(behaviour)}\r\nContent-Length: 0\r\n\r\n".encode()
                absent = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
                writer.write(absent if request.path == "/robots.txt" else moved)

        with Loopback(doors={"gate": 0}, talk=talk, hosts={"gate": "127.0.1.250"}) as gate:
            url = gate.url("gate") + "/1000001/moved"
            done = scrapy_command("crawl", "hostile", "--json", *WORDS, "-a", f"url={url}", NEWS_ALLOW_ADDRESSES=ALLOWED)
        assert (done.receipt["captures"], done.receipt["leads_refused"]) == (0, 1), done.err
        assert hostile.asked(behaviour, "/robots.txt")
        assert hostile.asked(behaviour) == ()


def test_sources_that_lie_lose_no_story(archive: Path, scrapy_command: Scrapy) -> None:
    feeds = ("renewed-by-304", "older-date", "suffixed", "crooked-feed", "sitemap-namespace", "rotating")
    packed = {"packed-sitemap-1": "/sitemap.xml.gz", "packed-sitemap-2": "/sitemap.xml.gz", "foreign-sitemap": "/sitemap.xml"}
    with Hostile(PACE) as hostile:
        sources = [hostile.origin(NAMED[name]) + "/feed.xml" for name in feeds]
        sources += [hostile.origin(NAMED[name]) + path for name, path in packed.items()]
        for _ in range(3):
            done = scrapy_command(
                "crawl", "hostile", "--json", *WORDS, "-a", f"sources={','.join(sources)}", NEWS_ALLOW_ADDRESSES=ALLOWED
            )
            assert done.status == 0, done.err
        ended = endings(archive)
        for name in (*feeds, *packed):
            assert ended[hostile.url(NAMED[name])][0].word == "kept", name
        told = [each.header("If-None-Match") for each in hostile.asked(NAMED["renewed-by-304"], "/feed.xml")]
        assert told == [None, '"one"', '"two"'], "a 304 brought a new validator"
        story = hostile.url(NAMED["rotating"])
        assert len(hostile.asked(NAMED["rotating"])) == 1, f"{story} is fetched once, whichever host names it"
        assert hostile.trespasses == ()


@pytest.mark.parametrize("behaviour", [each for each in BEHAVIOURS if each.again], ids=lambda each: each.name)
def test_a_second_fetch(behaviour: Behaviour, crawled: Crawled, scrapy_command: Scrapy) -> None:
    url, uri = crawled.hostile.url(behaviour), str(crawled.archive)
    words = ("crawl", "hostile", "--json", *WORDS, "-a", f"url={url}")
    scrapy_command(*words, NEWS_ALLOW_ADDRESSES=ALLOWED, NEWS_ARCHIVE_URI=uri)
    first, second = endings(crawled.archive)[url]
    assert first.word in behaviour.ends
    assert second.word in behaviour.again
    with closing(sqlite3.connect(crawled.archive / "catalogue.sqlite")) as catalogue:
        keys = catalogue.execute("select clean_key from captures where lead = ? and clean_key is not null", (url,)).fetchall()
    assert keys
    assert all((crawled.archive / key).exists() for (key,) in keys), "the earlier copy stays"


def test_pages_that_are_hard_to_read_end_once_each_and_the_crawl_goes_on(archive: Path, scrapy_command: Scrapy) -> None:
    with Newsstand() as stand:
        done = scrapy_command(
            "crawl", "hard", "--json", "-s", "SPIDER_MODULES=crawler.spiders,tests.spiders", "-a", f"origin={stand.url}"
        )
        assert (done.status, done.receipt["reason"]) == (0, "finished"), done.err
        ended = endings(archive)
        assert {url: len(ended[url]) for url in stand.hard} == dict.fromkeys(stand.hard, 1)
        assert not any("\x1b" in line for line in (done.err, done.out))
    assert done.megabytes < MOST_MEMORY


def test_crawl_delay_is_kept_between_any_two_requests(archive: Path, scrapy_command: Scrapy) -> None:
    rules = b"User-agent: *\nCrawl-delay: 0.5\n"
    items = "".join(f"<item><link>/100000{n}/story</link></item>" for n in range(4)).encode()
    feed = b"<?xml version='1.0'?><rss version='2.0'><channel><title>News</title>" + items + b"</channel></rss>"
    at: list[float] = []

    async def talk(reader, writer, _door):  # type: ignore[no-untyped-def]
        while request := await read_request(reader, "slow"):
            at.append(request.at)
            body = {"/robots.txt": rules, "/feed.xml": feed}.get(request.path, b"<p>Nothing to see here.</p>")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    with Loopback(doors={"slow": 0}, talk=talk, hosts={"slow": "127.0.1.251"}) as server:
        source = server.url("slow") + "/feed.xml"
        done = scrapy_command("crawl", "hostile", "--json", *WORDS, "-a", f"sources={source}", NEWS_ALLOW_ADDRESSES=ALLOWED)
    assert done.receipt["captures"] == 4, done.err
    gaps = [later - earlier for earlier, later in itertools.pairwise(at[1:])]
    assert len(gaps) >= 4
    assert min(gaps) > 0.45, gaps
