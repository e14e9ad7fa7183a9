"""Benchmark: how long readers wait on a catalogue of N articles, how large it is, and how fast it goes out.

    python -m benchmarks.reading --articles N [--catalogue PATH] [--seed N] [--questions N]

Articles are those of `benchmarks.scale` (made words by Zipf's law, three in ten a copy), entered as rebuild enters them:
lead, capture, revision, words, document and postings. Measured by wall time, on one connection whose page cache is cold
for nobody but the first: the first page of a search (20 stories; common, middling and rare words, one to three of them, a
quarter with a filter, a quarter as a phrase), a story with its cluster and versions, the newest without words, `export
jsonl` into nowhere with its memory at a tenth and at the end. The last line is JSON. With --catalogue a file that
was begun here is filled up to N.
"""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import json
import random
import resource
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import sqlite_utils

from benchmarks.scale import OUTLETS, Gathering, Press
from pipelines.dedupe import canonical
from storage.catalogue.captures import enter, enter_settled
from storage.catalogue.leads import page_key
from storage.catalogue.placements import Placements
from storage.catalogue.rows import unpacked
from storage.catalogue.runs import begin
from storage.catalogue.schema import open_catalogue, writing
from storage.records import (
    Ending,
    Evidence,
    Kind,
    Lead,
    Outcome,
    Placement,
    Relation,
    WarcAddress,
)
from storage.views.export import jsonl
from storage.views.selection import Row, Selection, select
from storage.views.stories import story

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
BATCH = 5_000
LANGUAGES = ("en", "en-GB", "ar", "de", "es", "fr", "ja", "pt-BR")
PROVIDERS = ("Meridian Wire", "Gulf Press Service", None, None, "Harbour News")
PAGE = 20


def fill(catalogue: sqlite_utils.Database, press: Press, articles: int) -> None:
    """A catalogue that was begun here, or an empty one -> one with so many articles."""
    there = catalogue.conn.execute("select coalesce(max(id), 0) from captures").fetchone()[0]
    with writing(catalogue) as connection:
        for outlet in range(OUTLETS):
            begin(connection, f"20260101T000000Z-{outlet:012x}", f"outlet-{outlet}", START.isoformat())
    for first in range(there, articles, BATCH):
        with writing(catalogue) as connection:
            index = Gathering(connection)
            for number in range(first, min(articles, first + BATCH)):
                _enter(connection, index, press, number)
            index.post_all()


def _enter(connection: sqlite3.Connection, index: Placements, press: Press, number: int) -> None:
    told, kind, words = press.document(number)
    text = press.text(words)
    text = ". ".join(text[i : i + 400] for i in range(0, len(text), 400))
    printed = press.fingerprint(words)
    relation = Relation.EXACT_DUPLICATE if kind == "exact" else Relation.NEAR_DUPLICATE if kind else Relation.NEW
    placement = Placement(
        relation=relation, cluster=_article(told), canonical=_article(told), match=_article(told) if kind else None
    )
    at = START + dt.timedelta(seconds=30 * number)
    outlet = f"outlet-{int(OUTLETS ** random.Random(number).random()) - 1}"  # few are large, many small
    url = f"https://{outlet}.example/2026/{number}/a-story-with-a-middling-long-name-in-its-address"
    lead = Lead(url=url, outlet=outlet, source=f"https://{outlet}.example/feed.xml", title=text[:70], published=at)
    connection.execute(
        "insert into leads (url, key, outlet, source, title, published, announced_at, state) values (?, ?, ?, ?, ?, ?, ?, 'leased')",
        (url, page_key(url), outlet, lead.source, lead.title, at.isoformat(), at.isoformat()),
    )
    ending = _ending(number, lead, printed.digest, placement, duplicate=kind == "exact")
    enter(connection, ending, text)
    enter_settled(connection, ending)
    index.insert(
        printed,
        placement,
        article=_article(number),
        outlet=outlet,
        seen=at.isoformat(),
        match=index.newest(_article(told)) if kind else None,
        indexed=kind != "exact",
    )


def _ending(number: int, lead: Lead, digest: str, placement: Placement, *, duplicate: bool) -> Ending:
    at = lead.published or START
    return Ending(
        sequence=number + 1,
        run=f"20260101T000000Z-{number % OUTLETS:012x}",
        lead=lead,
        url=lead.url,
        canonical=lead.url,
        fetched_at=at,
        outcome=Outcome.DUPLICATE if duplicate else Outcome.KEPT,
        status=200,
        kind=Kind.ARTICLE,
        evidence=(Evidence(rule="prose", words="1 passage of prose, 2,912 characters", weight=-3.5),),
        address=WarcAddress(
            file=f"warc/{lead.outlet}/2026/01/{lead.outlet}-20260101T000000Z-00001.warc.gz",
            offset=number * 9_000,
            length=9_000,
            record_id=f"<urn:uuid:{number:032x}>",
            payload_digest=f"sha256:{digest}",
        ),
        article=_article(number),
        content_digest=digest,
        clean_key=f"clean/{digest[:2]}/{digest}.json",
        placement=placement,
        headline=lead.title,
        published=at.isoformat(),
        language=LANGUAGES[number % len(LANGUAGES)],
        provider=PROVIDERS[number % len(PROVIDERS)],
        authors=("A. Writer",),
        section="news",
    )


