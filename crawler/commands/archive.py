"""scrapy archive: sync SRC DST copies an archive, du says what it holds.

Exit status: 0 done; 1 something could not be copied as it is; 2 wrong use; 5 an archive cannot be read or written.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlsplit

from scrapy.exceptions import UsageError

from crawler.command import Add, CheckedCommand
from crawler.console import complain, many, table, write, write_json
from crawler.opening import spool_of
from storage.archive import folder_of, open_archive
from storage.archive.keys import usage
from storage.archive.sync import Synced, sync


class Command(CheckedCommand):
    """Copies, and counts."""

    usage = "[options] sync SRC DST | du [ARCHIVE]"
    short = "Copy an archive between disks and buckets; say what it holds"
    long = (
        "SRC, DST and ARCHIVE are paths, file:///path or s3://bucket/prefix. sync can be broken off and called again; it "
        "verifies what it copied, mends what is damaged in DST, and takes away there what was forgotten in SRC. It needs "
        "this machine's keys for both sides."
    )
    interrupted = "Interrupted; the same command goes on where it stopped."

    def options(self, add: Add) -> None:
        add("--check", action="store_true", help="sync: compare the content of every object")
        add("--json", action="store_true", help="print JSON")

    def work(self, args: list[str], opts: argparse.Namespace) -> None:
        try:
            if args[:1] == ["sync"] and len(args) == 3:
                self.exitcode = _sync(args[1], args[2], opts, spool_of(self.settings))
            elif args[:1] == ["du"] and len(args) <= 2:
                _du(args[1] if len(args) == 2 else self.settings["NEWS_ARCHIVE_URI"], opts.json)
            else:
                raise UsageError("Write: scrapy archive sync SRC DST, or scrapy archive du")
        except OSError as error:
            self.fail(5, f"{error.filename}: {error.strerror}" if error.filename else str(error))


def _sync(source: str, target: str, opts: argparse.Namespace, spool: Path | None) -> int:
    opened = open_archive(source, write=False)
    if fault := _entangled(source, target):
        raise UsageError(fault)
    if waiting := opened.spool.keys():
        complain(f"Still in the spool of SRC: {many(len(waiting), 'segment')}; what is there goes with the next sync")
    tally = Synced()
    for tally in sync(opened.store, open_archive(target, spool), check=opts.check):
        if sys.stderr.isatty() and tally.copied:
            complain(f"{many(tally.copied, 'object')}, {many(tally.bytes, 'byte')}")
    for finding in tally.findings:
        complain(str(finding))
    if opts.json:
        write_json(asdict(tally))
    else:
        write(
            f"{many(tally.copied, 'object')} copied ({many(tally.bytes, 'byte')}), {tally.same} were there, {tally.mended} replaced, "
            f"{tally.removed} taken away."
        )
        if tally.again:
            write(f"Forgotten in DST as well, or again: {many(len(tally.again), 'page')}. Its catalogue knows by: scrapy rebuild")
    return 1 if tally.findings else 0


def _entangled(source: str, target: str) -> str | None:
    """Why one cannot be copied to the other; an archive in another would be taken for a part of it."""
    one, other = _place(source), _place(target)
    if one == other:
        return "SRC and DST are the same place"
    if one[: len(other)] == other or other[: len(one)] == one:
        return "one of SRC and DST lies in the other; name a place outside"
    return None


def _place(uri: str) -> tuple[str, ...]:
    """Where an archive lies, as the names of the folders on the way."""
    folder = folder_of(uri)
    if folder is not None:
        return folder.resolve().parts
    parts = urlsplit(uri)
    return ("s3", parts.netloc, *filter(None, parts.path.split("/")))


def _du(uri: str, as_json: bool) -> None:
    found = usage(open_archive(uri, write=False).store.entries())
    if as_json:
        for each in found:
            write_json(asdict(each))
        return
    rows: list[tuple[object, ...]] = [(f"{each.bytes:,}", f"{each.objects:,}", each.kind, each.outlet) for each in found]
    rows.append((f"{sum(each.bytes for each in found):,}", f"{sum(each.objects for each in found):,}", "in all", ""))
    write(table([("bytes", "objects", "", ""), *rows]))
