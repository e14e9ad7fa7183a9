"""Ctrl-C, a service manager's SIGTERM and a terminal that is closed, at random moments of the commands that take long: one
line, the exit status that shells know, an archive that is clean, and the same command goes on."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browsed import NOW, begin, enter
from tests.conftest import Scrapy
from tests.raw_server import answer
from tests.starter import Finished, Starter
from tests.test_crawl import asked, crawl, outlet
from tests.test_crawl import story as fetched_story
from tests.test_fleet_outages import until
from tests.test_run import story

INT, TERM, HUP = signal.SIGINT, signal.SIGTERM, signal.SIGHUP
STORIES = 24


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of some stories, with a refused page, and what was written to it."""
    archive = tmp_path_factory.mktemp("stock") / "archive"
    run = begin(archive, "gazette")
    for number in range(STORIES):
        enter(run, number, story(number))
    enter(run, STORIES, b"<h1>403 Forbidden</h1>", "403 Forbidden")
    run.finish("finished", NOW)
    return archive


@pytest.fixture
def archive(tmp_path: Path, stock: Path) -> Path:
    return Path(shutil.copytree(stock, tmp_path / "archive"))


def interrupted(starter: Starter, words: list[str], env: dict[str, str], moment: float, *signals: signal.Signals) -> Finished:
    """A command that is sent signals so many seconds after it has begun, with its worker processes, as a terminal does."""
    begun = starter.begin(tuple(words), b"", env)
    while not begun.catches(signal.SIGTERM):
        time.sleep(0.002)
    time.sleep(moment)
    for each in signals:
        with contextlib.suppress(ProcessLookupError):  # it was done already
            os.killpg(begun.pid, each)
        time.sleep(0.01)
    return begun.end()


def ended(done: Finished, first: signal.Signals) -> bool:
    """Whether the command was interrupted; asserts that it says so in one line, or that it was done before."""
    assert "Traceback" not in done.out + done.err
    if done.status == 130 and done.out.startswith("Run ") and ": shutdown" in done.out:
        return True  # a crawl ends with its receipt
    if done.status == 130 or done.err:
        assert done.status in (130, -first) and done.err.startswith("Interrupted") and done.err.count("\n") == 1, done
        return True
    assert done.status in (0, -first), done  # at its very end Python takes a signal as the system does
    return False


CASES = {
    "export jsonl --out {}/out.jsonl": ((INT,), (HUP,)),
    "rebuild": ((INT, INT), (TERM,)),
    "verify": ((TERM,), (INT,)),
    "reextract --afresh": ((INT,), (INT, INT), (HUP,)),
    "ingest {}/in.warc.gz": ((TERM,), (INT, INT), (INT,)),
    "refeed": ((HUP,), (INT,)),
    "archive sync {}/archive {}/copy": ((INT,), (TERM,)),
    "forget https://gazette.example/1 --reason asked": ((INT,), (TERM,)),
}


@pytest.mark.parametrize("line", CASES)
def test_a_command_is_interrupted_and_goes_on(line: str, archive: Path, tmp_path: Path, starter: Starter, scrapy_command: Scrapy) -> None:
    shutil.copy(next(archive.rglob("*.warc.gz")), tmp_path / "in.warc.gz")
    words, env = line.replace("{}", str(tmp_path)).split(), {"NEWS_ARCHIVE_URI": str(archive)}
    chance = random.Random(line)
    for signals in CASES[line]:
        ended(interrupted(starter, words, env, chance.uniform(0, 0.3), *signals), signals[0])
        out = tmp_path / "out.jsonl"
        assert not out.exists() or out.read_text().count("\n") == STORIES, "whole, or not there"
    done = scrapy_command(*words)
    assert done.status == 0, done
    for command in (("verify",), ("rebuild", "--check")):
        assert scrapy_command(*command).status == 0, scrapy_command(*command).out
    left = [path.name for path in tmp_path.rglob("*") if path.name.endswith((".part", ".rebuild", ".check", ".reextracting"))]
    assert left == []
    assert_done(line, tmp_path)


def assert_done(line: str, folder: Path) -> None:
    """What the command was for is there, once."""
    with contextlib.closing(sqlite3.connect(folder / "archive" / "catalogue.sqlite")) as catalogue:
        kept = dict(catalogue.execute("select outlet, count(*) from captures where outcome <> 'quarantined' group by 1"))
    if line.startswith("export"):
        assert len({json.loads(text)["article"] for text in (folder / "out.jsonl").read_text().splitlines()}) == STORIES
    elif line.startswith("ingest"):
        assert kept == {"gazette": STORIES}, "all is held already"
    elif line.startswith("archive"):
        copies = [sorted(path.name for path in (folder / name).rglob("*.gz")) for name in ("archive", "copy")]
        assert copies[0] == copies[1]
    elif line.startswith("forget"):
        assert kept == {"gazette": STORIES - 1}


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a crawl into an archive that is not there yet."""
    yield {
        "NEWS_ARCHIVE_URI": str(tmp_path / "new"), "NEWS_ALLOW_ADDRESSES": "127.0.0.0/8", "NEWS_DELAY": "0.02", "NEWS_PROBE": "0",
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("signals", [(INT,), (TERM,), (HUP,), (INT, INT), (TERM, TERM)], ids=str)
def test_a_crawl_is_interrupted_and_the_next_goes_on(
    signals: tuple[signal.Signals, ...], empty: dict[str, str], tmp_path: Path, starter: Starter, scrapy_command: Scrapy
) -> None:
    """While it waits for the first stories, and at a moment that nobody chose."""
    with outlet({n: answer(fetched_story(n)) for n in range(12)}) as server:
        server.held = {path for path in server.answers if path.endswith("/ferry")}
        words = ["crawl", "menafn", "-a", f"origin={server.url}"]
        begun = starter.begin(tuple(words), b"", empty)
        until(lambda: asked(server), 60)
        for each in signals:
            os.killpg(begun.pid, each)
        server.release()
        done = begun.end()
        assert done.status == 130, done
        assert "Traceback" not in done.err and done.err.count("\n") == 1, done.err
        ended(interrupted(starter, words, empty, random.Random(str(signals)).uniform(0, 0.5), *signals), signals[0])
        rest = crawl(server, scrapy_command, **empty)
        assert rest.status == 0, rest.err
    with contextlib.closing(sqlite3.connect(tmp_path / "new" / "catalogue.sqlite")) as catalogue:
        kept = catalogue.execute("select count(*), count(distinct lead) from captures where outcome = 'kept'").fetchone()
    assert kept == (12, 12)
    assert scrapy_command("verify", **empty).status == 0
    assert scrapy_command("rebuild", "--check", **empty).status == 0


@pytest.mark.parametrize("signals", [(INT,), (TERM,), (HUP,), (INT, INT)], ids=str)
def test_a_web_view_ends_without_a_word(signals: tuple[signal.Signals, ...], archive: Path, starter: Starter) -> None:
    begun = starter.begin(("browse", "--port", "0"), b"", {"NEWS_ARCHIVE_URI": str(archive)})
    until(lambda: b"\n" in begun.heard, 60)  # the address, when the door is open
    url = begun.heard.split()[0].decode()
    with urllib.request.urlopen(url, timeout=30) as page:
        assert page.status == 200
    for each in signals:
        os.killpg(begun.pid, each)
    done = begun.end()
    assert (done.status, done.err) == (0, ""), done
