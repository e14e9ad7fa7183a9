"""scrapy fleet: every outlet that is due, crawled by the workers of a Dask cluster.

Exit status: 0 all did their work; otherwise the gravest of the crawls' own (docs/operations.md): 5 the archive, 1 an error or
a lost outlet, 4 blocked, 3 unreadable; 2 wrong use; 130 interrupted.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from scrapy.spiderloader import get_spider_loader

from crawler.arguments import ArgumentError, no_outlet, number, scheduler, workers
from crawler.command import Add, CheckedCommand
from crawler.console import complain, many, table, write
from crawler.engine import cluster, terms_of, workers_usual
from crawler.fleet import GONE, Crawled, crawl_all, due
from crawler.opening import archive_to_read
from storage.archive import open_store
from storage.archive.keys import MARKER

_GRAVEST = (130, 5, 1, 137, 2, 4, 3)
_WORDS = {
    0: "done", 1: "failed", 2: "wrong use", 3: "unreadable", 4: "blocked", 5: "no archive", 6: "another run is going",
    130: "interrupted", 137: "killed",
}  # fmt: skip


class Command(CheckedCommand):
    """Hands outlets out to a cluster."""

    usage = "OUTLET… | --all  [--scheduler tcp://host:8786] [--workers N]"
    short = "Crawl many outlets on the workers of a Dask cluster, here or on other machines"
    long = (
        "Each outlet becomes one task, and a worker runs the same `scrapy crawl OUTLET`. Without a scheduler the workers "
        "are processes of this machine. On others: `dask scheduler` on one, `dask worker tcp://host:8786 --nthreads 1` in "
        "a checkout of the same version on each, with NEWS_ARCHIVE_URI=s3://… and the bucket's keys in its environment."
    )

    def options(self, add: Add) -> None:
        add("--all", action="store_true", help="all outlets of `scrapy list` that are due (see --every)")
        add("--every", type=number(0, 1e6), default=60, metavar="MINUTES", help="with --all: an outlet is due when its last run "
            "began so long ago (default 60; 0: always)")  # fmt: skip
        add("--scheduler", type=scheduler, metavar="ADDRESS", help="of a Dask scheduler, tcp://… or tls://…")
        add("--workers", type=workers, default=0, metavar="N", help="of the cluster on this machine (default: cores)")
        add("--json", action="store_true", help="print what became of each outlet as JSON")

    def work(self, args: list[str], opts: argparse.Namespace) -> None:
        known = get_spider_loader(self.settings).list()
        if fault := _misuse(args, opts, known):
            raise ArgumentError(fault)
        outlets = list(dict.fromkeys(args))
        if opts.all:
            store = open_store(self.settings["NEWS_ARCHIVE_URI"])
            if store.size(MARKER) is not None:
                archive_to_read(self.settings)  # of a format that no worker could read: said once, and at once
            outlets = due(store, known, dt.timedelta(minutes=opts.every), dt.datetime.now(dt.UTC))
        if not outlets:
            write("No outlet is due." if not opts.json else json.dumps(_summary([])))
            return
        count = opts.workers or min(workers_usual(), len(outlets))
        with cluster(opts.scheduler, count, terms_of(self.settings), told=complain) as client:
            crawled = crawl_all(client, outlets, _Telling(len(outlets)))
        if lost := sum(each.said == GONE for each in crawled):
            complain(
                f"The scheduler went away; {many(lost, 'outlet')} not done. Start it again, then this: it goes on where it was."
            )
        crawled.sort(key=lambda each: outlets.index(each.outlet))
        write(json.dumps(_summary(crawled), ensure_ascii=False) if opts.json else _shown(crawled))
        self.exitcode = next((status for status in _GRAVEST if any(each.status == status for each in crawled)), 0)


class _Telling:
    """A line on standard error for each outlet that has ended; none where the scheduler went away: that is one line for all."""

    def __init__(self, of: int) -> None:
        self.of, self.done, self.captures = of, 0, 0

    def __call__(self, each: Crawled) -> None:
        if each.said == GONE:
            return
        self.done += 1
        self.captures += each.receipt["captures"] if each.receipt else 0
        so_far = f"{self.done} of {many(self.of, 'outlet')}, {many(self.captures, 'capture')}"
        line = f"{so_far}; {each.outlet}: {_WORDS.get(each.status, each.status)}"
        complain(line + (f" ({each.said})" if each.said else ""))


def _misuse(args: Sequence[str], opts: argparse.Namespace, known: Sequence[str]) -> str | None:
    if bool(args) == opts.all:
        return "Name outlets, or --all for those that are due."
    if unknown := [name for name in args if name not in known]:
        return no_outlet(unknown[0], known)
    if opts.workers and opts.scheduler:
        return "--workers is for a cluster on this machine; with --scheduler the workers are those that it has."
    return None


def _summary(crawled: Sequence[Crawled]) -> dict[str, object]:
    outcomes: Counter[str] = Counter()
    for each in crawled:
        outcomes.update(each.receipt["outcomes"] if each.receipt else {})
    return {"outlets": [asdict(each) for each in crawled], "captures": sum(outcomes.values()), "outcomes": dict(outcomes)}


def _shown(crawled: Sequence[Crawled]) -> str:
    rows = [("outlet", "", "captures", "kept", "worker")]
    for each in crawled:
        said = _WORDS.get(each.status, str(each.status))
        counts = each.receipt["outcomes"] if each.receipt else {}
        rows.append((each.outlet, said, str(sum(counts.values())), str(counts.get("kept", 0)), each.worker))
    return table(rows)
