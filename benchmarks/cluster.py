"""Benchmark 2: place a syndication set as a stream against a catalogue on disk.

    python -m benchmarks.cluster SET.jsonl --out PREDICTION.json [--catalogue PATH] [--shuffle SEED]

The documents are placed one at a time in the order of the file, or shuffled by a seed, each in a transaction of its own,
with the crawl's own fingerprint and place_arrival. PREDICTION: {document id: cluster id} as the catalogue has it when all
have come. The last line is ms a document, fingerprinting and commit included.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import Any

from pipelines.dedupe import Arrival, place_arrival
from pipelines.fingerprint import fingerprint
from storage.catalogue.placements import Placements
from storage.catalogue.schema import open_catalogue, writing


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--catalogue", type=Path, help="kept afterwards; a temporary one when not named")
    parser.add_argument("--shuffle", type=int, metavar="SEED", help="another order of arrival")
    arguments = parser.parse_args()
    documents = [json.loads(line) for line in arguments.set.read_text("utf-8").splitlines()]
    if arguments.shuffle is not None:
        random.Random(arguments.shuffle).shuffle(documents)
    with tempfile.TemporaryDirectory() as folder:
        catalogue = open_catalogue(arguments.catalogue or Path(folder) / "catalogue.db")
        started = time.perf_counter()
        for document in documents:
            with writing(catalogue) as connection:
                place_arrival(_arrival(document), Placements(connection))
        spent = time.perf_counter() - started
        clusters = _clusters(catalogue.conn)
        catalogue.close()
    placed = {document["id"]: clusters[_article(document)] for document in documents}
    arguments.out.write_text(json.dumps(placed, indent=0), "utf-8")
    each = 1000 * spent / max(1, len(documents))
    print(f"{len(documents)} documents, {len(set(placed.values()))} clusters, {each:.2f} ms a document")


def _article(document: dict[str, Any]) -> str:
    return hashlib.sha256(document["url"].encode()).hexdigest()[:32]


def _arrival(document: dict[str, Any]) -> Arrival:
    return Arrival(
        article=_article(document),
        outlet=document["outlet"],
        url=document["url"],
        fingerprint=fingerprint("\n".join(document["paragraphs"])),
        headline=document.get("headline"),
        published=document.get("published"),
    )


def _clusters(connection: sqlite3.Connection) -> dict[str, str]:
    """Catalogue -> the cluster of each article."""
    query = "select d.article, c.article from documents d join documents c on c.document = d.cluster order by d.document"
    return dict(connection.execute(query).fetchall())


if __name__ == "__main__":
    main()
