"""scrapy reextract: the clean copies again, from the WARC, after the rules got better."""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator

from crawler import spreading
from crawler.arguments import day
from crawler.bulk import Spread
from crawler.command import CheckedCommand
from crawler.commands.quarantine import profile_of
from crawler.console import complain, counting, many, table, write
from crawler.engine import EngineError
from crawler.opening import catalogue_path, open_run
from crawler.readers import catalogue_to_read, check_outlet
from crawler.reextract import Change, Made, Portion, extract_again, remake
from crawler.resumed import Resumed
from pipelines.stages import EXTRACTOR
from storage.catalogue.articles import newest_clean_copies


class Command(CheckedCommand):
    """Extracts again; a clean copy that comes out another is kept as a revision, the older one stays."""

    takes_words = False
    interrupted = "Interrupted; the same command goes on where it stopped."

    def syntax(self) -> str:
        return "[options] [--engine dask [--scheduler tcp://host:8786]]"

    def short_desc(self) -> str:
        return "Make the clean copies again from the archive, after the rules got better"

    def long_desc(self) -> str:
        return (
            "Runs the chain over the archived pages again and says what changed. An article that comes out another is kept as "
            "a new revision; nothing is overwritten and nothing is fetched. Try first: scrapy reextract --dry-run --diff. "
            "WARC files are handed out to processes; every engine ends in the same archive, and the same command goes on "
            "where it was interrupted."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--outlet", help="only of this outlet")
        parser.add_argument("--since", type=day, metavar="YYYY-MM-DD", help="only captured on this day or later")
        parser.add_argument("--diff", action="store_true", help="print what changed as a unified diff")
        parser.add_argument("--dry-run", action="store_true", help="say what would change, keep nothing")
        parser.add_argument("--json", action="store_true", help="print a JSON line for every article that changed")
        spreading.add_options(parser)
        parser.add_argument("--afresh", action="store_true", help="do also what an interrupted run has done")

    def work(self, args: list[str], opts: argparse.Namespace) -> None:
        if fault := spreading.misuse(opts):
            self.fail(2, fault)
            return
        counted = Counter[str]()
        with contextlib.closing(catalogue_to_read(self.settings)) as database:
            check_outlet(database.conn, self.settings, opts.outlet)
        try:
            with spreading.engine(opts, self.settings, remake) as spread:
                self._all(spread, opts, counted)
        except EngineError as error:
            self.fail(1, str(error))
            return
        except KeyboardInterrupt:
            self.fail(130, self.interrupted)
        if counted["not extracted"] and not self.exitcode:
            self.exitcode = 1
        if not opts.json:
            write(f"{many(counted['articles'], 'article')} extracted again, {counted['changed']:,} came out another.")
            rows = [(number, name) for name, number in counted.most_common() if name not in ("articles", "changed")]
            if rows:
                write(table(rows))
            if counted["text changed"] and not opts.dry_run:
                write("`scrapy catalogue recluster` says whether stories with other texts belong elsewhere now.")

    def _all(self, spread: Spread[Portion, list[Made]], opts: argparse.Namespace, counted: Counter[str]) -> None:
        with contextlib.closing(catalogue_to_read(self.settings)) as database:
            found = Counter(each.outlet for each in newest_clean_copies(database, outlet=opts.outlet, since=opts.since))
        asked = {"extractor": EXTRACTOR, "outlet": opts.outlet, "since": opts.since and opts.since.isoformat()}
        path = catalogue_path(self.settings)
        with contextlib.ExitStack() as held:
            resumed = None
            if not opts.dry_run:
                resumed = Resumed(path.with_name(f"{path.name}.reextracting"), asked, afresh=opts.afresh)
                held.enter_context(resumed)
                if resumed.done:
                    complain(f"Before the interruption {many(len(resumed.done), 'WARC file')} came to an end; --afresh does all again.")
            told = held.enter_context(counting(sum(found.values()), "articles"))
            for outlet in sorted(found):
                for change in self._outlet(outlet, spread, opts, resumed):
                    told(1)
                    _count(change, counted)
                    _say(change, opts)
            if resumed is not None:
                resumed.finish()

    def _outlet(
        self, outlet: str, spread: Spread[Portion, list[Made]], opts: argparse.Namespace, resumed: Resumed | None
    ) -> Iterator[Change]:
        run = open_run(outlet, self.settings)
        done, add = (resumed.done, resumed.add) if resumed else (frozenset[str](), None)
        try:
            found = newest_clean_copies(run.catalogue, outlet=outlet, since=opts.since)
            left = (each for each in found if each.address.file not in done)
            yield from extract_again(
                run, profile_of(outlet, self.settings), left,
                most=self.settings.getint("NEWS_MEMORY"), dry=opts.dry_run, spread=spread, done=add,
            )  # fmt: skip
        finally:
            run.finish("extracted again", dt.datetime.now(dt.UTC))


def _count(change: Change, counted: Counter[str]) -> None:
    counted["articles"] += 1
    counted["changed"] += bool(change.fields)
    counted.update(f"{name} changed" for name in change.fields)
    counted["not extracted"] += change.error is not None


def _say(change: Change, opts: argparse.Namespace) -> None:
    if change.error:
        complain(f"{change.url}: {change.error}")
    elif change.fields and opts.json:
        write(json.dumps({"url": change.url, "changed": change.fields, "diff": change.diff}, ensure_ascii=False))
    elif change.fields and opts.diff:
        write(f"{change.url}\n{change.diff}\n")
