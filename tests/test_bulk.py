"""The same work over portions in this process, on the cores and on Dask: one outcome, also when a portion kills its process."""

from __future__ import annotations

import argparse
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from distributed import LocalCluster
from scrapy.utils.project import get_project_settings

from crawler import bulk, recluster
from crawler.bulk import Lost, Spread, on_cores, on_dask
from crawler.commands.reextract import Command
from crawler.engine import EngineError, terms_of
from crawler.reextract import Change, Made, Portion, Resumed, _compared, extract_again, portions, remake
from storage.archive.clean import CleanCopy
from storage.catalogue import lessons
from storage.catalogue.stories import Extracted, newest_clean_copies
from storage.records import Outlet, Stamp, WarcAddress
from storage.run import Run
from tests.exchanges import article, placement
from tests.here import here
from tests.test_lessons import MOST, NOW, crawled, texts
from tests.test_recluster import from_archive

DEADLY = 7


def double(number: int) -> int:
    """The work of these tests; one number kills the process."""
    if number == DEADLY:
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * number


def made_again(folder: Path, spread: Spread[Portion, list[Made]]) -> tuple[list[Change], Run]:
    """An outlet with a note that recurs, extracted again -> what changed, and the run."""
    run = crawled(folder)
    changes = list(extract_again(run, Outlet(name="outlet"), newest_clean_copies(run.catalogue), spread, most=MOST))
    assert texts(run) == [False] * 5
    run.finish("extracted again", NOW)
    return changes, run


def said(changes: list[Change]) -> list[tuple[str, tuple[str, ...], str, str | None]]:
    return [(change.url, change.fields, change.diff, change.error) for change in changes]


def test_on_cores_the_outcome_is_that_of_one_process(tmp_path: Path) -> None:
    alone, _ = made_again(tmp_path / "alone", here(remake))
    with on_cores(remake, 2) as spread:
        together, _ = made_again(tmp_path / "together", spread)
    assert said(together) == said(alone)
    assert [change.fields for change in alone] == [("text",), ("text",), (), (), ()]


def test_portions_are_small_and_those_of_fifty_articles_have_one_memory(tmp_path: Path) -> None:
    run = crawled(tmp_path, 12)
    found = list(newest_clean_copies(run.catalogue))
    parts = list(portions(run, Outlet(name="outlet"), 5 * found, most=4))
    assert [[each.sequence for each in part.articles] for part in parts[:2]] == [[*range(1, 11)], [11, 12, *range(1, 9)]]
    assert [len(part.articles) for part in parts] == [10] * 6
    around_first, around_third = (lessons.around(run.catalogue.conn, "outlet", number, 4) for number in (1, 3))
    assert around_first != around_third
    assert [part.lessons for part in parts] == [tuple(around_first)] * 5 + [tuple(around_third)], "the 51st is number 3 again"
    whole = replace(parts[0], articles=(*parts[0].articles, *parts[1].articles))
    assert remake(whole) == remake(parts[0]) + remake(parts[1])
    run.finish("finished", NOW)


def test_a_portion_that_kills_its_process_is_lost_and_the_others_are_not() -> None:
    with on_cores(double, 2) as spread:
        found = list(spread(range(20)))
        assert [each for each in found if not isinstance(each, Lost)] == [2 * n for n in range(20) if n != DEADLY]
        assert found[DEADLY] == Lost("its worker process died (3 of them)")
        assert list(spread([1, 2], alone=True)) == [2, 4], "and it goes on"


def test_an_article_that_kills_its_process_costs_no_other(tmp_path: Path) -> None:
    run = crawled(tmp_path)
    second = list(newest_clean_copies(run.catalogue))[1].lead.url

    def lost_with(url: str) -> Spread[Portion, list[Made]]:
        def spread(portions: Iterator[Portion], *, alone: bool = False) -> Iterator[list[Made] | Lost]:
            for portion in portions:
                deadly = any(each.lead.url == url for each in portion.articles)
                yield Lost("its worker process died (3 of them)") if deadly else remake(portion)

        return spread  # type: ignore[return-value]

    again = extract_again(run, Outlet(name="outlet"), newest_clean_copies(run.catalogue), lost_with(second), most=0)
    errors = [change.error for change in again]
    assert errors == [None, "its worker process died (3 of them); the clean copy stays", None, None, None]
    run.finish("extracted again", NOW)


def any_of(portion: Portion | recluster.Task | int) -> list[Made] | list[recluster.Made] | int:
    """All works, for one cluster: it takes seconds to start."""
    if isinstance(portion, int):
        return double(portion)
    return remake(portion) if isinstance(portion, Portion) else recluster.work(portion)


