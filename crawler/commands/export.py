"""scrapy export FORMAT: what the archive holds, as one file that other tools read; articles also as a stream on standard output.

Exit status: 0 written; 2 wrong use; 5 archive, catalogue or file cannot be used.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import hashlib
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import sqlite_utils
from scrapy.exceptions import UsageError
from scrapy.settings import BaseSettings

from crawler.arguments import ArgumentError, path
from crawler.command import Add, CheckedCommand
from crawler.console import clean, complain, many, write, write_bytes
from crawler.opening import archive_to_read
from crawler.readers import add_filters, catalogue_to_read, selection_of
from pipelines.dedupe import canonical
from pipelines.rights import USES, reserved, under_terms
from storage.archive import ArchiveError
from storage.archive.clean import read_clean_copy
from storage.archive.folders import whole
from storage.catalogue.stories import current_pages
from storage.software import SOFTWARE
from storage.views.export import NotInstalled
from storage.views.formats import FORMATS, Format, NoPackage, Written, described, read_package
from storage.views.selection import Row, Selection, select
from storage.views.wacz import Packed, PageEntry, write_wacz

_CHOICES = (*FORMATS, "wacz")
_OF_ARTICLES = ("language", "provider", "until", "kind", "all", "query", "permits", "no_terms")


class Command(CheckedCommand):
    """Writes a file beside the archive; the archive stays as it is."""

    usage = f"{{{','.join(_CHOICES)}}} [options]"
    short = "Write articles as JSON lines, CSV, Parquet, Markdown, EPUB, Atom; or captures as one WACZ file"
    long = (
        "Articles go to standard output, or with --out to a file that is whole or not there, described in a "
        "datapackage.json beside it. Example: scrapy export csv --since 2026-01-31 --out january.csv"
    )

    def options(self, add: Add) -> None:
        add_filters(add)
        add("--query", metavar="WORDS", help="only articles that have all the words")
        add("--permits", choices=USES, help="only what its publisher does not reserve for this use")
        add("--no-terms", action="store_true", help="only what its publisher names no conditions for (RSL license, TDM policy)")
        add("--out", "--to", dest="to", type=path, metavar="FILE", help="the file to write (wacz: default <outlet>-<day>.wacz)")

    def work(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1 or args[0] not in _CHOICES:
            raise UsageError(f"Name a format ({', '.join(_CHOICES)}), as in: scrapy export {_CHOICES[0]}")
        if args[0] in FORMATS:
            self.exitcode = export(self.settings, args[0], opts, opts.to)
            return
        if chosen := [name for name in _OF_ARTICLES if getattr(opts, name)]:
            option = chosen[0].replace("_", "-")
            raise UsageError(f"--{option} chooses articles; a WACZ file holds captures as they came, by --outlet and --since")
        now = dt.datetime.now(dt.UTC)
        to: Path = opts.to or Path(f"{opts.outlet or 'archive'}-{now:%Y%m%d}.wacz")
        if to.exists():
            raise ArgumentError(f"{to} exists and is not overwritten; name another with --to.")
        try:
            packed = self._write(to, opts, now)
        except OSError as error:
            self.fail(5, f"{to} cannot be written: {error.strerror or error}")
        else:
            write(f"{to}: {many(packed.captures, 'answer')}, {many(packed.pages, 'article')}, {many(packed.bytes, 'byte')}")

    def _write(self, to: Path, opts: argparse.Namespace, now: dt.datetime) -> Packed:
        """Under another name first: a file of the name that was asked for is whole."""
        with catalogue_to_read(self.settings, opts.outlet) as database, whole(to) as part:
            pages = _pages(database, opts.outlet, opts.since)
            title = f"News of {opts.outlet}" if opts.outlet else "News archive"
            asked = {"outlet": opts.outlet, "since": opts.since}
            return write_wacz(
                archive_to_read(self.settings), part, pages, title=title, software=SOFTWARE, created=now, **asked
            )


def _pages(database: sqlite_utils.Database, outlet: str | None, since: dt.date | None) -> Iterator[PageEntry]:
    for article, url, fetched_at, headline in current_pages(database, outlet=outlet, since=since):
        yield PageEntry(article=article, url=url, fetched_at=dt.datetime.fromisoformat(fetched_at), title=headline)


_PACKAGE = "datapackage.json"


def export(settings: BaseSettings, name: str, opts: argparse.Namespace, out: Path | None) -> int:
    """Settings, name of a format, what is wanted, a file or None -> exit status: 0, 2 wrong use, 5 cannot be done."""
    wanted = selection_of(opts, words=opts.query, newest=FORMATS[name].newest)
    if out is not None and out.name == _PACKAGE:
        raise UsageError(f"{_PACKAGE} is the description that is written beside an export; give the file another name")
    if out is None and FORMATS[name].binary and sys.stdout.isatty():
        complain(f"{name} is nothing for a terminal; name a file: --out articles{FORMATS[name].suffix}")
        return 2
    try:
        with (
            catalogue_to_read(settings, wanted.outlet) as database,
            contextlib.closing(select(database.conn, wanted, canonical)) as found,
        ):
            rows: Iterable[Row] = found
            if opts.permits or opts.no_terms:
                rows = permitted(settings, rows, opts.permits, terms=not opts.no_terms)
            if out is None:
                _stream(FORMATS[name].pieces(rows, dt.datetime.now(dt.UTC)))
            else:
                _write(rows, wanted, FORMATS[name], out, {"permits": opts.permits, "no_terms": opts.no_terms})
    except NoPackage as error:
        complain(f"{out.parent / _PACKAGE if out else _PACKAGE} is no data package: {error}. Write into another folder.")
        return 2
    except NotInstalled as error:
        complain(str(error))
        return 5
    except OSError as error:
        if out is None:
            raise
        complain(f"{out} cannot be written: {error.strerror or error}")
        return 5
    return 0


def _stream(pieces: Iterator[str] | Iterator[bytes]) -> None:
    terminal = sys.stdout.isatty()
    for piece in pieces:
        if terminal and isinstance(piece, str):
            piece = clean(piece.replace("\r\n", "\n"))
        if not write_bytes(_bytes(piece)):
            return


def _bytes(piece: str | bytes) -> bytes:
    return piece if isinstance(piece, bytes) else piece.encode("utf-8", "replace")


def _write(rows: Iterable[Row], wanted: Selection, format: Format, out: Path, rights: Mapping[str, object]) -> None:
    """File and description under their names, each whole or not at all; the description last."""
    package = out.parent / _PACKAGE
    before = package.read_text(encoding="utf-8", errors="replace") if package.exists() else None
    if before is not None:
        read_package(before)
    now = dt.datetime.now(dt.UTC)
    articles = 0

    def counted() -> Iterator[Row]:
        nonlocal articles
        for row in rows:
            articles += 1
            yield row

    digest, size = hashlib.sha256(), 0
    with whole(out) as part, part.open("wb") as stream:
        for piece in format.pieces(counted(), now):
            data = _bytes(piece)
            digest.update(data)
            size += stream.write(data)
    written = Written(name=out.name, format=format, articles=articles, bytes=size, sha256=digest.hexdigest())
    chosen = {name: getattr(wanted, name) for name in ("outlet", "language", "provider")}
    days = {name: day.isoformat() for name in ("since", "until") if (day := getattr(wanted, name))}
    asked = {"query": wanted.words, **chosen, **days, "kind": wanted.kind, "all": wanted.every, **rights}
    with whole(package) as part:
        part.write_text(described(written, asked, now, before), encoding="utf-8")
    write(f"{out}: {many(articles, 'article')}, {many(size, 'byte')}; described in {package}")


def permitted(settings: BaseSettings, rows: Iterable[Row], use: str | None, *, terms: bool = True) -> Iterator[Row]:
    """Settings, articles, one of `pipelines.rights.USES` or None -> the articles without those that are reserved for it, and
    without `terms` also without those for which conditions are named. One whose copy cannot be read is left out too. Lines at
    the end say how many those were, and how many go out under terms. ArchiveError."""
    archive = archive_to_read(settings)
    unread = under = 0
    for row in rows:
        try:
            said = read_clean_copy(archive.read(row.clean_key)).article.page.capture.rights
        except (ArchiveError, ValueError):
            unread += 1
            continue
        if use in reserved(said) or (under_terms(said) and not terms):
            continue
        under += under_terms(said)
        yield row
    if unread:
        complain(f"Left out: {many(unread, 'article')} whose clean copy cannot be read, so what is reserved is not known.")
    if under:
        complain(
            f"Under terms of a publisher (RSL license, TDM policy): {many(under, 'article')}; --no-terms leaves such out."
        )
