"""scrapy refeed: judge again what lies in quarantine, from the WARC, after the rules got better."""

from __future__ import annotations

import argparse
from collections import Counter

from crawler.command import Add, CheckedCommand
from crawler.console import complain, many, table, write
from crawler.opening import running
from crawler.readers import add_outlet_and_since, catalogue_to_read, profile_of
from crawler.refeed import judge_again
from pipelines.stages import memory_of
from storage.catalogue.quarantine import Kept, quarantined
from storage.records import Kind

_UNREADABLE = "cannot be read"


class Command(CheckedCommand):
    """Judges again; nothing is fetched, and what keeps its verdict keeps its place."""

    usage = "[options]"
    short = "Judge again what lies in quarantine, from the archive"
    takes_words = False
    interrupted = "Interrupted; what was judged again stays, and the same command goes on with the rest."

    def options(self, add: Add) -> None:
        add_outlet_and_since(add)
        add("--kind", type=str.upper, choices=[kind.value for kind in Kind], help="only of this kind")

    def work(self, args: list[str], opts: argparse.Namespace) -> None:
        with catalogue_to_read(self.settings, opts.outlet) as database:
            found = quarantined(database, outlet=opts.outlet, kind=opts.kind, since=opts.since, failed=opts.kind is None)
        outlets: dict[str, list[Kept]] = {}
        for kept in reversed(found):  # oldest first, as they came
            outlets.setdefault(kept.lead.outlet, []).append(kept)
        changes: Counter[str] = Counter()
        for outlet, captures in outlets.items():
            changes += self._refeed(outlet, captures)
        write(f"{many(len(found), 'capture')} judged again.")
        if changes:
            write(table((number, change) for change, number in changes.most_common()))
        self.exitcode = 1 if changes[_UNREADABLE] else 0

    def _refeed(self, outlet: str, captures: list[Kept]) -> Counter[str]:
        changes: Counter[str] = Counter()
        with running(outlet, self.settings, "refed") as run:
            memory = memory_of(run, self.settings.getint("NEWS_MEMORY"))
            for judged in judge_again(run, profile_of(outlet, self.settings), captures, memory=memory):
                before = judged.kept.kind or judged.kept.outcome
                if judged.error:
                    complain(f"capture {judged.kept.sequence}: {judged.error}")
                    changes[_UNREADABLE] += 1
                elif judged.ending is None:
                    changes[f"{before} as before"] += 1
                else:
                    changes[f"{before} -> {judged.ending.kind or judged.ending.outcome} ({judged.ending.outcome})"] += 1
        return changes