@pytest.mark.slow
def test_on_dask_too(tmp_path: Path) -> None:
    terms = replace(terms_of(get_project_settings()), archive="")
    complaints: list[str] = []
    alone, _ = made_again(tmp_path / "alone", here(remake))
    with on_dask(any_of, None, 2, terms, complaints.append) as spread:
        together, _ = made_again(tmp_path / "together", spread)  # type: ignore[arg-type]
        lost = list(spread([1, DEADLY, 3], alone=True))
        anew = from_archive(tmp_path / "together", spread)  # type: ignore[arg-type]
    assert anew == from_archive(tmp_path / "alone", here(recluster.work)) and len(anew[0]) == 7
    assert said(together) == said(alone)
    assert lost == [2, Lost("its worker process died (3 of them)"), 6]
    assert complaints == []


def test_a_scheduler_that_goes_away_is_one_line() -> None:
    terms = replace(terms_of(get_project_settings()), archive="")
    with LocalCluster(
        n_workers=1, processes=False, protocol="tcp", host="127.0.0.1", dashboard_address="127.0.0.1:0", silence_logs=50
    ) as cluster, on_dask(double, cluster.scheduler_address, 0, terms, lambda line: None) as spread:
        answers = spread(iter(range(6)))
        assert next(answers) == 0
        cluster.close()
        with pytest.raises(EngineError, match=r"^The scheduler went away: start it, and the same command again"):
            list(answers)


def test_what_is_done_is_remembered_until_all_is(tmp_path: Path) -> None:
    path = tmp_path / "done"
    with Resumed(path, {"outlet": "a"}) as first:
        first.add("one.warc.gz")
        first.add("two\n.warc.gz")
    path.write_bytes(path.read_bytes() + b'"thr')  # killed while it wrote
    assert Resumed(path, {"outlet": "a"}).done == {"one.warc.gz", "two\n.warc.gz"}
    assert Resumed(path, {"outlet": "b"}).done == frozenset()
    assert Resumed(path, {"outlet": "a"}, afresh=True).done == frozenset()
    with Resumed(path, {"outlet": "a"}) as second:
        second.add("four.warc.gz")
        assert Resumed(path, {"outlet": "a"}).done == {"one.warc.gz", "two\n.warc.gz", "four.warc.gz"}
        second.finish()
    assert not path.exists()


def test_a_date_that_only_comes_from_another_source_is_no_revision() -> None:
    earlier = article(published=Stamp(value="2026-01-31", source="feed"))
    copy = CleanCopy(article=earlier, digest="d", placement=placement(), extractor="before")
    address = WarcAddress(file="warc/1.warc.gz", offset=0, length=1, record_id="r", payload_digest="p")
    taken = Extracted(sequence=1, article="a", outlet="daily", lead=earlier.page.capture.lead, clean_key="k", address=address)
    same = _compared(taken, copy, replace(earlier, published=Stamp(value="2026-01-31", source="visible")))
    assert (same.fields, same.diff) == ((), "")
    other = _compared(taken, copy, replace(earlier, published=Stamp(value="2026-02-01", source="feed"), authors=("A. Roe", "B. Doe")))
    assert other.fields == ("authors", "published")
    assert other.diff.endswith("+authors: A. Roe; B. Doe\n-published: 2026-01-31\n+published: 2026-02-01")


def test_authors_that_are_told_apart_now_are_a_revision() -> None:
    copy = CleanCopy(article=article(authors=("A. Roe, B. Doe",)), digest="d", placement=placement(), extractor="before")
    address = WarcAddress(file="warc/1.warc.gz", offset=0, length=1, record_id="r", payload_digest="p")
    lead = copy.article.page.capture.lead
    taken = Extracted(sequence=1, article="a", outlet="daily", lead=lead, clean_key="k", address=address)
    again = _compared(taken, copy, replace(copy.article, authors=("A. Roe", "B. Doe")))
    assert (again.fields, again.diff) == (("authors",), "-authors: A. Roe, B. Doe\n+authors: A. Roe; B. Doe")


def test_files_that_are_done_are_told_when_all_of_them_is_entered(tmp_path: Path) -> None:
    run = crawled(tmp_path)
    done: list[str] = []
    seen: Callable[[str], None] = done.append
    changes = extract_again(run, Outlet(name="outlet"), newest_clean_copies(run.catalogue), here(remake), most=MOST, done=seen)
    next(changes)
    assert done == []
    list(changes)
    assert done == [next(newest_clean_copies(run.catalogue)).address.file]
    run.finish("extracted again", NOW)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--scheduler", "tcp://127.0.0.1:1"], "--scheduler is for --engine dask."),
        (["--engine", "dask", "--scheduler", "tcp://127.0.0.1:1", "--workers", "2"], "--workers is for this machine"),
    ],
)
def test_wrong_use(words: list[str], line: str) -> None:
    parser = argparse.ArgumentParser()
    command = Command()
    command.settings = get_project_settings()
    command.add_options(parser)
    assert line in (bulk.misuse(parser.parse_args(words)) or "")
