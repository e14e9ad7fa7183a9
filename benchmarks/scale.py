"""Benchmark 5: grow a catalogue and measure placing at 10,000, 100,000 and 1,000,000 documents.

    python -m benchmarks.scale --documents N [--catalogue PATH] [--seed N]

Documents are made: words by Zipf's law with stock phrases among them, lengths as in wire copy (log-normal, median
3,000 characters, mean 3,600), three in ten a copy of an earlier one (exact, cut, extended, with a dateline, an excerpt),
four in ten under the notice that all stories of their outlet carry. Each is fingerprinted and placed in a transaction of
its own, as the crawl does. Latencies are of the last 5,000 documents before each mark, with the commit, wall time and
CPU time; making the documents is not counted. The last line is JSON; bytes are those of the index (SQLite's dbstat).
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import json
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import sqlite_utils

from pipelines.dedupe import Arrival, place_arrival
from pipelines.fingerprint import fingerprint
from storage.catalogue.placements import Placements
from storage.catalogue.schema import open_catalogue, writing
from storage.records import Relation

MARKS = (10_000, 100_000, 1_000_000)
WINDOW = 5_000
OUTLETS = 300
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


class Press:
    """Makes document number N of a seed, the same every time, without keeping any."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        rng = np.random.default_rng(seed)
        letters = np.array(list("eeeettaaooiinnsshhrrddlucmwfgypbvk"))
        made = ["".join(rng.choice(letters, size)) for size in rng.poisson(3, 60_000) + 2]
        made[::40] = [str(rng.integers(1, 10_000)) for _ in made[::40]]
        rng.shuffle(made)
        self.vocabulary = np.array(made, dtype=object)
        self.phrases = [" ".join(self._words(rng, 9)) for _ in range(20_000)]
        self.notices = [" ".join(self._words(rng, 24)) for _ in range(OUTLETS)]

    def _words(self, rng: np.random.Generator, count: int) -> list[str]:
        ranks = np.exp(rng.random(count) * np.log(len(self.vocabulary))).astype(np.int64) - 1
        return list(self.vocabulary[ranks])

    def original(self, number: int) -> list[str]:
        """Number -> the paragraphs of a story of its own."""
        rng = np.random.default_rng((self.seed, number))
        paragraphs, left = [], int(rng.lognormal(np.log(3_000), 0.6))
        while left > 0:
            sentence = self._words(rng, int(rng.integers(25, 60)))
            if rng.random() < 0.3:
                sentence.insert(len(sentence) // 2, self.phrases[int(np.exp(rng.random() * np.log(20_000))) - 1])
            paragraphs.append(" ".join(sentence))
            left -= len(paragraphs[-1])
        return paragraphs

    def document(self, number: int) -> tuple[int, str]:
        """Number -> (number of the story it tells, text)."""
        story, rng = number, np.random.default_rng((self.seed, number, 1))
        copied = rng.random() < 0.3
        kind = str(rng.choice(["exact", "cut", "extended", "dateline", "excerpt"])) if copied else ""
        told = kind
        while told and story:  # a copy of a copy tells the story of the first
            story = int(np.random.default_rng((self.seed, story, 2)).integers(story))
            told = "again" if np.random.default_rng((self.seed, story, 1)).random() < 0.3 else ""
        paragraphs = self.original(story)
        if kind == "cut":
            paragraphs = paragraphs[: max(2, len(paragraphs) * 3 // 4)]
        elif kind == "excerpt":
            paragraphs = paragraphs[: max(1, len(paragraphs) // 2)]
        elif kind == "extended":
            paragraphs.insert(len(paragraphs) // 2, " ".join(self._words(rng, 40)))
        elif kind == "dateline":
            paragraphs[0] = " ".join(self._words(rng, 3)) + " - " + paragraphs[0]
        if kind != "exact" and rng.random() < 0.4:
            paragraphs.append(self.notices[number % OUTLETS])
        return story, "\n".join(paragraphs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, required=True)
    parser.add_argument("--catalogue", type=Path, help="kept afterwards; a temporary one when not named")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        catalogue = open_catalogue(arguments.catalogue or Path(folder) / "catalogue.db")
        print(json.dumps(grow(catalogue, Press(arguments.seed), arguments.documents)))
        catalogue.close()


def grow(catalogue: sqlite_utils.Database, press: Press, documents: int) -> dict[str, object]:
    """Empty catalogue -> the figures, after placing the documents."""
    figures: dict[str, object] = {"documents": documents}
    spent: list[float] = []
    computed: list[float] = []
    characters = copies = found = 0
    for number in range(documents):
        story, text = press.document(number)
        characters += len(text)
        started, ticks = time.perf_counter(), time.process_time()
        arrival = Arrival(
            article=hashlib.sha256(str(number).encode()).hexdigest()[:32],
            outlet=f"outlet-{number % OUTLETS}",
            url=f"https://outlet-{number % OUTLETS}.example/{number}",
            fingerprint=fingerprint(text),
            published=(START + dt.timedelta(seconds=30 * number)).isoformat(),
        )
        with writing(catalogue) as connection:
            placement = place_arrival(arrival, Placements(connection))
        spent.append(time.perf_counter() - started)
        computed.append(time.process_time() - ticks)
        copies += story != number
        found += story != number and placement.relation is not Relation.NEW
        if number + 1 in MARKS or number + 1 == documents:
            mark = measured(catalogue, number + 1, spent[-WINDOW:])
            mark["mean_cpu_ms"] = round(1000 * sum(computed[-WINDOW:]) / len(computed[-WINDOW:]), 3)
            mark["characters"] = characters // (number + 1)
            figures[str(number + 1)] = mark
            print(number + 1, json.dumps(mark), flush=True)
        if len(spent) > 4 * WINDOW:
            del spent[:-WINDOW], computed[:-WINDOW]
    figures["copies_found"] = round(found / max(1, copies), 4)
    figures["peak_rss_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return figures


def measured(catalogue: sqlite_utils.Database, count: int, spent: list[float]) -> dict[str, float]:
    """Catalogue, its number of documents, seconds a placement -> milliseconds and bytes a document."""
    ordered = sorted(spent)
    pages = dict(
        catalogue.conn.execute(
            """select name, sum(pgsize) from dbstat where aggregate = 1 and (name like 'documents%' or name like 'postings%'
               or name like '%documents_%') group by name"""
        ).fetchall()
    )
    return {
        "mean_ms": round(1000 * sum(ordered) / len(ordered), 3),
        "p95_ms": round(1000 * ordered[int(0.95 * len(ordered))], 3),
        "max_ms": round(1000 * ordered[-1], 3),
        "index_bytes": round(sum(pages.values()) / count),
    }


if __name__ == "__main__":
    main()
