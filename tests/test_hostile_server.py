"""Each behaviour of the hostile server, seen from a bare socket: what the table says is what is on the wire."""

from __future__ import annotations

import email.utils
import gzip
import itertools
import re
import socket
import time
import zlib
from collections.abc import Iterator
from urllib.parse import urlsplit

import brotli
import feedparser
import lxml.etree
import lxml.html
import pytest
from backports import zstd

from storage.records import Outcome
from tests.hostile import ALLOWED, BEHAVIOURS, Behaviour, Hostile, Pace, after_path, paragraphs
from tests.hostile.server import ELSEWHERE

PACE = Pace(wait=1, drip=0.005, hold=0.4, bomb=3 << 20, endless=1 << 20, head=1 << 20)
NAMED = {each.name: each for each in BEHAVIOURS}


@pytest.fixture
def hostile() -> Iterator[Hostile]:
    with Hostile(PACE) as opened:
        yield opened


class Line:
    """A connection as a bare socket. `ask` sends a request; `everything` is what comes until the server ends it."""

    def __init__(self, url: str) -> None:
        self.parts = urlsplit(url)
        assert self.parts.hostname
        self.socket = socket.create_connection((self.parts.hostname, self.parts.port or 80), timeout=5)

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def ask(self, target: str | None = None, *headers: str, last: bool = True) -> Line:
        path = target or self.parts.path
        lines = [f"GET {path} HTTP/1.1", f"Host: {self.parts.netloc}", *headers, "", ""]
        self.socket.sendall("\r\n".join(lines).encode("latin-1"))
        if last:
            self.socket.shutdown(socket.SHUT_WR)
        return self

    def everything(self) -> bytes:
        return b"".join(iter(lambda: self.socket.recv(65536), b""))

    def one(self) -> bytes:
        """The next answer, which has a Content-Length."""
        got = b""
        while b"\r\n\r\n" not in got:
            got += self.socket.recv(1)
        length = int(re.search(rb"Content-Length: (\d+)", got)[1])  # type: ignore[index]
        while len(got.partition(b"\r\n\r\n")[2]) < length:
            got += self.socket.recv(65536)
        return got


def get(url: str, *headers: str) -> bytes:
    parts = urlsplit(url)
    with Line(url) as line:
        return line.ask(parts.path + (f"?{parts.query}" if parts.query else ""), *headers).everything()


def page(hostile: Hostile, name: str, *headers: str) -> bytes:
    return get(hostile.url(NAMED[name]), *headers)


def at(hostile: Hostile, name: str, target: str, *headers: str) -> bytes:
    return get(hostile.origin(NAMED[name]) + target, *headers)


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1][:3])


def body(answer: bytes) -> bytes:
    return answer.partition(b"\r\n\r\n")[2]


def field(answer: bytes, name: str) -> str | None:
    found = re.search(rb"^" + name.encode() + rb": (.*?)\r$", answer.partition(b"\r\n\r\n")[0] + b"\r", re.M | re.I)
    return found[1].decode("utf-8") if found else None


def dechunked(answer: bytes) -> bytes:
    rest, parts = body(answer), []
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        parts.append(rest[: int(size, 16)])
        rest = rest[int(size, 16) + 2 :]
    return b"".join(parts)


def tells(html: bytes, text: tuple[str, ...], codec: str = "utf-8") -> bool:
    found = lxml.html.document_fromstring(html.decode(codec)).text_content()
    return all(part in found for part in text)


def good(answer: bytes, name: str) -> bool:
    return status(answer) == 200 and tells(body(answer), paragraphs(NAMED[name]))


# The table


def test_forty_behaviours_each_named_once_with_outcomes_that_are_words() -> None:
    assert {each.number for each in BEHAVIOURS} == set(range(1, 41))
    assert len(NAMED) == len(BEHAVIOURS)
    words = {outcome.value for outcome in Outcome} | {"refused", "waiting"}
    for each in BEHAVIOURS:
        assert each.ends and set(each.ends) <= words, each
        assert set(each.again) <= words
        assert each.does and each.good


