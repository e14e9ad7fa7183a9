"""A Dask scheduler and workers as processes, each worker with a folder of its own (spool, catalogue), as on a machine of its
own; and somebody who kills them.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import ROOT


def plain_environment(**more: str) -> dict[str, str]:
    """The environment of a crawl on loopback, with nothing of the person's own archive."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("NEWS_", "AWS_"))}
    usual = {"NEWS_ALLOW_ADDRESSES": "127.0.0.0/8", "NEWS_DELAY": "0", "NEWS_PROBE": "0", "NEWS_RETRY_WAIT": "0.05"}
    return {**kept, **usual, "PYTHONWARNINGS": "ignore", **more}


class Machines:
    """`with Machines(folder, 4, environment) as fleet: … fleet.address`. The archive is `environment`'s, shared by all. `own`:
    what else stands in the environment of the machine of this number."""

    def __init__(
        self,
        folder: Path,
        count: int,
        environment: dict[str, str],
        names: list[str] | None = None,
        own: dict[int, dict[str, str]] | None = None,
    ) -> None:
        self.folder, self.count, self.environment = folder, count, environment
        self.names = names or [f"machine-{number}" for number in range(count)]
        self.own = own or {}
        self.address = ""
        self.killed = 0
        self.workers: list[subprocess.Popen[bytes]] = []
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Machines:
        self.folder.mkdir(parents=True, exist_ok=True)
        port = _free_port()
        self.address = f"tcp://127.0.0.1:{port}"
        words = ["scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard", "--no-show"]
        self.scheduler = self._start(words, self.folder, {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "50"})
        for number in range(self.count):
            self.workers.append(self.start_worker(number, **self.own.get(number, {})))
        return self

    def __exit__(self, *_: object) -> None:
        # The workers first: one that its scheduler leaves while it ends is waited for by its nanny, for eight seconds.
        for some in (self._processes[1:], self._processes[:1]):
            for process in some:
                process.terminate()
            for process in some:
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def start_worker(self, number: int, **more: str) -> subprocess.Popen[bytes]:
        """A worker on the machine of this number."""
        words = ["worker", self.address, "--nthreads", "1", "--host", "127.0.0.1", "--no-dashboard"]
        here = self.machine(number)
        here.mkdir(parents=True, exist_ok=True)
        own = {"NEWS_SPOOL": str(here / "spool"), "NEWS_CATALOGUE": str(here / "catalogue.sqlite")}
        return self._start(
            [*words, "--name", self.names[number], "--local-directory", str(here / "dask")], here, {**own, **more}
        )

    def machine(self, number: int) -> Path:
        """The folder of a machine."""
        return self.folder / f"machine-{number}"

    def kill_one(self, chance: random.Random) -> bool:
        """kill -9 of a worker process, or of a crawl, while one is going; whether there was one."""
        going = dict(self._descendants())
        if not any(b"crawl" in words for words in going.values()):
            return False
        try:
            os.kill(chance.choice(sorted(going)), signal.SIGKILL)
        except ProcessLookupError:
            return False
        self.killed += 1
        return True

    def _descendants(self) -> Iterator[tuple[int, bytes]]:
        ours = {process.pid for process in self._processes[1:]}
        parents: dict[int, list[int]] = {}
        words: dict[int, bytes] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                    words[int(entry.name)] = (entry / "cmdline").read_bytes()
                except OSError:
                    continue
                parents.setdefault(parent, []).append(int(entry.name))
        waiting = [child for pid in ours for child in parents.get(pid, [])]
        while waiting:
            pid = waiting.pop()
            # The worker processes of a crawl have its words too; they end with it.
            if b"spawn_main" in words.get(pid, b"") or b"crawl" in words.get(pid, b""):
                yield pid, words[pid]
            if b"crawl" not in words.get(pid, b""):
                waiting += parents.get(pid, [])

    def _start(self, words: list[str], folder: Path, more: dict[str, str]) -> subprocess.Popen[bytes]:
        environment = {**self.environment, **more, "PYTHONPATH": str(ROOT)}
        log = (self.folder / f"{words[0]}-{len(self._processes)}.log").open("ab")
        with log:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *words],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        self._processes.append(process)
        return process


def begun(command: list[str], fleet: Machines) -> subprocess.Popen[bytes]:
    """`scrapy …` as a process that has begun, from another machine than those of the workers."""
    words = [sys.executable, "-m", "scrapy", *command]
    return subprocess.Popen(words, cwd=ROOT, env=fleet.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def run_with_kills(
    command: list[str], fleet: Machines, kills: int, every: tuple[float, float], seed: int
) -> tuple[int, str, str]:
    """A command, and kills at random moments while it runs -> its exit status, standard output and error."""
    chance = random.Random(seed)
    process = begun(command, fleet)
    due = time.monotonic() + chance.uniform(*every)
    while process.poll() is None:
        if fleet.killed < kills and time.monotonic() >= due and fleet.kill_one(chance):
            due = time.monotonic() + chance.uniform(*every)
        time.sleep(0.05)
    out, err = process.communicate()
    return process.returncode, out.decode(), err.decode()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return int(bound.getsockname()[1])
