"""The newsstand itself: what it promises of its pages is what it serves, byte for byte the same every time."""

from __future__ import annotations

import gzip
import http.client
import json
import re
import signal
import subprocess
import sys
import urllib.robotparser
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import feedparser
import lxml.etree
import lxml.html
import pytest

from storage.records import BlockKind, Kind, Outcome
from tests.conftest import ROOT
from tests.newsstand import ARTICLES, FEEDS, LISTINGS, Banner, Expected, Fault, Newsstand


@pytest.fixture(scope="module")
def stand() -> Iterator[Newsstand]:
    with Newsstand() as opened:
        yield opened


def get(url: str, method: str = "GET", **headers: str) -> tuple[int, http.client.HTTPMessage, bytes]:
    parts = urlsplit(url)
    assert parts.hostname
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def page_of(each: Expected) -> lxml.html.HtmlElement:
    codec = "cp1252" if each.outlet == "gazette" else "utf-8"
    return lxml.html.document_fromstring(get(each.url)[2].decode(codec))


def flat(text: str) -> str:
    return " ".join(text.split())


def of(stand: Newsstand, fault: Fault) -> list[Expected]:
    return [each for each in stand.expected.values() if each.fault is fault]


def kept(stand: Newsstand) -> list[Expected]:
    return [each for each in stand.expected.values() if each.kinds == (Kind.ARTICLE,) and not each.late and each.blocks]


def announced(stand: Newsstand, outlet: str) -> set[str]:
    found: set[str] = set()
    for path in FEEDS[outlet]:
        entries = feedparser.parse(get(stand.outlets[outlet] + path)[2]).entries
        found |= {entry.link for entry in entries}
    return found


# What stands in it


def test_it_holds_what_the_issue_asks_for(stand: Newsstand) -> None:
    pages = list(stand.expected.values())
    stories = [each for each in pages if each.blocks]
    assert len(stories) >= 60
    assert len({each.story for each in stories}) >= 24
    assert {each.language for each in stories} == {"en", "ar", "es", "de"}
    banners = Counter(each.banner for each in stories)
    hidden = (Banner.ATTRIBUTE, Banner.DISPLAY, Banner.VISIBILITY, Banner.ARIA, Banner.TEMPLATE)
    assert sum(banners[each] for each in hidden) >= 12
    assert min(banners[each] for each in hidden) >= 1
    assert banners[Banner.SHOWN] >= 3
    faults = Counter(each.fault for each in pages)
    assert set(faults) == set(Fault)
    assert faults[Fault.MISSING] >= 4
    assert {kind for each in stories for kind in (block.kind for block in each.blocks)} == set(BlockKind)
    assert min(len(each.blocks) for each in stories) == 2


def test_every_url_of_a_story_has_the_shape_of_its_outlet(stand: Newsstand) -> None:
    for each in stand.expected.values():
        assert re.search(ARTICLES[each.outlet], urlsplit(each.url).path), each.url


def test_every_expected_passage_and_headline_is_on_the_page(stand: Newsstand) -> None:
    for each in kept(stand):
        if each.fault is Fault.CUT_SHORT:
            continue
        text = flat(page_of(each).text_content())
        for block in each.blocks:
            assert all(flat(line) in text for line in block.text.split("\n")), (each.url, block)
        assert each.headline and flat(each.headline) in text


def test_furniture_is_on_the_page_and_not_in_the_story(stand: Newsstand) -> None:
    for each in kept(stand):
        if each.fault is Fault.CUT_SHORT:
            continue
        text = flat(page_of(each).text_content())
        for words in each.furniture:
            assert words in text, (each.url, words)
            assert words not in "\n".join(each.paragraphs)


def test_half_of_the_first_outlets_stories_stand_twice_on_their_page(stand: Newsstand) -> None:
    texts = [
        (flat(page_of(each).text_content()), each)
        for each in kept(stand)
        if each.outlet == "menafn" and each.fault is Fault.NONE
    ]
    twice = [each for text, each in texts if text.count(flat(each.paragraphs[1].split("\n")[0])) == 2]
    assert len(texts) / 3 < len(twice) < len(texts)


