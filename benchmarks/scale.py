"""Benchmark 5: grow a catalogue and measure placing at 10,000, 100,000, 200,000 ... 1,000,000 documents.

    python -m benchmarks.scale --documents N [--every] [--catalogue PATH] [--seed N]

Documents are made: words by Zipf's law with stock phrases among them, lengths as in wire copy (log-normal, median
3,000 characters, mean 3,600), three in ten a copy of an earlier one (exact, cut, extended, with a dateline, an excerpt),
four in ten under the notice that all stories of their outlet carry. The last 5,000 documents before each mark are
fingerprinted and placed in a transaction of their own each, as the crawl does, and measured: wall time and CPU time, with
the commit; making the documents is not counted. Those before are entered as rebuild enters them, many in a transaction,
under the cluster of the story that they tell; with --every they are placed as well. Each mark is printed when it is
reached; a run that was interrupted goes on where its --catalogue ends, and says so (`gone_on_at`). The last line is JSON;
bytes are those of the index (SQLite's dbstat); `placed` is how many placements a mark's figures are of.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import json
import resource
import sqlite3
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import sqlite_utils
from numpy.typing import NDArray

from pipelines.dedupe import Arrival, place_arrival
from pipelines.fingerprint import fingerprint, hashed, printed
from storage.catalogue.placements import Placements
from storage.catalogue.schema import open_catalogue, writing
from storage.records import Fingerprint, Placement, Relation

MARKS = (10_000, *range(100_000, 1_000_001, 100_000))
WINDOW = 5_000
BATCH = 10_000
OUTLETS = 300
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

Words = NDArray[np.int64]


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
        table, _ = hashed(set(made))
        self.hashes = np.array([table[word] for word in made], np.uint64)
        self.phrases = [self._words(rng, 9) for _ in range(20_000)]
        self.notices = [self._words(rng, 24) for _ in range(OUTLETS)]

    def _words(self, rng: np.random.Generator, count: int) -> Words:
        return np.exp(rng.random(count) * np.log(len(self.vocabulary))).astype(np.int64) - 1

    def original(self, number: int) -> list[Words]:
        """Number -> the paragraphs of a story of its own."""
        rng = np.random.default_rng((self.seed, number))
        words = self._words(rng, max(20, int(rng.lognormal(np.log(3_000), 0.6) / 6.2)))
        paragraphs = np.split(words, np.arange(40, len(words) - 20, 40))
        for place in np.flatnonzero(rng.random(len(paragraphs)) < 0.3):
            phrase = self.phrases[int(np.exp(rng.random() * np.log(20_000))) - 1]
            paragraphs[place] = np.concatenate((paragraphs[place][:20], phrase, paragraphs[place][20:]))
        return paragraphs

    def document(self, number: int) -> tuple[int, str, Words]:
        """Number -> (number of the story it tells, in which way, its words)."""
        story, rng = number, np.random.default_rng((self.seed, number, 1))
        copied = rng.random() < 0.3
        kind = str(rng.choice(["exact", "cut", "extended", "dateline", "excerpt"])) if copied and number else ""
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
            paragraphs.insert(len(paragraphs) // 2, self._words(rng, 40))
        elif kind == "dateline":
            paragraphs.insert(0, self._words(rng, 3))
        if kind != "exact" and rng.random() < 0.4:
            paragraphs.append(self.notices[number % OUTLETS])
        return story, kind, np.concatenate(paragraphs)

    def text(self, words: Words) -> str:
        """Words -> the text that an outlet prints."""
        return " ".join(self.vocabulary[words])

    def fingerprint(self, words: Words) -> Fingerprint:
        """Words -> what `fingerprint` makes of their text, without taking the text apart."""
        text = self.text(words)
        digest = hashlib.sha256(text.encode()).hexdigest()
        return printed(self.hashes[words], digest=digest, length=len(text), numbers=(), unspaced=False)


class Gathering(Placements):
    """The index, which takes the postings of many documents at once: in order they cost a third of one document after the other."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self._waiting: list[tuple[int, int]] = []

    def post(self, postings: Iterable[tuple[int, int]]) -> None:
        """They wait."""
        self._waiting += postings

    def post_all(self) -> None:
        """What waits is in the index."""
        super().post(self._waiting)


