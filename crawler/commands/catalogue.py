"""scrapy catalogue sync: one catalogue of what all machines wrote to the archive.

Exit status: 0 done; 1 clean copies are gone or damaged; 2 wrong use; 5 archive or catalogue cannot be used; 6 a run is going.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import sqlite3
from dataclasses import asdict
from pathlib import Path

from scrapy.exceptions import UsageError

from crawler.command import CheckedCommand
from crawler.console import complain, table, write
from crawler.indexing import index, index_and_compare
from crawler.opening import archive_of, archive_to_read, catalogue_path
from pipelines.fingerprint import fingerprint
from storage.archive import Archive
from storage.catalogue.readers import cores
from storage.catalogue.schema import open_catalogue
from storage.catalogue.sync import Means, Synced, sync
from storage.locks import claim_catalogue, locks_folder
from storage.recovery import recover


class Command(CheckedCommand):
    """Brings everybody's runs into one catalogue."""

    interrupted = "Interrupted; batches that were brought in stay, and the same command goes on with the next."

    def syntax(self) -> str:
        return "[options] sync"

    def short_desc(self) -> str:
        return "Bring what other machines wrote to the archive into this catalogue"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--json", action="store_true", help="print what was brought in as JSON")

    def work(self, args: list[str], opts: argparse.Namespace) -> None:
        if args != ["sync"]:
            raise UsageError("Write: scrapy catalogue sync")
        archive_to_read(self.settings)  # one that is not there is said first, and no lock is left in its place
        path = catalogue_path(self.settings)
        try:
            with claim_catalogue(locks_folder(path)):
                archive = archive_of(self.settings)
                self.exitcode = _told(synced(archive, path), path, opts.json)
        except (sqlite3.Error, OSError) as error:
            self.fail(5, f"The catalogue {path} cannot be written ({error}); it is as it was.")


def synced(archive: Archive, path: Path) -> Synced:
    """Archive and path of a catalogue -> what was brought into it."""
    if path.exists():
        with contextlib.closing(open_catalogue(path)) as live:
            for (outlet,) in live.conn.execute("select distinct outlet from runs order by 1").fetchall():
                recover(live, archive, outlet)
    means = Means(plain=index, comparing=index_and_compare, look=fingerprint, count=cores())
    return sync(archive, path, means, lambda: dt.datetime.now(dt.UTC))


def _told(done: Synced, path: Path, as_json: bool) -> int:
    made = done.made
    if as_json:
        write(json.dumps({**asdict(done), "catalogue": str(path)}))
    else:
        if done.again:
            complain(f"The catalogue was made again: {done.again}.")
        rows = [(done.segments, "runs brought in")]
        rows += [(getattr(made, name), name) for name in ("leads", "captures", "articles")]
        rows += [(made.twice, "fetched twice"), (made.joined, "clusters found to be one with another")]
        write(table(rows))
    if made.missing:
        complain(f"{made.missing} clean copies are gone or damaged, among them {made.first_missing[0]}; run `scrapy verify`.")
    return 1 if made.missing else 0
