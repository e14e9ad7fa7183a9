"""scrapy verify: everything that is wrong with the archive, or with WARC files, and what mends it. With --mend
clean copies that were lost or damaged are made again from the WARC as the ledger says that they were.

Exit status: 0 nothing is wrong (notes are not); 1 something is; 2 wrong use; 5 the archive cannot be read.
"""

from __future__ import annotations

import argparse
import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import BinaryIO

from scrapy.exceptions import UsageError

from crawler.command import Add, CheckedCommand
from crawler.console import many, write, write_json
from crawler.opening import archive_of, archive_to_read, catalogue_path
from crawler.readers import profile_of
from pipelines.chain import RELEASED
from pipelines.fingerprint import fingerprint
from pipelines.memory import taken_out, without
from pipelines.stages import EXTRACTOR, refined
from storage.archive import Archive, ArchiveError, finding
from storage.archive.clean import CleanCopy, clean_copy
from storage.archive.finding import RESTORE, Finding, Severity, Tally
from storage.archive.keys import is_key
from storage.archive.packed import in_form_of
from storage.archive.reading import read_capture
from storage.archive.verify import broken_copies, broken_indexes, endings_of, index_again, put_again, verify
from storage.archive.verify_warc import check_file, is_sound
from storage.catalogue.schema import connect_to_read
from storage.records import Article, Ending, Outlet


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


def copies_again(archive: Archive, keys: set[str], profile: Callable[[str], Outlet]) -> Iterator[tuple[str, str | None]]:
    """Archive, keys of clean copies and what gives an outlet by its name -> of each its key, and why it was not made again."""
    left = set(keys)
    for ending in endings_of(archive, keys):
        key = ending.clean_key or ""
        left.discard(key)
        yield key, _again(archive, ending, key, profile(ending.lead.outlet))
    for key in sorted(left):
        yield key, "no line of the ledger says how it was made; restore it: scrapy archive sync COPY THIS"


def deep_check(archive: Archive, profile: Callable[[str], Outlet]) -> Callable[[CleanCopy], str | None]:
    """What `verify --deep` asks of each clean copy: its digest is that of its text, and the text comes out again."""

    def check(copy: CleanCopy) -> str | None:
        if fingerprint(copy.article.text).digest != copy.digest:
            return "its content digest is not that of its text"
        capture = copy.article.page.capture
        if copy.extractor != EXTRACTOR or capture.address is None:
            return None  # an older version made it: another text is no fault
        try:
            again = read_capture(archive, capture.address, capture.lead)
            item = refined(again, profile(capture.lead.outlet), release=RELEASED in copy.article.page.evidence)
        except ArchiveError as error:
            return str(error)
        if not isinstance(item, Article) or fingerprint(without(item, taken_out(copy.article)).text).digest != copy.digest:
            return "another text comes out of its page now"
        return None

    return check


def _again(archive: Archive, ending: Ending, key: str, outlet: Outlet) -> str | None:
    """Make one again; None, or why that cannot be."""
    if ending.address is None or ending.placement is None:
        return "the ledger does not say from which record it was made"
    try:
        capture = read_capture(archive, ending.address, ending.lead)
    except ArchiveError as error:
        return str(error)
    item = refined(replace(capture, rights=ending.rights), outlet, release=RELEASED in ending.evidence)
    if not isinstance(item, Article):
        return "its page is no article by the rules of today; restore it: scrapy archive sync COPY THIS"
    item = without(item, ending.recurring)  # as the outlet's memory was then
    print_ = fingerprint(item.text)
    if print_.digest != ending.content_digest:
        return "another text comes out by the rules of today; restore it: scrapy archive sync COPY THIS"
    data = clean_copy(item, print_, ending.placement, extractor=EXTRACTOR, publisher=outlet.title or None)
    put_again(archive, key, in_form_of(key, data))
    return None
