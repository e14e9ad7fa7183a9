"""Runs of several machines, each with a catalogue of its own, become one catalogue: the one that a rebuild makes."""

from __future__ import annotations

import datetime as dt
import itertools
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.commands.catalogue import synced
from crawler.indexing import index
from pipelines.chain import refine
from storage.archive import open_archive
from storage.archive.exchange import capture_of
from storage.catalogue import leads, runs
from storage.catalogue.compare import Difference, differences
from storage.catalogue.rebuild import build
from storage.catalogue.rulings import rule
from storage.catalogue.schema import open_catalogue, writing
from storage.catalogue.sources import SourceState, state_of
from storage.catalogue.sync import Synced
from storage.records import Article, Exchange, Lead, Outcome, Outlet, Page
from storage.run import Run, start_run
from tests.conftest import Scrapy
from tests.test_run import NOW, keep, story

_SECONDS = itertools.count()


def begin(
    folder: Path, machine: str, outlet: str = "outlet", catalogue: Path | None = None, off: dt.timedelta = dt.timedelta()
) -> Run:
    """A run on a machine of its own: spool and catalogue are the machine's, the archive is everybody's. `off`: by how much its
    clock differs."""
    here = folder / machine
    at = NOW + dt.timedelta(seconds=next(_SECONDS)) + off
    return start_run(
        outlet=outlet,
        archive=open_archive(str(folder / "archive"), here / "spool"),
        catalogue=catalogue or here / "catalogue.sqlite",
        clock=lambda: at,
        about={},
        index=index,
    )


def fetched(run: Run, number: int, body: bytes) -> Page | Article:
    """A page of the run's outlet as it comes out of `refine`."""
    url = f"https://{run.outlet}.example/{number}"
    lead = Lead(url=url, outlet=run.outlet, source=f"https://{run.outlet}.example/feed")
    run.announce([lead], NOW)
    leads.take(run.catalogue, lead, run.id, NOW)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    asked = Exchange(url=url, request=b"GET / HTTP/1.1\r\n\r\n", response=head + body, started_at=NOW, ended_at=NOW, peer="")
    return refine(capture_of(asked, lead, run.record(asked)), Outlet(name=run.outlet))


def sync(folder: Path, name: str = "all.sqlite") -> Synced:
    return synced(open_archive(str(folder / "archive"), folder / "sync-spool"), folder / name)


def against_rebuild(folder: Path, name: str = "all.sqlite") -> list[Difference]:
    fresh = folder / "again.sqlite"
    fresh.unlink(missing_ok=True)
    build(open_archive(str(folder / "archive"), folder / "sync-spool"), fresh, index)
    live, again = open_catalogue(folder / name), open_catalogue(fresh)
    try:
        return list(differences(live.conn, again.conn))
    finally:
        live.close()
        again.close()


def rows(folder: Path, query: str, name: str = "all.sqlite") -> list[tuple[object, ...]]:
    database = open_catalogue(folder / name)
    try:
        return database.conn.execute(query).fetchall()
    finally:
        database.close()


def crawl(folder: Path, machine: str, outlet: str, *numbers: int, figure: int = 40) -> None:
    run = begin(folder, machine, outlet)
    for number in numbers:
        keep(run, fetched(run, number, story(number, figure)))
    run.finish("finished", NOW)


def test_one_story_that_two_machines_kept_is_one_cluster(tmp_path: Path) -> None:
    for machine, outlet, figure in (("a", "first", 40), ("b", "second", 40), ("c", "third", 41)):
        run = begin(tmp_path, machine, outlet)
        item = fetched(run, len(outlet) * 100, story(1, figure))
        assert keep(run, item).outcome is Outcome.KEPT, "nobody knew of the others"
        run.finish("finished", NOW)
    done = sync(tmp_path)
    assert (done.segments, done.made.joined, done.made.twice) == (3, 2, 0)
    assert rows(tmp_path, "select count(distinct cluster), count(*) from articles") == [(1, 3)]
    assert against_rebuild(tmp_path) == []


def test_what_two_machines_fetched_is_kept_once_and_counted(tmp_path: Path) -> None:
    first, second = begin(tmp_path, "a"), begin(tmp_path, "b")
    for run in (first, second):
        for number in (1, 2):
            assert keep(run, fetched(run, number, story(number))).outcome is Outcome.KEPT
    first.finish("finished", NOW)
    second.finish("finished", NOW)
    done = sync(tmp_path)
    assert (done.made.captures, done.made.articles, done.made.twice) == (4, 2, 2)
    assert rows(tmp_path, "select outcome, count(*) from captures group by 1") == [("kept", 2), ("unchanged", 2)]
    assert against_rebuild(tmp_path) == []


