"""python -m benchmarks.hostile: a crawl of everything that servers do, and what became of each.

One crawl over the feed that announces every page of tests/hostile, with limits that are reached in seconds. Prints a
table in Markdown; the last line is JSON: `right` of `behaviours`, `trespasses` (requests that reached a forbidden
address), `peak_rss_mb`, `seconds`, `reason` of the crawl's end.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.hostile import ALLOWED, BEHAVIOURS, Behaviour, Hostile, Pace
from tests.hostile.verdicts import WORDS, Ended, endings, wrong

ROOT = Path(__file__).resolve().parent.parent
PACE = Pace(hold=12, endless=6 << 20)
MOST_SECONDS = 300  # a crawl that takes longer hangs


def crawl(hostile: Hostile, archive: Path) -> dict[str, object]:
    """Crawl everything into a new archive -> the receipt."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("NEWS_", "AWS_"))} | {
        "NEWS_ARCHIVE_URI": str(archive),
        "NEWS_ALLOW_ADDRESSES": ALLOWED,
        "NEWS_DELAY": "0",
        "NEWS_RETRY_WAIT": "0.1",
        "NEWS_LOG_LEVEL": "ERROR",
    }
    words = ("crawl", "hostile", "--json", *WORDS, "-a", f"sources={hostile.hub}/feed.xml")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "scrapy", *words],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        timeout=MOST_SECONDS,
        check=True,
    )
    receipt: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return receipt


def row(hostile: Hostile, behaviour: Behaviour, ended: dict[str, list[Ended]], faults: list[str]) -> str:
    """A line of the table."""
    ways = ended.get(hostile.url(behaviour), [])
    words = "; ".join(f"{each.word}: {each.told}" if each.told else each.word for each in ways) or "none"
    told = words.split(" (redirected")[0].replace("|", "\\|")[:110]
    asked = len(hostile.asked(behaviour))
    verdict = "right" if not faults else f"WRONG: {'; '.join(faults)}"
    return f"| {behaviour.number} | {behaviour.name}: {behaviour.does} | {told} | {asked} | {verdict} |"


def main() -> None:
    """Crawl, print the table and the line."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, Hostile(PACE) as hostile:
        archive = Path(folder) / "archive"
        receipt = crawl(hostile, archive)
        ended = endings(archive)
        print("| # | the server | outcome | requests | verdict |\n|---|---|---|---|---|")
        faults = {each.name: list(wrong(hostile, each, ended)) for each in BEHAVIOURS}
        for each in BEHAVIOURS:
            print(row(hostile, each, ended, faults[each.name]))
        numbers = {each.number for each in BEHAVIOURS}
        failed = {each.number for each in BEHAVIOURS if faults[each.name]}
        figures = {
            "behaviours": len(numbers),
            "right": len(numbers - failed),
            "forms": len(BEHAVIOURS),
            "forms_right": sum(not each for each in faults.values()),
            "trespasses": len(hostile.trespasses),
            "peak_rss_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
            "seconds": round(time.monotonic() - started, 1),
            "reason": receipt["reason"],
        }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
