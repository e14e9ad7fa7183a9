"""`scrapy catalogue recluster`: all texts of a catalogue placed anew, in one process, on two cores and on Dask.

    python -m benchmarks.recluster [--texts 4000] [--rounds 2]

The texts are those of benchmarks.sync: some 300 words each, a fifth of them carried by another machine's outlet too, word for
word or with a sentence changed; their catalogue is made by `scrapy catalogue sync`. In each round the ways take turns, by wall
time from fingerprints to clusters. `differ` counts, over all ways, the articles that stand in another cluster than where the
crawl's own placer, which takes a text after the other, puts them: 0 when the second phase keeps its promise. The last line is
JSON.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from scrapy.settings import Settings
from scrapy.utils.project import get_project_settings

from benchmarks.sync import write
from crawler.bulk import Spread, on_cores, on_dask
from crawler.commands.catalogue import synced
from crawler.engine import terms_of
from crawler.recluster import Made, Task, placed_anew, work
from pipelines.dedupe import Arrival, place_arrival
from pipelines.fingerprint import fingerprint
from storage.archive import open_archive
from storage.catalogue.placements import Placements
from storage.catalogue.readers import readings
from storage.catalogue.rebuild import unprotected
from storage.catalogue.schema import open_catalogue
from tests.here import here

CATALOGUE = "catalogue.sqlite"
Way = Spread[Task, list[Made]]


def one_by_one(folder: Path) -> tuple[float, dict[str, str]]:
    """An archive with its catalogue -> seconds that the crawl's placer takes over all texts, and article -> its cluster."""
    archive, clusters = open_archive(str(folder / "archive"), write=False), {}
    with contextlib.closing(open_catalogue(folder / CATALOGUE)) as told, contextlib.closing(open_catalogue(folder / "one")) as fresh:
        unprotected(fresh.conn)
        index, started = Placements(fresh.conn), time.perf_counter()
        fresh.conn.execute("begin")
        for article, outlet, url, published, fetched, key in told.conn.execute(
            "select article, outlet, canonical, published, fetched_at, clean_key from articles order by id"
        ):
            (reading,) = readings([archive.store.read(key)], fingerprint)
            assert reading.printed is not None
            arrival = Arrival(
                article=article, outlet=outlet, url=url, fingerprint=reading.printed, published=published, fetched=fetched
            )
            clusters[article] = place_arrival(arrival, index).cluster
        fresh.conn.execute("commit")
        return time.perf_counter() - started, clusters


def anew(folder: Path, way: Way) -> tuple[float, int, dict[str, str]]:
    """An archive with its catalogue -> seconds that it takes to place all its texts anew, how many there are, and article ->
    another cluster than the catalogue has."""
    settings = Settings({"NEWS_ARCHIVE_URI": str(folder / "archive")})
    started = time.perf_counter()
    with placed_anew(settings, folder / CATALOGUE, way) as placed:
        spent = time.perf_counter() - started
        return spent, placed.compared.articles, {each.article: each.after for each in placed.file.moved()}


def standing(folder: Path) -> dict[str, str]:
    """A catalogue -> article -> its cluster."""
    with contextlib.closing(open_catalogue(folder / CATALOGUE)) as told:
        query = "select d.article, c.article from documents d join documents c on c.document = d.cluster"
        return dict(told.conn.execute(query).fetchall())


def measured(folder: Path, rounds: int) -> tuple[dict[str, list[float]], int, int]:
    """An archive with its catalogue -> wall seconds of each way in each round, texts, and articles that differ."""
    taken: dict[str, list[float]] = {}
    differ = texts = 0
    terms = replace(terms_of(get_project_settings()), archive="")
    with contextlib.ExitStack() as held:
        ways: dict[str, Way] = {"one process": here(work), "two processes": held.enter_context(on_cores(work, 2))}
        ways["dask 2"] = held.enter_context(on_dask(work, None, 2, terms, logging.getLogger(__name__).warning))
        spent, right = one_by_one(folder)
        print(f"the crawl's placer: {spent:.1f} s", flush=True)
        taken["the crawl's placer"] = [spent]
        for number in range(rounds):
            for name in (*ways,)[:: 1 if number % 2 == 0 else -1]:
                spent, texts, moved = anew(folder, ways[name])
                found = standing(folder) | moved
                differ += sum(found[article] != cluster for article, cluster in right.items())
                taken.setdefault(name, []).append(spent)
                print(f"round {number + 1}, {name}: {spent:.1f} s", flush=True)
    return taken, texts, differ


def main() -> None:
    """Command line of the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cleancopy-recluster-") as made:
        folder = Path(made)
        write(folder, 4, 0, given.texts)
        synced(open_archive(str(folder / "archive"), folder / "spool"), folder / CATALOGUE)
        taken, texts, differ = measured(folder, given.rounds)
    middle = {name: statistics.median(spent) for name, spent in taken.items()}
    print(json.dumps({
        "texts": texts,
        "rounds": given.rounds,
        "differ": differ,
        "two_processes_against_one": round(middle["one process"] / middle["two processes"], 3),
        "dask_against_two_processes": round(middle["two processes"] / middle["dask 2"], 3),
        "texts_per_second": {name: round(texts / spent, 1) for name, spent in middle.items()},
    }))  # fmt: skip


if __name__ == "__main__":
    main()
