"""Memory of one process that refines very many pages: it must not grow.

    python -m benchmarks.memory [--pages-folder ../shared/pages] [--sets NAME …] [--pages 20000] [--every 1000]

Runs the crawl's own `refine` on the pages of real-news, news-2008 and web-articles, round and round, as one outlet whose
memory (pipelines/memory.py) learns from every story. Prints resident memory every so many pages; it goes up and down with
the sizes of pages. The last line is JSON: the most MB in the second and third fifth of the pages and in the last two
(the first fifth warms the caches), and the growth between them in KB a page.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.refine import captures
from pipelines.chain import refine
from pipelines.memory import Memory, passages_of
from storage.records import Article, Capture, Lesson, Outlet

SETS = ("real-news", "news-2008", "web-articles")
_OUTLET = Outlet(name="benchmark")


def resident() -> float:
    """Resident memory of this process now, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def rounds(folder: Path, sets: Sequence[str]) -> Iterator[Capture]:
    """The pages of all sets, again and again; read from disk each time, as a crawl does not keep them either."""
    while True:
        for name in sets:
            for _, capture in captures(folder / name):
                yield capture


def main() -> None:
    """Command line of the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages-folder", type=Path, default=Path("../shared/pages"))
    parser.add_argument("--sets", nargs="*", default=SETS, choices=SETS)
    parser.add_argument("--pages", type=int, default=20_000)
    parser.add_argument("--every", type=int, default=1000)
    given = parser.parse_args()
    memory, seen, started = Memory(), [(0, resident())], time.process_time()
    for number, capture in enumerate(itertools.islice(rounds(given.pages_folder, given.sets), given.pages), start=1):
        found = refine(capture, _OUTLET, memory)
        if isinstance(found, Article):
            memory.learn(Lesson(url=found.canonical, headline=found.headline or "", passages=passages_of(found)))
        if number % given.every == 0:
            seen.append((number, resident()))
            print(
                f"{number} pages: {seen[-1][1]:.0f} MB, {1000 * (time.process_time() - started) / number:.1f} ms CPU a page",
                flush=True,
            )
    early = max(most for number, most in seen if 0.2 < number / given.pages <= 0.6)
    late = max(most for number, most in seen if number / given.pages > 0.6)
    growth = 1000 * (late - early) / (0.4 * given.pages)
    print(json.dumps({"pages": given.pages, "early_mb": round(early), "late_mb": round(late), "kb_a_page": round(growth, 2)}))


if __name__ == "__main__":
    main()
