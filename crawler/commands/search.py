"""scrapy search WORDS: articles that have all the words, newest first, each story once, with the passage."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import re
from dataclasses import asdict

from scrapy.exceptions import UsageError

from crawler.arguments import shown, whole_number
from crawler.command import Add, CheckedCommand
from crawler.console import write, write_json_line
from crawler.readers import add_filters, catalogue_to_read, selection_of
from pipelines.dedupe import canonical
from storage.catalogue.search import LEAST
from storage.views.search import marked, snippet
from storage.views.selection import Row, Selection, select


class Command(CheckedCommand):
    """Searches the catalogue; nothing is fetched and nothing is written."""

    usage = "[options] WORDS"
    short = "Search the archived articles"
    long = (
        "Prints the articles that have all the words, those read last first, each story once. Quotes make a phrase, and a "
        "star behind three letters or more stands for the rest of a word. "
        "Example: scrapy search '\"harbour of Lindby\" ferr*' --since 2026-01-31"
    )

    def options(self, add: Add) -> None:
        add_filters(add)
        add("--best", action="store_true", help="likeliest first instead of newest")
        add("--limit", type=whole_number(1, 1_000_000), default=20, help="how many to print (default: 20)")
        add("--json", action="store_true", help="print JSON lines")

    def work(self, args: list[str], opts: argparse.Namespace) -> None:
        if not args:
            raise UsageError("Say what to search for, as in: scrapy search harbour ferry")
        words = " ".join(args)
        wanted = selection_of(opts, words=words, best=opts.best, newest=True)
        found = 0
        with (
            catalogue_to_read(self.settings, opts.outlet) as database,
            contextlib.closing(select(database.conn, wanted, canonical)) as rows,
        ):
            for row in itertools.islice(rows, opts.limit):
                found += 1
                _say(row, words, opts.json)
        if not found:
            self.fail(1, f"Nothing found for {shown(words)}. {_advice(words, wanted)}".rstrip())


def _advice(words: str, wanted: Selection) -> str:
    """What to try next."""
    if re.search(r"(?<!\w)\w{1,2}\*", words):
        return f"A star needs {LEAST} letters before it."
    if wanted.filtered:
        return "Fewer filters find more."
    if '"' in words:
        return "Without the quotes the words need not stand together."
    return "" if "*" in words else "A word is found as it stands; with a star behind it, longer ones too."


def _say(row: Row, words: str, as_json: bool) -> None:
    found = snippet(row.text, words)
    if as_json:
        fields = {**asdict(row), "snippet": found.text, "marks": found.marks}
        del fields["text"]
        write_json_line(fields)
        return
    when = (f"published {row.published[:10]}, " if row.published else "") + f"read {row.fetched_at[:10]}"
    source = f"{row.outlet}, {row.provider}" if row.provider else row.outlet
    write(f"{' '.join((row.headline or '(no headline)').split())}\n  {when}  {source}  {row.article[:10]}  {row.canonical}")
    write(f"  {marked(found)}\n")
