"""Runs crawls in forked processes and kills them, at a step or after a time. Read by benchmarks.crash; not for people.

Reads a JSON line an order on standard input, answers with a JSON line when the process has ended. The steps are
functions of the product, wrapped in the forked process alone: the product has no hook for this.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A moment at which a crawl dies: before or after a call of a function, or half way through its writing ("torn").
    `most`: how often a crawl of the newsstand comes by at least. `again`: met when what a kill left is mended."""

    module: str
    name: str
    when: str
    most: int = 1
    key: str = ""
    again: bool = False


def _local(name: str, when: str, most: int = 1, key: str = "") -> Step:
    return Step(module="storage.archive.local", name=f"LocalStore.{name}", when=when, most=most, key=key)


def _s3(name: str, when: str, most: int = 1, key: str = "") -> Step:
    return Step(module="storage.archive.s3", name=f"S3Store.{name}", when=when, most=most, key=key)


_EVERYWHERE = {
    "run row is entered": Step(module="storage.catalogue.runs", name="begin", when="after"),
    "run has begun": Step(module="crawler.opening", name="start_run", when="after"),
    "lead is in the ledger alone": Step(module="storage.run", name="Run._write", when="after", most=10),
    "leads are announced": Step(module="storage.run", name="Run.announce", when="after"),
    "lead is leased": Step(module="storage.catalogue.leads", name="lease", when="after", most=10),
    "answer has come": Step(module="storage.run", name="Run.record", when="before", most=12),
    "exchange is half written": Step(module="storage.archive.spool", name="Segment.append", when="torn", most=12, key="warc/"),
    "exchange is recorded": Step(module="storage.run", name="Run.record", when="after", most=12),
    "ending is entered": Step(module="pipelines.stages", name="enter", when="after", most=10),
    "verdict is to be noted": Step(module="storage.run", name="Run._write_note", when="before", most=10),
    "verdict is noted": Step(module="storage.run", name="Run._write_note", when="after", most=10),
    "WARC is synced": Step(module="storage.archive.warc", name="WarcWriter.sync", when="after", most=5),
    "clean copies are kept": Step(module="storage.settler", name="Settler._keep", when="after", most=5),
    "ledger line is half written": Step(
        module="storage.archive.spool", name="Segment.append", when="torn", most=12, key="ledger/"
    ),
    "ledger line is written": Step(module="storage.archive.ledger", name="Ledger.append", when="after", most=20),
    "ledger is synced": Step(module="storage.archive.ledger", name="Ledger.sync", when="after", most=5),
    "capture is settled": Step(module="storage.run", name="Run.settled", when="after", most=10),
    "run has ended in the ledger": Step(module="storage.archive.warc", name="WarcWriter.close", when="before"),
    "segment is published": Step(module="storage.archive.spool", name="Spool.publish", when="after", most=2),
    "receipt is kept": Step(module="storage.catalogue.runs", name="end", when="before"),
    "run has ended": Step(module="storage.run", name="Run.finish", when="after"),
    "left segment is measured": Step(module="storage.archive.warcread", name="whole_length", when="after", again=True),
    "left run is replayed": Step(module="storage.recovery", name="_replay", when="after", again=True),
    "left capture is settled": Step(module="storage.catalogue.captures", name="enter_settled", when="after", again=True),
    "left capture is taken back": Step(module="storage.catalogue.captures", name="take_back", when="after", again=True),
    "left runs are mended": Step(module="storage.run", name="recover", when="after", again=True),
}
LOCAL = _EVERYWHERE | {
    "object is half written": _local("_write", "torn", most=10),
    "clean copy has its name": _local("_link", "after", most=10),
    "WARC has its name, not its index": _local("put_file", "after", key="warc/"),
    "ledger has its name": _local("put_file", "after", key="ledger/"),
    "index has its name": _local("put_new", "after", key="warc/"),
    "receipt has its name": _local("put_new", "after", key="receipts/"),
}
S3 = _EVERYWHERE | {
    "clean copy is to be put": _s3("put_all", "before", most=5),
    "clean copies are put": _s3("put_all", "after", most=5),
    "WARC is to be put": _s3("put_file", "before", key="warc/"),
    "WARC is put, not its index": _s3("put_file", "after", key="warc/"),
    "ledger is put": _s3("put_file", "after", key="ledger/"),
    "receipt is put": _s3("put_new", "after", key="receipts/"),
}


def lie_in_wait(step: Step, nth: int) -> None:
    """Wrap a function so that this process is killed when it is called for the nth time."""
    owner: Any = importlib.import_module(step.module)
    *path, name = step.name.split(".")
    for part in path:
        owner = getattr(owner, part)
    meant, calls = getattr(owner, name), 0

    def wrapped(*args: Any, **rest: Any) -> Any:
        nonlocal calls
        if step.key and not _key(args).startswith(step.key):
            return meant(*args, **rest)
        calls += 1
        if calls != nth:
            return meant(*args, **rest)
        if step.when == "torn":
            _write_half(meant, *args)
        elif step.when == "after":
            meant(*args, **rest)
        os.kill(os.getpid(), signal.SIGKILL)
        return None

    setattr(owner, name, wrapped)


def _key(args: tuple[Any, ...]) -> str:
    """The key that a call is about: an argument, or that of the segment it is a method of."""
    return next((arg for arg in args if isinstance(arg, str)), getattr(args[0], "key", "") or "")


def _write_half(meant: Callable[..., Any], owner: Any, data: bytes) -> None:
    meant(owner, data[: len(data) // 2])


def crawl(order: dict[str, Any]) -> None:
    """In the forked process: the crawl as the command line starts it. Does not return."""
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ.update(order["environment"])
    os.chdir(ROOT)
    status = 1
    try:
        if order["step"] is not None:
            lie_in_wait((LOCAL | S3)[order["step"]], order["nth"])
        from scrapy.cmdline import execute

        execute(["scrapy", *order["words"]])
    except SystemExit as ended:
        status = int(ended.code or 0)
    except BaseException:  # noqa: BLE001 - it is in the log, and the exit status says so
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def main() -> None:
    """Take orders until standard input ends."""

    import storage.archive
    import storage.run  # noqa: F401 - imported before the fork, so that a crawl starts at once

    running: dict[int, dict[str, Any]] = {}
    open_, waiting = True, b""
    while open_ or running:
        if open_ and select.select([0], [], [], 0.005 if running else None)[0]:
            got = os.read(0, 65536)
            open_, waiting = bool(got), waiting + got
            while b"\n" in waiting:
                line, _, waiting = waiting.partition(b"\n")
                order = json.loads(line)
                pid = os.fork()
                if pid == 0:
                    crawl(order)
                running[pid] = order | {"began": time.monotonic()}
        elif not open_:
            time.sleep(0.005)
        _look_after(running)


def _look_after(running: dict[int, dict[str, Any]]) -> None:
    for pid, order in list(running.items()):
        ended, status = os.waitpid(pid, os.WNOHANG)
        lived = time.monotonic() - order["began"]
        if ended:
            del running[pid]
            answer = {"id": order["id"], "status": os.waitstatus_to_exitcode(status), "seconds": round(lived, 3)}
            os.write(1, json.dumps(answer).encode() + b"\n")
        elif (order["after"] is not None and lived > order["after"]) or lived > order["most_seconds"]:
            os.kill(pid, signal.SIGKILL)
            order["after"], order["most_seconds"] = None, float("inf")


if __name__ == "__main__":
    main()
