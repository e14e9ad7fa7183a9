"""`python -m tests.released`: an archive and its catalogue as this version makes them -> tests/releases/VERSION.tar.xz.

For the release of a version, once: what lies there is never made again, so that later versions are held to it. A crawl of one
outlet of the newsstand, a ruling and a forgotten page, with what `scrapy export` says of it.
"""

from __future__ import annotations

import json
import sys
import tarfile
import tempfile
from pathlib import Path

from storage.software import VERSION
from tests.conftest import ROOT
from tests.newsstand import Newsstand
from tests.pictures import run

FOLDER = ROOT / "tests" / "releases"


def make(archive: Path) -> None:
    """An archive with a little of everything."""
    settings = {"NEWS_ARCHIVE_URI": str(archive), "NEWS_ALLOW_ADDRESSES": "127.0.0.0/8", "NEWS_DELAY": "0"}
    with Newsstand(port=0) as stand:
        origin = f"origin={stand.outlets['gazette']}"
        run("scrapy", "crawl", "gazette", "-s", "SPIDER_MODULES=crawler.spiders,tests.spiders", "-a", origin, **settings)
    urls = [row["url"] for row in exported(archive)]
    run("scrapy", "merge", *urls[:2], **settings)
    run("scrapy", "forget", urls[-1], "--reason", "asked for by the person it is about", **settings)


def exported(archive: Path) -> list[dict[str, str]]:
    """The articles of an archive, every outlet's copy, as `scrapy export jsonl` tells them."""
    return [json.loads(line) for line in run("scrapy", "export", "jsonl", "--all", NEWS_ARCHIVE_URI=str(archive)).splitlines()]


def main() -> int:
    """Exit status: 0 written; 1 it is there already."""
    file = FOLDER / f"{VERSION}.tar.xz"
    if file.exists():
        print(f"{file} is there already; a release is not made twice", file=sys.stderr)
        return 1
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        archive, told = Path(folder) / "archive", Path(folder) / "exported.json"
        make(archive)
        told.write_text(json.dumps(exported(archive), indent=1))
        with tarfile.open(file, "x:xz") as packed:
            packed.add(archive, "archive")
            packed.add(told, "exported.json")
    print(f"{file}: {file.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
