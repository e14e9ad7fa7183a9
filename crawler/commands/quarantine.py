"""scrapy quarantine: what was captured and is no article, with the evidence; and a person's word against it."""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import re
from dataclasses import asdict

import sqlite_utils
from scrapy.exceptions import UsageError
from scrapy.settings import BaseSettings
from scrapy.spiderloader import get_spider_loader

from crawler.arguments import day, whole_number
from crawler.command import CheckedCommand
from crawler.console import reason, table, weighed, write
from crawler.opening import archive_to_read, open_run
from crawler.outlet import OutletSpider
from crawler.readers import catalogue_to_read, check_outlet
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

    def syntax(self) -> str:
        return "[options] [show ID | release ID]"

    def short_desc(self) -> str:
        return "List what was refused and why; show one; release one as an article"

    def long_desc(self) -> str:
        return (
            "Without words: a list, newest first, and the counts by outlet, day and kind. `show ID` prints the evidence and "
            "the shown text of one capture, `release ID` makes it an article against the verdict. Nothing is fetched."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--outlet", help="only of this outlet")
        parser.add_argument("--kind", type=str.upper, choices=[kind.value for kind in Kind], help="only of this kind")
        parser.add_argument("--since", type=day, metavar="YYYY-MM-DD", help="only captured on this day or later")
        parser.add_argument("--limit", type=whole_number(1, 1_000_000), default=50, help="how many to list (default: 50)")
        parser.add_argument("--json", action="store_true", help="print JSON lines")

    def work(self, args: list[str], opts: argparse.Namespace) -> None:
        if args and (len(args) != 2 or args[0] not in ("show", "release") or not _ID.fullmatch(args[1])):
            raise UsageError("Write: scrapy quarantine, scrapy quarantine show ID, or scrapy quarantine release ID")
        with contextlib.closing(catalogue_to_read(self.settings)) as database:
            check_outlet(database.conn, self.settings, opts.outlet)
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
                write(json.dumps(_fields(kept), ensure_ascii=False))
            return
        if not found:
            by = " by these filters; fewer filters find more" if any(filters.values()) else ""
            write(f"Nothing lies in quarantine{by}.")
            return
        write(
            table((k.sequence, k.fetched_at[:16], k.lead.outlet, k.kind, k.status or "", _first(k), k.url[:90]) for k in found)
        )
        write()
        write(table((outlet, date, kind, number) for outlet, date, kind, number in counts(database, **filters)[:40]))
        write("\nMore of one: scrapy quarantine show ID")

    def _show(self, kept: Kept, became: str, opts: argparse.Namespace) -> None:
        address = kept.address
        assert address is not None
        page = refine(read_capture(archive_to_read(self.settings), address, kept.lead), Outlet(name=kept.lead.outlet))
        shown = page.text if isinstance(page, Page) else page.page.text
        if opts.json:
            write(json.dumps({**_fields(kept), "text": shown}, ensure_ascii=False))
            return
        write(f"capture    {kept.sequence}  {kept.kind}  status {kept.status}  {kept.fetched_at}\nurl        {kept.url}")
        write(f"announced  {kept.lead.source}" + (f": {kept.lead.title}" if kept.lead.title else ""))
        write("\n".join(weighed(kept.evidence)))
        write("\nshown text\n" + "\n".join(f"  {line}" for line in shown.splitlines()))
        release = f"An article all the same? scrapy quarantine release {kept.sequence}"
        write(f"\nIt does not lie in quarantine: {became}." if became else f"\n{release}")

    def _release(self, kept: Kept) -> None:
        profile = profile_of(kept.lead.outlet, self.settings)
        run = open_run(kept.lead.outlet, self.settings)
        try:
            memory = memory_of(run, self.settings.getint("NEWS_MEMORY"))
            done = next(iter(judge_again(run, profile, [kept], memory=memory, release=True)), None)
        finally:
            run.finish("released", dt.datetime.now(dt.UTC))
        if done is not None and done.error:
            self.fail(5, done.error)
            return
        if done is None or done.ending is None:
            self.fail(1, f"Capture {kept.sequence} holds nothing that can be made an article.")
            return
        write(f"Capture {kept.sequence} is released: {done.ending.outcome}, {done.ending.clean_key}")


def profile_of(outlet: str, settings: BaseSettings) -> Outlet:
    """Name of an outlet -> what the pipelines know of it; a bare one when its spider is gone."""
    try:
        spider = get_spider_loader(settings).load(outlet)
    except KeyError:
        return Outlet(name=outlet)
    return spider().profile if issubclass(spider, OutletSpider) else Outlet(name=outlet)


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
        "url": kept.url,
        "status": kept.status,
        "fetched_at": kept.fetched_at,
        "kind": kept.kind,
        "evidence": [asdict(evidence) for evidence in kept.evidence],
    }
