"""A catalogue that is made again from the archive says what the one that grew says."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.indexing import index
from pipelines.fingerprint import fingerprint
from pipelines.stages import enter
from storage.archive import ArchiveError, open_archive
from storage.archive.ledger import Event
from storage.catalogue import leads
from storage.catalogue.compare import Difference, differences
from storage.catalogue.rebuild import build, in_order, put_in_place
from storage.catalogue.replay import Rebuilt
from storage.catalogue.rows import unpacked
from storage.catalogue.rulings import rule
from storage.catalogue.schema import CatalogueError, OutletBusy, claim_catalogue, locks_folder, open_catalogue
from storage.records import Article, Block, BlockKind, Capture, Failure, Kind, Lead, Outcome, Page, Relation
from storage.run import Run, start_run
from tests.conftest import Scrapy
from tests.test_run import NOW, begin, fetched, keep, story


def rebuilt(folder: Path) -> tuple[Rebuilt, list[Difference]]:
    """Make the catalogue of an archive again, beside the old one -> what was made, and what differs."""
    fresh = folder / "catalogue.again"
    fresh.unlink(missing_ok=True)
    made = build(open_archive(str(folder)), fresh, index, look=fingerprint)
    live, again = open_catalogue(folder / "catalogue.sqlite"), open_catalogue(fresh)
    try:
        return made, list(differences(live.conn, again.conn))
    finally:
        live.close()
        again.close()


def begin_next_day(folder: Path, outlet: str = "outlet") -> Run:
    return start_run(
        outlet=outlet,
        archive=open_archive(str(folder)),
        catalogue=folder / "catalogue.sqlite",
        clock=lambda: NOW + dt.timedelta(days=1),
        about={},
    )


def failure(number: int) -> Failure:
    lead = Lead(url=f"https://outlet.example/{number}", outlet="outlet", source="https://outlet.example/feed")
    return Failure(lead=lead, url=lead.url, fetched_at=NOW, error="reset")


def abandon(run: Run) -> None:
    """What is left of a run when its process is killed."""
    run.held.close()
    run.ledger._segment.release()
    if run.warc._file is not None:
        run.warc._file.segment.release()


def set_in_other_quotes(body: bytes) -> bytes:
    return body.replace(b"engineers say", "“engineers  say”".encode()).replace(b"trams and", b"trams\xc2\xa0and")


def test_every_kind_of_ending_comes_again(tmp_path: Path) -> None:
    run = begin(tmp_path)
    quoted = story(1).replace(b"engineers say", b'"engineers say"')
    assert keep(run, fetched(run, 1, quoted)).outcome is Outcome.KEPT
    assert keep(run, fetched(run, 1, quoted)).outcome is Outcome.UNCHANGED
    assert keep(run, fetched(run, 1, story(1, figure=41))).outcome is Outcome.REVISION
    assert keep(run, fetched(run, 2, story(1, figure=41))).outcome is Outcome.DUPLICATE
    assert keep(run, fetched(run, 1, set_in_other_quotes(story(1)))).outcome is Outcome.REVISION, "the first text came back"
    missing = b"<html><title>404 Not Found</title><h1>404 Not Found</h1><p>This page does not exist.</p></html>"
    assert keep(run, fetched(run, 3, missing, "404 Not Found")).outcome is Outcome.QUARANTINED
    run.announce([failure(4).lead, replace(failure(5).lead, published=NOW, title="A title")], NOW)
    assert keep(run, failure(4)).outcome is Outcome.FAILED
    run.refuse(failure(5).lead, "robots.txt")
    run.take(Lead(url="https://outlet.example/6", outlet="outlet", source="by hand"), NOW)
    run.finish("finished", NOW)
    second = begin_next_day(tmp_path)
    keep(second, fetched(second, 7, story(7)))
    second.finish("finished", NOW)

    made, found = rebuilt(tmp_path)
    assert found == []
    assert (made.runs, made.captures, made.articles, made.missing, made.renumbered) == (2, 8, 5, 0, 0)


def test_a_copy_in_other_typography_has_the_text_that_is_kept(tmp_path: Path) -> None:
    run = begin(tmp_path)
    keep(run, fetched(run, 1, story(1)))
    assert keep(run, fetched(run, 2, story(1).replace(b"trams and", b"trams&nbsp;  and"))).outcome is Outcome.DUPLICATE
    texts = {text for (text,) in run.catalogue.conn.execute("select text_zlib from articles")}
    run.finish("finished", NOW)
    assert len(texts) == 1
    assert rebuilt(tmp_path)[1] == []


def test_a_verdict_that_supersedes_another_comes_again(tmp_path: Path) -> None:
    run = begin(tmp_path)
    first = keep(run, fetched(run, 1, b"<html><title>403 Forbidden</title><h1>403 Forbidden</h1></html>", "403 Forbidden"))
    ending, clean = enter(run, fetched(run, 1, story(1)), None, first.sequence)
    run.settler.submit(ending, clean).result(timeout=10)
    run.settled(ending)
    run.finish("refed", NOW)
    assert rebuilt(tmp_path)[1] == []
    with sqlite3.connect(tmp_path / "catalogue.again") as connection:
        assert connection.execute("select superseded_by from captures order by id").fetchall() == [(2,), (None,)]
    connection.close()


def test_after_a_kill_the_catalogue_says_what_the_ledger_says(tmp_path: Path) -> None:
    run = begin(tmp_path)
    keep(run, fetched(run, 1, story(1)))
    durable, clean = enter(run, fetched(run, 2, story(2)))
    run.settler.submit(durable, clean).result(timeout=10)
    enter(run, fetched(run, 3, story(3)))
    run.ledger.append("refused", {"url": "https://outlet.example/3", "reason": "robots.txt"})
    run.ledger.append(
        "lead", {"url": "https://outlet.example/9", "source": "feed", "announced_at": NOW.isoformat(timespec="seconds")}
    )
    abandon(run)
    again = begin_next_day(tmp_path)
    assert dict(again.catalogue.conn.execute("select url, state from leads").fetchall()) == {
        "https://outlet.example/1": "captured",
        "https://outlet.example/2": "captured",
        "https://outlet.example/3": "refused",
        "https://outlet.example/9": "announced",
    }
    again.finish("finished", NOW)
    assert rebuilt(tmp_path)[1] == []


def test_a_run_killed_after_its_last_line_keeps_its_receipt(tmp_path: Path) -> None:
    run = begin(tmp_path)
    keep(run, fetched(run, 1, story(1)))
    receipt = run.receipt("finished", NOW)
    run.ledger.append("run-ended", {key: value for key, value in receipt.items() if key not in ("run", "outlet")})
    abandon(run)
    again = begin_next_day(tmp_path)
    again.finish("finished", NOW)
    assert len(list((tmp_path / "receipts").rglob("*.json"))) == 2
    assert rebuilt(tmp_path)[1] == []


def test_a_copy_of_what_another_run_has_not_settled_keeps_its_own_clean_copy(tmp_path: Path) -> None:
    run = begin(tmp_path)
    open_, _ = enter(run, fetched(run, 1, story(1)))
    run.catalogue.conn.execute("update captures set run = 'another' where id = ?", (open_.sequence,))
    copy, clean = enter(run, fetched(run, 2, story(1)))
    assert (copy.outcome, clean is not None, copy.clean_key != open_.clean_key) == (Outcome.DUPLICATE, True, True)
    run.catalogue.conn.execute("update captures set run = ? where id = ?", (run.id, open_.sequence))
    third, no_copy = enter(run, fetched(run, 3, story(1)))
    assert (third.clean_key, no_copy) == (open_.clean_key, None)
    run.finish("finished", NOW)


def printed(run: Run, number: int, last: str) -> Article:
    """A story as an outlet printed it, all but the last sentence the same everywhere."""
    lead = Lead(url=f"https://{run.outlet}.example/{number}", outlet=run.outlet, source="feed")
    run.announce([lead], NOW)
    sentences = [f"In district {n} the council of Aldmoor has voted by {n + 40} to {n} for the new bridge." for n in range(12)]
    capture = Capture(lead=lead, url=lead.url, status=200, headers=(), body=b"", fetched_at=NOW)
    return Article(
        page=Page(capture=capture, kind=Kind.ARTICLE, evidence=()),
        canonical=lead.url,
        headline="Aldmoor votes for a bridge",
        blocks=tuple(Block(kind=BlockKind.PARAGRAPH, text=text) for text in (*sentences, last)),
    )


def test_what_was_like_a_capture_that_is_taken_back_keeps_its_place(tmp_path: Path) -> None:
    run, other = begin(tmp_path), begin_next_day(tmp_path, "other")
    first, _ = enter(run, printed(run, 1, "Work begins in spring."))  # never durable: its run is killed
    alike = keep(other, printed(other, 2, "The ferry stays until then, says the mayor."))
    assert alike.placement is not None and alike.placement.relation is Relation.NEAR_DUPLICATE
    abandon(run)
    again = begin_next_day(tmp_path)
    placed = keep(again, printed(again, 1, "Work begins in spring.")).placement
    assert placed is not None and placed.cluster == alike.placement.cluster == first.article
    again.finish("finished", NOW)
    other.finish("finished", NOW)
    assert rebuilt(tmp_path)[1] == []


def test_after_an_ending_that_could_not_be_kept_none_is(tmp_path: Path) -> None:
    run = begin(tmp_path)
    first, clean = enter(run, fetched(run, 1, story(1)))
    copy, _ = enter(run, fetched(run, 2, story(1)))
    with pytest.raises(ArchiveError):
        run.settler.submit(replace(first, clean_key="../outside"), clean).result(timeout=10)
    with pytest.raises(ArchiveError):
        run.settler.submit(copy, None).result(timeout=10)
    run.finish("archive", NOW)
    begin(tmp_path).finish("finished", NOW)
    made, found = rebuilt(tmp_path)
    assert (made.captures, found) == (0, [])


def test_numbers_that_two_catalogues_gave_are_told_apart(tmp_path: Path) -> None:
    run = begin(tmp_path)
    keep(run, fetched(run, 1, story(1)))
    keep(run, fetched(run, 1, story(1, figure=41)))
    run.finish("finished", NOW)
    for path in tmp_path.glob("catalogue*"):
        path.unlink()
    run = begin_next_day(tmp_path)
    keep(run, fetched(run, 1, story(1, figure=42)))
    run.finish("finished", NOW)
    made, _ = rebuilt(tmp_path)
    assert (made.captures, made.renumbered) == (3, 1)
    with sqlite3.connect(tmp_path / "catalogue.again") as connection:
        (newest,) = connection.execute("select text_zlib from articles where current = 1").fetchone()
    connection.close()
    assert "voted by 42 to" in unpacked(newest)


@pytest.mark.parametrize("damaged", [False, True])
def test_a_clean_copy_that_is_gone_or_damaged_is_said_and_costs_its_own_text_alone(tmp_path: Path, damaged: bool) -> None:
    run = begin(tmp_path)
    ending = keep(run, fetched(run, 1, story(1)))
    run.finish("finished", NOW)
    copy = tmp_path / (ending.clean_key or "")
    if damaged:
        copy.write_bytes(copy.read_bytes()[:-200])
    else:
        copy.unlink()
    made, found = rebuilt(tmp_path)
    assert (made.missing, made.first_missing) == (1, [ending.clean_key])
    assert {each.table for each in found} == {"articles", "articles_fts", "documents", "postings"}
    with sqlite3.connect(tmp_path / "catalogue.again") as connection:
        assert connection.execute("select hex(digest) from documents").fetchone()[0].lower() == ending.content_digest
    connection.close()


def test_differences_name_table_key_and_column(tmp_path: Path) -> None:
    run = begin(tmp_path)
    keep(run, fetched(run, 1, story(1)))
    keep(run, fetched(run, 2, story(2)))
    run.catalogue.conn.execute("update articles set headline = 'Another' where capture = 1")
    run.catalogue.conn.execute("delete from captures where id = 2")
    leads.enter(run.catalogue.conn, replace(failure(9).lead, url="https://x.example/"), NOW)
    run.finish("finished", NOW)
    said = [(each.table, each.key, each.column, each.one is None) for each in rebuilt(tmp_path)[1]]
    assert said == [
        ("articles", "1", "headline", False),
        ("captures", "2", None, True),
        ("leads", "https://x.example/", None, False),
    ]


def test_a_text_that_is_packed_otherwise_is_the_same_and_a_damaged_one_is_not(tmp_path: Path) -> None:
    run = begin(tmp_path)
    keep(run, fetched(run, 1, story(1)))
    keep(run, fetched(run, 2, story(2)))
    (stored,) = run.catalogue.conn.execute("select text_zlib from articles where capture = 1").fetchone()
    otherwise = zlib.compress(zlib.decompress(stored), 1)
    assert otherwise != stored
    run.catalogue.conn.execute("update articles set text_zlib = ? where capture = 1", (otherwise,))
    run.catalogue.conn.execute("update articles set text_zlib = ? where capture = 2", (stored[:-9],))
    run.finish("finished", NOW)
    assert [(each.table, each.key, each.column) for each in rebuilt(tmp_path)[1]] == [("articles", "2", "text_zlib")]


def test_a_persons_word_about_clusters_comes_again_in_its_order(tmp_path: Path) -> None:
    run = begin(tmp_path)
    endings = [keep(run, fetched(run, number, story(number))) for number in (1, 2, 3)]
    one, two, three = (str(ending.article) for ending in endings)
    for verb, fields in (("merged", {"one": three, "other": two}), ("merged", {"one": one, "other": two})):
        run.ledger.append(verb, {"sequence": 3, **fields})
        rule(run.catalogue.conn, verb, fields)
    assert keep(run, fetched(run, 4, story(3))).placement.cluster in (one, two)
    run.ledger.append("split", {"sequence": 4, "article": three})
    rule(run.catalogue.conn, "split", {"article": three})
    run.ledger.append("split", {"sequence": 4, "article": one})  # killed before the catalogue heard of it
    abandon(run)
    begin_next_day(tmp_path).finish("finished", NOW)
    assert rebuilt(tmp_path)[1] == []
    with sqlite3.connect(tmp_path / "catalogue.again") as connection:
        clusters = dict(connection.execute("select article, cluster from articles").fetchall())
    connection.close()
    assert (clusters[one], clusters[three]) == (one, three)
    assert clusters[two] not in (one, three)


def test_the_old_catalogue_is_kept_and_a_damaged_one_too(tmp_path: Path) -> None:
    catalogue, fresh = tmp_path / "catalogue.sqlite", tmp_path / "fresh"
    catalogue.write_bytes(b"no database" * 1000)
    (tmp_path / "catalogue.sqlite-wal").write_bytes(b"log of what is no database")
    open_catalogue(fresh).close()
    kept = put_in_place(fresh, catalogue)
    assert kept is not None and kept.read_bytes().startswith(b"no database")
    assert not (tmp_path / "catalogue.sqlite-wal").exists()
    open_catalogue(catalogue).close()
    open_catalogue(fresh).close()
    kept = put_in_place(fresh, catalogue)
    assert kept is not None
    open_catalogue(kept).close()


def test_a_catalogue_that_is_being_read_stays(tmp_path: Path) -> None:
    catalogue, fresh = tmp_path / "catalogue.sqlite", tmp_path / "fresh"
    reader, writer = open_catalogue(catalogue), open_catalogue(catalogue)
    reader.conn.execute("begin")
    reader.conn.execute("select count(*) from runs").fetchone()
    writer.conn.execute("insert into runs (run, outlet, started_at) values ('r', 'o', 's')")
    open_catalogue(fresh).close()
    try:
        with pytest.raises(CatalogueError, match="Another program"):
            put_in_place(fresh, catalogue, patience=0.1)
    finally:
        reader.close()
        writer.close()


def test_rebuild_and_runs_keep_out_of_each_others_way(tmp_path: Path) -> None:
    run = begin(tmp_path)
    with pytest.raises(OutletBusy, match="at work"):
        claim_catalogue(locks_folder(tmp_path / "catalogue.sqlite"))
    run.finish("finished", NOW)
    with claim_catalogue(locks_folder(tmp_path / "catalogue.sqlite")), pytest.raises(OutletBusy, match="made again"):
        begin(tmp_path)


@given(st.data())
def test_events_come_in_the_order_of_sequences_and_an_outlets_in_their_own(data: st.DataObject) -> None:
    parts = {"a": data.draw(st.sets(st.integers(1, 60))), "b": data.draw(st.sets(st.integers(1, 60)))}
    parts["b"] -= parts["a"]

    def lines(outlet: str) -> Iterator[Event]:
        for number, sequence in enumerate(sorted(parts[outlet])):
            yield event(outlet, "outcome", number * 2, {"sequence": sequence})
            yield event(outlet, "lead", number * 2 + 1, {"url": f"{outlet}{sequence}"})

    waiting = {outlet: list(lines(outlet)) for outlet in parts}
    mixed = []
    while left := [outlet for outlet in waiting if waiting[outlet]]:
        mixed.append(waiting[data.draw(st.sampled_from(left))].pop(0))
    ordered = list(in_order(mixed))
    sequences = [each.fields["sequence"] for each in ordered if each.event == "outcome"]
    assert sequences == sorted(sequences)
    for outlet in parts:
        assert [each.seq for each in ordered if each.outlet == outlet] == list(range(2 * len(parts[outlet])))


def event(outlet: str, name: str, seq: int, fields: dict[str, object]) -> Event:
    return Event(
        event=name, run="20260301T120000Z-00000000", outlet=outlet, seq=seq, at=NOW + dt.timedelta(seconds=seq), fields=fields
    )


@pytest.mark.slow
def test_the_command_makes_it_and_checks_it(archive: Path, scrapy_command: Scrapy) -> None:
    run = begin(archive)
    keep(run, fetched(run, 1, story(1)))
    run.finish("finished", NOW)
    done = scrapy_command("rebuild", "--check")
    assert (done.status, done.err) == (0, "")
    (archive / "catalogue.sqlite").unlink()
    done = scrapy_command("rebuild")
    assert (done.status, done.err) == (0, "")
    assert "1  captures" in done.out
    with sqlite3.connect(archive / "catalogue.sqlite") as connection:
        connection.execute("update captures set status = 500")
    connection.close()
    done = scrapy_command("rebuild", "--check")
    assert done.status == 1
    assert "captures 1: status is '500' in the catalogue, '200' by the archive" in done.out
    assert sorted(path.name for path in archive.glob("catalogue*")) == ["catalogue.sqlite"]


def test_the_command_says_what_is_odd_in_an_archive(archive: Path, scrapy_command: Scrapy) -> None:
    none = scrapy_command("rebuild", "--check", NEWS_ARCHIVE_URI=str(archive.parent))
    assert none.status == 5
    run = begin(archive)
    keep(run, fetched(run, 1, story(1)))
    lost = keep(run, fetched(run, 2, story(2))).clean_key
    run.ledger.append("praised", {"url": "https://outlet.example/1"})
    run.finish("finished", NOW)
    for path in archive.glob("catalogue*"):
        path.unlink()
    missing = scrapy_command("rebuild", "--check")
    assert missing.status == 5 and "`scrapy rebuild` makes it." in missing.err
    run = begin_next_day(archive)
    keep(run, fetched(run, 1, story(1, figure=41)))
    run.finish("finished", NOW)
    (archive / str(lost)).unlink()
    done = scrapy_command("rebuild", "--json")
    assert (done.status, done.receipt["captures"], done.receipt["missing"]) == (1, 3, 1)
    assert done.receipt["old"] and Path(done.receipt["old"]).exists()
    assert done.err.splitlines() == [
        "1 capture got another number: this archive was written through more than one catalogue.",
        "Passed over, as not known to this version: 1 event 'praised' in the ledger.",
        f"Gone or damaged: 1 clean copy, the first {lost}; run `scrapy verify`.",
    ]
    text = scrapy_command("rebuild")
    assert text.status == 1 and "3  captures" in text.out and "  the old    " in text.out


def test_a_check_prints_ten_differences_of_a_table_and_all_as_json(archive: Path, scrapy_command: Scrapy) -> None:
    run = begin(archive)
    for number in range(12):
        keep(run, failure(number))
    run.catalogue.conn.execute("update captures set outcome = 'kept' where id > 1")
    run.catalogue.conn.execute("delete from captures where id = 1")
    run.finish("finished", NOW)
    told = scrapy_command("rebuild", "--check")
    lines = [line for line in told.out.splitlines() if line.startswith("captures ")]
    assert (told.status, len(lines), lines[0]) == (1, 10, "captures 1: only in the archive")
    assert lines[1] == "captures 2: outcome is 'kept' in the catalogue, 'failed' by the archive"
    assert "12  differences in captures" in told.out
    as_json = scrapy_command("rebuild", "--check", "--json")
    found = [json.loads(line) for line in as_json.out.splitlines()]
    assert (as_json.status, sum(each["table"] == "captures" for each in found)) == (1, 12)
