"""Pages that send their reader on, and pages that only look so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crawler.outlet import MOST, sends_on
from storage.records import Lead
from tests.conftest import Scrapy
from tests.exchanges import exchange, page
from tests.raw_server import answer
from tests.test_crawl import asked, crawl, outlet, story

URL = "http://news.example/a"
LEAD = Lead(url=URL, outlet="daily", source="feed")
ON = b'<meta http-equiv="Refresh" content="0; url=/b?x=1">'


@pytest.mark.parametrize("packed", [True, False])
def test_a_stub_sends_on_whatever_its_coding(packed: bool) -> None:
    assert (
        sends_on(exchange(URL, b"<html><head>" + ON + b"</head>Moved.</html>", packed=packed), LEAD)
        == "http://news.example/b?x=1"
    )


@pytest.mark.parametrize(
    "body",
    [
        ON + page(size=20_000),
        b"<noscript>" + ON + b"</noscript>",
        b'<meta http-equiv="refresh" content="0; url=http://news.example/a#top">',
        b'<meta http-equiv="refresh" content="1800">',
        b'<meta http-equiv="refresh" content="0; url=javascript:alert(1)">',
        b"",
    ],
)
def test_what_stays(body: bytes) -> None:
    assert sends_on(exchange(URL, body), LEAD) is None
    assert sends_on(exchange(URL, ON, status=b"404 Not Found"), LEAD) is None


def test_a_crawl_follows_a_stub_and_not_for_ever(archive: Path, scrapy_command: Scrapy) -> None:
    def on(number: int) -> bytes:
        return answer(f'<html><head><meta http-equiv="refresh" content="0; url=/{1000000 + number}/ferry"></head></html>'.encode())

    ways = {1: on(50), 2: on(60), **{60 + n: on(61 + n) for n in range(12)}}
    with outlet({1: ways[1], 2: ways[2]}) as server:
        server.answers |= {f"/{1000000 + n}/ferry": [each] for n, each in ways.items()} | {"/1000050/ferry": [answer(story(50))]}
        done = crawl(server, scrapy_command)
        assert (done.status, done.receipt["captures"], done.receipt["outcomes"]["kept"]) == (0, 2, 1), done.out
        followed = [path for path in asked(server) if path > "/1000060"]
        assert len(followed) == MOST and len(set(followed)) == MOST, "another stub is where it ends"
        assert [json.loads(line)["url"] for line in scrapy_command("export", "jsonl").out.splitlines()] == [
            f"{server.url}/1000050/ferry"
        ]
