"""What was fetched becomes a capture with what its publisher says of it, and that is kept wherever the capture is spoken of."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.endings import opened
from pipelines.stages import judged
from storage.archive.clean import read_clean_copy
from storage.archive.ledger import events
from storage.endings import read_ending, write_ending
from storage.records import Article, Capture, Failure, Fetched, Lead, Outlet, Rights
from tests.exchanges import exchange
from tests.test_run import NOW, begin, keep, story

LEAD = Lead(url="http://news.example/1", outlet="outlet", source="feed")
BESIDE = Rights(tdm_reserved=True, licenses=("http://news.example/rsl.xml",), signals=("ai-train=no",), robots="0" * 64)
SAID = replace(
    BESIDE,
    directives=("noarchive", "noai"),
    tdm_reserved=False,
    licenses=(LEAD.url, *BESIDE.licenses),
    terms=("search=no",),
)
RSL = b'<rsl><content url=""><license><prohibits type="usage">search</prohibits></license></content></rsl>'
PAGE = story(1).replace(
    b"<head>",
    b'<head><meta name="robots" content="noai"><meta name="tdm-reservation" content="0">'
    b'<script type="application/rsl+xml">' + RSL + b"</script>",
)
HEADERS = b"Content-Type: text/html; charset=utf-8\r\nX-Robots-Tag: noarchive\r\nX-Robots-Tag: otherbot: noindex\r\n"


def test_rights_are_those_of_host_headers_and_page() -> None:
    capture = opened(Fetched(lead=LEAD, exchange=exchange(body=PAGE, headers=HEADERS), rights=BESIDE), "cleancopy/0.1")
    assert isinstance(capture, Capture)
    assert capture.rights == SAID


def test_rights_stand_in_ledger_copy_and_warc(tmp_path: Path) -> None:
    run, sent = begin(tmp_path), exchange(body=PAGE, headers=HEADERS)
    item = judged(
        Fetched(lead=LEAD, exchange=sent, address=run.record(sent), rights=BESIDE), Outlet(name="outlet"), "cleancopy/0.1"
    )
    assert isinstance(item, Article) and item.page.capture.body == b""
    ending = keep(run, item)
    assert ending.rights == SAID == read_ending(run.id, json.loads(json.dumps(write_ending(ending)))).rights
    run.finish("finished", NOW)
    (line,) = [event.fields for event in events(run.archive) if event.event == "outcome"]
    assert read_ending(run.id, line).rights == SAID
    assert read_clean_copy(run.archive.read(str(ending.clean_key))).article.page.capture.rights == SAID
    (warc,) = tmp_path.rglob("*.warc.gz")
    assert b'"directives":["noarchive","noai"]' in gzip.decompress(warc.read_bytes())


@pytest.mark.parametrize(
    ("response", "error"),
    [(b"220 smtp.example ESMTP\r\n", "no HTTP"), (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", "")],
)
def test_what_holds_no_page_is_a_failure(response: bytes, error: str) -> None:
    body = gzip.compress(b"<p>" * 12_000_000) if not error else b""
    found = opened(Fetched(lead=LEAD, exchange=replace(exchange(), response=response + body)))
    assert isinstance(found, Failure)
    assert (error or "unpacked it is larger than") in found.error