def test_exact_copies_within_an_outlet_point_to_the_first(stand: Newsstand) -> None:
    copies = [each for each in stand.expected.values() if each.copy_of]
    assert len(copies) == 2
    for each in copies:
        first = stand.expected[each.copy_of or ""]
        assert each.paragraphs == first.paragraphs
        assert each.headline != first.headline
        assert (first.outcome, each.outcome) == (Outcome.KEPT, Outcome.DUPLICATE)


def test_the_same_wire_story_stands_in_several_outlets_under_other_headlines(stand: Newsstand) -> None:
    groups: dict[str, list[Expected]] = {}
    for each in kept(stand):
        groups.setdefault(each.story or "", []).append(each)
    spread = [group for group in groups.values() if len({each.outlet for each in group}) == 3]
    assert len(spread) >= 12
    assert all(len({each.headline for each in group}) >= 2 for group in spread)


def test_the_tally_is_of_what_is_announced(stand: Newsstand) -> None:
    tally = stand.tally("menafn")
    live = [e for e in stand.expected.values() if e.outlet == "menafn" and not e.late and e.outcome]
    assert tally == Counter(each.outcome for each in live)
    assert stand.tally()[Outcome.DUPLICATE] > sum(stand.tally(name)[Outcome.DUPLICATE] for name in stand.outlets)


# Sources


@pytest.mark.parametrize("outlet", ["menafn", "courier", "gazette"])
def test_feeds_and_sources_announce_every_page_once_printed(stand: Newsstand, outlet: str) -> None:
    found = announced(stand, outlet)
    if outlet == "courier":
        tree = lxml.etree.fromstring(get(stand.outlets[outlet] + "/sitemap-news.xml")[2])
        found |= {node.text or "" for node in tree.iter("{*}loc")}
    for path in LISTINGS[outlet]:
        for number in (1, 2, 3):
            base = f"{stand.outlets[outlet]}{path}?page={number}"
            found |= {urljoin(base, href) for href in lxml.html.document_fromstring(get(base)[2]).xpath("//h3/a/@href")}
    live = [each for each in stand.expected.values() if each.outlet == outlet and not each.late]
    silent = [each.url for each in live if not {each.url, *each.asked} & found]
    assert silent == []
    assert not {each.url for each in stand.expected.values() if each.late} & found


def test_a_listing_names_a_story_that_no_feed_names(stand: Newsstand) -> None:
    fed = announced(stand, "menafn")
    only = [e for e in kept(stand) if e.outlet == "menafn" and not {e.url, *e.asked} & fed]
    assert len(only) == 1
    page = get(stand.url + LISTINGS["menafn"][0])[2] + get(stand.url + LISTINGS["menafn"][0] + "?page=2")[2]
    assert urlsplit(only[0].url).path.encode() in page


def test_feeds_are_of_three_kinds_and_say_when_and_by_whom(stand: Newsstand) -> None:
    first = feedparser.parse(get(stand.url + FEEDS["menafn"][0])[2])
    assert first.version == "rss20"
    assert {entry.author for entry in first.entries} == {"marketing@menafn.com (MENAFN)"}
    second = feedparser.parse(get(stand.outlets["courier"] + "/feed.atom")[2])
    assert second.version == "atom10"
    third_bytes = get(stand.outlets["gazette"] + "/rss.xml")[2]
    assert b'encoding="iso-8859-1"' in third_bytes
    third_bytes.decode("iso-8859-1")
    third = feedparser.parse(third_bytes)
    assert "Windpark überholt altes Kernkraftwerk" in {entry.title for entry in third.entries}
    expected = stand.expected
    dated = [(entry.published_parsed[:6], expected[entry.link].published) for entry in second.entries]
    assert all(parsed == when.utctimetuple()[:6] for parsed, when in dated if when)


def test_robots_txt_forbids_a_page_that_the_feed_announces(stand: Newsstand) -> None:
    (forbidden,) = of(stand, Fault.DISALLOWED)
    assert forbidden.outcome is None
    assert forbidden.url in announced(stand, "menafn")
    rules = urllib.robotparser.RobotFileParser()
    rules.parse(get(stand.url + "/robots.txt")[2].decode().splitlines())
    allowed = {each.url for each in stand.expected.values() if each.outlet == "menafn" and rules.can_fetch("x", each.url)}
    assert {e.url for e in stand.expected.values() if e.outlet == "menafn"} - allowed == {forbidden.url}