def test_every_number_has_a_test_of_its_own() -> None:
    tested = {int(found[1]) for name in globals() if (found := re.match(r"test_(\d\d)_", name))}
    assert tested == {each.number for each in BEHAVIOURS}


def test_every_door_allows_announces_and_has_a_good_story_behind_the_bad_page(hostile: Hostile) -> None:
    hub = feedparser.parse(body(get(hostile.hub + "/feed.xml")))
    announced = {entry.link for entry in hub.entries}
    for each in BEHAVIOURS:
        assert hostile.url(each) in announced
        if each.after:
            url = hostile.origin(each) + after_path(each)
            assert url in announced
            assert tells(body(get(url)), paragraphs(each, after_path(each)))
    texts = {paragraphs(each, target) for each in BEHAVIOURS for target in (None, after_path(each))}
    # Two codings of one text: 38 has four texts in eight forms.
    assert len(texts) == 2 * len(BEHAVIOURS) - 4


def test_doors_have_hosts_of_their_own_and_the_forbidden_are_outside_the_allowed(hostile: Hostile) -> None:
    if not hostile.apart:
        pytest.skip("only 127.0.0.1 is a loopback address here")
    hosts = {urlsplit(hostile.url(each)).hostname for each in BEHAVIOURS}
    assert len(hosts) == len(BEHAVIOURS)
    assert all(host and host.startswith(ALLOWED.removesuffix("0/24")) for host in hosts)
    assert hostile.trespasses == ()


# 1-4


@pytest.mark.parametrize("name", ["retry-after-seconds", "retry-after-ten-years", "retry-after-negative", "retry-after-soon"])
def test_01_first_429_then_the_page(hostile: Hostile, name: str) -> None:
    first, second = page(hostile, name), page(hostile, name)
    asked = {"seconds": "1", "ten-years": "315360000", "negative": "-5", "soon": "soon"}[name.removeprefix("retry-after-")]
    assert (status(first), field(first, "Retry-After")) == (429, asked)
    assert good(second, name)
    assert len(hostile.asked(NAMED[name])) == 2


@pytest.mark.parametrize(("name", "ahead"), [("retry-after-date", 0), ("retry-after-date-ahead", 3600)])
def test_02_503_with_a_date_by_the_servers_clock(hostile: Hostile, name: str, ahead: int) -> None:
    first = page(hostile, name)
    now, until = (email.utils.parsedate_to_datetime(field(first, head) or "") for head in ("Date", "Retry-After"))
    assert status(first) == 503
    assert (until - now).total_seconds() == PACE.wait + 1
    assert abs(now.timestamp() - ahead - time.time()) < 5
    assert good(page(hostile, name), name)


def test_03_a_date_that_is_past(hostile: Hostile) -> None:
    first = page(hostile, "retry-after-past")
    assert email.utils.parsedate_to_datetime(field(first, "Retry-After") or "").year == 2001
    assert good(page(hostile, "retry-after-past"), "retry-after-past")


def test_04_busy_three_times(hostile: Hostile) -> None:
    answers = [page(hostile, "busy-three-times") for _ in range(4)]
    assert [status(each) for each in answers] == [503, 503, 503, 200]


# 5-9, 33: framing


def test_05_fewer_bytes_than_promised(hostile: Hostile) -> None:
    answer = page(hostile, "short-of-length")
    assert len(body(answer)) < int(field(answer, "Content-Length") or 0) - 1000


def test_06_chunks_without_a_last_one(hostile: Hostile) -> None:
    answer = page(hostile, "no-last-chunk")
    assert field(answer, "Transfer-Encoding") == "chunked"
    assert dechunked(answer).startswith(b"<!DOCTYPE html>")
    assert not answer.endswith(b"0\r\n\r\n")


def test_07_no_framing_at_all_ended_by_close_or_by_rst(hostile: Hostile) -> None:
    answer = page(hostile, "until-close")
    assert field(answer, "Content-Length") is field(answer, "Transfer-Encoding") is None
    assert good(answer, "until-close")
    with Line(hostile.url(NAMED["until-reset"])) as line, pytest.raises(ConnectionResetError):
        line.ask().everything()


