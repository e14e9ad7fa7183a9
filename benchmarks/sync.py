"""`scrapy catalogue sync` of what several machines wrote: outcomes a second, memory, and whether a rebuild says the same.

python -m benchmarks.sync [--outcomes 4000] [--machines 4] [--rounds 3]

Stories of some 300 words, a fifth of them carried by another machine's outlet too, word for word or with a sentence changed.
The whole is synced into an empty catalogue, then a tenth more into that one. `mb_at_fifths` is the resident memory when a fifth
of the outcomes was in, two fifths and so on; `peak_mb_of_a_reader` that of a process that makes fingerprints. CPU beside
a reference operation in turn in the same run: SHA-256 of 1 MiB, which takes 0.83 ms where the floors were set (by the 0.2 ms of
250 KB). The last line is JSON.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import json
import multiprocessing
import random
import resource
import shutil
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from sqlite3 import Connection

from crawler.indexing import index, index_and_compare
from pipelines.fingerprint import fingerprint
from pipelines.stages import enter
from storage.archive import open_archive
from storage.catalogue.readers import cores
from storage.catalogue.sync import Means, sync
from storage.records import Article, Block, BlockKind, Ending, Exchange, Fingerprint, Stamp
from storage.run import start_run
from tests.exchanges import article
from tests.one_and_many import unlike_a_rebuild

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
A_RUN = 50
BLOB = bytes(1 << 20)


def story(number: int, changed: bool) -> tuple[Block, ...]:
    """The passages of a story by its number, with another last one when `changed`."""
    chance = random.Random(number)
    words = [f"{chance.choice(SYLLABLES)}{chance.choice(SYLLABLES)}{chance.choice(SYLLABLES)}" for _ in range(300)]
    if changed:
        words[-12:] = [f"later{number}w{n}" for n in range(12)]
    return tuple(Block(kind=BlockKind.PARAGRAPH, text=" ".join(words[at : at + 50]) + ".") for at in range(0, 300, 50))


SYLLABLES = [a + b for a in "bdfgklmnprst" for b in "aeiou"]


def write(folder: Path, machines: int, first: int, count: int) -> None:
    """Runs of all machines that keep so many stories between them; every fifth is one that another machine has."""
    for begin in range(first, first + count, A_RUN):
        number = begin // A_RUN
        machine, outlet = number % machines, f"outlet-{number % (machines * 5)}"
        here = folder / f"machine-{machine}"
        at = NOW + dt.timedelta(minutes=number)
        run = start_run(
            outlet=outlet,
            archive=open_archive(str(folder / "archive"), here / "spool"),
            catalogue=here / "catalogue.sqlite",
            clock=lambda at=at: at,  # type: ignore[misc]
            about={},
        )
        waiting = []
        for place in range(begin, min(begin + A_RUN, first + count)):
            ending, clean = enter(run, _arrived(run, outlet, place, at))
            waiting.append((ending, run.keep(ending, clean)))
        for ending, future in waiting:
            future.result()
            run.settled(ending)
        run.finish("finished", at)


def _arrived(run: object, outlet: str, place: int, at: dt.datetime) -> Article:
    told = place - A_RUN + 1 if place % 5 == 0 and place >= A_RUN else place
    url = f"https://{outlet}.example/{place}"
    exchange = Exchange(
        url=url, request=b"GET / HTTP/1.1\r\n\r\n", response=b"HTTP/1.1 200 OK\r\n\r\nx", started_at=at, ended_at=at, peer=""
    )
    address = run.record(exchange)  # type: ignore[attr-defined]
    made = article(url, address=address, blocks=story(told, told != place and place % 2 == 0), headline=f"Story {told}")
    stamp = Stamp(value=at.isoformat(), source="meta")
    capture = replace(made.page.capture, lead=replace(made.page.capture.lead, outlet=outlet), fetched_at=at, address=address)
    return replace(made, published=stamp, page=replace(made.page, capture=capture))


class Fifths:
    """Enters endings as `scrapy catalogue sync` does, and notes the memory at each fifth of `of` of them."""

    def __init__(self, of: int) -> None:
        self.of, self.done = of, 0
        self.found: list[int] = []

    def __call__(self, connection: Connection, ending: Ending, text: str | None, printed: Fingerprint | None) -> str | None:
        self.done += 1
        if self.done * 5 // self.of > len(self.found):
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            self.found.append(round(pages * resource.getpagesize() / 2**20))
        return index_and_compare(connection, ending, text, printed)


@dataclass(frozen=True)
class Timed:
    """One sync. `reference`: CPU seconds of the reference operation; memory in MB."""

    captures: int
    joined: int
    wall: float
    cpu: float
    reference: float
    peak: float
    peak_of_a_reader: float
    fifths: list[int]


def timed(folder: Path, name: str, count: int, said: multiprocessing.Queue) -> None:  # type: ignore[type-arg]
    """One sync of `count` outcomes, in a process of its own."""
    archive = open_archive(str(folder / "archive"), folder / "spool")
    reference = [_reference() for _ in range(20)]
    wall, cpu = time.monotonic(), time.process_time()
    fifths = Fifths(count)
    means = Means(plain=index, comparing=fifths, look=fingerprint, count=cores())
    done = sync(archive, folder / name, means, lambda: dt.datetime.now(dt.UTC))
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    reference += [_reference() for _ in range(20)]
    peak, of_a_reader = (resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    said.put(Timed(done.made.captures, done.made.joined, wall, cpu, min(reference), peak, of_a_reader, fifths.found))


def _reference() -> float:
    begun = time.process_time()
    hashlib.sha256(BLOB).digest()
    return time.process_time() - begun


def apart(folder: Path, name: str, count: int) -> Timed:
    """`timed` in a process of its own, so that its peak is its own."""
    context = multiprocessing.get_context("spawn")
    said = context.Queue()
    process = context.Process(target=timed, args=(folder, name, count, said))
    process.start()
    found: Timed = said.get()
    process.join()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--outcomes", type=int, default=4000)
    parser.add_argument("--machines", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    more = options.outcomes // 10 // A_RUN * A_RUN or A_RUN
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        quarter = options.outcomes // 4 // A_RUN * A_RUN
        write(folder, options.machines, 0, quarter)
        small = apart(folder, "small.sqlite", quarter)
        write(folder, options.machines, quarter, options.outcomes - quarter)
        whole = []
        for number in range(options.rounds):
            shutil.rmtree(folder / "archive" / "ledger" / "synced")  # so that each compares all with all
            whole.append(apart(folder, f"whole-{number}.sqlite", options.outcomes))
        write(folder, options.machines, options.outcomes, more)
        later = apart(folder, f"whole-{options.rounds - 1}.sqlite", more)
        size = (folder / f"whole-{options.rounds - 1}.sqlite").stat().st_size
        wrong = unlike_a_rebuild(folder / f"whole-{options.rounds - 1}.sqlite", folder / "archive", folder / "again.sqlite")
    best = min(whole, key=lambda each: each.wall / each.reference)
    figures = {
        "outcomes": options.outcomes,
        "outcomes_per_second": round(best.captures / best.wall),
        "outcomes_per_second_of_cpu": round(best.captures / best.cpu),
        "cpu_ms_per_outcome": round(1000 * best.cpu / best.captures, 2),
        "reference_ms": round(1000 * best.reference, 3),
        "cpu_by_reference": round(best.cpu / best.captures / best.reference, 2),
        "joined": best.joined,
        "later_outcomes": later.captures,
        "later_outcomes_per_second": round(later.captures / later.wall),
        "catalogue_kb_per_outcome": round(size / 1024 / (options.outcomes + more), 1),
        "peak_mb_of_a_quarter": round(small.peak),
        "peak_mb_of_all": round(max(each.peak for each in whole)),
        "mb_at_fifths": best.fifths,
        "later_mb_at_fifths": later.fifths,
        "peak_mb_of_a_reader": round(best.peak_of_a_reader),
        "rows_unlike_a_rebuild": wrong,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
