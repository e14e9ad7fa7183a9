"""Benchmark 6: pages of an archive extracted again in one process, in plain multiprocessing, and on Dask.

    python -m benchmarks.bulk [--pages-folder ../shared/pages] [--records 2000] [--rounds 3]

The pages of real-news, news-2008 and web-articles are kept as a crawl keeps them (WARC, clean copies, catalogue) in a folder
that is removed again; then the product's own portions (`crawler.reextract`) are made again, nothing is entered. In each round
the ways take turns: one process, `multiprocessing.Pool(2)`, the product's own two processes, Dask with one worker and with two.
Wall time, without the start of the processes, who have each made one portion before. All must say the same of every article.

The last line is JSON, of medians: `speedup_2_workers` (Dask with one worker / with two), `dask_against_multiprocessing`
(plain multiprocessing / Dask with two), `cores_against_multiprocessing`, `speedup_over_one_process` (one process / Dask with
two), pages a second of each way.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import hashlib
import itertools
import json
import logging
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from scrapy.utils.project import get_project_settings

from benchmarks.archive import exchange
from benchmarks.refine import captures as pages_of
from crawler.bulk import Lost, Spread, on_cores, on_dask
from crawler.engine import terms_of
from crawler.reextract import Made, Portion, portions, remake
from pipelines.placed import enter_placed
from pipelines.stages import enter, refined
from storage.archive import open_archive
from storage.catalogue import leads
from storage.catalogue.placements import Placements
from storage.catalogue.stories import newest_clean_copies
from storage.records import Article, Lead, Outlet
from storage.run import start_run
from tests.here import here

SETS = ("real-news", "news-2008", "web-articles")
OUTLET = Outlet(name="bench")
Bulk = Spread[Portion, list[Made]]


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def archived(folder: Path, pages: Path, most: int) -> list[Portion]:
    """Pages -> an archive of at most so many articles in the folder, and its portions."""
    run = start_run(
        outlet=OUTLET.name, archive=open_archive(str(folder)), catalogue=folder / "catalogue.sqlite", clock=now,
        about={"software": "bench"}, index=lambda c, ending, text, printed: enter_placed(ending, text, Placements(c), printed),
    )  # fmt: skip
    found = itertools.chain.from_iterable(pages_of(pages / name) for name in SETS)
    kept, waiting = 0, []
    for number, (key, capture) in enumerate(found):
        if kept >= most:
            break
        url = f"https://news.example/{number}/{hashlib.sha256(key.encode()).hexdigest()[:16]}"
        lead = Lead(url=url, outlet=OUTLET.name, source="https://news.example/feed")
        run.announce([lead], now())
        leads.take(run.catalogue, lead, run.id, now())
        address = run.record(exchange(url, capture.body))
        item = refined(replace(capture, lead=lead, url=url, address=address), OUTLET)
        ending, clean = enter(run, item)
        waiting.append((ending, run.keep(ending, clean)))
        kept += isinstance(item, Article) and clean is not None
    for ending, durable in waiting:
        durable.result()
        run.settled(ending)
    made = list(portions(run, OUTLET, newest_clean_copies(run.catalogue)))
    run.finish("finished", now())
    return made


def plain(pool: multiprocessing.pool.Pool) -> Bulk:
    """What anybody would write."""

    def spread(portions: Iterable[Portion], *, alone: bool = False) -> Iterator[list[Made] | Lost]:
        return pool.imap(remake, portions)

    return spread


def seconds(spread: Bulk, work: list[Portion]) -> tuple[float, str]:
    """Wall seconds of a way, and a digest of what it said of every article."""
    list(spread(work[:1] * 4))  # every process has loaded what it needs
    said = hashlib.sha256()
    started = time.perf_counter()
    for answer in spread(iter(work)):
        if isinstance(answer, Lost):
            sys.exit(f"a portion was lost: {answer.reason}")
        for made in answer:
            said.update(repr((made.change.url, made.change.fields, made.change.diff, made.change.error)).encode())
    return time.perf_counter() - started, said.hexdigest()


def measured(work: list[Portion], rounds: int) -> dict[str, list[float]]:
    """Portions -> wall seconds of each way in each round."""
    terms = replace(terms_of(get_project_settings()), archive="")
    complain = logging.getLogger(__name__).warning
    taken: dict[str, list[float]] = {}
    digests = set()
    with contextlib.ExitStack() as held:
        ways: dict[str, Bulk] = {"one process": here(remake)}
        ways["multiprocessing"] = plain(held.enter_context(multiprocessing.get_context("fork").Pool(2)))
        ways["two processes of ours"] = held.enter_context(on_cores(remake, 2))
        for count in (1, 2):
            ways[f"dask {count}"] = held.enter_context(on_dask(remake, None, count, terms, complain))
        for number in range(rounds):
            for name in (*ways,)[:: 1 if number % 2 == 0 else -1]:
                spent, digest = seconds(ways[name], work)
                taken.setdefault(name, []).append(spent)
                digests.add(digest)
                print(f"round {number + 1}, {name}: {spent:.1f} s", flush=True)
    if len(digests) != 1:
        sys.exit("the ways do not agree on what came out")
    return taken


def main() -> None:
    """Command line of the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages-folder", type=Path, default=Path("../shared/pages"))
    parser.add_argument("--records", type=int, default=2000, help="articles in the archive, and portions of them again up to that")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cleancopy-bulk-") as folder:
        work = archived(Path(folder), given.pages_folder, given.records)
        there = sum(len(portion.articles) for portion in work)
        if there == 0:
            sys.exit(f"{given.pages_folder}: no article in it; give the folder of ../shared/pages")
        work = list(itertools.islice(itertools.cycle(work), -(-len(work) * max(given.records, there) // there)))
        records = sum(len(portion.articles) for portion in work)
        print(f"{there} articles in the archive, {records} made again a turn", flush=True)
        middle = {name: statistics.median(spent) for name, spent in measured(work, given.rounds).items()}
    print(json.dumps({
        "records": records,
        "rounds": given.rounds,
        "speedup_2_workers": round(middle["dask 1"] / middle["dask 2"], 3),
        "dask_against_multiprocessing": round(middle["multiprocessing"] / middle["dask 2"], 3),
        "cores_against_multiprocessing": round(middle["multiprocessing"] / middle["two processes of ours"], 3),
        "speedup_over_one_process": round(middle["one process"] / middle["dask 2"], 3),
        "pages_per_second": {name: round(records / spent, 1) for name, spent in middle.items()},
    }))  # fmt: skip


if __name__ == "__main__":
    main()
