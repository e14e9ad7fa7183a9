"""scrapy quarantine: what was captured and is no article, with the evidence; and a person's word against it."""

from __future__ import annotations

import argparse
import re
from dataclasses import asdict

import sqlite_utils
from scrapy.exceptions import UsageError

from crawler.arguments import whole_number
from crawler.command import Add, CheckedCommand
from crawler.console import reason, table, weighed, write, write_json
from crawler.opening import archive_to_read, running
from crawler.readers import add_outlet_and_since, catalogue_to_read, profile_of
from crawler.refeed import judge_again
from pipelines.chain import refine
from pipelines.stages import memory_of
from storage.archive.reading import read_capture
from storage.catalogue.quarantine import Kept, counts, one, quarantined
from storage.records import Kind, Outlet, Page
from storage.views.figures import decided

RELEASABLE = ("quarantined", "failed")
"""Outcomes of captures that can be made articles."""
_ID = re.compile("[0-9]{1,18}")


class Command(CheckedCommand):
    """Lists, shows and releases."""

    usage = "[options] [show ID | release ID]"
    short = "List what was refused and why; show one; release one as an article"
    long = (
        "Without words: a list, newest first, and the counts by outlet, day and kind. `show ID` prints the evidence and "
        "the shown text of one capture, `release ID` makes it an article against the verdict. Nothing is fetched."
    )

    def options(self, add: Add) -> None:
        add_outlet_and_since(add)
        add("--kind", type=str.upper, choices=[kind.value for kind in Kind], help="only of this kind")
        add("--limit", type=whole_number(1, 1_000_000), default=50, help="how many to list (default: 50)")
        add("--json", action="store_true", help="print JSON lines")

    def work(self, args: list[str], opts: argparse.Namespace) -> None:
        if args and (len(args) != 2 or args[0] not in ("show", "release") or not _ID.fullmatch(args[1])):
            raise UsageError("Write: scrapy quarantine, scrapy quarantine show ID, or scrapy quarantine release ID")
        with catalogue_to_read(self.settings, opts.outlet) as database:
            self._run(database, args, opts)

    def _run(self, database: sqlite_utils.Database, args: list[str], opts: argparse.Namespace) -> None:
        if not args:
            self._list(database, opts)
            return
        kept = one(database, int(args[1]))
        if kept is None or kept.address is None:
            self.fail(2, f"There is no capture {args[1]} in the archive; `scrapy quarantine` lists what there is.")
        elif args[0] == "show":
            self._show(kept, _became(database, kept), opts)
        elif became := _became(database, kept):
            self.fail(2, f"Capture {args[1]} does not lie in quarantine: {became}.")
        else:
            self._release(kept)

    def _list(self, database: sqlite_utils.Database, opts: argparse.Namespace) -> None:
        filters = {"outlet": opts.outlet, "kind": opts.kind, "since": opts.since}
        found = quarantined(database, **filters, limit=opts.limit)
        if opts.json:
            for kept in found:
                write_json(_fields(kept))
            return
        if not found:
            by = " by these filters; fewer filters find more" if any(filters.values()) else ""
            write(f"Nothing lies in quarantine{by}.")
            return
        rows = ((k.sequence, k.fetched_at[:16], k.lead.outlet, k.kind, k.status or "", _first(k), k.url[:90]) for k in found)
        write(f"{table(rows)}\n\n{table(counts(database, **filters)[:40])}")
        write("\nMore of one: scrapy quarantine show ID")

    def _show(self, kept: Kept, became: str, opts: argparse.Namespace) -> None:
        address = kept.address
        assert address is not None
        page = refine(read_capture(archive_to_read(self.settings), address, kept.lead), Outlet(name=kept.lead.outlet))
        shown = page.text if isinstance(page, Page) else page.page.text
        if opts.json:
            write_json({**_fields(kept), "text": shown})
            return
        write(f"capture    {kept.sequence}  {kept.kind}  status {kept.status}  {kept.fetched_at}\nurl        {kept.url}")
        write(f"announced  {kept.lead.source}" + (f": {kept.lead.title}" if kept.lead.title else ""))
        write("\n".join(weighed(kept.evidence)))
        write("\nshown text\n" + "\n".join(f"  {line}" for line in shown.splitlines()))
        release = f"An article all the same? scrapy quarantine release {kept.sequence}"
        write(f"\nIt does not lie in quarantine: {became}." if became else f"\n{release}")

    def _release(self, kept: Kept) -> None:
        profile = profile_of(kept.lead.outlet, self.settings)
        with running(kept.lead.outlet, self.settings, "released") as run:
            memory = memory_of(run, self.settings.getint("NEWS_MEMORY"))
            done = next(iter(judge_again(run, profile, [kept], memory=memory, release=True)), None)
        if done is not None and done.error:
            self.fail(5, done.error)
            return
        if done is None or done.ending is None:
            self.fail(1, f"Capture {kept.sequence} holds nothing that can be made an article.")
            return
        write(f"Capture {kept.sequence} is released: {done.ending.outcome}, {done.ending.clean_key}")


def _became(database: sqlite_utils.Database, kept: Kept) -> str:
    """What became of a capture that does not lie in quarantine, or does no longer; empty for one that does."""
    last = kept
    while last.superseded_by is not None and (later := one(database, last.superseded_by)) is not None:
        last = later
    if last is kept:
        return "" if kept.outcome in RELEASABLE else kept.outcome
    return f"it was judged again as capture {last.sequence}, {last.outcome}"


def _first(kept: Kept) -> str:
    why = decided(kept.evidence)
    return reason(why.rule, why.words, 40) if why else ""


def _fields(kept: Kept) -> dict[str, object]:
    return {
        "id": kept.sequence,
        "outlet": kept.lead.outlet,
        **{name: getattr(kept, name) for name in ("url", "status", "fetched_at", "kind")},
        "evidence": [asdict(evidence) for evidence in kept.evidence],
    }