@dataclass
class Growth:
    """A catalogue that grows, and what was measured of its last documents, in seconds."""

    catalogue: sqlite_utils.Database
    press: Press
    spent: list[float] = field(default_factory=list)
    computed: list[float] = field(default_factory=list)
    copies: int = 0
    found: int = 0

    def fill(self, start: int, end: int) -> None:
        """Enter documents without placing them."""
        for first in range(start, end, BATCH):
            with writing(self.catalogue) as connection:
                index = Gathering(connection)
                for number in range(first, min(end, first + BATCH)):
                    story, kind, words = self.press.document(number)
                    near = Relation.EXACT_DUPLICATE if kind == "exact" else Relation.NEAR_DUPLICATE
                    index.insert(
                        self.press.fingerprint(words),
                        Placement(relation=near if kind else Relation.NEW, cluster=_article(story), canonical=_article(story)),
                        article=_article(number),
                        outlet=f"outlet-{number % OUTLETS}",
                        seen=_seen(number),
                        match=index.newest(_article(story)) if kind else None,
                        indexed=kind != "exact",
                    )
                index.post_all()

    def place(self, start: int, end: int) -> None:
        """Place documents as the crawl does, and measure; figures taken before are put away."""
        self.spent, self.computed = [], []
        for number in range(start, end):
            story, _, words = self.press.document(number)
            text = self.press.text(words)
            started, ticks = time.perf_counter(), time.process_time()
            arrival = Arrival(
                article=_article(number),
                outlet=f"outlet-{number % OUTLETS}",
                url=f"https://outlet-{number % OUTLETS}.example/{number}",
                fingerprint=fingerprint(text),
                published=_seen(number),
            )
            with writing(self.catalogue) as connection:
                placement = place_arrival(arrival, Placements(connection))
            self.spent.append(time.perf_counter() - started)
            self.computed.append(time.process_time() - ticks)
            self.copies += story != number
            self.found += story != number and placement.cluster == _article(story)
        del self.spent[:-WINDOW], self.computed[:-WINDOW]


def _article(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()[:32]


def _seen(number: int) -> str:
    return (START + dt.timedelta(seconds=30 * number)).isoformat()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, required=True)
    parser.add_argument("--every", action="store_true", help="place every document, not only the last before a mark")
    parser.add_argument("--catalogue", type=Path, help="kept afterwards; a temporary one when not named")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        catalogue = open_catalogue(arguments.catalogue or Path(folder) / "catalogue.db")
        growth = Growth(catalogue, Press(arguments.seed))
        print(json.dumps(grow(growth, arguments.documents, every=arguments.every)))
        catalogue.close()


def grow(growth: Growth, documents: int, *, every: bool) -> dict[str, object]:
    """Catalogue, empty or of an interrupted run -> the figures, with `documents` in it."""
    figures: dict[str, object] = {"documents": documents}
    there = growth.catalogue.conn.execute("select coalesce(max(document), 0) from documents").fetchone()[0]
    if there:
        figures["gone_on_at"] = there
    for mark in sorted({*(mark for mark in MARKS if mark < documents), documents}):
        if mark <= there:
            continue
        placed_from = there if every else max(there, mark - WINDOW)
        growth.fill(there, placed_from)
        growth.place(placed_from, mark)
        there = mark
        figures[str(mark)] = measured(growth, mark)
        print(mark, json.dumps(figures[str(mark)]), flush=True)
    figures["copies_found"] = round(growth.found / max(1, growth.copies), 4)
    figures["peak_rss_mb"] = _peak()
    return figures


def _peak() -> int:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def measured(growth: Growth, count: int) -> dict[str, float]:
    """Growth and its number of documents -> milliseconds a placement, bytes a document, MB at most until now."""
    connection = growth.catalogue.conn
    pages = connection.execute(
        "select sum(pgsize) from dbstat where aggregate = 1 and (name = 'postings' or name like 'documents%')"
    ).fetchone()
    length = connection.execute("select avg(length) from documents where document > ?", (count - WINDOW,)).fetchone()
    return {
        **_spread("ms", growth.spent),
        **_spread("cpu_ms", growth.computed),
        "placed": len(growth.spent),
        "index_bytes": round(pages[0] / count),
        "characters": round(length[0]),
        "peak_rss_mb": _peak(),
    }


def _spread(unit: str, seconds: list[float]) -> dict[str, float]:
    """Seconds -> their mean, median, 95th percentile and maximum in milliseconds."""
    ordered = sorted(1000 * each for each in seconds)
    return {
        f"mean_{unit}": round(sum(ordered) / len(ordered), 3),
        f"p50_{unit}": round(ordered[len(ordered) // 2], 3),
        f"p95_{unit}": round(ordered[int(0.95 * len(ordered))], 3),
        f"max_{unit}": round(ordered[-1], 3),
    }


if __name__ == "__main__":
    main()
