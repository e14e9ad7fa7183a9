"""`python -m tests.pictures` (`make pictures`): the pictures in docs/pictures/, of the newsstand's own stories. Needs chromium."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browsed import browsing, told
from tests.conftest import ROOT
from tests.newsstand import Newsstand

FOLDER = ROOT / "docs" / "pictures"
SIZE = {"width": 1000, "height": 640}


def crawl(archive: Path) -> None:
    """All three outlets of the newsstand -> an archive."""
    settings = {"NEWS_ARCHIVE_URI": str(archive), "NEWS_ALLOW_ADDRESSES": "127.0.0.0/8", "NEWS_DELAY": "0"}
    with Newsstand(port=0) as stand:
        for name in ("menafn", "courier", "gazette"):
            modules = ("-s", "SPIDER_MODULES=crawler.spiders,tests.spiders")
            words = ("crawl", name, *modules, "-a", f"origin={stand.outlets[name]}")
            subprocess.run(
                [sys.executable, "-W", "ignore", "-m", "scrapy", *words],
                cwd=ROOT,
                env=os.environ | settings | {"NEWS_RETRY_WAIT": "0.1", "NEWS_LOG_LEVEL": "ERROR"},
                stdout=subprocess.DEVNULL,
                check=True,
            )


def take(page: Page, site: str) -> None:
    """The pages of a site -> files."""
    found = told(f"{site}/search.json?q=container&all=1")["stories"]
    story = told(f"{site}/story/{found[0]['article']}.json")
    kept = [member["article"] for member in story["members"]]
    addresses = {
        "search": "/search?q=port",
        "story": f"/story/{story['stands']}#carried",
        "compare": f"/compare/{kept[0]}/{kept[-1]}",
        "quarantine": "/quarantine",
        "operator": "/operator",
    }
    for name, path in addresses.items():
        page.goto(site + path)
        page.screenshot(path=FOLDER / f"{name}.png")


def main() -> int:
    """Exit status: 0 written; 1 chromium is missing."""
    chromium = shutil.which("chromium")
    if chromium is None:
        print("chromium is missing: apt-get install chromium", file=sys.stderr)
        return 1
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        archive = Path(folder) / "archive"
        crawl(archive)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        with browsing(archive) as site:
            take(browser.new_page(viewport=SIZE, color_scheme="light"), site)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
