"""Feeds as publishers print them, by the specifications and against them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.discovery.feeds import read_feed
from pipelines.moments import iso

HOME = "https://gazette.example/news/feed.xml"
FAULTS = Path(__file__).parent / "feeds"


def entries(
    body: str | bytes, url: str = HOME, content_type: str | None = None
) -> list[tuple[str | None, str | None, str | None]]:
    feed = read_feed(body if isinstance(body, bytes) else body.encode(), url, content_type)
    return [(entry.url, entry.title, entry.published) for entry in feed.entries]


def rss(inner: str, channel: str = "", root: str = "") -> str:
    return f'<rss version="2.0" {root}><channel>{channel}<item>{inner}</item></channel></rss>'


def atom(inner: str, feed: str = "") -> str:
    return f'<feed xmlns="http://www.w3.org/2005/Atom">{feed}<entry>{inner}</entry></feed>'


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (
            "html-entities-undeclared.xml",
            [
                ("https://gazette.example/a", "Mayor: ‘We rebuild’ – café reopens"),
                ("https://gazette.example/b?x=1&y=2", "Fish & chips prices"),
            ],
        ),
        ("names-sitemap-namespace.xml", [("https://gazette.example/ferry", "Ferry late")]),
        ("junk-before-declaration.xml", [("https://gazette.example/1", "One")]),
        ("bom-and-latin1-declared.xml", [("https://gazette.example/1", "Århus")]),
        ("utf8-declared-cp1252-sent.xml", [("https://gazette.example/1", "Blåbærsyltetøj is sold again – “all of it”")]),
        ("koi8-r.xml", [("https://gazette.example/1", "Паром опоздал")]),
        ("utf16-without-mark.xml", [("https://gazette.example/1", "Überfahrt")]),
        (
            "tags-do-not-nest.xml",
            [
                ("https://gazette.example/1", "First"),
                ("https://gazette.example/2", "Second bold"),
                ("https://gazette.example/3", "Third"),
            ],
        ),
        ("cut-in-last-story.xml", [("https://gazette.example/1", "One")]),
        ("control-characters.xml", [("https://gazette.example/1", "Tide table[31m – ’")]),
        ("billion-laughs.xml", [("https://gazette.example/1", "&j; Gazette & Sons")]),
        ("external-entity.xml", [("https://gazette.example/1", "Read &x; this")]),
        ("no-namespaces-declared.xml", [("https://gazette.example/one", "From dc")]),
        ("cdata-never-ends.xml", [("https://gazette.example/1", "A & B"), ("https://gazette.example/2", "Next")]),
    ],
)
def test_a_broken_feed_gives_what_can_be_read(fault: str, expected: list[tuple[str, str]]) -> None:
    assert [found[:2] for found in entries((FAULTS / fault).read_bytes())] == expected


def test_one_bad_byte_does_not_spoil_the_others() -> None:
    body = rss("<title>Überfähre – größer als je zuvor, naïve Pläne</title>").encode() + b"<!-- \xc3 -->"
    assert entries(body.replace(b"je zuvor", b"je zu\xc3vor"), content_type="text/xml; charset=iso-8859-1")[0][1] == (
        "Überfähre – größer als je zu\ufffdvor, naïve Pläne"
    )


def test_every_fault_on_file_is_tested() -> None:
    tested = {
        mark.args[1][i][0] for mark in test_a_broken_feed_gives_what_can_be_read.pytestmark for i in range(len(mark.args[1]))
    }
    assert tested == {path.name for path in FAULTS.glob("*.xml")}


def test_entries_without_a_link_stay_in_their_place() -> None:
    body = rss(
        "<title>A</title></item><item><link>https://gazette.example/b</link></item><item><guid isPermaLink='false'>x</guid>"
    )
    assert [url for url, _, _ in entries(body)] == [None, "https://gazette.example/b", None]


@pytest.mark.parametrize(
    ("inner", "channel", "root", "url"),
    [
        ("<link>\n https://gazette.example/a \n</link>", "", "", "https://gazette.example/a"),
        ("<link>story</link>", "<link>https://www.gazette.example/</link>", "", "https://www.gazette.example/story"),
        ("<link>story</link>", "", "", "https://gazette.example/news/story"),
        (
            "<link>story</link>",
            "<link>https://other.example/</link>",
            'xml:base="https://base.example/x/"',
            "https://base.example/x/story",
        ),
        ("<guid>https://gazette.example/g</guid>", "", "", "https://gazette.example/g"),
        ("<guid isPermaLink='false'>https://gazette.example/g</guid>", "", "", None),
        ("<guid>4711</guid>", "", "", None),
        ("<link/><guid>https://gazette.example/g</guid>", "", "", "https://gazette.example/g"),
        ("<guid>https://gazette.example/g</guid><link>https://gazette.example/l</link>", "", "", "https://gazette.example/l"),
        (
            "<a:link href='https://gazette.example/l'/>",
            "",
            'xmlns:a="http://www.w3.org/2005/Atom"',
            "https://gazette.example/l",
        ),
        ("<a:link rel='self' href='https://gazette.example/l'/>", "", 'xmlns:a="http://www.w3.org/2005/Atom"', None),
        (
            "<link>https://proxy.example/1</link><f:origLink>https://gazette.example/1</f:origLink>",
            "",
            'xmlns:f="http://rssnamespace.org/feedburner/ext/1.0"',
            "https://gazette.example/1",
        ),
        ("<m:content url='https://gazette.example/v.mp4'/>", "", 'xmlns:m="http://search.yahoo.com/mrss/"', None),
        ("<link><![CDATA[https://gazette.example/a?b=1&amp;c=2]]></link>", "", "", "https://gazette.example/a?b=1&c=2"),
        ("<link>javascript:alert(1)</link>", "", "", None),
        ("<source url='https://x.example/'>S</source><enclosure url='https://gazette.example/a.mp3'/>", "", "", None),
    ],
)
def test_the_link_of_an_rss_item(inner: str, channel: str, root: str, url: str | None) -> None:
    assert entries(rss(inner, channel, root))[0][0] == url


@pytest.mark.parametrize(
    ("inner", "url"),
    [
        ("<link href='a/b'/>", "https://gazette.example/news/a/b"),
        (
            "<link rel='self' href='/s'/><link type='application/pdf' href='/p'/><link rel='alternate' href='/h'/>",
            "https://gazette.example/h",
        ),
        ("<link xml:base='https://base.example/x/' href='y'/>", "https://base.example/x/y"),
        ("<link rel='enclosure' href='/a.mp3'/><id>https://gazette.example/id</id>", "https://gazette.example/id"),
        ("<id>tag:gazette.example,2020:1</id>", None),
        ("<content src='/out-of-line'/>", "https://gazette.example/out-of-line"),
    ],
)
def test_the_link_of_an_atom_entry(inner: str, url: str | None) -> None:
    assert entries(atom(inner))[0][0] == url


def test_xml_base_nests() -> None:
    body = atom("<link href='c'/>").replace("<entry>", '<entry xml:base="b/">').replace("<feed ", '<feed xml:base="/a/" ')
    assert entries(body)[0][0] == "https://gazette.example/a/b/c"


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("<title>A &amp; B</title>", "A & B"),
        ("<title><![CDATA[<b>A</b> &amp; B]]></title>", "A & B"),
        ("<title>&lt;i>A&lt;/i> &amp;amp; B</title>", "A & B"),
        ("<title>The &amp;lt;b&amp;gt; tag</title>", "The <b> tag"),
        ("<title>5 &lt; 6 and 7 > 2</title>", "5 < 6 and 7 > 2"),
        ("<title>\n A\t\n B </title>", "A B"),
        ("<title>A<br/>B</title>", "A B"),
        ("<title>A <b>x<i>y</i>z</b> t</title>", "A xyz t"),
        ("<title>AT&T and R&D</title>", "AT&T and R&D"),
        ("<title></title>", None),
        ("<media:title>M</media:title>", "M"),
        ("<media:title>M</media:title><title>T</title>", "T"),
        ("<title>x&lt;script>alert(1)&lt;/script>y</title>", "xy"),
    ],
)
def test_an_rss_title_is_html(title: str, words: str | None) -> None:
    assert entries(rss(title))[0][1] == words


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("<title>Less: &lt;em> &amp;lt;</title>", "Less: <em> &lt;"),
        ("<title type='text'>It&amp;#8217;s</title>", "It’s"),
        ("<title type='html'>Less: &lt;em> &amp;lt; &lt;/em></title>", "Less: <"),
        ("<title type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>A <b>B</b> &lt;</div></title>", "A B <"),
    ],
)
def test_an_atom_title_has_its_type(title: str, words: str) -> None:
    assert entries(atom(title))[0][1] == words


def test_rss_1_and_0_9() -> None:
    body = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
      xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://gazette.example/"><title>G</title></channel>
      <item rdf:about="https://gazette.example/1"><title>One</title><link>https://gazette.example/1</link>
      <dc:date>2004-01-02T10:00+09:00</dc:date></item>
      <item rdf:about="https://gazette.example/2"><title>Two</title></item></rdf:RDF>"""
    assert entries(body) == [
        ("https://gazette.example/1", "One", "2004-01-02T10:00:00+09:00"),
        ("https://gazette.example/2", "Two", None),
    ]
    old = body.replace("http://purl.org/rss/1.0/", "http://my.netscape.com/rdf/simple/0.9/")
    assert [url for url, _, _ in entries(old)] == ["https://gazette.example/1", "https://gazette.example/2"]


