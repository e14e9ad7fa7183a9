"""Settings -> the catalogue for those who only read. Asking makes no archive where there is none."""

from __future__ import annotations

import argparse
import contextlib
import sqlite3
from collections.abc import Iterator

import sqlite_utils
from scrapy.exceptions import UsageError
from scrapy.settings import BaseSettings
from scrapy.spiderloader import get_spider_loader

from crawler.arguments import day, no_outlet
from crawler.command import Add
from crawler.opening import catalogue_path
from storage.catalogue.schema import CatalogueError, read_catalogue
from storage.records import Outlet
from storage.views.figures import outlets
from storage.views.selection import KINDS, Selection


@contextlib.contextmanager
def catalogue_to_read(settings: BaseSettings, outlet: str | None = None) -> Iterator[sqlite_utils.Database]:
    """The catalogue that the settings name. CatalogueError when there is none, or it cannot be used; UsageError for an `outlet`
    that nobody knows."""
    path = catalogue_path(settings)
    if not path.exists():
        raise CatalogueError(
            f"There is no catalogue {path}. Name the archive with NEWS_ARCHIVE_URI, or begin one: scrapy crawl OUTLET"
        )
    if path.is_file() and not path.stat().st_size:
        raise CatalogueError(f"The catalogue {path} is empty; `scrapy rebuild` makes it again from the archive.")
    with contextlib.closing(read_catalogue(path)) as database:
        check_outlet(database.conn, settings, outlet)
        yield database


def check_outlet(connection: sqlite3.Connection, settings: BaseSettings, name: str | None) -> None:
    """UsageError for the name of an outlet that nobody knows: what is asked of it would come out empty, as if there were
    nothing."""
    if name is None:
        return
    known = {*outlets(connection), *get_spider_loader(settings).list()}
    if name not in known:
        raise UsageError(no_outlet(name, known))


def profile_of(outlet: str, settings: BaseSettings) -> Outlet:
    """Name of an outlet -> what the pipelines know of it; a bare one when its spider is gone."""
    from crawler.outlet import OutletSpider  # not at the top: it brings all that fetches, for which readers have no use

    try:
        spider = get_spider_loader(settings).load(outlet)
    except KeyError:
        return Outlet(name=outlet)
    return spider().profile if issubclass(spider, OutletSpider) else Outlet(name=outlet)


def add_outlet_and_since(add: Add) -> None:
    """The options by which commands are told which captures are meant."""
    add("--outlet", help="only of this outlet")
    add("--since", type=day, metavar="YYYY-MM-DD", help="only read (captured) on this day or later, whenever published")


def add_filters(add: Add) -> None:
    """The options by which readers say what they want."""
    add_outlet_and_since(add)
    add("--language", help="only in this language, as en or pt-BR")
    add("--provider", help="only from this provider, as Reuters")
    add("--until", type=day, metavar="YYYY-MM-DD", help="only read (captured) on this day or earlier, whenever published")
    add("--kind", choices=tuple(KINDS), help="only what stood so to what was archived before it")
    add("--all", action="store_true", help="every outlet's copy of a story, not the canonical one alone")


def selection_of(opts: argparse.Namespace, *, words: str | None, newest: bool, best: bool = False) -> Selection:
    """The options of `add_filters`, and the words asked for -> what a reader wants. UsageError where no day is left."""
    if opts.since and opts.until and opts.since > opts.until:
        raise UsageError(f"--since {opts.since} is after --until {opts.until}")
    chosen = {name: getattr(opts, name) for name in ("outlet", "language", "provider", "since", "until", "kind")}
    return Selection(words=words, every=opts.all, newest=newest, best=best, **chosen)
