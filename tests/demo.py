"""The demonstration: a newsstand on loopback, the same crawl that runs in production, and what to try next."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.newsstand import Newsstand

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "demo"
PORT = 18043  # the same every time: a story's address is what makes it known


def main() -> int:
    """Start the newsstand, crawl it into the folder that is named (default: demo/), say what to try. Exit status of the crawl."""
    home = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else FOLDER
    home.mkdir(exist_ok=True)
    archive = home / "archive"
    with Newsstand(port=PORT) as stand:
        origin = stand.outlets["menafn"]
        print(f"A newsstand with pages in the shape of MENAFN's answers at {origin}\n", flush=True)
        done = subprocess.run(
            [sys.executable, "-m", "scrapy", "crawl", "menafn", "-a", f"origin={origin}"],
            cwd=ROOT,
            env=os.environ
            | {
                "NEWS_ARCHIVE_URI": str(archive),
                "NEWS_ALLOW_ADDRESSES": "127.0.0.0/8",
                "NEWS_DELAY": "0",
                "NEWS_RETRY_WAIT": "0.2",
                "NEWS_LOG_LEVEL": os.environ.get("NEWS_LOG_LEVEL", "ERROR"),
            },
            check=False,
        )
    story = next(iter(sorted((archive / "clean").rglob("*.json.gz"))), None)
    if done.returncode or story is None:
        print("The demonstration did not end well; the lines above say why.", file=sys.stderr)
        return done.returncode or 1
    here = story.relative_to(home.parent)
    folder = archive.relative_to(home.parent)
    print(f"""
Clean copies lie in {folder}/clean, the WARC in {folder}/warc, the catalogue is {folder}/catalogue.sqlite.
Three commands to try next:
  export NEWS_ARCHIVE_URI={folder}; make browse
  zcat {here} | jq .
  zcat {folder}/warc/menafn/*/*.warc.gz | less
And run `make demo` again: nothing is fetched twice.""")
    return 0


if __name__ == "__main__":
    sys.exit(main())
