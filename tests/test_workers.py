"""Worker processes: answers come back to whoever asked, and a task that kills its worker takes no other with it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import pipelines.workers
from pipelines.workers import WorkerLost, Workers


def work(task: object) -> object:
    if task == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if task == "hang":
        time.sleep(3600)
    if task == "where":
        return os.getpid()
    return (task, task)


async def answers(workers: Workers, tasks: list[object]) -> list[object]:
    return await asyncio.gather(*(workers.run(task) for task in tasks), return_exceptions=True)


def asked(tasks: list[object], count: int = 2) -> list[object]:
    workers = Workers(count, work)
    try:
        return asyncio.run(answers(workers, tasks))
    finally:
        workers.close()


def test_every_answer_is_that_of_its_task() -> None:
    tasks: list[object] = [*range(40), "x" * 3_000_000]
    assert asked(tasks) == [(task, task) for task in tasks]


def test_the_work_is_done_elsewhere() -> None:
    assert os.getpid() not in asked(["where"] * 6)


@pytest.mark.parametrize(("fault", "reason"), [("crash", "died"), ("hang", "longer than")])
def test_a_task_that_takes_its_worker_down_has_failed_and_the_others_are_done(
    fault: str, reason: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    if fault == "hang":
        monkeypatch.setattr(pipelines.workers, "PATIENCE", 2.0)
    found = asked([1, 2, fault, 3, 4, 5, 6], count=1)
    assert [each for each in found if not isinstance(each, WorkerLost)] == [(n, n) for n in range(1, 7)]
    assert reason in str(found[2])
    assert caplog.text.count("a worker was lost") == (pipelines.workers.DEATHS if fault == "crash" else 1)


def dies_once(task: str) -> str:
    mark = Path(task)
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def test_a_worker_that_died_of_something_else_costs_no_page(tmp_path: Path) -> None:
    workers = Workers(1, dies_once)
    try:
        assert asyncio.run(answers(workers, [str(tmp_path / "mark")])) == ["done"]
    finally:
        workers.close()


def test_signals_to_the_group_are_left_to_the_crawl() -> None:
    workers = Workers(1, work)
    (pid,) = [worker.pid for worker in workers._workers]
    for each in (signal.SIGINT, signal.SIGTERM):
        os.kill(pid, each)
    try:
        assert asyncio.run(answers(workers, [7])) == [(7, 7)]
    finally:
        workers.close()


def test_workers_of_a_killed_crawl_end_and_hold_none_of_its_files(tmp_path: Path) -> None:
    program = f"""
import fcntl, os, time
from pipelines.workers import Workers
lock = open({str(tmp_path / "lock")!r}, "w")
fcntl.flock(lock, fcntl.LOCK_EX)
workers = Workers(2, print)
print(*(worker.pid for worker in workers._workers), flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as crawl:
        assert crawl.stdout is not None
        pids = [int(pid) for pid in crawl.stdout.readline().split()]
        opened = [str(Path(link).readlink()) for pid in pids for link in _links(pid)]
        crawl.kill()
    for pid in pids:
        _await_end(pid)
    assert not [name for name in opened if name.endswith("lock")]


def _links(pid: int) -> list[str]:
    """The open files of a process, once it has let go of what it inherited."""
    folder = Path(f"/proc/{pid}/fd")
    for _ in range(200):
        links = [str(each) for each in folder.iterdir()]
        if len(links) <= 4:
            return links
        time.sleep(0.02)
    return links


def _await_end(pid: int) -> None:
    for _ in range(500):
        state = Path(f"/proc/{pid}/stat")
        try:
            if state.read_text().split()[2] == "Z":
                return
        except (FileNotFoundError, ProcessLookupError):
            return
        time.sleep(0.02)
    raise AssertionError(f"worker {pid} is still there")
