"""scrapy reextract: the clean copies again, from the WARC, after the rules got better."""

from __future__ import annotations

import argparse
import datetime as dt
import json
from collections import Counter

from scrapy.commands import ScrapyCommand

from crawler.commands.quarantine import profile_of
from crawler.console import complain, table, write
from crawler.opening import catalogue_of, open_run
from crawler.readers import day
from crawler.reextract import Change, extract_again
from storage.archive import ArchiveError
from storage.catalogue.articles import newest_clean_copies
from storage.catalogue.schema import CatalogueError
from storage.run import OutletBusy


class Command(ScrapyCommand):
    """Extracts again; a clean copy that comes out another is kept as a revision, the older one stays."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[options]"

    def short_desc(self) -> str:
        return "Make the clean copies again from the archive, after the rules got better"

    def long_desc(self) -> str:
        return (
            "Runs the chain over the archived pages again and says what changed. An article that comes out another is kept as "
            "a new revision; nothing is overwritten and nothing is fetched. Try first: scrapy reextract --dry-run --diff"
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--outlet", help="only of this outlet")
        parser.add_argument("--since", type=day, metavar="YYYY-MM-DD", help="only captured on this day or later")
        parser.add_argument("--diff", action="store_true", help="print what changed as a unified diff")
        parser.add_argument("--dry-run", action="store_true", help="say what would change, keep nothing")
        parser.add_argument("--json", action="store_true", help="print a JSON line for every article that changed")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        changes: Counter[str] = Counter()
        try:
            database = catalogue_of(self.settings)  # type: ignore[arg-type]
            outlets = [row[0] for row in database.conn.execute("select distinct outlet from articles order by 1")]
            database.close()
            for outlet in outlets:
                if opts.outlet in (None, outlet):
                    self._outlet(outlet, opts, changes)
        except (ArchiveError, CatalogueError) as error:
            complain(str(error))
            self.exitcode = 5
        except OutletBusy as error:
            complain(str(error))
            self.exitcode = 6
        if not opts.json:
            write(f"{changes['articles']} articles were extracted again, {changes['changed']} came out another.")
            rows = [(number, name) for name, number in changes.most_common() if name not in ("articles", "changed")]
            if rows:
                write(table(rows))

    def _outlet(self, outlet: str, opts: argparse.Namespace, changes: Counter[str]) -> None:
        run = open_run(outlet, self.settings)  # type: ignore[arg-type]
        try:
            found = newest_clean_copies(run.catalogue, outlet=outlet, since=opts.since)
            most = self.settings.getint("NEWS_MEMORY")  # type: ignore[union-attr]
            for change in extract_again(run, profile_of(outlet, self.settings), found, most=most, dry=opts.dry_run):
                changes["articles"] += 1
                changes["changed"] += bool(change.fields)
                changes.update(f"{name} changed" for name in change.fields)
                changes["not extracted"] += change.error is not None
                _say(change, opts)
        finally:
            run.finish("extracted again", dt.datetime.now(dt.UTC))


def _say(change: Change, opts: argparse.Namespace) -> None:
    if change.error:
        complain(f"{change.url}: {change.error}")
    elif change.fields and opts.json:
        write(json.dumps({"url": change.url, "changed": change.fields, "diff": change.diff}, ensure_ascii=False))
    elif change.fields and opts.diff:
        write(f"{change.url}\n{change.diff}\n")
