"""scrapy split ID: a person says that an article tells a story of its own."""

from __future__ import annotations

import argparse

from scrapy.exceptions import UsageError

from crawler.command import CheckedCommand
from crawler.console import many, write
from crawler.ruling import ruled
from storage.catalogue.rulings import split


class Command(CheckedCommand):
    """Takes an article out of its cluster; kept in the ledger, so a rebuild does it again."""

    usage = "ID-or-URL"
    short = "Say that an article tells a story of its own"

    def work(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise UsageError("Name one article: scrapy split ID")
        named = {"article": args[0]}
        rulings = ruled(self.settings, "split", named, lambda connection, found: split(connection, found["article"]))
        for ruling in rulings:
            write(f"cluster {ruling.cluster}: {many(len(ruling.articles), 'article')} moved.")
        if not rulings:
            write("It stood alone before.")
