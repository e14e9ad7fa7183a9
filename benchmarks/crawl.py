"""The full crawl against a loopback server of real pages, interleaved with reference points in the same run.

python -m benchmarks.crawl [--pages N] [--rounds N] [DIR]
python -m benchmarks.crawl --growth N [DIR]: the peak memory of a crawl of 1,000 pages and of one of N, nothing else

Reference points: bare Scrapy; Scrapy and trafilatura (with metadata) in one process; the same in a pool of two. They store
nothing and judge nothing. Wall time and CPU are those of whole processes with their children. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.page_server import BATCH

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT.parent / "shared" / "pages" / "real-news"


def timed(command: list[str], environment: dict[str, str], folder: Path) -> tuple[float, float, float, str]:
    """Command -> (wall seconds, CPU seconds with children, peak MB of the largest process, standard output)."""
    started = time.monotonic()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, env=os.environ | environment, cwd=folder, stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - started
        out.seek(0)
        text = out.read().decode()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with status {process.returncode}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, text


def ours(environment: dict[str, str], workers: int | None) -> list[str]:
    """The command of the full crawl, as fast as the machine; with the worker processes of the default for None."""
    if workers is not None:
        environment["NEWS_WORKERS"] = str(workers)
    return [
        sys.executable, "-m", "scrapy", "crawl", "pages", "--json", "-s", "SPIDER_MODULES=benchmarks.spiders",
        "-s", "CONCURRENT_REQUESTS=16", "-s", "CONCURRENT_REQUESTS_PER_DOMAIN=8", "-s", "AUTOTHROTTLE_ENABLED=0",
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=PAGES, help=f"pages to serve (default: {PAGES})")
    parser.add_argument("--pages", type=int, default=514, help="how many pages a run fetches (default: 514)")
    parser.add_argument("--growth", type=int, metavar="N", help="only compare the peak memory of 1,000 pages with that of N")
    parser.add_argument("--rounds", type=int, default=2, help="how often each is run, in turn (default: 2)")
    options = parser.parse_args()
    if not options.folder.is_dir():
        raise SystemExit(f"{options.folder} is not there; name a folder with pages and a truth.json.")
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.page_server", str(options.folder), "--pages", str(options.growth or options.pages)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        origin = server.stdout.readline().strip()
        if options.growth:
            print(json.dumps(growth(origin, options.growth)))
            return
        report(measure(origin, options.pages, options.rounds), options.pages)
    finally:
        server.terminate()
        server.wait()


def measure(origin: str, pages: int, rounds: int) -> dict[str, list[tuple[float, float, float, str]]]:
    """Run each in turn -> the figures of each by name."""
    base = surroundings(origin, pages)
    found: dict[str, list[tuple[float, float, float, str]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for round_ in range(rounds):
            for name in ("bare", "pool", "inline"):
                spider = f"{name.capitalize()}"
                command = [sys.executable, "-m", "benchmarks.peers.run", spider]
                found.setdefault(name, []).append(timed(command, base | {"BENCH_ORIGIN": origin}, ROOT))
            for name, workers in (("full", None), ("full, one process", 0)):
                environment = base | {"NEWS_ARCHIVE_URI": f"{folder}/{round_}-{workers}"}
                command = ours(environment, workers)
                found.setdefault(name, []).append(timed(command, environment, ROOT))
                if name == "full":
                    found.setdefault("second run", []).append(timed(command, environment, ROOT))
    return found


def growth(origin: str, most: int) -> dict[str, int]:
    """Peak MB of the crawl and of its largest worker, by pages fetched."""
    peaks = {}
    for pages in (1000, most):
        with tempfile.TemporaryDirectory() as folder:
            environment = surroundings(origin, pages) | {"NEWS_ARCHIVE_URI": f"{folder}/archive"}
            _, _, peak, _ = timed(ours(environment, None), environment, ROOT)
            peaks[f"peak_rss_mb_{pages}"] = round(peak)
    return peaks


def surroundings(origin: str, pages: int) -> dict[str, str]:
    """The environment of a crawl of so many pages."""
    return {
        "BENCH_ORIGIN": origin + "/", "BENCH_PAGES": str(pages), "BENCH_FEEDS": str(-(-pages // BATCH)), "NEWS_DELAY": "0",
        "NEWS_ALLOW_ADDRESSES": "127.0.0.0/8",
    }  # fmt: skip


def report(found: dict[str, list[tuple[float, float, float, str]]], pages: int) -> None:
    """Print a table and the line of JSON."""
    middle = {
        name: tuple(statistics.median(run[i] for run in runs) for i in range(3)) for name, runs in found.items()
    }  # fmt: skip
    for name, (wall, cpu, peak) in middle.items():
        print(f"{name:<20} {pages / wall:7.1f} pages/s  {1000 * cpu / pages:7.1f} ms CPU a page  {peak:6.0f} MB")
    second = json.loads(found["second run"][0][3].strip().splitlines()[-1])
    first = json.loads(found["full"][0][3].strip().splitlines()[-1])
    figures = {
        "pages": pages,
        "outcomes": first["outcomes"],
        "pages_per_second_ratio": round(middle["pool"][0] / middle["full"][0], 3),
        "cpu_ratio": round(middle["full, one process"][1] / middle["inline"][1], 3),
        "cpu_ratio_with_workers": round(middle["full"][1] / middle["inline"][1], 3),
        "second_run_article_requests": second["captures"],
        "peak_rss_mb": round(max(middle["full"][2], middle["full, one process"][2])),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
