"""Outlets -> crawls on the workers of a Dask cluster, at most one an outlet, and what became of each.

A task is the outlet's name. The worker runs `scrapy crawl OUTLET` as a process of its own, with its own environment: where
the archive is and what keys open it never go through the scheduler.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from storage.archive import Store
from storage.archive.keys import receipt_key, run_id, run_of

if TYPE_CHECKING:
    from distributed import Client, Future

TRIES = 6
"""How often a crawl that could not begin, or whose archive went away, is tried again; Dask does it, on whatever worker."""
WAIT = 10.0
"""Seconds before each further try when the archive is away: with TRIES, it may be so for a minute."""
WAITS = {5: 1.0, 6: 0.3, 137: 0.0}
"""Shares of WAIT, by what the crawl ended with: a run of a killed worker ends within seconds, a killed crawl has ended."""
KILLED = 137
GONE = "the scheduler went away"
AGAIN = {5: "the archive could not be used", 6: "another run of the outlet was going", KILLED: "the crawl was killed"}
_ENDING = 60.0  # seconds that a crawl which was told to end is given

_GOING: dict[str, subprocess.Popen[bytes]] = {}
"""On a worker: the crawls that are going, by outlet, so that they can be told to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crawled:
    """What became of an outlet: exit status of its crawl (docs/operations.md), its receipt, and the last thing it said.
    `worker` is the host and process that did it."""

    outlet: str
    status: int
    worker: str = ""
    said: str = ""
    receipt: dict[str, Any] | None = None


class TryAgain(Exception):
    """The crawl may go better in a while; Dask tries the task again."""


def crawl_outlet(outlet: str, wait: float = WAIT) -> Crawled:
    """Runs on a worker: outlet -> what became of it. TryAgain where a later try may do."""
    found = _crawled(outlet)
    if found.status in AGAIN:
        time.sleep(wait * WAITS[found.status])
        raise TryAgain(f"{AGAIN[found.status]}: {found.said}")
    return found


def _crawled(outlet: str) -> Crawled:
    command = [sys.executable, "-m", "crawler.tether", str(os.getpid()), "crawl", outlet, "--json"]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    _GOING[outlet] = process
    try:
        out, err = process.communicate()
    finally:
        _GOING.pop(outlet, None)
    said = err.decode(errors="replace").strip().splitlines()
    receipt = None
    with contextlib.suppress(ValueError, IndexError):
        receipt = json.loads(out.decode().strip().splitlines()[-1])
    # One that we end says so itself (130); a signal that it could not answer is the machine's, as when memory is short.
    status = process.returncode if process.returncode >= 0 else KILLED
    return Crawled(
        outlet=outlet,
        status=status,
        worker=f"{socket.gethostname()}:{os.getpid()}",
        said=said[-1][:500] if said and status else "",
        receipt=receipt,
    )


def end_crawls(outlets: Sequence[str]) -> int:
    """Runs on a worker: tells the crawls of these outlets to end, and waits until they have -> how many."""
    going = [process for outlet, process in list(_GOING.items()) if outlet in outlets]
    for process in going:
        process.send_signal(signal.SIGTERM)
    last = time.monotonic() + _ENDING
    while any(process.poll() is None for process in going) and time.monotonic() < last:
        time.sleep(0.05)
    return len(going)


def let_go() -> None:
    """Runs on a worker: tells every crawl to end, without waiting for it."""
    for process in list(_GOING.values()):
        process.send_signal(signal.SIGTERM)


def due(store: Store, outlets: Iterable[str], every: dt.timedelta, now: dt.datetime) -> list[str]:
    """Outlets -> those whose last run that came to an end began longer ago than `every`, by the receipts in the archive.

    Two listings an outlet, however old the archive is: receipts are named by the start of their run.
    """
    earliest = run_id(now - every, bytes(4))
    days = sorted({when.strftime("%Y%m%d") for when in (now - every, now - every / 2, now)})
    found = []
    for outlet in outlets:
        folder = receipt_key(outlet, earliest).removesuffix(f"{earliest}.json")
        newest = max((run_of(key) or "" for day in days for key in store.keys(folder + day)), default="")
        if newest < earliest:
            found.append(outlet)
    return found


def crawl_all(client: Client, outlets: Sequence[str], told: Callable[[Crawled], None]) -> list[Crawled]:
    """Outlets -> what became of each, in the order in which they ended; `told` hears of each. On KeyboardInterrupt the
    crawls that are going are told to end, and the rest are not begun; what they had come to is in the archive."""
    # All at once and of one kind, so that Dask keeps them in one line before all workers instead of one before each.
    keys = [("crawl", outlet) for outlet in outlets]
    futures = client.map(crawl_outlet, list(outlets), key=keys, pure=False, retries=TRIES)
    tasks = dict(zip(futures, outlets, strict=True))
    done: dict[str, Crawled] = {}
    try:
        for each in _ended(client, tasks):
            done[each.outlet] = each
            told(each)
    except KeyboardInterrupt:
        _give_up(client, tasks, [outlet for outlet in outlets if outlet not in done])
        for outlet in outlets:
            if outlet not in done:
                done[outlet] = Crawled(outlet=outlet, status=130, said="interrupted")
    return list(done.values())


def _ended(client: Client, tasks: dict[Future[Any], str]) -> Iterator[Crawled]:
    from distributed import as_completed

    for future in as_completed(tasks, loop=client.loop):
        outlet = tasks[future]
        if future.status == "finished":
            yield future.result()
            continue
        error = future.exception() if future.status == "error" else None
        status = next((number for number, why in AGAIN.items() if why in str(error)), 1)
        yield Crawled(outlet=outlet, status=status, said=_why(error))


def _why(error: BaseException | None) -> str:
    if error is None:
        return GONE
    if type(error).__name__ == "KilledWorker":
        return "every worker that took it up was lost; it may be what kills them"
    return str(error).splitlines()[0][:500]


def _give_up(client: Client, tasks: dict[Future[Any], str], outlets: Sequence[str]) -> None:
    # Twice the same key would run twice: first nothing new begins, then what is going ends.
    waiting = [future for future, outlet in tasks.items() if outlet in outlets]
    with contextlib.suppress(OSError, TimeoutError):
        client.cancel(waiting, force=False)
        client.run(end_crawls, list(outlets), on_error="ignore")
