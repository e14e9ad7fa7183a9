"""scrapy split ID: a person says that an article tells a story of its own."""

from __future__ import annotations

import argparse

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.console import complain, write
from crawler.ruling import ruled
from storage.archive import ArchiveError
from storage.catalogue.rulings import UnknownArticle, split
from storage.catalogue.schema import CatalogueError
from storage.run import OutletBusy


class Command(ScrapyCommand):
    """Takes an article out of its cluster; kept in the ledger, so a rebuild does it again."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "ID-or-URL"

    def short_desc(self) -> str:
        return "Say that an article tells a story of its own"

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise UsageError("Name one article: scrapy split ID")
        try:
            rulings = ruled(
                self.settings,  # type: ignore[arg-type]
                "split",
                {"article": args[0]},
                lambda connection, found: split(connection, found["article"]),
            )
        except (UnknownArticle, ArchiveError, CatalogueError, OutletBusy) as error:
            complain(str(error))
            self.exitcode = 2 if isinstance(error, UnknownArticle) else 6 if isinstance(error, OutletBusy) else 5
            return
        for ruling in rulings:
            write(f"cluster {ruling.cluster}: {len(ruling.articles)} articles moved.")
        if not rulings:
            write("It stood alone before.")
