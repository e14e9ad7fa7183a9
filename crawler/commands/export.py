"""scrapy export FORMAT: what the archive holds, as one file that other tools read.

Exit status: 0 written; 2 wrong use; 5 archive, catalogue or file cannot be used.
"""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import sqlite_utils
from scrapy.exceptions import UsageError

from crawler.arguments import ArgumentError, path
from crawler.command import Add, CheckedCommand
from crawler.console import many, write
from crawler.exporting import export
from crawler.opening import archive_to_read
from crawler.readers import add_filters, catalogue_to_read
from pipelines.rights import USES
from storage.archive.folders import whole
from storage.catalogue.stories import current_pages
from storage.software import SOFTWARE
from storage.views.formats import FORMATS as ARTICLE_FORMATS
from storage.views.wacz import Packed, PageEntry, write_wacz

FORMATS = (*ARTICLE_FORMATS, "wacz")
_OF_ARTICLES = ("language", "provider", "until", "kind", "all", "query", "permits", "no_terms")


class Command(CheckedCommand):
    """Writes a file beside the archive; the archive stays as it is."""

    usage = f"{{{','.join(FORMATS)}}} [options]"
    short = "Write articles as JSON lines, CSV, Parquet, Markdown, EPUB, Atom; or captures as one WACZ file"
    long = (
        "Articles go to standard output, or with --out to a file that is whole or not there, described in a "
        "datapackage.json beside it. Example: scrapy export csv --since 2026-01-31 --out january.csv"
    )

    def options(self, add: Add) -> None:
        add_filters(add)
        add("--query", metavar="WORDS", help="only articles that have all the words")
        add("--permits", choices=USES, help="only what its publisher does not reserve for this use")
        add("--no-terms", action="store_true", help="only what its publisher names no conditions for (RSL license, TDM policy)")
        add("--out", "--to", dest="to", type=path, metavar="FILE", help="the file to write (wacz: default <outlet>-<day>.wacz)")

    def work(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1 or args[0] not in FORMATS:
            raise UsageError(f"Name a format ({', '.join(FORMATS)}), as in: scrapy export {FORMATS[0]}")
        if args[0] in ARTICLE_FORMATS:
            self.exitcode = export(self.settings, args[0], opts, opts.to)
            return
        if chosen := [name for name in _OF_ARTICLES if getattr(opts, name)]:
            option = chosen[0].replace("_", "-")
            raise UsageError(f"--{option} chooses articles; a WACZ file holds captures as they came, by --outlet and --since")
        now = dt.datetime.now(dt.UTC)
        to: Path = opts.to or Path(f"{opts.outlet or 'archive'}-{now:%Y%m%d}.wacz")
        if to.exists():
            raise ArgumentError(f"{to} exists and is not overwritten; name another with --to.")
        try:
            packed = self._write(to, opts, now)
        except OSError as error:
            self.fail(5, f"{to} cannot be written: {error.strerror or error}")
        else:
            write(f"{to}: {many(packed.captures, 'answer')}, {many(packed.pages, 'article')}, {many(packed.bytes, 'byte')}")

    def _write(self, to: Path, opts: argparse.Namespace, now: dt.datetime) -> Packed:
        """Under another name first: a file of the name that was asked for is whole."""
        with catalogue_to_read(self.settings, opts.outlet) as database, whole(to) as part:
            pages = _pages(database, opts.outlet, opts.since)
            title = f"News of {opts.outlet}" if opts.outlet else "News archive"
            asked = {"outlet": opts.outlet, "since": opts.since}
            return write_wacz(
                archive_to_read(self.settings), part, pages, title=title, software=SOFTWARE, created=now, **asked
            )


def _pages(database: sqlite_utils.Database, outlet: str | None, since: dt.date | None) -> Iterator[PageEntry]:
    for article, url, fetched_at, headline in current_pages(database, outlet=outlet, since=since):
        yield PageEntry(article=article, url=url, fetched_at=dt.datetime.fromisoformat(fetched_at), title=headline)
