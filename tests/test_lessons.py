"""What stories taught about their outlet lies in the catalogue as the ledger says it, and goes as they go."""

from __future__ import annotations

import datetime as dt
from html import escape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.commands.verify import copies_again, deep_check
from crawler.reextract import extract_again, remake
from pipelines.chain import refine
from pipelines.memory import MOST, Memory
from pipelines.stages import enter, memory_of
from storage.archive import open_archive
from storage.archive.clean import read_clean_copy
from storage.archive.exchange import capture_of
from storage.catalogue import leads, lessons
from storage.catalogue.forgotten import take_out
from storage.catalogue.rows import unpacked
from storage.catalogue.schema import open_catalogue
from storage.catalogue.stories import newest_clean_copies
from storage.endings import read_ending, write_ending
from storage.records import Article, Ending, Exchange, Lead, Lesson, Outcome, Outlet, Page, Removed
from storage.run import Run
from tests.here import here
from tests.newsstand.wire_stories import stories
from tests.test_rebuild import abandon, begin_next_day, rebuilt
from tests.test_run import NOW, begin

NOTE = (
    "Figures in this report come from the exchange and may be delayed by up to fifteen minutes; readers should not rely "
    "on them when they trade."
)
ENGLISH = [story for story in stories().values() if story.language == "en"]


def page(number: int, *, last: str = NOTE) -> bytes:
    story = ENGLISH[number]
    title = escape(story.headlines["menafn"])
    texts = [*(block.text for block in story.blocks if block.kind == "paragraph"), *([last] if last else [])]
    body = "".join(f"<p>{escape(text)}</p>" for text in texts)
    return f"<html><head><title>{title}</title></head><body><article><h1>{title}</h1>{body}</article></body></html>".encode()


def fetched(run: Run, name: str, body: bytes) -> Page | Article:
    url = f"https://outlet.example/{name}"
    lead = Lead(url=url, outlet=run.outlet, source="https://outlet.example/feed")
    run.announce([lead], NOW)
    leads.take(run.catalogue, lead, run.id, NOW)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    exchange = Exchange(url=url, request=b"GET / HTTP/1.1\r\n\r\n", response=head + body, started_at=NOW, ended_at=NOW)
    return refine(capture_of(exchange, lead, run.record(exchange)), Outlet(name=run.outlet))


def keep(run: Run, item: Page | Article, memory: Memory | None) -> Ending:
    ending, clean = enter(run, item, memory=memory)
    run.keep(ending, clean).result(timeout=10)
    run.settled(ending)
    return ending


def texts(run: Run) -> list[bool]:
    """Of each article in the order of its first arrival, whether the note stands in its newest revision."""
    query = "select text_zlib from articles where current = 1 order by (select min(id) from articles b where b.article = articles.article)"
    return [NOTE in unpacked(text) for (text,) in run.catalogue.conn.execute(query)]


def crawled(folder: Path, count: int = 5) -> Run:
    run = begin(folder)
    memory = memory_of(run, MOST)
    for number in range(count):
        assert keep(run, fetched(run, str(number), page(number)), memory).outcome is Outcome.KEPT
    return run


def test_the_third_story_is_clean_and_reextract_cleans_the_first_two(tmp_path: Path) -> None:
    run = crawled(tmp_path)
    assert texts(run) == [True, True, False, False, False]
    changes = list(extract_again(run, Outlet(name="outlet"), newest_clean_copies(run.catalogue), here(remake), most=MOST))
    assert [change.fields for change in changes] == [("text",), ("text",), (), (), ()]
    assert f"-{NOTE}" in changes[0].diff
    assert texts(run) == [False] * 5
    again = list(extract_again(run, Outlet(name="outlet"), newest_clean_copies(run.catalogue), here(remake), most=MOST))
    assert [change.fields for change in again] == [()] * 5, "a second time nothing changes"
    first = next(each for each in newest_clean_copies(run.catalogue) if each.lead.url.endswith("/0"))
    copy = read_clean_copy(run.archive.read(first.clean_key))
    assert copy.article.removed[-1] == Removed(rule="recurs in 5 of 5 stories of this outlet", words=NOTE)
    check = deep_check(run.archive, lambda name: Outlet(name=name))
    for each in newest_clean_copies(run.catalogue):
        assert check(read_clean_copy(run.archive.read(each.clean_key))) is None
    run.finish("finished", NOW)
    made, differing = rebuilt(tmp_path)
    assert (made.captures, differing) == (7, [])


def test_the_next_run_and_a_rebuilt_catalogue_remember(tmp_path: Path) -> None:
    crawled(tmp_path, 2).finish("finished", NOW)
    rebuilt(tmp_path)
    (tmp_path / "catalogue.again").replace(tmp_path / "catalogue.sqlite")
    run = begin_next_day(tmp_path)
    keep(run, fetched(run, "2", page(2)), memory_of(run, MOST))
    assert texts(run) == [True, True, False]
    run.finish("finished", NOW)


def test_without_a_memory_nothing_is_taken_out_but_stories_teach(tmp_path: Path) -> None:
    run = begin(tmp_path)
    assert memory_of(run, 0) is None
    for number in range(4):
        keep(run, fetched(run, str(number), page(number)), None)
    assert texts(run) == [True] * 4
    assert len(lessons.newest(run.catalogue.conn, "outlet", MOST)) == 4
    run.finish("finished", NOW)


