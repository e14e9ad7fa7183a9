"""The spool: what a run that was killed leaves is mended and published; what a live run writes is left alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from storage.archive import open_archive
from storage.archive.keys import cdx_key, ledger_key, run_id, warc_key
from storage.archive.ledger import Ledger, events
from storage.archive.local import LocalStore
from storage.archive.reading import read_capture
from storage.archive.store import ArchiveError
from tests.exchanges import RUN, START, captures, exchange, page, ticking, warcs, writer
from tests.faulty_proxy import Fault, FaultyProxy
from tests.s3_server import S3Server, s3_server

__all__ = ["s3_server"]

WARC, LEDGER = warc_key("daily", RUN, 0), ledger_key("daily", RUN)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "archive"


def write_and_die(uri: str, spool: Path | None, torn: int) -> None:
    """Write two captures and two events, cut `torn` bytes off, and be killed."""
    archive = open_archive(uri, spool)
    warc, ledger = writer(archive), Ledger(archive, "daily", RUN, clock=ticking())
    for number in range(2):
        warc.record(exchange(f"http://news.example/{number}", page(number)))
        ledger.append("outcome", {"number": number})
    for path in (archive.spool.path(WARC), archive.spool.path(LEDGER)):
        if torn:
            os.truncate(path, path.stat().st_size - torn)
    os.kill(os.getpid(), signal.SIGKILL)


def in_another_process(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=Path(__file__).parent.parent
    )


def left_by_a_killed_run(uri: str, spool: Path | None = None, torn: int = 0) -> list[str]:
    """What a run of another process left when it was killed; the URLs of its captures."""
    where = f"Path({str(spool)!r})" if spool else None
    code = f"from tests.test_spool import Path, write_and_die; write_and_die({uri!r}, {where}, {torn})"
    done = in_another_process(code)
    assert done.returncode == -signal.SIGKILL, done.stderr
    return ["http://news.example/0", "http://news.example/1"]


def test_what_a_killed_run_left_is_published_at_the_next_start(folder: Path) -> None:
    urls = left_by_a_killed_run(str(folder))
    archive = open_archive(str(folder))
    assert archive.recovered == (
        f"{LEDGER}: left by a killed run, now in the archive",
        f"{WARC}: left by a killed run, now in the archive",
    )
    assert archive.spool.keys() == []
    assert [capture.url for capture in captures(archive)] == urls
    assert [event.fields["number"] for event in events(archive)] == [0, 1]
    assert archive.read(cdx_key(WARC)).count(b"\n") == 2
    assert open_archive(str(folder)).recovered == ()


def test_a_torn_end_is_cut_off_and_said_so(folder: Path) -> None:
    left_by_a_killed_run(str(folder), torn=5)
    archive = open_archive(str(folder))
    assert all("now in the archive; its torn end of" in line for line in archive.recovered)
    assert [capture.url for capture in captures(archive)] == ["http://news.example/0"]
    assert [event.fields["number"] for event in events(archive)] == [0]


def test_a_segment_with_nothing_whole_in_it_goes(folder: Path) -> None:
    archive = open_archive(str(folder))
    for key in (WARC, LEDGER):
        segment = archive.spool.open(key)
        segment.append(b"\x1f\x8b\x08half")
        segment.release()
    assert [line.partition(": ")[2] for line in open_archive(str(folder)).recovered] == [
        "left by a killed run with nothing whole in it; removed (7 bytes)"
    ] * 2
    assert list(archive.store.keys("warc/")) == list(archive.store.keys("ledger/")) == archive.spool.keys() == []


def test_segments_of_a_live_run_are_left_alone(folder: Path) -> None:
    archive = open_archive(str(folder))
    warc = writer(archive)
    address = warc.record(exchange())
    other = open_archive(str(folder))
    assert other.recovered == ()
    assert read_capture(other, address).body == page()
    code = f"from storage.archive import open_archive; print(open_archive({str(folder)!r}).recovered)"
    assert in_another_process(code).stdout == "()\n"
    warc.record(exchange("http://news.example/2", page(2)))
    warc.close()
    assert len(list(captures(archive))) == 2


def test_killed_between_the_steps_of_publishing(folder: Path) -> None:
    """Linked under its final name, its index not yet written, still in the spool: the next start goes on."""
    left_by_a_killed_run(str(folder))
    store = LocalStore(folder)
    store.put_file(WARC, folder / "spool" / WARC)
    archive = open_archive(str(folder))
    assert f"{WARC}: left by a killed run, now in the archive" in archive.recovered
    assert archive.store.size(cdx_key(WARC)) is not None
    assert archive.spool.keys() == []


def test_another_content_under_the_final_name_is_told_and_both_stay(folder: Path) -> None:
    left_by_a_killed_run(str(folder))
    LocalStore(folder).put_new(WARC, b"other")
    line = next(line for line in open_archive(str(folder)).recovered if line.startswith("warc"))
    assert "another content lies under this key in the archive" in line
    assert (folder / "spool" / WARC).is_file()
    assert (folder / WARC).read_bytes() == b"other"


def test_strange_files_in_the_spool_are_left_alone(folder: Path) -> None:
    (folder / "spool").mkdir(parents=True)
    (folder / "spool" / "README").write_text("mine")
    assert open_archive(str(folder)).recovered == ()
    assert (folder / "spool" / "README").exists()


def test_what_a_killed_run_left_goes_up_to_s3_at_the_next_start(s3_server: S3Server, tmp_path: Path) -> None:
    uri = s3_server.prefix()
    urls = left_by_a_killed_run(uri, tmp_path, torn=0)
    archive = open_archive(uri, tmp_path)
    assert len(archive.recovered) == 2
    assert [capture.url for capture in captures(archive)] == urls
    assert [event.fields["number"] for event in events(archive)] == [0, 1]


def test_a_server_that_fails_leaves_the_segments_in_the_spool(
    s3_server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with FaultyProxy(s3_server.endpoint) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", proxy.endpoint)
        archive = open_archive(s3_server.prefix(), tmp_path)
        proxy.faults = {"PUT .warc.gz": [Fault.ERROR_500] * 2}
        warc = writer(archive)
        address = warc.record(exchange())
        with pytest.raises(ArchiveError, match="the server fails"):
            warc.close()
        assert read_capture(archive, address).body == page()
        warc.close()
        assert archive.spool.keys() == []
        assert read_capture(archive, address).body == page()


@pytest.mark.parametrize("size", [10_000, 13_000, 14_111])
def test_a_disk_that_runs_full_keeps_what_was_whole(folder: Path, size: int) -> None:
    """A limit on the size of files stands for the disk. Every capture that was acknowledged is there afterwards."""
    code = f"""