def test_a_second_sync_takes_what_is_new_and_a_third_nothing(tmp_path: Path) -> None:
    crawl(tmp_path, "a", "first", 1, 2)
    assert sync(tmp_path).again is not None
    crawl(tmp_path, "b", "second", 1, 3)
    second = sync(tmp_path)
    assert (second.again, second.segments, second.made.captures) == (None, 1, 2)
    third = sync(tmp_path)
    assert (third.again, third.segments, third.made.captures) == (None, 0, 0)
    assert against_rebuild(tmp_path) == []


def test_a_catalogue_that_is_crawled_with_too_takes_in_the_others(tmp_path: Path) -> None:
    def here(*numbers: int) -> None:
        run = begin(tmp_path, "here", "mine", tmp_path / "all.sqlite")
        for number in numbers:
            keep(run, fetched(run, number, story(number)))
        run.finish("finished", NOW)

    here(1, 2)
    crawl(tmp_path, "b", "second", 2, 3)
    assert sync(tmp_path).again is None
    here(3, 4)
    crawl(tmp_path, "b", "second", 4, 5)
    done = sync(tmp_path)
    assert (done.again, done.segments) == (None, 1)
    assert against_rebuild(tmp_path) == []


def test_another_machine_that_syncs_ends_at_the_same_catalogue(tmp_path: Path) -> None:
    crawl(tmp_path, "a", "first", 1, 2)
    sync(tmp_path)
    assert sync(tmp_path, "other.sqlite").made.joined == 0
    crawl(tmp_path, "b", "second", 1, 2)
    assert sync(tmp_path, "other.sqlite").made.joined == 2
    taken = sync(tmp_path)
    assert (taken.again, taken.segments) == (None, 1), "the batch of the other machine"
    assert against_rebuild(tmp_path) == against_rebuild(tmp_path, "other.sqlite") == []


def test_a_person_s_word_stands_above_what_a_sync_finds(tmp_path: Path) -> None:
    crawl(tmp_path, "a", "first", 1)
    run = begin(tmp_path, "b", "second")
    keep(run, fetched(run, 700, story(1)))
    run.finish("finished", NOW)
    sync(tmp_path)
    article = str(rows(tmp_path, "select article from articles where outlet = 'second'")[0][0])
    run = begin(tmp_path, "here", "second", tmp_path / "all.sqlite")
    with writing(run.catalogue) as connection:
        last = connection.execute("select max(id) from captures").fetchone()[0]
        run.ledger.append("split", {"sequence": last, "article": article})
        rule(connection, "split", {"article": article})
    run.finish("split", NOW)
    crawl(tmp_path, "c", "third", 1)
    sync(tmp_path)
    assert rows(tmp_path, f"select count(*) from joins where cluster = '{article}'") == [(0,)]
    assert rows(tmp_path, f"select cluster from articles where article = '{article}'") == [(article,)]
    assert against_rebuild(tmp_path) == []


def test_clocks_that_are_an_hour_off_change_no_outcome(tmp_path: Path) -> None:
    crawl(tmp_path, "a", "outlet", 1, 2)
    sync(tmp_path)
    late = begin(tmp_path, "late", off=dt.timedelta(hours=-1))
    assert keep(late, fetched(late, 1, story(1))).outcome is Outcome.UNCHANGED
    assert keep(late, fetched(late, 2, story(2, 41))).outcome is Outcome.REVISION
    late.finish("finished", NOW)
    early = begin(tmp_path, "early", off=dt.timedelta(hours=1))
    assert keep(early, fetched(early, 2, story(2, 41))).outcome is Outcome.UNCHANGED
    early.finish("finished", NOW)
    assert sync(tmp_path).again is None
    assert rows(tmp_path, "select count(*) from articles") == [(3,)]
    assert against_rebuild(tmp_path) == []


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.sampled_from("abS"), st.sampled_from(["first", "second"]), st.lists(st.integers(1, 4), max_size=3)),
        min_size=2,
        max_size=6,
    )
)
def test_whatever_the_order_of_runs_and_syncs_a_rebuild_agrees(tmp_path_factory, steps) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path_factory.mktemp("any")
    for machine, outlet, numbers in steps:
        if machine == "S":
            sync(folder) if (folder / "archive").exists() else None
        else:
            crawl(folder, machine, outlet, *numbers, figure=40 + len(numbers))
    (folder / "archive").mkdir(exist_ok=True)
    sync(folder)
    assert against_rebuild(folder) == []
    assert sync(folder).made.captures == 0


