"""A run loses nothing: what a kill leaves open is settled or fetched again, and two runs never overlap."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from pathlib import Path

import pytest
from scrapy.settings import Settings

from pipelines.chain import refine
from pipelines.stages import Keep, enter
from storage.archive import ArchiveError, open_archive
from storage.archive.exchange import capture_of
from storage.archive.forget import forget
from storage.catalogue import leads
from storage.catalogue.rows import unpacked
from storage.catalogue.schema import MIGRATIONS, CatalogueError, OutletBusy, open_catalogue
from storage.records import Article, Ending, Exchange, Failure, Lead, Outcome, Outlet, Page
from storage.run import Run, start_run

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def begin(folder: Path, outlet: str = "outlet") -> Run:
    return start_run(
        outlet=outlet,
        archive=open_archive(str(folder)),
        catalogue=folder / "catalogue.sqlite",
        clock=lambda: NOW,
        about={"software": "test"},
    )


def story(number: int, figure: int = 40) -> bytes:
    paragraphs = "".join(
        f"<p>Paragraph {n} of story {number}: the council of district {number * 7 + n} voted by {figure} to {n} for the new "
        f"bridge number {number}, which engineers say will carry trams and bicycles before the year is out.</p>"
        for n in range(1, 7)
    )
    head = f"<html><head><title>Bridge {number}</title></head><body><h1>Bridge {number} is voted</h1>"
    return f"{head}{paragraphs}</body></html>".encode()


def fetched(run: Run, number: int, body: bytes, status: str = "200 OK") -> Page | Article:
    url = f"https://outlet.example/{number}"
    lead = Lead(url=url, outlet="outlet", source="https://outlet.example/feed")
    run.announce([lead], NOW)
    leads.take(run.catalogue, lead, run.id, NOW)
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    exchange = Exchange(
        url=url, request=b"GET / HTTP/1.1\r\n\r\n", response=head + body, started_at=NOW, ended_at=NOW, peer="192.0.2.1"
    )
    return refine(capture_of(exchange, lead, run.record(exchange)), Outlet(name="outlet"))


def keep(run: Run, item: Page | Article | Failure) -> Ending:
    ending, clean = enter(run, item)
    run.keep(ending, clean).result(timeout=10)
    run.settled(ending)
    return ending


def states(run: Run) -> dict[str, str]:
    return dict(run.catalogue.conn.execute("select url, state from leads").fetchall())


def test_outcomes_add_up_and_the_receipt_lies_in_the_archive(tmp_path: Path) -> None:
    run = begin(tmp_path)
    assert keep(run, fetched(run, 1, story(1))).outcome is Outcome.KEPT
    assert keep(run, fetched(run, 1, story(1))).outcome is Outcome.UNCHANGED
    assert keep(run, fetched(run, 1, story(1, figure=41))).outcome is Outcome.REVISION
    assert keep(run, fetched(run, 2, story(1, figure=41))).outcome is Outcome.DUPLICATE
    assert (
        keep(run, fetched(run, 3, b"<html><body><p>Not found.</p></body></html>", "404 Not Found")).outcome
        is Outcome.QUARANTINED
    )
    failure = Failure(
        lead=Lead(url="https://outlet.example/4", outlet="outlet", source="x"),
        url="https://outlet.example/4",
        fetched_at=NOW,
        error="reset",
    )
    assert keep(run, failure).outcome is Outcome.FAILED
    receipt = run.finish("finished", NOW)
    assert receipt["captures"] == 6 == sum(receipt["outcomes"].values())
    kept = json.loads(next((tmp_path / "receipts").rglob("*.json")).read_text())
    assert kept == receipt
    assert len(list((tmp_path / "clean").rglob("*.json.gz"))) == 2
    assert list((tmp_path / "spool").rglob("*.warc.gz")) == []


class _Crawler:
    """What the Keep stage asks of a crawler."""

    def __init__(self, run: Run) -> None:
        self.spider, self.settings = self, Settings()
        self.run, self.title = run, ""


def test_two_runs_that_find_one_text_at_once_keep_it_once(tmp_path: Path) -> None:
    one, other = begin(tmp_path), begin(tmp_path, "other")
    first, clean = enter(one, fetched(one, 1, story(1)))  # placed, and not durable yet
    copy = fetched(other, 2, story(1))

    async def both() -> Ending:
        waiting = asyncio.ensure_future(Keep(_Crawler(other)).process_item(copy))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        await asyncio.wrap_future(one.keep(first, clean))
        one.settled(first)
        return await waiting

    second = asyncio.run(both())
    assert (second.outcome, second.clean_key) == (Outcome.DUPLICATE, first.clean_key)
    for run in (one, other):
        run.finish("finished", NOW)
    assert len(list((tmp_path / "clean").rglob("*.json.gz"))) == 1


def test_a_text_that_another_run_never_makes_durable_is_kept_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.stages.PATIENCE", 0.05)
    one, other = begin(tmp_path), begin(tmp_path, "other")
    first, clean = enter(one, fetched(one, 1, story(1)))
    second = asyncio.run(Keep(_Crawler(other)).process_item(fetched(other, 2, story(1))))
    assert second.outcome is Outcome.DUPLICATE and second.clean_key != first.clean_key
    one.keep(first, clean).result(timeout=10)
    one.settled(first)
    for run in (one, other):
        run.finish("finished", NOW)


def test_what_a_kill_left_open_is_settled_when_durable_and_taken_back_otherwise(tmp_path: Path) -> None:
    run = begin(tmp_path)
    durable, clean = enter(run, fetched(run, 1, story(1)))
    run.settler.submit(durable, clean).result(timeout=10)
    lost, _ = enter(run, fetched(run, 2, story(2)))  # the process dies before its ending reaches the ledger
    run.held.close()
    run.ledger._segment.release()
    run.warc._file.segment.release()

    again = begin(tmp_path)
    assert any("1 were durable" in note for note in again.notes)
    assert states(again)["https://outlet.example/1"] == "captured"
    assert again.catalogue.conn.execute("select count(*) from captures").fetchone() == (1,)
    assert [each.url for each in leads.lease(again.catalogue, "outlet", again.id, NOW)] == ["https://outlet.example/2"]
    assert keep(again, fetched(again, 2, story(2))).outcome is Outcome.KEPT
    again.finish("finished", NOW)
    assert lost.outcome is Outcome.KEPT


def test_a_second_run_of_the_same_outlet_ends_at_once(tmp_path: Path) -> None:
    run = begin(tmp_path)
    with pytest.raises(OutletBusy, match="already going"):
        begin(tmp_path)
    run.finish("finished", NOW)
    begin(tmp_path).finish("finished", NOW)


def test_a_refusal_brings_the_lead_back_later_and_a_missing_page_does_not(tmp_path: Path) -> None:
    run = begin(tmp_path)
    keep(run, fetched(run, 1, b"<html><title>403 Forbidden</title><h1>403 Forbidden</h1><p>nginx</p></html>", "403 Forbidden"))
    keep(run, fetched(run, 2, b"<html><title>404</title><h1>Page not found</h1></html>", "404 Not Found"))
    assert states(run) == {"https://outlet.example/1": "announced", "https://outlet.example/2": "gone"}
    assert leads.lease(run.catalogue, "outlet", run.id, NOW) == [], "it waits before it is asked for again"
    assert leads.lease(run.catalogue, "outlet", run.id, NOW + dt.timedelta(hours=2)) != []
    run.finish("finished", NOW)


def test_a_catalogue_of_a_newer_schema_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    database = open_catalogue(path)
    database.conn.execute(f"pragma user_version = {len(MIGRATIONS) + 1}")
    database.close()
    with pytest.raises(CatalogueError, match="Update Cleancopy"):
        open_catalogue(path)


def test_a_file_that_is_no_catalogue_is_named(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    path.write_bytes(b"this is a letter to a friend, not a database" * 40)
    with pytest.raises(CatalogueError, match="scrapy rebuild"):
        open_catalogue(path)
    assert path.read_bytes().startswith(b"this is a letter")


def test_an_archive_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ArchiveError):
        open_archive(str(tmp_path / "file" / "archive"))


def test_a_stump_of_a_known_story_is_an_event_and_never_its_newest_version(tmp_path: Path) -> None:
    run = begin(tmp_path)
    keep(run, fetched(run, 1, story(1)))
    stump = keep(run, fetched(run, 1, story(1).partition(b"<p>Paragraph 3")[0] + b"</body></html>"))
    assert stump.outcome is Outcome.QUARANTINED
    assert any(evidence.rule == "shrunken" for evidence in stump.evidence)
    (text,) = run.catalogue.conn.execute("select text_zlib from articles where current = 1").fetchone()
    assert "Paragraph 6" in unpacked(text)
    assert states(run)["https://outlet.example/1"] == "captured", "it is asked for again when it is due (crawler/revisit.py)"
    run.finish("finished", NOW)


def test_what_was_forgotten_is_known_to_a_run_with_a_catalogue_of_its_own(tmp_path: Path) -> None:
    archive = open_archive(str(tmp_path / "archive"))
    forget(archive, "https://outlet.example/1", "asked for", run="20260301T110000Z-00000001", clock=lambda: NOW)
    run = begin(tmp_path / "archive")
    assert run.is_forgotten("http://www.outlet.example/1/")
    assert not run.is_forgotten("https://outlet.example/2")
    assert run.announce([Lead(url="https://outlet.example/1", outlet="outlet", source="x")], NOW) == []
    run.finish("finished", NOW)