import resource
from tests.exchanges import *
from storage.archive import open_archive
from storage.archive.ledger import Ledger
from storage.archive.store import ArchiveError
archive = open_archive({str(folder)!r})
warc, ledger = writer(archive), Ledger(archive, "daily", RUN, clock=ticking())
resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))
for number in range(100):
    try:
        warc.record(exchange(f"http://news.example/{{number}}", page(number)))
        ledger.append("outcome", {{"number": number, "words": "x" * 1000}})
    except ArchiveError as error:
        print(number, error)
        break
warc.close()
ledger.close()
"""
    done = in_another_process(code)
    number, _, error = done.stdout.partition(" ")
    assert int(number) > 1, done.stderr
    assert "free some space and start again" in error
    archive = open_archive(str(folder))
    assert archive.recovered == (), "nothing was torn"
    assert [c.url for c in captures(archive)] == [f"http://news.example/{n}" for n in range(int(number))]
    assert [event.fields["number"] for event in events(archive)] == list(range(int(number)))
    assert all(path.stat().st_size <= size for path in warcs(archive))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A filesystem of 200 KB."""
    folder = tmp_path / "small"
    folder.mkdir()
    if (
        os.geteuid()
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(folder)], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("no right to mount a small filesystem")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("spare", range(0, 12_288, 2048))
def test_a_full_disk_at_each_write_step(small_disk: Path, spare: int) -> None:
    """The disk fills up at one step after the other; then room is made, and the next run goes on."""
    archive = open_archive(str(small_disk / "archive"))
    warc, ledger = writer(archive), Ledger(archive, "daily", RUN, clock=ticking())
    kept = []
    room = small_disk / "something-else"
    room.write_bytes(bytes(100_000 - spare))
    with pytest.raises(ArchiveError, match=r"the disk is full .* free some space"):
        for number in range(200):
            url = f"http://news.example/{number}"
            address = warc.record(exchange(url, page(number)))
            warc.sync()
            archive.store.put_all([(f"clean/daily/{number % 7}/{number}.json", b"{}" * 100)])
            ledger.append("outcome", {"outcome": "quarantined", "address": asdict(address)})
            ledger.sync()
            kept.append(url)
    room.unlink()
    warc.close()
    ledger.close()
    again = open_archive(str(small_disk / "archive"))
    assert again.recovered == ()
    assert {capture.url for capture in captures(again)} >= set(kept)
    assert len(list(events(again))) == len(kept) > 5
    assert all(path.read_bytes() == b"{}" * 100 for path in (small_disk / "archive" / "clean").rglob("*.json"))
    later = writer(again, run_id(START, b"later run"))
    later.record(exchange("http://news.example/later", page(999)))
    later.close()
    assert "http://news.example/later" in {capture.url for capture in captures(again)}


def test_a_folder_for_files_on_their_way_does_not_outlive_a_kill(folder: Path) -> None:
    """It may hold what was to be forgotten. One that a living process uses is left alone."""
    spool = open_archive(str(folder)).spool
    code = f"""
import os, signal
from storage.archive import open_archive
with open_archive({str(folder)!r}).spool.scratch("forget") as scratch:
    (scratch / "file.warc.gz").write_bytes(b"secret")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    with spool.scratch("sync") as mine:
        (mine / "object").write_bytes(b"1")
        assert in_another_process(code).returncode == -signal.SIGKILL
        assert len(list((folder / "spool").rglob("file.warc.gz"))) == 1
        assert spool.keys() == []
        assert open_archive(str(folder)).recovered == ()
        assert list((folder / "spool").rglob("file.warc.gz")) == []
        assert (mine / "object").read_bytes() == b"1"
    assert list((folder / "spool" / ".scratch").iterdir()) == []