def test_a_machine_with_an_empty_disk_goes_on_where_the_others_stood(tmp_path: Path) -> None:
    run = begin(tmp_path, "a")
    told = [Lead(url=f"https://outlet.example/{n}", outlet="outlet", source="https://outlet.example/feed") for n in (1, 2, 3)]
    run.announce(told, NOW)
    keep(run, fetched(run, 1, story(1)))
    run.heard(SourceState(url="https://outlet.example/feed", outlet="outlet", etag='"7"', digest="d"), NOW)
    run.finish("finished", NOW)

    fresh = begin(tmp_path, "b")
    assert any("runs: 1, captures: 1, leads waiting: 2" in note for note in fresh.notes)
    assert fresh.announce(told, NOW) == [], "all are known"
    leased = leads.lease(fresh.catalogue, "outlet", fresh.id, NOW, most=3)
    assert [lead.url[-1] for lead in leased] == ["2", "3"]
    assert state_of(fresh.catalogue, "https://outlet.example/feed", "outlet").etag == '"7"'
    assert keep(fresh, fetched(fresh, 1, story(1))).outcome is Outcome.UNCHANGED
    assert keep(fresh, fetched(fresh, 1, story(1, figure=41))).outcome is Outcome.REVISION
    fresh.finish("finished", NOW)

    again = begin(tmp_path, "a")
    assert any("captures: 2, leads waiting: 2" in note for note in again.notes), "and back again"
    assert runs.open_runs(again.catalogue.conn, "outlet") == [again.id]
    again.finish("finished", NOW)
    assert sync(tmp_path).segments == 3
    assert against_rebuild(tmp_path) == []


def test_a_catalogue_that_took_runs_up_at_a_crawl_is_made_again_by_a_sync(tmp_path: Path) -> None:
    crawl(tmp_path, "a", "outlet", 1)
    run = begin(tmp_path, "b", "outlet", tmp_path / "all.sqlite")
    run.finish("finished", NOW)
    assert "taken runs of other machines" in (sync(tmp_path).again or "")
    assert sync(tmp_path).again is None
    assert against_rebuild(tmp_path) == []


def test_the_command_says_what_came_and_what_is_missing(tmp_path: Path, archive: Path, scrapy_command: Scrapy) -> None:
    place = {"NEWS_CATALOGUE": str(tmp_path / "all.sqlite")}
    crawl(tmp_path, "a", "first", 1, 2)
    first = scrapy_command("catalogue", "sync", **place)
    assert first.status == 0 and first.err.startswith("The catalogue was made again: "), first.err
    assert first.out.splitlines()[:4] == ["  1  runs brought in", "  2  leads", "  2  captures", "  2  articles"]
    crawl(tmp_path, "b", "second", 1, 3)
    before = {path for path in archive.rglob("*") if "/clean/first/" in str(path)}
    assert before
    next(path for path in sorted(archive.rglob("*")) if "/clean/second/" in str(path) and path.is_file()).unlink()
    second = scrapy_command("catalogue", "sync", **place)
    assert second.status == 1 and "1  runs brought in" in second.out
    assert "1 clean copies are gone or damaged, among them clean/second/" in second.err and "made again" not in second.err
    third = scrapy_command("catalogue", "sync", "--json", **place)
    assert (third.receipt["segments"], third.receipt["catalogue"]) == (0, place["NEWS_CATALOGUE"])
    for words in (("catalogue",), ("catalogue", "sync", "recluster")):
        wrong = scrapy_command(*words)
        assert (wrong.status, "Write: scrapy catalogue sync, or: scrapy catalogue recluster" in wrong.err) == (2, True)
    wrong = scrapy_command("catalogue", "sync", "--dry-run")
    assert (wrong.status, "--dry-run, --engine, --scheduler and --workers are for recluster." in wrong.err) == (2, True)
    assert scrapy_command("catalogue", "recluster", NEWS_CATALOGUE=str(tmp_path / "none.sqlite")).status == 5
