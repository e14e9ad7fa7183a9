"""`scrapy …` for the tests, from a process that has loaded Scrapy and the libraries already.

A command of Cleancopy begins with a second of imports, and the tests run some hundreds of them. Here each is still a process
of its own, with its own environment, streams, signals and exit status: a fork of one that stands at the point where the
settings are read and the command's module is loaded. Two such processes take turns, so that what two commands agree on does
not hang on one seed of Python's hashes. Who tests the start itself starts `python -m scrapy` (tests/machines.py,
tests/test_tutorial.py and others).
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOADED = (
    "sqlite_utils",  # before numpy, as crawler/settings.py has it
    "scrapy.cmdline",
    "scrapy.core.downloader.handlers.http11",
    "scrapy.extensions.feedexport",
    "scrapy.squeues",
    "itemadapter",
    "pipelines.stages",
    "crawler.outlet",
    "crawler.progress",
    "crawler.readers",
    "crawler.network.wire",
)


@dataclass(frozen=True)
class Finished:
    """A command that ended: exit status, both streams, its memory at the most, and the receipt where --json printed one."""

    status: int
    out: str
    err: str
    megabytes: float

    @property
    def receipt(self) -> dict[str, Any]:
        return json.loads(self.out.strip().splitlines()[-1])


class Begun:
    """A command that is going; `end` must be called."""

    def __init__(self, link: socket.socket, stdin: bytes, to: int, streams: tuple[int, int]) -> None:
        self._link = link
        self._told = link.makefile("rb")
        self.pid = int(self._told.readline())
        self._threads = ThreadPoolExecutor(3)
        self._threads.submit(_write, to, stdin)
        self.heard = bytearray()  # of standard output, so far
        self._out = self._threads.submit(_read, streams[0], self.heard)
        self._err = self._threads.submit(_read, streams[1], bytearray())

    def catches(self, number: signal.Signals) -> bool:
        """Whether the command has a handler of its own for a signal by now, or has ended."""
        try:
            status = Path(f"/proc/{self.pid}/status").read_text()
        except OSError:
            return True
        return int(status.partition("SigCgt:")[2].split()[0], 16) >> (number - 1) & 1 == 1

    def end(self, seconds: float = 120) -> Finished:
        """Wait for the end. TimeoutError, with the command killed, when it takes longer."""
        self._link.settimeout(seconds)
        with self._link, self._told, self._threads:
            try:
                status, kilobytes = json.loads(self._told.readline())
            except TimeoutError:
                os.kill(self.pid, signal.SIGKILL)
                raise
            return Finished(status, self._out.result().decode(), self._err.result().decode(), kilobytes / 1024)


class Starter:
    """Commands of this test process. Begins at the first one; ends with this process, or by `close`."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[bytes]] = []
        self._doors = [self._begin(), self._begin()]
        self._turns = itertools.cycle(self._doors)

    def _begin(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            code = [sys.executable, "-W", "ignore", "-m", "tests.starter", str(theirs.fileno())]
            self._processes.append(subprocess.Popen(code, cwd=ROOT, pass_fds=[theirs.fileno()], env=_clean()))
        return ours

    def run(
        self, words: tuple[str, ...], stdin: bytes, environment: dict[str, str], seconds: float = 120, *, terminal: bool = False
    ) -> Finished:
        """Run `scrapy …` to its end. Like subprocess.run, it waits for all that hold the command's streams."""
        return self.begin(words, stdin, environment, terminal=terminal).end(seconds)

    def begin(
        self, words: tuple[str, ...], stdin: bytes, environment: dict[str, str], *, terminal: bool = False
    ) -> Begun:
        """Start `scrapy …`; with `terminal`, both its outputs are terminals."""
        link, far = socket.socketpair()
        pipes = [os.pipe(), *((os.openpty() if terminal else os.pipe()) for _ in range(2))]
        theirs = [pipes[0][0], pipes[1][1], pipes[2][1]]
        socket.send_fds(next(self._turns), [b"!"], [far.fileno(), *theirs])
        far.close()
        for each in theirs:
            os.close(each)
        link.sendall(json.dumps([words, _clean() | environment]).encode() + b"\n")
        return Begun(link, stdin, pipes[0][1], (pipes[1][0], pipes[2][0]))

    def close(self) -> None:
        for door, process in zip(self._doors, self._processes, strict=True):
            door.close()
            process.wait(20)


def _streams_anew() -> None:
    """As Python makes them at its start: those of before remember whether they were files."""
    coding, _, errors = os.environ.get("PYTHONIOENCODING", "").partition(":")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        how = "backslashreplace" if name == "stderr" else errors or "strict"
        mode, buffering = ("r", -1) if name == "stdin" else ("w", 1 if name == "stderr" else -1)
        setattr(sys, name, open(number, mode, buffering, coding or "utf-8", how, closefd=False))  # noqa: SIM115


def _clean() -> dict[str, str]:
    """The environment without what a developer or a server of this machine set for Cleancopy."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("NEWS_", "AWS_"))}


def _write(end: int, data: bytes) -> None:
    with contextlib.suppress(BrokenPipeError), open(end, "wb") as stream:
        stream.write(data)


def _read(end: int, kept: bytearray) -> bytes:
    with contextlib.suppress(OSError):  # how a terminal ends
        while piece := os.read(end, 1 << 16):
            kept += piece
    os.close(end)
    return bytes(kept)


def _serve(door: socket.socket) -> list[str]:
    """Fork for each command that is asked for; returns its words, in the process that is to be it."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        _, handles, _, _ = socket.recv_fds(door, 1, 4)
        if not handles:
            os._exit(0)
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGHUP, signal.SIG_DFL)  # ignored where the tests run under nohup
            door.close()
            return _attend(socket.socket(fileno=handles[0]), handles[1:])
        for each in handles:
            os.close(each)


def _attend(link: socket.socket, streams: list[int]) -> list[str]:
    """Be the parent of a command, and say how it ended."""
    with link.makefile("rb") as told:
        words, environment = json.loads(told.readline())
    pid = os.fork()
    if pid == 0:
        link.close()
        os.setpgid(0, 0)  # as a shell does: what ends a command reaches its worker processes too
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        os.environ.clear()
        os.environ.update(environment)
        _streams_anew()
        sys.path[1:1] = [each for each in environment.get("PYTHONPATH", "").split(os.pathsep) if each]
        return words
    for each in (0, 1, 2, *streams):
        os.close(each)
    link.sendall(b"%d\n" % pid)
    _, status, used = os.wait4(pid, 0)
    link.sendall(json.dumps([os.waitstatus_to_exitcode(status), used.ru_maxrss]).encode() + b"\n")
    os._exit(0)


if __name__ == "__main__":
    import gc
    from importlib import import_module

    for name in LOADED:
        import_module(name)
    sys.modules["scrapy.utils.misc"].walk_modules("scrapy.commands")  # as Scrapy does before it looks for ours
    assert "twisted.internet.reactor" not in sys.modules, "every command has one of its own"
    assert "crawler.settings" not in sys.modules, "every command reads the environment"
    gc.freeze()
    sys.argv = ["scrapy", *_serve(socket.socket(fileno=int(sys.argv[1])))]
    sys.exit(sys.modules["scrapy.cmdline"].execute())
