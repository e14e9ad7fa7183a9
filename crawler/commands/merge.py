"""scrapy merge ID ID: a person says that two articles tell one story."""

from __future__ import annotations

import argparse

from scrapy.exceptions import UsageError

from crawler.command import CheckedCommand
from crawler.console import many, write
from crawler.ruling import ruled
from storage.catalogue.rulings import merge


class Command(CheckedCommand):
    """Makes two clusters one; kept in the ledger, so a rebuild does it again."""

    usage = "ID-or-URL ID-or-URL"
    short = "Say that two articles tell one story"

    def work(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 2:
            raise UsageError("Name two articles: scrapy merge ID ID")
        named = {"one": args[0], "other": args[1]}
        ruling = ruled(self.settings, "merged", named, lambda connection, both: merge(connection, both["one"], both["other"]))
        moved = f"{many(len(ruling.articles), 'article')} moved" if ruling.articles else "they were one story before"
        write(f"cluster {ruling.cluster}: {moved}.")
