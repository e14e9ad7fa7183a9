"""scrapy merge ID ID: a person says that two articles tell one story."""

from __future__ import annotations

import argparse

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.console import complain, write
from crawler.ruling import ruled
from storage.archive import ArchiveError
from storage.catalogue.rulings import UnknownArticle, merge
from storage.catalogue.schema import CatalogueError
from storage.run import OutletBusy


class Command(ScrapyCommand):
    """Makes two clusters one; kept in the ledger, so a rebuild does it again."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "ID-or-URL ID-or-URL"

    def short_desc(self) -> str:
        return "Say that two articles tell one story"

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 2:
            raise UsageError("Name two articles: scrapy merge ID ID")
        named = {"one": args[0], "other": args[1]}
        try:
            rulings = ruled(
                self.settings,  # type: ignore[arg-type]
                "merged",
                named,
                lambda connection, found: [merge(connection, found["one"], found["other"])],
            )
        except (UnknownArticle, ArchiveError, CatalogueError, OutletBusy) as error:
            complain(str(error))
            self.exitcode = 2 if isinstance(error, UnknownArticle) else 6 if isinstance(error, OutletBusy) else 5
            return
        for ruling in rulings:
            moved = f"{len(ruling.articles)} articles moved" if ruling.articles else "they were one story before"
            write(f"cluster {ruling.cluster}: {moved}.")
