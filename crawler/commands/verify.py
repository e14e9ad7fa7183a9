"""scrapy verify: everything that is wrong with the archive, or with WARC files, and what mends it.

Exit status: 0 nothing is wrong (notes are not); 1 something is; 2 wrong use; 5 the archive cannot be read.
"""

from __future__ import annotations

import argparse
import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import BinaryIO

from scrapy.exceptions import UsageError

from crawler.command import Add, CheckedCommand
from crawler.console import many, write, write_json
from crawler.mend import copies_again, deep_check
from crawler.opening import archive_of, archive_to_read, catalogue_path
from crawler.readers import profile_of
from storage.archive import ArchiveError, finding
from storage.archive.finding import RESTORE, Finding, Severity, Tally
from storage.archive.keys import is_key
from storage.archive.verify import broken_copies, broken_indexes, index_again, verify
from storage.archive.verify_warc import check_file, is_sound
from storage.catalogue.schema import connect_to_read


class Command(CheckedCommand):
    """Walks the archive, or the files named, and changes nothing unless --mend is given."""

    usage = "[options] [WARC-FILE ...]"
    short = "Check every byte of the archive, or of WARC files, and say what mends what is wrong"
    long = (
        "Without a file: WARC files (gzip members, lengths, digests, revisits, indexes), clean copies against their "
        "records, the ledger against both, the catalogue against the ledger. With files: those alone, also of other "
        "writers; a name that is no file is looked for as a key of the archive."
    )

    def options(self, add: Add) -> None:
        add("--deep", action="store_true", help="also extract every clean copy again and compare the texts")
        add("--mend", action="store_true", help="make lost or damaged indexes and clean copies again")
        add("--json", action="store_true", help="print findings and tally as JSON lines")

    def work(self, args: list[str], opts: argparse.Namespace) -> None:
        if args and (opts.mend or opts.deep):
            raise UsageError("--mend and --deep are for the whole archive; leave the names of files away")
        tally = Tally()
        try:
            found = self._files(args, tally) if args else self._archive(opts, tally)
            self.exitcode = int(_told(found, opts.json))
        except (ArchiveError, OSError) as error:
            named = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) and error.filename else str(error)
            self.fail(2 if args else 5, named)
            return
        if opts.json:
            write_json(asdict(tally))
        else:
            write(
                f"{'Something is wrong' if self.exitcode else 'All is well'} in {many(tally.files, 'file')}, "
                f"{many(tally.bytes, 'byte')}: {many(tally.records, 'WARC record')} with {many(tally.captures, 'answer')}, "
                f"{many(tally.copies, 'clean copy', 'clean copies')}, {many(tally.events, 'event')} with "
                f"{many(tally.outcomes, 'capture')}."
            )

    def _files(self, names: list[str], tally: Tally) -> Iterator[Finding]:
        for name in names:
            tally.files += 1
            if Path(name).is_file() or not is_key(name):
                with Path(name).open("rb") as stream:
                    yield from _one(stream, name, tally)
                    tally.bytes += stream.seek(0, 2)
                continue
            archive = archive_to_read(self.settings)
            if name.endswith(".warc.gz"):
                with archive.open_stream(name) as stream:
                    yield from _one(stream, name, tally)
            elif not is_sound(archive.store, name):
                mend = "scrapy verify --mend" if name.startswith("clean/") else RESTORE
                yield finding.error(name, "it is damaged", mend)

    def _archive(self, opts: argparse.Namespace, tally: Tally) -> Iterator[Finding]:
        archive = archive_of(self.settings) if opts.mend else archive_to_read(self.settings)
        profile = cache(lambda outlet: profile_of(outlet, self.settings))
        deep = deep_check(archive, profile) if opts.deep else None
        if not opts.mend:
            yield from verify(archive, tally, deep)
            yield from _catalogue(catalogue_path(self.settings), tally)
            return
        found = list(verify(archive, Tally(), deep))
        for warc in sorted(broken_indexes(found)):
            index_again(archive, warc)
            write(f"mended: the index of {warc}")
        for key, fault in copies_again(archive, broken_copies(found), profile):
            write(f"mended: {key}" if fault is None else f"not mended: {key}: {fault}")
        yield from verify(archive, tally, deep)


def _told(found: Iterable[Finding], as_json: bool) -> bool:
    """Print findings as they come; whether something is wrong."""
    wrong = False
    for each in found:
        wrong = wrong or each.severity is not Severity.NOTE
        if as_json:
            write_json(asdict(each))
        else:
            write(str(each))
    return wrong


def _one(stream: BinaryIO, name: str, tally: Tally) -> Iterator[Finding]:
    """One WARC file."""
    for each in check_file(stream, name):
        if isinstance(each, Finding):
            yield each
            continue
        tally.records += 1
        tally.captures += each.record.kind in ("response", "revisit", "resource")


def _catalogue(path: Path, tally: Tally) -> Iterator[Finding]:
    """The catalogue holds as many settled captures as the ledger has outcomes."""
    if not path.exists():
        return
    try:
        with contextlib.closing(connect_to_read(path)) as connection:
            (settled,) = connection.execute("select count(*) from captures where settled = 1").fetchone()
    except sqlite3.Error as error:
        yield finding.error(str(path), f"cannot be read ({error})", "scrapy rebuild")
        return
    if settled != tally.outcomes:
        yield finding.warning(str(path), f"the catalogue holds {many(settled, 'capture')}, the ledger {tally.outcomes}", "scrapy rebuild")