def test_a_page_that_is_fetched_again_is_unchanged_whatever_was_learned_since(tmp_path: Path) -> None:
    run = crawled(tmp_path)
    memory = memory_of(run, MOST)
    assert keep(run, fetched(run, "0", page(0)), memory).outcome is Outcome.UNCHANGED, "its note stays, as it was kept"
    assert keep(run, fetched(run, "3", page(3)), memory).outcome is Outcome.UNCHANGED
    assert keep(run, fetched(run, "3", page(3)), Memory()).outcome is Outcome.UNCHANGED, "also when the memory is gone"
    assert keep(run, fetched(run, "3", page(3, last="")), memory).outcome is Outcome.UNCHANGED
    run.finish("finished", NOW)


def test_copies_of_one_story_teach_once(tmp_path: Path) -> None:
    run = begin(tmp_path)
    memory = memory_of(run, MOST)
    for name in ("a", "b", "c"):
        keep(run, fetched(run, name, page(0)), memory)
    near = page(0).replace(
        b"</article>", b"<p>The ministry said that it would publish its own figures on Friday.</p></article>"
    )
    assert keep(run, fetched(run, "d", near), memory).outcome is Outcome.KEPT
    (taught,) = lessons.newest(run.catalogue.conn, "outlet", MOST)
    assert taught.url == "https://outlet.example/a"
    keep(run, fetched(run, "e", page(1)), memory)
    assert all(NOTE in unpacked(text) for (text,) in run.catalogue.conn.execute("select text_zlib from articles"))
    run.finish("finished", NOW)


def test_outlets_are_remembered_each_by_itself(tmp_path: Path) -> None:
    run = crawled(tmp_path, 3)
    assert lessons.newest(run.catalogue.conn, "another", MOST) == []
    run.finish("finished", NOW)


def test_what_a_kill_took_back_was_never_learned(tmp_path: Path) -> None:
    run = begin(tmp_path)
    memory = memory_of(run, MOST)
    keep(run, fetched(run, "0", page(0)), memory)
    enter(run, fetched(run, "1", page(1)), memory=memory)  # never durable: its run is killed
    abandon(run)
    again = begin_next_day(tmp_path)
    assert [one.url for one in lessons.newest(again.catalogue.conn, "outlet", MOST)] == ["https://outlet.example/0"]
    again.finish("finished", NOW)
    assert rebuilt(tmp_path)[1] == []


def test_a_lost_copy_is_mended_as_it_was_whatever_was_learned_since(tmp_path: Path) -> None:
    run = crawled(tmp_path)
    copies = {each.lead.url: each.clean_key for each in newest_clean_copies(run.catalogue)}
    keys = {copies["https://outlet.example/0"], copies["https://outlet.example/2"]}
    before = {key: read_clean_copy(run.archive.read(key)) for key in keys}
    for key in keys:
        (tmp_path / key).unlink()
    run.finish("finished", NOW)
    archive = open_archive(str(tmp_path))
    mended = list(copies_again(archive, keys, lambda name: Outlet(name=name)))
    assert [fault for _, fault in mended] == [None, None]
    for key in keys:
        after = read_clean_copy(archive.read(key))
        assert (after.article.text, after.article.removed) == (before[key].article.text, before[key].article.removed)


def test_a_story_that_is_forgotten_takes_its_lesson_with_it(tmp_path: Path) -> None:
    run = crawled(tmp_path, 3)
    taken_back = take_out(run.catalogue, urls=["https://outlet.example/1"], articles=[], inherited={})
    assert taken_back == 1
    taught = [one.url for one in lessons.newest(run.catalogue.conn, "outlet", MOST)]
    assert taught == ["https://outlet.example/0", "https://outlet.example/2"]
    run.finish("finished", NOW)


@given(st.integers(0, 12), st.integers(1, 12), st.integers(0, 12))
def test_the_lessons_around_a_capture(count: int, most: int, sequence: int) -> None:
    path = Path(":memory:")
    database = open_catalogue(path)
    for number in range(1, count + 1):
        lead = Lead(url=f"https://a.example/{number}", outlet="a", source="x")
        ending = Ending(
            sequence=number, run="r", lead=lead, url=lead.url, fetched_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
            outcome=Outcome.KEPT, headline=str(number), passages=("00ff00ff00", "1" * 10), day_first=bool(number % 2),
        )  # fmt: skip
        lessons.enter(database.conn, ending)
    found = [int(one.headline) for one in lessons.around(database.conn, "a", sequence, most)]
    assert len(found) == min(most, count)
    assert found == list(range(found[0], found[0] + len(found))) if found else count == 0
    assert not found or sequence in found or not 1 <= sequence <= count
    newest = lessons.newest(database.conn, "a", most)
    assert [int(one.headline) for one in newest] == list(range(1, count + 1))[-most:]
    assert all(
        one
        == Lesson(url=one.url, headline=one.headline, passages=("00ff00ff00", "1" * 10), day_first=bool(int(one.headline) % 2))
        for one in newest
    )
    database.close()


@pytest.mark.parametrize("damage", ["passages", "recurring"])
def test_a_ledger_without_lessons_is_read(tmp_path: Path, damage: str) -> None:
    """Archives of older versions have none; their stories teach nothing."""
    run = crawled(tmp_path, 3)
    ending = keep(run, fetched(run, "3", page(3)), memory_of(run, MOST))
    fields = write_ending(ending)
    assert read_ending(ending.run, fields) == ending
    assert fields.pop(damage)
    assert getattr(read_ending(ending.run, fields), damage) == ()
    run.finish("finished", NOW)
