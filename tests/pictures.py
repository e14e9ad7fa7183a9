"""`python -m tests.pictures` (`make pictures`): the pictures in docs/pictures/, of the newsstand's own stories. Needs chromium."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from jinja2 import Template
from playwright.sync_api import Page, sync_playwright

from tests.browsed import browsing, told
from tests.conftest import ROOT
from tests.newsstand import Newsstand

FOLDER = ROOT / "docs" / "pictures"
SIZE = {"width": 1000, "height": 640}
TERMINAL = Template(
    """<!doctype html><meta charset="utf-8"><style>
    body { margin: 0; background: #1d2129; color: #e6e6e6; padding: 20px 24px }
    pre { margin: 0; font: 14px/1.45 "DejaVu Sans Mono", monospace; white-space: pre-wrap }</style><pre>{{ told }}</pre>""",
    autoescape=True,
)


def run(*words: str, **settings: str) -> str:
    """A module of Python with its words -> what it printed."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", *words],
        cwd=ROOT,
        env=os.environ | {"NEWS_RETRY_WAIT": "0.1", "NEWS_LOG_LEVEL": "ERROR"} | settings,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


def crawl(archive: Path) -> None:
    """All three outlets of the newsstand -> an archive."""
    settings = {"NEWS_ARCHIVE_URI": str(archive), "NEWS_ALLOW_ADDRESSES": "127.0.0.0/8", "NEWS_DELAY": "0"}
    with Newsstand(port=0) as stand:
        for name in ("menafn", "courier", "gazette"):
            modules = ("-s", "SPIDER_MODULES=crawler.spiders,tests.spiders")
            run("scrapy", "crawl", name, *modules, "-a", f"origin={stand.outlets[name]}", **settings)


def demonstrate(page: Page, folder: Path) -> None:
    """What `make demo` prints -> a picture of it."""
    told = run("tests.demo", str(folder)).replace(str(folder), "/home/you/cleancopy/demo")
    page.set_content(TERMINAL.render(told="$ make demo\n" + told.strip()))
    page.screenshot(path=FOLDER / "demo.png", full_page=True)


def report(page: Page, archive: Path, folder: Path) -> None:
    """The page of `scrapy report` -> a picture of its upper part."""
    written = folder / "report.html"
    run("scrapy", "report", "--html", str(written), NEWS_ARCHIVE_URI=str(archive))
    written.write_text(written.read_text(encoding="utf-8").replace(str(archive), "/home/you/cleancopy/archive"), encoding="utf-8")
    page.goto(written.as_uri())
    page.screenshot(path=FOLDER / "report.png")


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
            page = browser.new_page(viewport=SIZE, color_scheme="light")
            take(page, site)
        report(page, archive, Path(folder))
        demonstrate(page, Path(folder) / "demo")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