def test_08_a_chunk_size_beyond_64_bits(hostile: Hostile) -> None:
    size = body(page(hostile, "huge-chunk")).partition(b"\r\n")[0]
    assert (len(size), int(size, 16) >= 1 << 64) == (17, True)


def test_09_both_framings_and_the_connection_stays_open(hostile: Hostile) -> None:
    case = NAMED["both-framings"]
    with Line(hostile.url(case)) as line:
        line.ask(last=False)
        line.ask(case.leads[0])
        answer = line.everything()
    first, second = answer.split(b"0\r\n\r\n", 1)
    assert (field(first, "Content-Length"), field(first, "Transfer-Encoding")) == ("20", "chunked")
    assert tells(dechunked(first + b"0\r\n\r\n"), paragraphs(case))
    assert tells(body(second), paragraphs(case, case.leads[0]))
    assert len({each.connection for each in hostile.requests}) == 1


def test_33_other_chunks_the_same_bytes(hostile: Hostile) -> None:
    first, second = page(hostile, "other-chunks"), page(hostile, "other-chunks")
    assert first != second
    assert dechunked(first) == dechunked(second)
    assert tells(dechunked(first), paragraphs(NAMED["other-chunks"]))


# 10-14: codings


def test_10_gzip_bombs(hostile: Hostile) -> None:
    once, twice = page(hostile, "gzip-bomb"), page(hostile, "gzip-twice")
    assert (field(once, "Content-Encoding"), field(twice, "Content-Encoding")) == ("gzip", "gzip, gzip")
    assert len(zlib.decompressobj(31).decompress(body(once))) == PACE.bomb
    assert len(zlib.decompressobj(31).decompress(gzip.decompress(body(twice)))) == PACE.bomb
    assert len(body(once)) < PACE.bomb / 500
    assert len(body(twice)) < 2000


def test_11_bombs_in_other_codings(hostile: Hostile) -> None:
    unpack = {
        "brotli-bomb": brotli.decompress,
        "deflate-bomb": lambda packed: zlib.decompressobj().decompress(packed),
        "zstd-bomb": zstd.decompress,
    }
    for name, undo in unpack.items():
        answer = page(hostile, name)
        assert len(undo(body(answer))) == PACE.bomb
        assert len(answer) < PACE.bomb / 500


def test_12_plain_bodies_that_claim_to_be_gzip(hostile: Hostile) -> None:
    answers = [page(hostile, name) for name in ("plain-200", "plain-403", "plain-302")]
    answers.append(at(hostile, "plain-robots", "/robots.txt"))
    assert [status(each) for each in answers] == [200, 403, 302, 200]
    assert {field(each, "Content-Encoding") for each in answers} == {"gzip"}
    assert good(answers[0], "plain-200")
    assert b"403 Forbidden" in body(answers[1])
    assert good(at(hostile, "plain-302", field(answers[2], "Location") or ""), "plain-302")
    assert body(answers[3]).startswith(b"User-agent")


def test_13_gzip_that_is_cut_wrong_or_followed_by_rubbish(hostile: Hostile) -> None:
    with pytest.raises(EOFError):
        gzip.decompress(body(page(hostile, "cut-gzip")))
    with pytest.raises(gzip.BadGzipFile, match="CRC"):
        gzip.decompress(body(page(hostile, "wrong-crc")))
    unpacker = zlib.decompressobj(31)
    assert tells(unpacker.decompress(body(page(hostile, "more-after-gzip"))), paragraphs(NAMED["more-after-gzip"]))
    assert len(unpacker.unused_data) == 200


@pytest.mark.parametrize("layers", [1, 2])
def test_14_a_packed_sitemap_under_a_vague_type(hostile: Hostile, layers: int) -> None:
    name = f"packed-sitemap-{layers}"
    answer = at(hostile, name, "/sitemap.xml.gz")
    assert (field(answer, "Content-Type"), field(answer, "Content-Encoding")) == ("application/octet-stream", "gzip")
    xml = body(answer)
    for _ in range(layers):
        xml = gzip.decompress(xml)
    assert [node.text for node in lxml.etree.fromstring(xml).iter("{*}loc")] == [hostile.url(NAMED[name])]