def test_json_feed() -> None:
    body = """\ufeff{"version": "https://jsonfeed.org/version/1.1", "title": "G", "home_page_url": "https://gazette.example/",
      "items": [{"id": "1", "url": "/a", "title": "A <b>", "date_published": "2020-01-01T00:00:00-05:00"},
                {"id": "https://gazette.example/b", "external_url": "https://x.example/", "date_modified": "2020-01-02"},
                {"id": 3, "title": 7}, "no item"]}"""
    assert entries(body) == [
        ("https://gazette.example/a", "A <b>", "2020-01-01T00:00:00-05:00"),
        ("https://gazette.example/b", None, "2020-01-02T00:00:00+00:00"),
        (None, None, None),
    ]
    assert read_feed(body.encode(), HOME).kind == "json"


@pytest.mark.parametrize(
    "body", ["", "<", "{", "[]", '{"items": 5}', "<html><body><p>404</p></body></html>", "plain", "[" * 100_000]
)
def test_what_is_no_feed_says_so(body: str) -> None:
    feed = read_feed(body.encode(), HOME)
    assert (feed.kind, feed.entries) == (None, ())


@pytest.mark.parametrize(
    ("inner", "published"),
    [
        ("<pubDate>Thu, 03 Sep 2015 10:00:00 +0200</pubDate><dc:date>2001-01-01</dc:date>", "2015-09-03T10:00:00+02:00"),
        ("<pubDate>yesterday</pubDate><dc:date>2001-01-01</dc:date>", "2001-01-01T00:00:00+00:00"),
        ("<atom:updated>2001-01-01T00:00:00Z</atom:updated>", "2001-01-01T00:00:00+00:00"),
        ("<pubDate/>", None),
    ],
)
def test_the_best_date_that_can_be_read(inner: str, published: str | None) -> None:
    assert entries(rss(inner))[0][2] == published


