"""scrapy catalogue: `sync` makes one catalogue of what all machines wrote to the archive, `recluster` places all that it has
anew.

Exit status: 0 done; 1 clean copies are gone or damaged, or Dask cannot be used; 2 wrong use; 5 archive or catalogue cannot be
used; 6 a run is going; 130 interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import sqlite3
from dataclasses import asdict
from pathlib import Path

from scrapy.exceptions import UsageError

from crawler import bulk
from crawler.arguments import ArgumentError
from crawler.bulk import Spread
from crawler.command import Add, CheckedCommand
from crawler.console import complain, table, write, write_json, write_json_line
from crawler.indexing import index, index_and_compare
from crawler.opening import archive_of, archive_to_read, catalogue_path
from crawler.recluster import Made, Placed, Task, keep, placed_anew, work
from pipelines.fingerprint import fingerprint
from storage.archive import Archive
from storage.catalogue.readers import cores
from storage.catalogue.schema import claim_catalogue, locks_folder, open_catalogue
from storage.catalogue.sync import Means, Synced, sync
from storage.recovery import recover_all

_INTERRUPTED = "Interrupted; nothing was changed. The same command goes on with the texts that it has not read yet."
_SHOWN = 20  # articles in another cluster that are printed


class Command(CheckedCommand):
    """Brings everybody's runs into one catalogue; places all its articles anew."""

    usage = "[options] sync | recluster [--dry-run] [--engine dask [--scheduler tcp://host:8786]]"
    short = "Bring what other machines wrote into this catalogue; find the copies among all articles anew"
    long = (
        "sync: what other machines wrote to the archive comes into this catalogue. recluster: all articles are placed "
        "anew in the order in which they came, by the rules and the texts of today, and those that belong to another "
        "cluster go there; what a person ruled stands. Try first: scrapy catalogue recluster --dry-run."
    )
    interrupted = "Interrupted; batches that were brought in stay, and the same command goes on with the next."

    def options(self, add: Add) -> None:
        add("--json", action="store_true", help="print what was done as JSON; of recluster a line for every article in another "
            "cluster, and one at the end")  # fmt: skip
        add("--dry-run", action="store_true", help="recluster: say what would change, keep nothing")
        bulk.add_options(add)

    def work(self, args: list[str], opts: argparse.Namespace) -> None:
        if args not in (["sync"], ["recluster"]):
            raise UsageError("Write: scrapy catalogue sync, or: scrapy catalogue recluster")
        if fault := _misuse(args[0], opts):
            raise ArgumentError(fault)
        archive_to_read(self.settings)  # one that is not there is said first, and no lock is left in its place
        path = catalogue_path(self.settings)
        try:
            self.exitcode = self._sync(path, opts) if args == ["sync"] else self._recluster(path, opts)
        except (sqlite3.Error, OSError) as error:
            self.fail(5, f"The catalogue {path} cannot be written ({error}); it is as it was.")
        except KeyboardInterrupt:
            self.fail(130, self.interrupted if args == ["sync"] else _INTERRUPTED)

    def _sync(self, path: Path, opts: argparse.Namespace) -> int:
        with claim_catalogue(locks_folder(path)):
            return _told(synced(archive_of(self.settings), path), path, opts.json)

    def _recluster(self, path: Path, opts: argparse.Namespace) -> int:
        spread: Spread[Task, list[Made]]
        with bulk.engine(opts, self.settings, work) as spread, placed_anew(self.settings, path, spread) as placed:
            kept = not opts.dry_run and keep(self.settings, placed)
            return _told_of(placed, kept, opts.json)


def _misuse(verb: str, opts: argparse.Namespace) -> str | None:
    if verb == "sync" and (opts.dry_run or opts.scheduler or opts.workers or opts.engine != "local"):
        return "--dry-run, --engine, --scheduler and --workers are for recluster."
    return bulk.misuse(opts)


def synced(archive: Archive, path: Path) -> Synced:
    """Archive and path of a catalogue -> what was brought into it."""
    if path.exists():
        with contextlib.closing(open_catalogue(path)) as live:
            recover_all(live, archive)
    means = Means(plain=index, comparing=index_and_compare, look=fingerprint, count=cores())
    return sync(archive, path, means, lambda: dt.datetime.now(dt.UTC))


def _told(done: Synced, path: Path, as_json: bool) -> int:
    made = done.made
    if as_json:
        write_json({**asdict(done), "catalogue": str(path)})
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


def _told_of(placed: Placed, kept: bool, as_json: bool) -> int:
    found, unread = placed.compared, placed.file.unread()
    for number, each in enumerate(moved for moved in placed.file.moved() if moved.before != moved.after):
        if as_json:
            write_json_line({name: getattr(each, name) for name in ("article", "url", "before", "after")})
        elif number < _SHOWN:
            write(f"{each.url}: cluster {each.before[:10]} -> {each.after[:10]}")
    if as_json:
        write_json_line({**asdict(found), "unread": len(unread), "kept": kept})
    else:
        if found.changed > _SHOWN:
            write(f"and {found.changed - _SHOWN} more: --json names all.")
        rows = [
            (found.articles, "articles placed anew"),
            (found.clusters_before, "clusters before"),
            (found.clusters, "clusters now"),
        ]
        write(table([*rows, (found.changed, "articles in another cluster")]))
    if unread:
        complain(
            f"{len(unread)} clean copies are gone or damaged, among them {unread[0]}; run `scrapy verify`. Their articles stay."
        )
    return 1 if unread else 0