# 15-23: addresses


def follow(hostile: Hostile, name: str, most: int) -> list[str]:
    """The targets that redirects lead to, within a door."""
    trail = [NAMED[name].path]
    while len(trail) <= most:
        location = field(at(hostile, name, trail[-1]), "Location")
        if location is None:
            break
        trail.append(location)
    return trail


def test_15_circles(hostile: Hostile) -> None:
    circle = follow(hostile, "circle", 4)
    assert circle[0] == circle[2] == circle[4] != circle[1]
    assert len(set(follow(hostile, "itself", 3))) == 1


def test_16_a_chain_of_25(hostile: Hostile) -> None:
    trail = follow(hostile, "far", 40)
    assert len(trail) == len(set(trail)) == 26
    assert good(at(hostile, "far", trail[-1]), "far")


def test_17_away_from_the_web(hostile: Hostile) -> None:
    schemes = [urlsplit(field(page(hostile, name), "Location") or "").scheme for name in ("to-file", "to-data", "to-ftp")]
    assert schemes == ["file", "data", "ftp"]


def test_18_to_addresses_that_nobody_may_ask(hostile: Hostile) -> None:
    names = [each.name for each in BEHAVIOURS if each.number == 18]
    locations = [field(page(hostile, name), "Location") or "" for name in names]
    hosts = {urlsplit(each).hostname for each in locations}
    assert {"127.0.0.1", "localhost", "2130706433", "0x7f000001", "::1", "169.254.169.254", "10.0.0.1", "100.64.0.1"} <= hosts
    for location in (locations[names.index("to-literal")], locations[names.index("to-ipv6")]):
        assert b"Keys of the house" in get(location)
    assert len(hostile.trespasses) == 2, "who goes there is seen"


def test_19_locations_in_raw_bytes(hostile: Hostile) -> None:
    raw = page(hostile, "raw-utf-8").partition(b"Location: ")[2].partition(b"\r\n")[0]
    assert raw == (NAMED["raw-utf-8"].path + "/خبر/باران-در-شهر").encode()
    spaces = field(page(hostile, "spaces"), "Location") or ""
    assert "  of two words" in spaces
    assert good(at(hostile, "spaces", spaces.replace(" ", "%20")), "spaces")
    coded = field(page(hostile, "coded-scheme"), "Location") or ""
    assert coded == "http%3A%2F%2Fexample.org%2Fstory"
    assert good(at(hostile, "coded-scheme", "/1000019/" + coded), "coded-scheme")


def test_20_three_slashes(hostile: Hostile) -> None:
    location = field(page(hostile, "three-slashes"), "Location") or ""
    assert location.startswith("///" + urlsplit(hostile.url(NAMED["three-slashes"])).netloc)
    assert good(get("http:" + location[1:]), "three-slashes")


def test_21_meta_refreshes(hostile: Hostile) -> None:
    itself, within, late = (body(page(hostile, f"refresh-{which}")) for which in ("itself", "noscript", "late"))
    assert f'content="0; url={NAMED["refresh-itself"].path}"'.encode() in itself
    assert b"<noscript><meta" in within
    assert b'content="1800"' in late


def test_22_one_page_for_every_unknown_address(hostile: Hostile) -> None:
    for name in ("soft-404", "soft-home"):
        targets = (NAMED[name].path, *NAMED[name].leads, "/whatever")
        answers = {at(hostile, name, target) for target in targets}
        assert len(answers) == 1
        assert status(answers.pop()) == 200


def test_23_links_that_grow(hostile: Hostile) -> None:
    assert b'href="products/"' in body(page(hostile, "growing-links"))
    assert b'href="products/"' in body(at(hostile, "growing-links", "/products/"))


# 24-29


def test_24_a_story_and_then_nothing(hostile: Hostile) -> None:
    assert good(page(hostile, "emptied"), "emptied")
    assert (status(again := page(hostile, "emptied")), body(again)) == (200, b"")


