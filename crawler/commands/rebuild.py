"""scrapy rebuild: the whole catalogue again, from the archive alone.

Exit status: 0 done; 1 with --check, when the catalogue differs, or when clean copies are gone or damaged; 5 archive or
catalogue cannot be used; 6 a run is going.
"""

from __future__ import annotations

import argparse
import contextlib
import sqlite3
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from crawler.command import Add, CheckedCommand
from crawler.console import complain, many, table, write, write_json
from crawler.indexing import index
from crawler.opening import archive_of, archive_to_read, catalogue_path
from pipelines.fingerprint import fingerprint
from storage.archive import Archive
from storage.catalogue.compare import Difference, differences
from storage.catalogue.readers import cores
from storage.catalogue.rebuild import build, put_in_place, scratch
from storage.catalogue.replay import Rebuilt
from storage.catalogue.schema import CatalogueError, claim_catalogue, locks_folder, open_catalogue
from storage.recovery import recover_all

_SHOWN = 10  # differences a table that are printed


class Command(CheckedCommand):
    """Makes the catalogue again, or compares it with what the archive says."""

    usage = "[--check]"
    short = "Make the catalogue again from the archive, or check that it says the same"
    takes_words = False
    interrupted = "Interrupted; the catalogue is as it was."

    def options(self, add: Add) -> None:
        add("--check", action="store_true", help="change nothing: print what differs; exit status 1 if any")
        add("--json", action="store_true", help="print what was made, or every difference, as JSON")

    def work(self, args: list[str], opts: argparse.Namespace) -> None:
        archive_to_read(self.settings)  # one that is not there is said first, and no lock is left in its place
        path = catalogue_path(self.settings)
        try:
            with claim_catalogue(locks_folder(path)):
                archive = archive_of(self.settings)
                self.exitcode = _check(archive, path, opts.json) if opts.check else _rebuild(archive, path, opts.json)
        except (sqlite3.Error, OSError) as error:
            self.fail(5, f"The catalogue {path} cannot be made ({error}); the one that is there is as it was.")


def _rebuild(archive: Archive, path: Path, as_json: bool) -> int:
    with scratch(path, "rebuild") as fresh:
        made = build(archive, fresh, index, _told, look=fingerprint, count=cores())
        kept = put_in_place(fresh, path)
    if as_json:
        write_json({**asdict(made), "catalogue": str(path), "old": str(kept) if kept else None})
    else:
        write(table((getattr(made, name), name) for name in ("runs", "leads", "captures", "articles")))
        write(f"\n  catalogue  {path}" + (f"\n  the old    {kept}" if kept else ""))
    return _faults(made)


def _faults(made: Rebuilt) -> int:
    """Say what is odd; exit status."""
    if made.renumbered:
        complain(f"{many(made.renumbered, 'capture')} got another number: this archive was written through more than one catalogue.")
    for event, count in sorted(made.unknown.items()):
        complain(f"Passed over, as not known to this version: {many(count, 'event')} {event!r} in the ledger.")
    if made.missing:
        copies = many(made.missing, "clean copy", "clean copies")
        complain(f"Gone or damaged: {copies}, the first {made.first_missing[0]}; run `scrapy verify`.")
    return 1 if made.missing else 0


def _check(archive: Archive, path: Path, as_json: bool) -> int:
    if not path.exists():
        raise CatalogueError(f"There is no catalogue {path}; `scrapy rebuild` makes it.")
    live = open_catalogue(path)
    with contextlib.closing(live), scratch(path, "check") as fresh:
        recover_all(live, archive)  # what the next run of an outlet would bring to an end is no difference
        made = build(archive, fresh, index, _told, look=fingerprint, count=cores())
        rebuilt = open_catalogue(fresh)
        with contextlib.closing(rebuilt):
            counts: Counter[str] = Counter()
            for each in differences(live.conn, rebuilt.conn):
                counts[each.table] += 1
                if as_json:
                    write_json(asdict(each))
                elif counts[each.table] <= _SHOWN:
                    write(_said(each))
    if not as_json:
        rows = [(count, f"differences in {name}") for name, count in sorted(counts.items())]
        same = f"{many(made.captures, 'capture')}, {many(made.leads, 'lead')}"
        write(table(rows) if rows else f"The catalogue says what the archive says: {same}.")
    return 1 if counts else _faults(made)


def _said(each: Difference) -> str:
    where = f"{each.table} {each.key}"
    if each.column is None:
        return f"{where}: only in the {'catalogue' if each.one else 'archive'}"
    return f"{where}: {each.column} is {each.one!r} in the catalogue, {each.other!r} by the archive"


def _told(captures: int) -> None:
    if sys.stderr.isatty() and captures:
        complain(many(captures, "capture"))
