"""The answer that a 304 stands for, through the records that lead to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from storage.archive import ArchiveError
from storage.archive.reading import whole_answer
from storage.catalogue.captures import newest_story
from storage.catalogue.sources import CHECKED, SourceState
from storage.records import Earlier, Exchange
from tests.test_run import NOW, begin, fetched, keep, story

URL = "https://outlet.example/1"


def came(head: bytes, body: bytes = b"") -> Exchange:
    response = b"HTTP/1.1 " + head + b"\r\n\r\n" + body
    return Exchange(url=URL, request=b"GET / HTTP/1.1\r\n\r\n", response=response, started_at=NOW, ended_at=NOW, peer=None)


def test_a_chain_of_304s_leads_to_the_answer(archive: Path) -> None:
    run, body = begin(archive), b"<p>A story.</p>" * 90
    first = came(b'200 OK\r\nETag: "a"', body)
    at = run.record(first)
    again = run.record(came(b'200 OK\r\nETag: "b"', body))  # a revisit record: the same bytes
    third = run.record(came(b"304 Not Modified\r\nLast-Modified: then"), Earlier(url=URL, fetched_at=NOW, address=again))
    for address, conditions in (
        (at, {"If-None-Match": '"a"'}),
        (again, {"If-None-Match": '"b"'}),
        (third, {"If-Modified-Since": "then"}),
    ):
        found = whole_answer(run.archive, address)
        assert (found.response, found.address.record_id, found.conditions) == (first.response, at.record_id, conditions)
    assert third.payload_digest == at.payload_digest
    with pytest.raises(ArchiveError):
        whole_answer(run.archive, replace(at, offset=at.offset + 1))
    run.finish("finished", NOW)


def test_only_the_newest_answer_that_brought_the_story_counts(archive: Path) -> None:
    run = begin(archive)
    assert newest_story(run.catalogue, URL) is None
    kept = keep(run, fetched(run, 1, story(1)))
    found = newest_story(run.catalogue, URL)
    assert found is not None
    assert found.address == kept.address
    keep(run, fetched(run, 1, b"<h1>403 Forbidden</h1>", "403 Forbidden"))
    assert newest_story(run.catalogue, URL) is None, "after a block it is asked for whole"
    run.finish("finished", NOW)


@pytest.mark.parametrize(("unchanged", "whole"), [(0, False), (CHECKED - 1, False), (CHECKED, True)])
def test_after_a_row_of_304s_all_is_asked_for(unchanged: int, whole: bool) -> None:
    state = SourceState(url="stories of a.example", outlet="gazette", etag="x", unchanged=unchanged)
    assert (state.asks_whole, state.headers == {}) == (whole, whole)
