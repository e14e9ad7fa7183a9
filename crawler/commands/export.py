"""scrapy export FORMAT: what the archive holds, as one file that other tools read.

Exit status: 0 written; 2 wrong use; 5 archive, catalogue or file cannot be used.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import sqlite_utils
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.console import complain, write
from crawler.exporting import FORMATS as ARTICLE_FORMATS
from crawler.exporting import export
from crawler.opening import archive_of, catalogue_of
from crawler.readers import add_filters
from pipelines.reserved import USES
from storage.archive import ArchiveError
from storage.catalogue.articles import current_pages
from storage.catalogue.schema import CatalogueError
from storage.software import SOFTWARE
from storage.views.wacz import Packed, PageEntry, write_wacz

FORMATS = (*ARTICLE_FORMATS, "wacz")


class Command(ScrapyCommand):
    """Writes a file beside the archive; the archive stays as it is."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return f"{{{','.join(FORMATS)}}} [options]"

    def short_desc(self) -> str:
        return "Write articles as JSON lines, CSV, Parquet, Markdown, EPUB, Atom; or captures as one WACZ file"

    def long_desc(self) -> str:
        return (
            "Articles go to standard output, or with --out to a file that is whole or not there, described in a "
            "datapackage.json beside it. Example: scrapy export csv --since 2026-01-31 --out january.csv"
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        add_filters(parser)
        parser.add_argument("--query", metavar="WORDS", help="only articles that have all the words")
        parser.add_argument("--permits", choices=USES, help="only what its publisher does not reserve for this use")
        parser.add_argument(
            "--no-terms", action="store_true", help="only what its publisher names no conditions for (RSL license, TDM policy)"
        )
        parser.add_argument(
            "--out", "--to", dest="to", type=Path, metavar="FILE", help="the file to write (wacz: default <outlet>-<day>.wacz)"
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1 or args[0] not in FORMATS:
            raise UsageError(f"Name a format ({', '.join(FORMATS)}), as in: scrapy export {FORMATS[0]}")
        if args[0] in ARTICLE_FORMATS:
            self.exitcode = export(self.settings, args[0], opts, opts.to)  # type: ignore[arg-type]
            return
        if opts.permits or opts.no_terms:
            raise UsageError("--permits and --no-terms choose articles; a WACZ file holds captures as they came")
        now = dt.datetime.now(dt.UTC)
        path: Path = opts.to or Path(f"{opts.outlet or 'archive'}-{now:%Y%m%d}.wacz")
        if path.exists():
            complain(f"{path} exists and is not overwritten; name another with --to.")
            self.exitcode = 2
            return
        try:
            packed = self._write(path, opts, now)
        except (ArchiveError, CatalogueError) as error:
            complain(str(error))
            self.exitcode = 5
        except (OSError, sqlite3.Error) as error:
            complain(f"{path} cannot be written: {error}")
            self.exitcode = 5
        else:
            write(f"{path}: {packed.captures} captures, {packed.pages} articles, {packed.bytes:,} bytes")

    def _write(self, path: Path, opts: argparse.Namespace, now: dt.datetime) -> Packed:
        """Under another name first: a file of the name that was asked for is whole."""
        part = path.with_name(f"{path.name}.part")
        database = catalogue_of(self.settings)  # type: ignore[arg-type]
        with contextlib.closing(database):
            try:
                packed = write_wacz(
                    archive_of(self.settings),  # type: ignore[arg-type]
                    part,
                    _pages(database, opts.outlet, opts.since),
                    title=f"News of {opts.outlet}" if opts.outlet else "News archive",
                    software=SOFTWARE,
                    created=now,
                    outlet=opts.outlet,
                    since=opts.since,
                )
                part.rename(path)
            finally:
                part.unlink(missing_ok=True)
        return packed


def _pages(database: sqlite_utils.Database, outlet: str | None, since: dt.date | None) -> Iterator[PageEntry]:
    for article, url, fetched_at, headline in current_pages(database, outlet=outlet, since=since):
        yield PageEntry(article=article, url=url, fetched_at=dt.datetime.fromisoformat(fetched_at), title=headline)
