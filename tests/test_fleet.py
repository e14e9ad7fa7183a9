"""Outlets over many workers: what they agree on, which are due, and that a fleet which is killed at ends where one process does."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from distributed import Client, KilledWorker, LocalCluster
from scrapy.utils.project import get_project_settings

from crawler.agreement import Agreement
from crawler.commands.fleet import Command, _misuse
from crawler.engine import EngineError, cluster, terms_of
from crawler.fleet import _GOING, Crawled, _why, crawl_all, due, end_crawls, let_go
from storage.archive import open_archive
from storage.archive.keys import receipt_key, run_id
from storage.archive.local import LocalStore
from storage.run import start_run
from tests.conftest import ROOT, Scrapy
from tests.one_and_many import by_a_fleet, held, unlike_a_rebuild
from tests.street import Street

NOW = dt.datetime(2026, 3, 1, 0, 10, tzinfo=dt.UTC)


@pytest.mark.slow
def test_a_fleet_that_is_killed_at_ends_where_one_process_does(tmp_path: Path) -> None:
    """`python -m benchmarks.fleet` compares with one process; here it is what the street printed."""
    with Street(4, 3) as street:
        driven = by_a_fleet(street, tmp_path / "many", tmp_path / "archive", workers=2, kills=2, every=(0.2, 1.0))
        printed = street.printed
    assert driven.status == 0, driven.said
    assert driven.asked == len(printed), "every story was asked for"
    assert driven.repeats_in_a_run == 0
    assert driven.repeats <= driven.killed * 4, "a kill costs what was under way"
    assert driven.closest > street.delay - 0.05
    found = held(tmp_path / "many" / "catalogue.sqlite", tmp_path / "archive")
    assert {url: text.split() for url, (text, _, _) in found.items()} == {
        url: text.split() for url, (text, _) in printed.items()
    }
    for url, (_, _, members) in found.items():
        assert members == {other for other, (_, key) in printed.items() if key == printed[url][1]}, "one story, one cluster"
    assert unlike_a_rebuild(tmp_path / "many" / "catalogue.sqlite", tmp_path / "archive", tmp_path / "again.sqlite") == 0


@pytest.fixture
def scheduler() -> Iterator[LocalCluster]:
    """A scheduler and a worker inside this process."""
    with LocalCluster(
        n_workers=1, processes=False, protocol="tcp", host="127.0.0.1", dashboard_address="127.0.0.1:0", silence_logs=50
    ) as cluster:
        yield cluster


def test_workers_of_other_terms_are_refused_in_one_line_each(scheduler: LocalCluster) -> None:
    mine = terms_of(get_project_settings())
    said: list[str] = []
    with cluster(scheduler.scheduler_address, 0, mine, told=said.append) as client:
        assert client.submit(sum, [1, 2]).result() == 3
    assert said == []
    with (
        pytest.raises(EngineError, match=r"^No worker can take part: it is of version cleancopy/1\.0\.0, here it is cleancopy/9$"),
        cluster(scheduler.scheduler_address, 0, replace(mine, version="cleancopy/9"), told=said.append),
    ):
        pass
    assert len(said) == 1 and "is refused: it is of version" in said[0]


def test_a_worker_that_comes_later_is_asked_too(scheduler: LocalCluster) -> None:
    mine = terms_of(get_project_settings())
    with Client(scheduler.scheduler_address, set_as_default=False) as client:
        client.register_plugin(Agreement(replace(mine, archive_format=2), deaf=False))
        last = time.monotonic() + 10
        while client.scheduler_info()["workers"] and time.monotonic() < last:
            time.sleep(0.02)
        assert not client.scheduler_info()["workers"], "it has closed itself"


def test_a_scheduler_that_is_not_there_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawler.engine.PATIENCE", 0.2)
    mine = terms_of(get_project_settings())
    with pytest.raises(EngineError, match="start it, and a worker"), cluster("tcp://127.0.0.1:9", 0, mine, told=print):
        pass


def test_what_a_scheduler_that_went_away_left_is_said(scheduler: LocalCluster) -> None:
    assert _why(None) == "the scheduler went away"
    assert "every worker that took it up was lost" in _why(KilledWorker("crawl", None, 3))


def test_terms_name_the_first_difference() -> None:
    mine = terms_of(get_project_settings())
    assert mine.refusal(mine) is None
    assert "archive format 2, here it is 1" in (mine.refusal(replace(mine, archive_format=2)) or "")
    assert "is of version cleancopy/9" in (mine.refusal(replace(mine, version="cleancopy/9")) or "")
    assert replace(mine, archive="").refusal(mine) is None, "the tasks name their own"
    assert "KEY" not in repr(mine)


def test_an_outlet_is_due_when_its_last_run_began_long_enough_ago(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    for outlet, minutes in (("fresh", 20), ("late", 90), ("both", 500), ("both", 30)):
        store.put_new(receipt_key(outlet, run_id(NOW - dt.timedelta(minutes=minutes), os.urandom(6))), b"{}")
    found = due(store, ["fresh", "late", "both", "new"], dt.timedelta(minutes=60), NOW)
    assert found == ["late", "new"], "also when the day has changed since"


def test_a_crawl_ends_when_its_worker_does() -> None:
    code = (
        "import os, subprocess, sys\n"
        "p = subprocess.Popen([sys.executable, '-m', 'crawler.tether', str(os.getpid()), 'version', '-v'], stdout=sys.stderr)\n"
        "print(p.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, timeout=20, check=False)
    assert done.returncode == -signal.SIGKILL
    crawl = Path("/proc") / done.stdout.decode().strip()
    last = time.monotonic() + 10
    while crawl.exists() and time.monotonic() < last:
        time.sleep(0.02)
    assert not crawl.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Name outlets, or --all"),
        (("nowhere",), "There is no outlet 'nowhere'"),
        (("menafn", "--workers", "2", "--scheduler", "tcp://127.0.0.1:1"), "--workers is for a cluster on this machine"),
    ],
)
def test_wrong_use_is_one_line(words: tuple[str, ...], said: str) -> None:
    command = Command()
    parser = argparse.ArgumentParser()
    command.settings = get_project_settings()
    command.add_options(parser)
    opts, names = parser.parse_known_args(list(words))
    assert said in (_misuse(names, opts, ["menafn"]) or "")


def test_crawls_of_a_worker_are_told_to_end_and_waited_for() -> None:
    ours, theirs = (subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) for _ in range(2))
    _GOING.update(ours=ours, theirs=theirs)
    try:
        assert end_crawls(["ours", "nowhere"]) == 1
        assert (ours.poll(), theirs.poll()) == (-signal.SIGTERM, None), "another outlet's goes on"
        let_go()
        assert theirs.wait(10) == -signal.SIGTERM
    finally:
        for process in (_GOING.pop("ours"), _GOING.pop("theirs")):
            process.kill()
            process.wait()
    assert _why(ValueError("the disk\nis full")) == "the disk"


def test_an_interrupted_fleet_names_what_was_not_begun(scheduler: LocalCluster) -> None:
    def told(each: Crawled) -> None:
        raise KeyboardInterrupt

    with Client(scheduler.scheduler_address, set_as_default=False) as client:
        done = crawl_all(client, ["nowhere", "elsewhere", "anywhere"], told)
    assert done[0].status == 2 and f"There is no outlet {done[0].outlet!r}" in done[0].said
    assert [(each.status, each.said) for each in done[1:]] == [(130, "interrupted")] * 2
    assert {each.outlet for each in done} == {"nowhere", "elsewhere", "anywhere"} and not _GOING


def test_where_every_outlet_has_just_run_none_is_due(archive: Path, scrapy_command: Scrapy) -> None:
    run = start_run(
        outlet="menafn",
        archive=open_archive(str(archive)),
        catalogue=archive / "catalogue.sqlite",
        clock=lambda: dt.datetime.now(dt.UTC),
        about={},
    )
    run.finish("finished", dt.datetime.now(dt.UTC))
    done = scrapy_command("fleet", "--all")
    assert (done.status, done.out) == (0, "No outlet is due.\n"), done.err
    assert scrapy_command("fleet", "--all", "--json").receipt["outlets"] == []