def test_25_validators_that_move(hostile: Hostile) -> None:
    first = at(hostile, "renewed-by-304", "/feed.xml")
    second = at(hostile, "renewed-by-304", "/feed.xml", 'If-None-Match: "one"')
    assert (field(first, "ETag"), status(second), field(second, "ETag")) == ('"one"', 304, '"two"')
    first = at(hostile, "older-date", "/feed.xml")
    again = at(hostile, "older-date", "/feed.xml", 'If-None-Match: "one"')
    dates = [email.utils.parsedate_to_datetime(field(each, "Last-Modified") or "") for each in (first, again)]
    assert (status(again), field(again, "ETag"), dates[1] < dates[0]) == (200, '"two"', True)
    assert len(feedparser.parse(body(again)).entries) == len(feedparser.parse(body(first)).entries) + 1
    assert status(at(hostile, "older-date", "/feed.xml", 'If-None-Match: "two"')) == 304


def test_26_a_validator_with_a_suffix_that_only_matches_without(hostile: Hostile) -> None:
    first = at(hostile, "suffixed", "/feed.xml")
    assert field(first, "ETag") == '"v1-gzip"'
    assert status(at(hostile, "suffixed", "/feed.xml", 'If-None-Match: "v1"')) == 304
    third = at(hostile, "suffixed", "/feed.xml", 'If-None-Match: "v1"')
    assert (status(third), field(third, "ETag")) == (200, '"v2-gzip"')
    assert len(feedparser.parse(body(third)).entries) == len(feedparser.parse(body(first)).entries) + 1


def test_27_no_reason(hostile: Hostile) -> None:
    assert page(hostile, "no-reason").startswith(b"HTTP/1.1 200\r\n")
    assert page(hostile, "no-reason-space").startswith(b"HTTP/1.1 200 \r\n")
    assert good(page(hostile, "no-reason"), "no-reason")


def test_28_lines_that_are_no_headers(hostile: Hostile) -> None:
    assert b"\r\nthis line has no colon\r\n" in page(hostile, "no-colon")
    assert "\r\n“X-Frame-Options”: SAMEORIGIN\r\n".encode() in page(hostile, "quoted-name")


def test_29_heads_of_a_megabyte(hostile: Hostile) -> None:
    for name in ("huge-head", "huge-line"):
        answer = page(hostile, name)
        assert len(answer) - len(body(answer)) > PACE.head
        assert good(answer, name)
    assert page(hostile, "cookies").count(b"\r\nSet-Cookie: ") == 5000


# 30-32


@pytest.mark.parametrize("name", ["drip", "drip-head"])
def test_30_byte_by_byte(hostile: Hostile, name: str) -> None:
    with Line(hostile.url(NAMED[name])) as line:
        line.ask(last=False)
        got = line.socket.recv(65536)
        pieces = [line.socket.recv(65536) for _ in range(10)]
        got += b"".join(pieces)
    assert max(len(each) for each in pieces[1:]) < 50
    assert (b"\r\n\r\n" in got) is (name == "drip")


def test_31_as_much_as_the_pace_lets_it(hostile: Hostile) -> None:
    answer = page(hostile, "endless")
    assert field(answer, "Content-Length") is None
    assert PACE.endless <= len(answer) < PACE.endless * 1.2


def test_32_taken_and_dropped(hostile: Hostile) -> None:
    assert page(hostile, "silent") == b""
    with Line(hostile.url(NAMED["dropped"])) as line:
        assert status(line.ask(last=False).one()) == 200
        assert line.ask(NAMED["dropped"].leads[0]).everything() == b""
    assert status(at(hostile, "dropped", NAMED["dropped"].leads[0])) == 200
    with Line(hostile.url(NAMED["reset"])) as line, pytest.raises(ConnectionResetError):
        line.ask().everything()
    assert good(page(hostile, "reset"), "reset")


# 34-37: robots.txt


def robots(hostile: Hostile, name: str) -> bytes:
    return at(hostile, name, "/robots.txt")


def test_34_robots_that_fails(hostile: Hostile) -> None:
    assert status(robots(hostile, "robots-503")) == 503
    assert robots(hostile, "robots-silent") == b""
    assert good(page(hostile, "robots-503"), "robots-503"), "a page is there for who does not care"


