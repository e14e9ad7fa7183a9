"""scrapy addoutlet NAME URL: a new outlet, proposed from its home page, for a person to look through.

Exit status: 0 written; 2 wrong use, or the file is there already; 3 the home page could not be read; 5 it cannot be written.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from scrapy.exceptions import UsageError

import crawler.spiders
from crawler.addoutlet import NAME, expected, module_name, outlet_file, review, sample, sample_text
from crawler.arguments import ArgumentError, shown
from crawler.arguments import path as path_of
from crawler.command import Add, CheckedCommand
from crawler.console import write
from crawler.network.addresses import refused_url
from crawler.opening import check_addresses
from crawler.survey import Answer, Probe, Survey, probe, survey
from storage.records import Outlet
from storage.urls import canonical

SAMPLES = Path("tests/outlets")


class Command(CheckedCommand):
    """Fetches the home page, robots.txt, sources and a story of a site; writes new files and never over others."""

    usage = "NAME URL"
    short = "Propose a new outlet from its home page"
    long = "Example: scrapy addoutlet daily-news https://news.example/   then look through crawler/spiders/daily_news.py"
    requires_crawler_process = True

    def options(self, add: Add) -> None:
        where = "where its files go (default: crawler/spiders and tests/outlets)"
        add("--out", type=path_of, metavar="FOLDER", help=where)

    def work(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 2:
            raise UsageError("Write: scrapy addoutlet NAME URL, as in: scrapy addoutlet daily-news https://news.example/")
        name, url = args[0], canonical(args[1])
        folder: Path = opts.out or Path(crawler.spiders.__file__).parent
        path = folder / f"{module_name(name)}.py"
        if not NAME.fullmatch(name):
            raise ArgumentError(f"{shown(name)} is no name of an outlet: small letters, figures and dashes, a letter first.")
        if url is None:
            raise ArgumentError(f"{shown(args[1])} is not the address of a page; it begins with https:// or http://.")
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            self.fail(5, f"{folder} cannot be written: there is no such folder, or it may not be written to; see --out.")
            return
        if path.exists() or name in self.crawler_process.spider_loader.list():  # type: ignore[union-attr]
            raise ArgumentError(f"There is an outlet {name!r} already; it is not overwritten. Choose another name.")
        check_addresses(self.settings)
        self._add(name, url, path, opts.out or SAMPLES)

    def _add(self, name: str, url: str, path: Path, samples: Path) -> None:
        found: list[Survey] = []
        stories: list[Answer | None] = []

        async def look(spider: Probe) -> None:
            found.append(await survey(spider, url))
            stories.append(None if found[0].error else await sample(spider, found[0]))

        probe(self.crawler_process, look)
        if not found or found[0].error:
            ours = refused_url(url) and "; if it is of your own network, NEWS_ALLOW_ADDRESSES lets it through"
            self.fail(3, f"{url} could not be read: {found[0].error if found else 'the log above says why'}{ours or ''}.")
            return
        try:
            with path.open("x", encoding="utf-8") as stream:
                stream.write(outlet_file(name, found[0]))
            saved = _save(name, found[0], stories[0], samples)
        except OSError as error:
            self.fail(5, f"{path} cannot be written ({error.strerror}).")
            return
        write(path.read_text(encoding="utf-8"))
        write("\n".join(f"  look at  {line}" for line in review(found[0])))
        write(f"  look at  {saved}" if saved else "  No story could be fetched: there is no saved page to look at.")
        files = f"{path} and the two files of the sample" if saved else str(path)
        write(f"\nWritten: {files}. Next: scrapy discover {name}; then: scrapy crawl {name} -a limit=10")


def _save(name: str, found: Survey, story: Answer | None, folder: Path) -> str | None:
    """Keep a story as it came and what is read from it -> the two files, in words; None where there is no story."""
    if story is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    page, told = folder / f"{module_name(name)}.html", folder / f"{module_name(name)}.json"
    language = found.sources.language if found.sources else None
    fields = expected(Outlet(name=name, language=language), story.url, story.body, story.content_type)
    with page.open("xb") as kept, told.open("x", encoding="utf-8") as text:
        kept.write(story.body)
        text.write(sample_text(fields))
    return f"{told}: is that what {page} says? A test compares them from now on."
