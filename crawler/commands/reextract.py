"""scrapy reextract: the clean copies again, from the WARC, after the rules got better."""

from __future__ import annotations

import argparse
import contextlib
from collections import Counter
from collections.abc import Iterator

from crawler import bulk
from crawler.arguments import ArgumentError
from crawler.bulk import Spread
from crawler.command import Add, CheckedCommand
from crawler.console import complain, counting, many, table, write, write_json
from crawler.opening import catalogue_path, running
from crawler.readers import add_outlet_and_since, catalogue_to_read, profile_of
from crawler.reextract import Change, Made, Portion, Resumed, extract_again, remake
from pipelines.stages import EXTRACTOR
from storage.catalogue.stories import newest_clean_copies


class Command(CheckedCommand):
    """Extracts again; a clean copy that comes out another is kept as a revision, the older one stays."""

    usage = "[options] [--engine dask [--scheduler tcp://host:8786]]"
    short = "Make the clean copies again from the archive, after the rules got better"
    long = (
        "Runs the chain over the archived pages again and says what changed. An article that comes out another is kept as "
        "a new revision; nothing is overwritten and nothing is fetched. Try first: scrapy reextract --dry-run --diff. "
        "WARC files are handed out to processes; every engine ends in the same archive, and the same command goes on "
        "where it was interrupted."
    )
    takes_words = False
    interrupted = "Interrupted; the same command goes on where it stopped."

    def options(self, add: Add) -> None:
        add_outlet_and_since(add)
        add("--diff", action="store_true", help="print what changed as a unified diff")
        add("--dry-run", action="store_true", help="say what would change, keep nothing")
        add("--json", action="store_true", help="print a JSON line for every article that changed")
        bulk.add_options(add)
        add("--afresh", action="store_true", help="do also what an interrupted run has done")

    def work(self, args: list[str], opts: argparse.Namespace) -> None:
        if fault := bulk.misuse(opts):
            raise ArgumentError(fault)
        counted = Counter[str]()
        with catalogue_to_read(self.settings, opts.outlet):  # what is wrong with it is said before processes begin
            pass
        try:
            with bulk.engine(opts, self.settings, remake) as spread:
                self._all(spread, opts, counted)
        except KeyboardInterrupt:
            self.fail(130, self.interrupted)
        if counted["not extracted"] and not self.exitcode:
            self.exitcode = 1
        if not opts.json:
            write(f"{many(counted['articles'], 'article')} extracted again, {counted['changed']:,} came out another.")
            rows = [(number, name) for name, number in counted.most_common() if number and name not in ("articles", "changed")]
            if rows:
                write(table(rows))
            if counted["text changed"] and not opts.dry_run:
                write("`scrapy catalogue recluster` says whether stories with other texts belong elsewhere now.")

    def _all(self, spread: Spread[Portion, list[Made]], opts: argparse.Namespace, counted: Counter[str]) -> None:
        with catalogue_to_read(self.settings) as database:
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
        done, add = (resumed.done, resumed.add) if resumed else (frozenset[str](), None)
        profile, most = profile_of(outlet, self.settings), self.settings.getint("NEWS_MEMORY")
        with running(outlet, self.settings, "extracted again") as run:
            found = newest_clean_copies(run.catalogue, outlet=outlet, since=opts.since)
            left = (each for each in found if each.address.file not in done)
            yield from extract_again(run, profile, left, spread, most=most, dry=opts.dry_run, done=add)


def _count(change: Change, counted: Counter[str]) -> None:
    counted["articles"] += 1
    counted["changed"] += bool(change.fields)
    counted.update(f"{name} changed" for name in change.fields)
    counted["not extracted"] += change.error is not None


def _say(change: Change, opts: argparse.Namespace) -> None:
    if change.error:
        complain(f"{change.url}: {change.error}")
    elif change.fields and opts.json:
        write_json({"url": change.url, "changed": change.fields, "diff": change.diff})
    elif change.fields and opts.diff:
        write(f"{change.url}\n{change.diff}\n")
