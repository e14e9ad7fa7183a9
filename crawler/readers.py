"""Settings -> the catalogue for those who only read. Asking makes no archive where there is none."""

from __future__ import annotations

import argparse
import datetime as dt

import sqlite_utils
from scrapy.settings import BaseSettings

from crawler.opening import catalogue_path
from storage.catalogue.schema import CatalogueError, open_catalogue
from storage.views.selection import KINDS, Selection


def catalogue_to_read(settings: BaseSettings) -> sqlite_utils.Database:
    """The catalogue that the settings name. CatalogueError when there is none, or it cannot be used."""
    path = catalogue_path(settings)
    if not path.exists():
        raise CatalogueError(
            f"There is no catalogue {path}. Name the archive with NEWS_ARCHIVE_URI, or begin one: scrapy crawl OUTLET"
        )
    return open_catalogue(path)


def add_filters(parser: argparse.ArgumentParser) -> None:
    """The options by which readers say what they want."""
    parser.add_argument("--outlet", help="only of this outlet")
    parser.add_argument("--language", help="only in this language, as en or pt-BR")
    parser.add_argument("--provider", help="only from this provider, as Reuters")
    parser.add_argument("--since", type=day, metavar="YYYY-MM-DD", help="only captured on this day or later")
    parser.add_argument("--until", type=day, metavar="YYYY-MM-DD", help="only captured on this day or earlier")
    parser.add_argument("--kind", choices=tuple(KINDS), help="only what stood so to what was archived before it")
    parser.add_argument("--all", action="store_true", help="every outlet's copy of a story, not the canonical one alone")


def selection_of(
    opts: argparse.Namespace, *, words: str | None, newest: bool = False, best: bool = False
) -> Selection:
    """The options of `add_filters`, and the words asked for -> what a reader wants."""
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


def day(text: str) -> dt.date:
    """YYYY-MM-DD -> the day, for argparse: ValueError otherwise."""
    return dt.date.fromisoformat(text)
