"""Benchmark 2: place a syndication set as a stream against a catalogue on disk.

    python -m benchmarks.cluster SET.jsonl --out PREDICTION.json [--catalogue PATH]

The documents are placed one at a time in the order of the file, each in a transaction of its own, with the crawl's own
fingerprint and place_arrival. PREDICTION: {document id: cluster id}. The last line is ms a document, fingerprinting and
commit included.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
import time
from pathlib import Path

from pipelines.dedupe import Arrival, place_arrival
from pipelines.fingerprint import fingerprint
from storage.catalogue.placements import Placements
from storage.catalogue.schema import open_catalogue, writing


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--catalogue", type=Path, help="kept afterwards; a temporary one when not named")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        catalogue = open_catalogue(arguments.catalogue or Path(folder) / "catalogue.db")
        placed: dict[str, str] = {}
        lines = arguments.set.read_text("utf-8").splitlines()
        started = time.perf_counter()
        for line in lines:
            document = json.loads(line)
            arrival = Arrival(
                article=hashlib.sha256(document["url"].encode()).hexdigest()[:32],
                outlet=document["outlet"],
                url=document["url"],
                fingerprint=fingerprint("\n".join(document["paragraphs"])),
                headline=document.get("headline"),
                published=document.get("published"),
            )
            with writing(catalogue) as connection:
                placed[document["id"]] = place_arrival(arrival, Placements(connection)).cluster
        spent = time.perf_counter() - started
        catalogue.close()
    arguments.out.write_text(json.dumps(placed, indent=0), "utf-8")
    each = 1000 * spent / max(1, len(lines))
    print(f"{len(lines)} documents, {len(set(placed.values()))} clusters, {each:.2f} ms a document")


if __name__ == "__main__":
    main()