def test_a_listing_goes_on_with_other_stories(stand: Newsstand) -> None:
    base = stand.url + LISTINGS["menafn"][0]
    pages = [lxml.html.document_fromstring(get(f"{base}?page={number}")[2]) for number in (1, 2)]
    first, second = ({str(href) for href in page.xpath("//h3/a/@href")} for page in pages)
    assert len(first) == 12 and second and not first & second
    assert pages[0].xpath("string(//a[@rel='next']/@href)") == LISTINGS["menafn"][0] + "?page=2"


# On the wire


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault.MISSING, 200),
        (Fault.FORBIDDEN, 403),
        (Fault.ABSENT, 404),
        (Fault.BROKEN, 500),
        (Fault.NO_TEXT, 200),
        (Fault.NO_BYTES, 200),
    ],
)
def test_statuses(stand: Newsstand, fault: Fault, status: int) -> None:
    assert [get(each.url)[0] for each in of(stand, fault)] == [status] * len(of(stand, fault))


def test_a_page_cut_short_promises_more_than_it_sends(stand: Newsstand) -> None:
    (each,) = of(stand, Fault.CUT_SHORT)
    with pytest.raises(http.client.IncompleteRead) as caught:
        get(each.url)
    assert caught.value.expected and caught.value.expected > 1000
    assert Outcome.FAILED in each.allowed


def test_a_wrong_charset_is_declared_for_bytes_of_another(stand: Newsstand) -> None:
    for each in of(stand, Fault.WRONG_CHARSET):
        _, headers, body = get(each.url)
        assert headers["Content-Type"] == "text/html; charset=utf-8"
        with pytest.raises(UnicodeDecodeError):
            body.decode("utf-8")
        text = flat(body.decode("cp1252"))
        assert all(flat(part) in lxml.html.fromstring(text).text_content() for part in each.paragraphs)


def test_an_old_address_redirects_to_the_new_one(stand: Newsstand) -> None:
    (moved,) = [each for each in stand.expected.values() if any("?" not in at and "sid" not in at for at in each.asked)]
    status, headers, _ = get(moved.asked[0])
    assert (status, urljoin(moved.asked[0], headers["Location"])) == (301, moved.url)
    assert moved.asked[0] in announced(stand, "menafn")
    assert moved.url not in announced(stand, "menafn")


def test_a_tracking_parameter_changes_nothing(stand: Newsstand) -> None:
    tracked = [(each, at) for each in stand.expected.values() for at in each.asked if "utm_" in at or "PHPSESSID" in at]
    assert len(tracked) == 2
    for each, at in tracked:
        assert get(at)[2] == get(each.url)[2]
        assert {at, each.url} <= announced(stand, each.outlet)


def test_validators_and_304(stand: Newsstand) -> None:
    for url in (kept(stand)[0].url, stand.url + FEEDS["menafn"][0], stand.outlets["courier"] + "/sitemap-news.xml"):
        status, headers, body = get(url)
        assert status == 200 and body
        for asked in ({"If_None_Match": headers["ETag"]}, {"If_Modified_Since": headers["Last-Modified"]}):
            status, again, nothing = get(url, **asked)
            assert (status, nothing, again["ETag"]) == (304, b"", headers["ETag"])
        # RFC 9110 13.2.2: a tag that does not match decides, whatever the date says.
        assert get(url, If_None_Match='"other"', If_Modified_Since=headers["Last-Modified"])[0] == 200
        assert get(url, If_Modified_Since="Sun, 01 Feb 2026 00:00:00 GMT")[0] == 200


def test_gzip_when_it_is_accepted(stand: Newsstand) -> None:
    url = kept(stand)[0].url
    _, headers, plain = get(url)
    assert headers["Content-Encoding"] is None
    _, headers, packed = get(url, Accept_Encoding="gzip, br")
    assert headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed) == plain


def test_head_has_no_body_and_post_is_refused(stand: Newsstand) -> None:
    url = kept(stand)[0].url
    assert get(url, "HEAD")[2] == b""
    assert get(url, "HEAD")[1]["Content-Length"] == str(len(get(url)[2]))
    assert get(url, "POST")[0] == 405


