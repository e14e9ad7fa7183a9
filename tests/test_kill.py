"""SIGKILL before every single step that touches the disk: nothing acknowledged is lost, nothing torn, it goes on.

A driver process forks a child for each step; the child kills itself when Python is about to take that step (opening,
linking, renaming, removing, making a folder), by an audit hook.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from storage.archive import Archive, open_archive
from storage.archive.clean import clean_copy, read_clean_copy
from storage.archive.finding import Severity, Tally
from storage.archive.keys import article_id, clean_key, run_id
from storage.archive.ledger import Ledger, events
from storage.archive.packed import plain
from storage.archive.verify import verify
from storage.records import Fingerprint
from tests.exchanges import RUN, START, article, captures, exchange, page, placement, ticking, writer
from tests.test_forget import SECRET, filled, forgets
from tests.test_spool import in_another_process

_STEPS = frozenset({"open", "os.link", "os.rename", "os.remove", "os.mkdir", "os.truncate", "shutil.copyfile", "os.rmdir"})


def write_run(folder: Path, acknowledged: int) -> None:
    """A run as the crawl makes it durable: exchange, clean copy, ledger line; WARC files of two captures each.

    `acknowledged`: a file handle that gets the URL of each capture when it is durable.
    """
    archive = open_archive(str(folder))
    warc, ledger = writer(archive, max_size=4000), Ledger(archive, "daily", RUN, clock=ticking())
    for number in range(5):
        url = f"http://news.example/{number}"
        address = warc.record(exchange(url, page(number)))
        digest = f"{number:064x}"
        key = clean_key("daily", article_id(url), digest)
        copy = clean_copy(article(url, address=address), Fingerprint(digest=digest, length=1), placement(), extractor="x")
        warc.sync()
        archive.store.put_all([(key, copy)])
        fields = {"outcome": "kept", "address": asdict(address), "clean_key": key, "content_digest": digest, "url": url}
        ledger.append("outcome", fields)
        ledger.sync()
        os.write(acknowledged, f"{url}\n".encode())
    ledger.append("run-ended", {})
    warc.close()
    ledger.close()


def child(step: int, work: Callable[..., object], *given: object) -> bool:
    """Do the work in a child that dies before its step of this number; whether it died."""
    pid = os.fork()
    if pid == 0:
        seen, status = 0, 1

        def hook(event: str, _args: object) -> None:
            nonlocal seen
            if event not in _STEPS:
                return
            seen += 1
            if seen == step:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            sys.addaudithook(hook)
            work(*given)
            status = 0
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
            raise
        finally:
            os._exit(status)
    ended = os.waitpid(pid, 0)[1]
    if not os.WIFSIGNALED(ended) and os.WEXITSTATUS(ended):
        raise RuntimeError("the child failed")
    return os.WIFSIGNALED(ended)


def drive_writing(folder: Path) -> None:
    """Kill a run at step after step; print a line of what was found wrong for each, and the number of steps."""
    step = 0
    died = True
    while died:
        step += 1
        archive, said = folder / "archive", folder / "said"
        shutil.rmtree(archive, ignore_errors=True)
        said.write_text("")
        handle = os.open(said, os.O_WRONLY | os.O_APPEND)
        died = child(step, write_run, archive, handle)
        os.close(handle)
        wrong = faults_after_writing(open_archive(str(archive)), said.read_text().split())
        if wrong:
            print(json.dumps({"step": step, "wrong": wrong}))
    print(json.dumps({"steps": step}))


def faults_after_writing(archive: Archive, acknowledged: list[str]) -> list[str]:
    wrong = [str(each) for each in verify(archive, Tally()) if each.severity is not Severity.NOTE]
    found = {capture.url for capture in captures(archive)}
    wrong += [f"{url}: acknowledged and not in the WARC" for url in acknowledged if url not in found]
    said = {event.fields["url"]: event.fields["clean_key"] for event in events(archive) if event.event == "outcome"}
    wrong += [f"{url}: acknowledged and not in the ledger" for url in acknowledged if url not in said]
    for url in acknowledged:
        if url in said and read_clean_copy(archive.store.read(said[url])).article.canonical != url:
            wrong.append(f"{url}: its clean copy is of another")
    wrong += [f"{key}: still in the spool" for key in sorted(archive.spool.keys())]
    return wrong


def forgets_in(folder: Path) -> None:
    forgets(open_archive(str(folder)))


def drive_forgetting(folder: Path) -> None:
    """Kill `forget` at step after step, and call it again."""
    whole = folder / "whole"
    filled(open_archive(str(whole)))
    step, died = 0, True
    while died:
        step += 1
        archive = folder / "archive"
        shutil.rmtree(archive, ignore_errors=True)
        shutil.copytree(whole, archive)
        died = child(step, forgets_in, archive)
        opened = open_archive(str(archive))
        wrong_left = [str(path) for path in (archive / "spool").rglob("*") if path.is_file() and path.name != ".lock"]
        forgets(opened, run=run_id(START, b"%08d" % step))
        wrong = [f"{path}: left by the killed one" for path in wrong_left]
        wrong += [str(each) for each in verify(opened, Tally())]
        wrong += [f"{c.url}: still has it" for c in captures(opened) if SECRET.encode() in c.body and "same" not in c.url]
        wrong += [] if len(list(captures(opened))) == 3 else ["another number of captures"]
        heirs = [key for key in opened.store.keys("clean/") if SECRET.encode() in plain(opened.store.read(key))]
        wrong += [] if len(heirs) == 1 else [f"{len(heirs)} clean copies have the text"]
        if wrong:
            print(json.dumps({"step": step, "wrong": wrong}))
    print(json.dumps({"steps": step}))


@pytest.mark.slow
@pytest.mark.parametrize(("drive", "least"), [("drive_writing", 60), ("drive_forgetting", 30)])
def test_killed_before_every_step(tmp_path: Path, drive: str, least: int) -> None:
    # In memory, where there is such a place: fsync costs nothing there, and a kill is no power cut.
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path) as folder:
        code = f"from pathlib import Path; from tests.test_kill import {drive}; {drive}(Path({folder!r}))"
        done = in_another_process(code)
    assert done.returncode == 0, done.stderr
    *wrong, last = [json.loads(line) for line in done.stdout.splitlines()]
    assert wrong == []
    assert last["steps"] > least
