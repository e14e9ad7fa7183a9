"""scrapy export in the formats of articles: a stream on standard output, or a file that is whole or not there."""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import hashlib
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from scrapy.exceptions import UsageError
from scrapy.settings import BaseSettings

from crawler.console import clean, complain, many, write, write_bytes
from crawler.opening import archive_to_read
from crawler.readers import catalogue_to_read, selection_of
from pipelines.dedupe import canonical
from pipelines.rights import reserved, under_terms
from storage.archive import ArchiveError
from storage.archive.clean import read_clean_copy
from storage.archive.folders import whole
from storage.views.export import NotInstalled
from storage.views.formats import FORMATS, Format, NoPackage, Written, described, read_package
from storage.views.selection import Row, Selection, select

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