def test_json_ld_of_the_second_outlet_says_what_is_expected(stand: Newsstand) -> None:
    for each in (e for e in kept(stand) if e.outlet == "courier"):
        data = json.loads(page_of(each).xpath("string(//script[@type='application/ld+json'])"))
        assert (data["headline"], data["author"][0]["name"]) == (each.headline, each.authors[0])
        assert each.published and data["datePublished"] == each.published.isoformat()


def test_two_stands_serve_the_same_bytes(stand: Newsstand) -> None:
    def everything(one: Newsstand) -> list[bytes]:
        ports = {url.rsplit(":", 1)[1].encode(): name.encode() for name, url in one.outlets.items()}
        pages = [get(each.url)[2] for each in one.expected.values() if each.fault is not Fault.CUT_SHORT]
        pages += [get(one.outlets[name] + path)[2] for name in one.outlets for path in (*FEEDS[name], "/robots.txt")]
        return [re.sub(b":(" + b"|".join(ports) + b")\\b", lambda found: b":" + ports[found[1]], page) for page in pages]

    with Newsstand() as other:
        assert everything(other) == everything(stand)


@pytest.mark.slow
def test_hard_pages_are_served_whole_and_no_feed_of_the_outlet_names_them(stand: Newsstand) -> None:
    sizes = [len(get(url)[2]) for url in stand.hard]
    assert sizes[0] > 1_000_000 and sizes[1] > 20_000_000
    assert not set(stand.hard) & announced(stand, "menafn")
    assert {e.link for e in feedparser.parse(get(stand.url + "/rss/hard.xml")[2]).entries} == set(stand.hard)


# While it runs


def test_a_correction_changes_one_figure_the_validators_and_what_is_expected() -> None:
    with Newsstand() as stand:
        url = stand.correctable()[0]
        before, (_, old, _) = stand.expected[url], get(url)
        revised = stand.correct(url)
        status, new, body = get(url, If_None_Match=old["ETag"])
        assert (status, revised.outcome) == (200, Outcome.REVISION)
        assert new["ETag"] != old["ETag"] and new["Last-Modified"] != old["Last-Modified"]
        changed = [(a, b) for a, b in zip(before.paragraphs, revised.paragraphs, strict=True) if a != b]
        assert len(changed) == 1
        assert changed[0][1] in flat(lxml.html.document_fromstring(body.decode()).text_content())
        assert stand.expected[url].paragraphs == revised.paragraphs


def test_what_has_no_correction_cannot_be_corrected() -> None:
    with Newsstand() as stand:
        url = next(each.url for each in stand.expected.values() if each.story == "chess")
        with pytest.raises(ValueError, match="has no correction"):
            stand.correct(url)


def test_late_stories_are_absent_until_they_are_published() -> None:
    with Newsstand() as stand:
        late = [each for each in stand.expected.values() if each.late]
        assert late and {get(each.url)[0] for each in late} == {404}
        assert {each.url for each in stand.publish()} == {each.url for each in late}
        assert {get(each.url)[0] for each in late} == {200}
        assert {each.url for each in late if each.outlet == "menafn"} <= announced(stand, "menafn")


def test_a_withdrawn_story_is_gone_and_announced_nowhere() -> None:
    with Newsstand() as stand:
        url = stand.correctable()[0]
        stand.withdraw(url)
        assert get(url)[0] == 410
        assert url not in announced(stand, "menafn")


def test_the_log_says_who_asked_for_what_and_when() -> None:
    with Newsstand() as stand:
        url = next(each.url for each in kept(stand) if each.outlet == "courier")
        get(stand.url + "/robots.txt", User_Agent="archivist")
        get(url)
        first, second = stand.requests
        assert (first.door, first.method, first.target, first.header("user-agent")) == (
            "menafn",
            "GET",
            "/robots.txt",
            "archivist",
        )
        assert first.at <= second.at
        assert stand.article_requests() == (url,) == stand.article_requests("courier")
        assert stand.article_requests("menafn") == ()
        stand.forget()
        assert stand.requests == ()


def test_as_a_program_it_prints_its_addresses_and_ends_on_sigterm() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.newsstand"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout
    name, url = process.stdout.readline().split()
    assert (name, get(url + "/robots.txt")[0]) == ("menafn", 200)
    taken = subprocess.run(
        [sys.executable, "-m", "tests.newsstand", "--port", str(urlsplit(url).port)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (taken.returncode, len(taken.stderr.splitlines())) == (1, 1)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")
