"""What commands write: strangers' text cannot steer a terminal, and a reader who has enough breaks nothing."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from pathlib import Path

from crawler.console import clean, table
from tests.conftest import ROOT, Scrapy
from tests.raw_server import answer
from tests.test_crawl import crawl, outlet, story
from tests.test_run import NOW, begin, fetched, keep
from tests.test_run import story as bridge


def test_a_reader_may_have_enough() -> None:
    said = "from crawler.console import write\nfor _ in range(5000): write('a line' * 20)\nopen('/dev/stderr', 'w').write('done')"
    with subprocess.Popen(
        [sys.executable, "-c", said], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None and writer.stderr is not None
        assert writer.stdout.readline().startswith("a line")
        writer.stdout.close()
        assert writer.stderr.read() == "done"
    assert writer.returncode == 0


def test_escapes_are_shown_and_numbers_stand_right() -> None:
    assert clean("\x1b[2J\u202eevil") == "\ufffd[2J\ufffdevil"
    assert table([("a", 1), ("long", 1_000)]) == "  a        1\n  long  1000"
    assert table([]) == ""


def test_a_terminal_is_told_how_far_a_crawl_is(archive: Path, scrapy_command: Scrapy) -> None:
    with outlet({1: answer(story(1)), 2: answer(story(2))}) as server:
        server.held.add("/1000002/ferry")

        def release() -> None:
            last = time.monotonic() + 30
            while not list(archive.rglob("clean/**/*.json*")) and time.monotonic() < last:
                time.sleep(0.05)
            time.sleep(0.6)  # the line is drawn four times a second
            server.release()

        threading.Thread(target=release).start()
        done = crawl(server, scrapy_command, terminal=True, TERM="xterm")
    assert (done.status, done.receipt["captures"]) == (0, 2), done.err
    said = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", done.err)
    assert "menafn: 0 pages (none yet), 0.0/s" in said and "menafn: 1 page (1 kept), " in said


def test_a_terminal_is_told_what_a_long_command_has_done(archive: Path, scrapy_command: Scrapy, tmp_path: Path) -> None:
    run = begin(archive)
    for number in (1, 2):
        keep(run, fetched(run, number, bridge(number)))
    run.finish("finished", NOW)
    made = scrapy_command("rebuild", terminal=True, TERM="xterm")
    assert made.status == 0 and made.err.splitlines() == ["2 captures"]
    again = scrapy_command("reextract", "--dry-run", terminal=True, TERM="xterm")
    assert again.status == 0 and "articles" in again.err and "2/2" in again.err
    copied = scrapy_command("archive", "sync", str(archive), str(tmp_path / "copy"), terminal=True)
    assert copied.status == 0 and "objects, " in copied.err
    found = scrapy_command("search", "bridge", terminal=True, TERM="xterm")
    assert found.status == 0 and "Bridge 1" in found.out


def test_what_is_no_text_is_kept_from_a_terminal_and_text_cannot_steer_it(archive: Path, scrapy_command: Scrapy) -> None:
    run = begin(archive)
    keep(run, fetched(run, 1, bridge(1).replace(b"Bridge 1 is voted", b"Bridge\xc2\x9b2J is voted")))
    run.finish("finished", NOW)
    book = scrapy_command("export", "epub", terminal=True)
    assert (book.status, book.out) == (2, "")
    assert "epub is nothing for a terminal; name a file: --out articles.epub" in book.err
    shown = scrapy_command("export", "csv", terminal=True)
    assert shown.status == 0 and "Bridge" in shown.out and "\x9b" not in shown.out
