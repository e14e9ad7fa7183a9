"""The metadata record of a capture: what the network and the judge know of it, once, beside its bytes."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

from storage.archive.warcread import Record, records
from storage.records import Ending, Evidence, Failure, Lead, Outcome
from storage.settler import MOST_REASONS, Notes, verdict_fields
from tests.exchanges import exchange
from tests.test_run import NOW, begin, fetched, keep, story


def notes_in(folder: Path) -> list[tuple[str, dict[str, str]]]:
    """(URL of the response, fields) of every metadata record."""
    found: list[Record] = []
    for path in sorted(folder.rglob("*.warc.gz")):
        with path.open("rb") as stream:
            found += records(stream)
    urls = {each.field("WARC-Record-ID"): each.field("WARC-Target-URI") for each in found}
    return [
        (
            urls[each.field("WARC-Refers-To")] or "",
            dict(line.split(": ", 1) for line in each.block.decode().splitlines()),
        )
        for each in found
        if each.kind == "metadata"
    ]


def test_each_capture_has_one_note_with_verdict_and_timing(tmp_path: Path) -> None:
    run = begin(tmp_path)
    item = fetched(run, 1, story(1))
    run.note(item.page.capture.address, {"x-robots-tag": "noarchive"})  # type: ignore[union-attr, arg-type]
    keep(run, item)
    keep(run, fetched(run, 2, b"<html><title>404</title><h1>Page not found</h1></html>", "404 Not Found"))
    run.finish("finished", NOW)
    (first, kept), (second, refused) = notes_in(tmp_path)
    assert (first, second) == ("https://outlet.example/1", "https://outlet.example/2")
    assert kept["outcome"] == "kept" and kept["verdict"] == "ARTICLE"
    assert kept["fetchTimeMs"] == "0" and kept["x-robots-tag"] == "noarchive"
    assert refused["outcome"] == "quarantined" and refused["verdict"] == "NOT_FOUND"
    rule, words, weight = json.loads(refused["evidence"])[0]
    assert isinstance(rule, str) and isinstance(words, str) and weight > 0


def test_fields_of_what_was_never_judged_are_written_at_the_end(tmp_path: Path) -> None:
    run = begin(tmp_path)
    address = run.record(exchange("https://outlet.example/feed"))
    run.record(exchange("https://outlet.example/other"))
    run.note(address, {"tdm-reservation": "1"})
    run.finish("finished", NOW)
    assert notes_in(tmp_path) == [("https://outlet.example/feed", {"fetchTimeMs": "200", "tdm-reservation": "1"})]


def test_a_failure_without_an_answer_has_no_note(tmp_path: Path) -> None:
    run = begin(tmp_path)
    lead = Lead(url="https://outlet.example/4", outlet="outlet", source="x")
    keep(run, Failure(lead=lead, url=lead.url, fetched_at=NOW, error="reset"))
    run.finish("finished", NOW)
    assert notes_in(tmp_path) == []


def test_a_value_with_a_line_break_stays_one_line(tmp_path: Path) -> None:
    run = begin(tmp_path)
    address = run.record(exchange())
    run.note(address, {"rights\r\nforged": "a\r\nb: c"})
    run.finish("finished", NOW)
    assert notes_in(tmp_path)[0][1]["rights forged"] == "a b: c"


def test_the_heaviest_reasons_come_first_and_are_few() -> None:
    lead = Lead(url="https://outlet.example/1", outlet="outlet", source="x")
    reasons = tuple(Evidence(rule=f"r{n}", words="é", weight=(-1) ** n * n) for n in range(9))
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    ending = Ending(sequence=1, run="r", lead=lead, url=lead.url, fetched_at=at, outcome=Outcome.QUARANTINED, evidence=reasons)
    told = json.loads(verdict_fields(ending)["evidence"])
    assert [rule for rule, _words, _weight in told] == ["r8", "r7", "r6"][:MOST_REASONS]


def test_only_the_newest_fetches_are_remembered(tmp_path: Path) -> None:
    notes, run = Notes(), begin(tmp_path)
    address = run.record(exchange())
    for number in range(2000):
        notes.fetched(replace(address, record_id=str(number)), exchange())
    assert notes.take(replace(address, record_id="0")) == {}
    assert notes.take(replace(address, record_id="1999")) == {"fetchTimeMs": "200"}
    assert notes.left() == []
    run.finish("finished", NOW)