def test_nesting_and_endless_feeds_end() -> None:
    story = "<item><title>S</title><link>https://gazette.example/s</link></item>"
    deep = "<rss><channel>" + "<a>" * 100_000 + story
    assert [url for url, _, _ in entries(deep)] == ["https://gazette.example/s"]
    endless = read_feed(("<rss><channel>" + story * 12_000).encode(), HOME)
    assert (len(endless.entries), endless.truncated) == (10_000, True)
    open_sections = "<rss><channel>" + "<![CDATA[" * 100_000 + story
    assert len(entries(open_sections)) <= 1


@given(st.text(max_size=200), st.text(max_size=60))
def test_a_title_survives_any_text(title: str, link: str) -> None:
    feed = read_feed(rss(f"<title>{title}</title><link>{link}</link>").encode("utf-8", "replace"), HOME)
    for entry in feed.entries:
        assert entry.url is None or entry.url.lower().startswith(("http://", "https://"))
        assert entry.title is None or entry.title == " ".join(entry.title.split())


@given(st.binary(max_size=300))
def test_any_bytes_are_answered(body: bytes) -> None:
    read_feed(body, HOME)
    read_feed(b"<rss><channel><item>" + body, HOME)


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("Thu, 03 Sep 15", "2015-09-03T00:00:00+00:00"),
        ("Mon, May 25 2020 04:45:26 +0000", "2020-05-25T04:45:26+00:00"),
        ("Mon, 25 May 2020 17:00:00 Z", "2020-05-25T17:00:00+00:00"),
        ("2017-08-01 13:55:44.36 +0200 CEST", "2017-08-01T13:55:44+02:00"),
        ("Thu, 03 Sep 2015 10:00:00 EST", "2015-09-03T10:00:00-05:00"),
        ("Thu, 03 Sep 2015 10:00:00 CEST", "2015-09-03T10:00:00+02:00"),
        ("Thu, 03 Sep 2015 10:00:00 GMT+2", "2015-09-03T10:00:00+02:00"),
        ("Thu, 03 Sep 2015 10:00:00 Europe/Berlin", "2015-09-03T10:00:00+02:00"),
        ("Thu, 03 Sep 2015 24:00:00 +0000", "2015-09-04T00:00:00+00:00"),
        ("Tue, 24 Nov 2099 10:00:00 GMT", "2099-11-24T10:00:00+00:00"),
        ("Thu Jan  1 10:00:00 2004", "2004-01-01T10:00:00+00:00"),
        ("3 September 2015, 4:05 pm EDT", "2015-09-03T16:05:00-04:00"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00+00:00"),
        ("2003-12", "2003-12-01T00:00:00+00:00"),
        ("20031231T101455Z", "2003-12-31T10:14:55+00:00"),
        ("2003-335", "2003-12-01T00:00:00+00:00"),
        ("mar., 03 nov. 2015 10:00:00 +0100", "2015-11-03T10:00:00+01:00"),
        ("03.09.2015 10:00", "2015-09-03T10:00:00+00:00"),
        ("2015年9月3日 10:20", "2015-09-03T10:20:00+00:00"),
        ("2004-05-25 오후 11:23:17", "2004-05-25T23:23:17+00:00"),
        ("2004-július-13T9:15+02:00", "2004-07-13T09:15:00+02:00"),
        ("Thu, 03/09/2015 10:00", "2015-09-03T10:00:00+00:00"),
        ("03/09/2015 10:00", None),
        ("31 Feb 2015 10:00:00 GMT", None),
        ("Thu, 03 Sep 2015 25:61:00 GMT", None),
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59-12:00", None),
        ("soon", None),
        ("1" * 5000, None),
    ],
)
def test_dates_as_they_are_printed(printed: str, expected: str | None) -> None:
    assert iso(printed) == expected


@given(st.datetimes(min_value=dt.datetime(1971, 1, 1), timezones=st.timezones()))
def test_what_we_print_is_read_as_it_was(moment: dt.datetime) -> None:
    printed = moment.replace(microsecond=0).isoformat()
    assert iso(printed) == printed


@given(st.text(alphabet="0123456789 :-/.,+TZJanMonGMTz年", max_size=40))
def test_any_date_is_answered(text: str) -> None:
    found = iso(text)
    assert found is None or found[10] == "T"


def test_a_title_in_base64_is_read() -> None:
    inner = "<title mode='base64'>QnJpZGdl</title><link>https://outlet.example/1</link>"
    assert entries(rss(inner)) == [("https://outlet.example/1", "Bridge", None)]