def _article(number: int) -> str:
    return f"{number * 0x9E3779B97F4A7C15 % 2**128:032x}" * 2


def questions(press: Press, count: int, seed: int) -> Iterator[Selection]:
    """What people type: words of every rarity, with filters now and then. `newest` on the screen."""
    rng = random.Random(seed)
    words = [str(word) for word in press.vocabulary]
    for number in range(count):
        asked = [words[int(len(words) ** rng.random()) - 1] for _ in range(rng.choice((1, 1, 2, 2, 3)))]
        typed = " ".join(asked)
        outlet = language = since = None
        if number % 4 == 1:
            outlet = f"outlet-{rng.randrange(OUTLETS)}" if number % 8 == 1 else None
            language = rng.choice(LANGUAGES) if number % 8 == 5 else None
            since = (START + dt.timedelta(days=rng.randrange(30))).date() if number % 16 == 5 else None
        if number % 4 == 3:
            typed = f'"{typed}"'
        yield Selection(words=typed, outlet=outlet, language=language, since=since, newest=True)


def timed(calls: list[Callable[[], object]]) -> list[float]:
    """Calls -> milliseconds of each."""
    spent = []
    for call in calls:
        started = time.perf_counter()
        call()
        spent.append(1000 * (time.perf_counter() - started))
    return spent


def told(name: str, spent: list[float]) -> dict[str, float]:
    ordered = sorted(spent)
    return {
        f"{name}_median_ms": round(ordered[len(ordered) // 2], 2),
        f"{name}_p95_ms": round(ordered[int(0.95 * len(ordered))], 2),
        f"{name}_max_ms": round(ordered[-1], 2),
    }


def exported(connection: sqlite3.Connection) -> dict[str, float]:
    """A catalogue -> articles a second of `export jsonl` (canonical stories), and memory at a tenth and at the end."""
    total = connection.execute("select count(*) from articles where current = 1").fetchone()[0]
    seen, early = 0, 0

    def counted() -> Iterator[Row]:
        nonlocal seen, early
        for row in select(connection, Selection(), canonical):
            seen += 1
            if seen == max(1, total // 10):
                early = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            yield row

    started = time.perf_counter()
    size = sum(len(piece.encode()) for piece in jsonl(counted(), START))
    spent = time.perf_counter() - started
    return {
        "export_articles_s": round(seen / spent),
        "export_mb_s": round(size / spent / 1e6, 1),
        "export_rss_tenth_mb": round(early / 1024),
        "export_rss_end_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def measured(catalogue: sqlite_utils.Database, path: Path, press: Press, count: int, seed: int) -> dict[str, object]:
    """A filled catalogue -> its figures."""
    connection = catalogue.conn
    catalogue.conn.execute("pragma wal_checkpoint (truncate)")
    connection.create_function("octets", 1, lambda stored: len(unpacked(stored).encode()))
    articles, text = connection.execute("select count(*), sum(octets(text_zlib)) from articles").fetchone()
    rng = random.Random(seed)
    keys = [_article(rng.randrange(articles)) for _ in range(count)]
    figures: dict[str, object] = {
        "articles": articles,
        "text_mb": round(text / 1e6),
        "catalogue_mb": round(path.stat().st_size / 1e6),
        "catalogue_to_text": round(path.stat().st_size / text, 3),
    }
    searches: list[Callable[[], object]] = [
        lambda asked=asked: list(itertools.islice(select(connection, asked, canonical), PAGE))
        for asked in questions(press, count, seed)
    ]
    figures |= told("search", timed(searches))
    figures |= told("story", timed([lambda key=key: story(connection, key, canonical) for key in keys]))
    newest = Selection(newest=True)
    figures |= told("newest", timed([lambda: list(itertools.islice(select(connection, newest, canonical), PAGE))] * 20))
    return figures | exported(connection)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, required=True)
    parser.add_argument("--catalogue", type=Path, help="kept afterwards; a temporary one when not named")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--questions", type=int, default=400)
    arguments = parser.parse_args()
    press = Press(arguments.seed)
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.catalogue or Path(folder) / "catalogue.sqlite"
        catalogue = open_catalogue(path)
        fill(catalogue, press, arguments.articles)
        print(json.dumps(measured(catalogue, path, press, arguments.questions, arguments.seed)))
        catalogue.close()


if __name__ == "__main__":
    main()
