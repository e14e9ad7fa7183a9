"""A street of outlets crawled by one process and by a fleet whose workers are killed at random: nothing lost, nothing twice.

python -m benchmarks.fleet [--outlets 30] [--workers 4] [--kills 20] [--pages 8]

The server counts what is asked for and how close together; the two archives are compared story by story, and the synced
catalogue row by row with a rebuilt one. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

from tests.one_and_many import by_a_fleet, by_one, held, unlike_a_rebuild
from tests.street import Street


def asked() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--outlets", type=int, default=30)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--pages", type=int, default=6, help="stories of each outlet (default: 6)")
    parser.add_argument("--delay", type=float, default=1.0, help="seconds that each outlet asks for between two requests")
    parser.add_argument("--seed", type=int, default=1, help="of the kills")
    return parser.parse_args()


def main() -> None:
    options = asked()
    with tempfile.TemporaryDirectory() as temporary, Street(options.outlets, options.pages, options.delay) as street:
        folder = Path(temporary)
        began = time.monotonic()
        by_one(street, folder / "one")
        alone = time.monotonic() - began
        began = time.monotonic()
        driven = by_a_fleet(
            street, folder / "many", folder / "archive", workers=options.workers, kills=options.kills,
            every=(0.5, 3.0), seed=options.seed,
        )  # fmt: skip
        together = time.monotonic() - began
        one = held(folder / "one" / "catalogue.sqlite", folder / "one")
        many = held(folder / "many" / "catalogue.sqlite", folder / "archive")
        figures = {
            "outlets": options.outlets,
            "workers": options.workers,
            "kills": driven.killed,
            "stories": options.outlets * options.pages,
            "lost": options.outlets * options.pages - driven.asked + len(one.keys() - many.keys()),
            "asked_twice": driven.repeats,
            "asked_twice_within_a_run": driven.repeats_in_a_run,
            "fetched_twice_merged": driven.synced.made.twice,
            "clusters_joined": driven.synced.made.joined,
            "delay_asked_for": street.delay,
            "closest_requests": round(driven.closest, 3),
            "texts_that_differ": sum(one[url][:2] != many[url][:2] for url in one.keys() & many.keys()),
            "clusters_that_differ": sum(one[url][2] != many[url][2] for url in one.keys() & many.keys()),
            "rows_unlike_a_rebuild": unlike_a_rebuild(
                folder / "many" / "catalogue.sqlite", folder / "archive", folder / "again.sqlite"
            ),
            "exit_status": driven.status,
            "seconds_alone": round(alone, 1),
            "seconds_together": round(together, 1),
        }
        print(driven.said)
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