def test_35_robots_that_is_absent_or_guarded(hostile: Hostile) -> None:
    assert [status(robots(hostile, name)) for name in ("robots-404", "robots-429")] == [404, 429]


@pytest.mark.parametrize(("name", "hops"), [("robots-five-hops", 5), ("robots-six-hops", 6)])
def test_36_robots_behind_redirects_over_hosts(hostile: Hostile, name: str, hops: int) -> None:
    url, hosts = hostile.origin(NAMED[name]) + "/robots.txt", []
    for _ in range(hops):
        answer = get(url)
        assert status(answer) == 302
        url = field(answer, "Location") or ""
        hosts.append(urlsplit(url).netloc)
    assert body(get(url)) == b"User-agent: *\nDisallow: /10\n"
    assert len(set(hosts)) == 2


def test_37_robots_long_html_or_with_bare_cr(hostile: Hostile) -> None:
    long = body(robots(hostile, "robots-long"))
    assert 599 * 1024 < len(long) <= 600 * 1024
    assert 489 * 1024 < long.index(b"Disallow: /10") < 500 * 1024
    html = robots(hostile, "robots-html")
    assert (field(html, "Content-Type"), b"Disallow: /" in html) == ("text/html", True)
    assert body(robots(hostile, "robots-cr")) == b"User-agent: *\rDisallow: /10\r"
    assert all(each.path.startswith("/10") for each in BEHAVIOURS if each.number in (34, 35, 36, 37))


# 38-40: pages and feeds


@pytest.mark.parametrize("case", [each for each in BEHAVIOURS if each.number == 38], ids=lambda case: case.name)
def test_38_codings_that_the_header_denies_or_keeps_quiet(hostile: Hostile, case: Behaviour) -> None:
    answer = get(hostile.url(case))
    assert field(answer, "Content-Type") == ("text/html; charset=utf-8" if case.name.endswith("says-utf-8") else "text/html")
    with pytest.raises(UnicodeDecodeError):
        body(answer).decode("utf-8")
    codec = {"windows-1256": "cp1256", "gb18030": "gb18030", "koi8-r": "koi8-r", "shift-jis": "shift_jis"}
    assert tells(body(answer), case.text, codec[case.name.partition("-says")[0]])


def test_39_challenges_and_a_story_with_the_same_script(hostile: Hostile) -> None:
    answers = [page(hostile, f"challenge-{code}") for code in (403, 503, 200)]
    assert [status(each) for each in answers] == [403, 503, 200]
    for each in answers:
        assert b"<title>Just a moment...</title>" in each
        assert 270_000 < len(body(each)) < 280_000
    story = page(hostile, "challenge-script")
    assert b"cdn-cgi/challenge-platform" in story
    assert good(story, "challenge-script")


def test_40_crooked_feeds(hostile: Hostile) -> None:
    feed = body(at(hostile, "crooked-feed", "/feed.xml"))
    assert b"&lsquo;Fish & chips&rsquo;" in feed
    with pytest.raises(lxml.etree.XMLSyntaxError):
        lxml.etree.fromstring(feed)
    assert feed.count(b"<item>") == 6
    assert all(date in feed.decode() for date in ("Thu, 03 Sep 15<", "+0200 CEST", "17:00:00 Z", "2100"))
    assert b'xmlns:sm="http://www.sitemaps.org/' in body(at(hostile, "sitemap-namespace", "/feed.xml"))
    locations = lxml.etree.fromstring(body(at(hostile, "foreign-sitemap", "/sitemap.xml"))).iter("{*}loc")
    assert len({urlsplit(node.text or "").netloc for node in locations}) == 2
    links = [feedparser.parse(body(at(hostile, "rotating", "/feed.xml"))).entries[0].link for _ in range(3)]
    assert links[0] == links[2] == hostile.url(NAMED["rotating"]) != links[1]
    assert {good(get(each), "rotating") for each in itertools.islice(links, 2)} == {True}
    assert {each.door for each in hostile.requests} >= {ELSEWHERE, "rotating"}
