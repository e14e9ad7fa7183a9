"""`scrapy catalogue sync` of what several machines wrote: outcomes a second, memory, and whether a rebuild says the same.

python -m benchmarks.sync [--outcomes 4000] [--machines 4] [--rounds 3]

Stories of some 300 words, a fifth of them carried by another machine's outlet too, word for word or with a sentence changed.
The whole is synced into an empty catalogue, then a tenth more into that one. CPU beside a reference operation in turn in the
same run: SHA-256 of 1 MiB, which takes 0.83 ms where the floors were set (by the 0.2 ms of 250 KB). The last line is JSON.
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
from dataclasses import replace
from pathlib import Path

from crawler.commands.catalogue import synced
from pipelines.stages import enter
from storage.archive import open_archive
from storage.records import Article, Block, BlockKind, Exchange, Stamp
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


def timed(folder: Path, name: str, said: multiprocessing.Queue) -> None:  # type: ignore[type-arg]
    """One sync in a process of its own -> (captures, wall, CPU, CPU of the reference, peak MB, joined)."""
    archive = open_archive(str(folder / "archive"), folder / "spool")
    reference = [_reference() for _ in range(20)]
    wall, cpu = time.monotonic(), time.process_time()
    done = synced(archive, folder / name)
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    reference += [_reference() for _ in range(20)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    said.put((done.made.captures, wall, cpu, min(reference), peak, done.made.joined))


def _reference() -> float:
    begun = time.process_time()
    hashlib.sha256(BLOB).digest()
    return time.process_time() - begun


def apart(folder: Path, name: str) -> tuple[int, float, float, float, float, int]:
    """`timed` in a process of its own, so that its peak is its own."""
    context = multiprocessing.get_context("spawn")
    said = context.Queue()
    process = context.Process(target=timed, args=(folder, name, said))
    process.start()
    found: tuple[int, float, float, float, float, int] = said.get()
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
        small = apart(folder, "small.sqlite")
        write(folder, options.machines, quarter, options.outcomes - quarter)
        whole = []
        for number in range(options.rounds):
            shutil.rmtree(folder / "archive" / "ledger" / "synced")  # so that each compares all with all
            whole.append(apart(folder, f"whole-{number}.sqlite"))
        write(folder, options.machines, options.outcomes, more)
        later = apart(folder, f"whole-{options.rounds - 1}.sqlite")
        size = (folder / f"whole-{options.rounds - 1}.sqlite").stat().st_size
        wrong = unlike_a_rebuild(folder / f"whole-{options.rounds - 1}.sqlite", folder / "archive", folder / "again.sqlite")
    best = min(whole, key=lambda each: each[1] / each[3])
    figures = {
        "outcomes": options.outcomes,
        "outcomes_per_second": round(best[0] / best[1]),
        "outcomes_per_second_of_cpu": round(best[0] / best[2]),
        "cpu_ms_per_outcome": round(1000 * best[2] / best[0], 2),
        "reference_ms": round(1000 * best[3], 3),
        "cpu_by_reference": round(best[2] / best[0] / best[3], 2),
        "joined": best[5],
        "later_outcomes": later[0],
        "later_outcomes_per_second": round(later[0] / later[1]),
        "catalogue_kb_per_outcome": round(size / 1024 / (options.outcomes + more), 1),
        "peak_mb_of_a_quarter": round(small[4]),
        "peak_mb_of_all": round(max(each[4] for each in whole)),
        "rows_unlike_a_rebuild": wrong,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
