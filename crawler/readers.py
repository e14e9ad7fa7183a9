"""Settings -> the catalogue for those who only read. Asking makes no archive where there is none."""

from __future__ import annotations

import argparse
import sqlite3

import sqlite_utils
from scrapy.exceptions import UsageError
from scrapy.settings import BaseSettings
from scrapy.spiderloader import get_spider_loader

from crawler.arguments import day, no_outlet
from crawler.opening import catalogue_path
from storage.catalogue.schema import CatalogueError, read_catalogue
from storage.views.figures import outlets
from storage.views.selection import KINDS, Selection


def catalogue_to_read(settings: BaseSettings) -> sqlite_utils.Database:
    """The catalogue that the settings name. CatalogueError when there is none, or it cannot be used."""
    path = catalogue_path(settings)
    if not path.exists():
        raise CatalogueError(
            f"There is no catalogue {path}. Name the archive with NEWS_ARCHIVE_URI, or begin one: scrapy crawl OUTLET"
        )
    if path.is_file() and not path.stat().st_size:
        raise CatalogueError(f"The catalogue {path} is empty; `scrapy rebuild` makes it again from the archive.")
    return read_catalogue(path)


def check_outlet(connection: sqlite3.Connection, settings: BaseSettings, name: str | None) -> None:
    """UsageError for the name of an outlet that nobody knows: what is asked of it would come out empty, as if there were
    nothing."""
    if name is None:
        return
    known = {*outlets(connection), *get_spider_loader(settings).list()}
    if name not in known:
        raise UsageError(no_outlet(name, known))


def add_filters(parser: argparse.ArgumentParser) -> None:
    """The options by which readers say what they want."""
    parser.add_argument("--outlet", help="only of this outlet")
    parser.add_argument("--language", help="only in this language, as en or pt-BR")
    parser.add_argument("--provider", help="only from this provider, as Reuters")
    parser.add_argument("--since", type=day, metavar="YYYY-MM-DD", help="only read (captured) on this day or later, whenever published")
    parser.add_argument("--until", type=day, metavar="YYYY-MM-DD", help="only read (captured) on this day or earlier, whenever published")
    parser.add_argument("--kind", choices=tuple(KINDS), help="only what stood so to what was archived before it")
    parser.add_argument("--all", action="store_true", help="every outlet's copy of a story, not the canonical one alone")


def selection_of(
    opts: argparse.Namespace, *, words: str | None, newest: bool = False, best: bool = False
) -> Selection:
    """The options of `add_filters`, and the words asked for -> what a reader wants. UsageError where no day is left."""
    if opts.since and opts.until and opts.since > opts.until:
        raise UsageError(f"--since {opts.since} is after --until {opts.until}")
    return Selection(
        words=words,
        outlet=opts.outlet,
        language=opts.language,
        provider=opts.provider,
        since=opts.since,
        until=opts.until,
        kind=opts.kind,
        every=opts.all,
        newest=newest,
        best=best,
    )
