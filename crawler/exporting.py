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
from crawler.permitted import permitted
from crawler.readers import catalogue_to_read, check_outlet, selection_of
from crawler.wholeness import whole
from pipelines.dedupe import canonical
from storage.views.datapackage import NoPackage, Written, described, read_package
from storage.views.formats import FORMATS as FORMATS
from storage.views.formats import Format
from storage.views.parquet import NotInstalled
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
        with contextlib.closing(catalogue_to_read(settings)) as database:
            check_outlet(database.conn, settings, wanted.outlet)
            with contextlib.closing(select(database.conn, wanted, canonical)) as found:
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
    counted = _Counted(rows)
    digest, size = hashlib.sha256(), 0
    with whole(out) as part, part.open("wb") as stream:
        for piece in format.pieces(counted, now):
            data = _bytes(piece)
            digest.update(data)
            size += stream.write(data)
    written = Written(name=out.name, format=format, articles=counted.seen, bytes=size, sha256=digest.hexdigest())
    asked = {
        "query": wanted.words,
        "outlet": wanted.outlet,
        "language": wanted.language,
        "provider": wanted.provider,
        "since": wanted.since.isoformat() if wanted.since else None,
        "until": wanted.until.isoformat() if wanted.until else None,
        "kind": wanted.kind,
        "all": wanted.every,
        **rights,
    }
    with whole(package) as part:
        part.write_text(described(written, asked, now, before), encoding="utf-8")
    write(f"{out}: {many(counted.seen, 'article')}, {many(size, 'byte')}; described in {package}")


class _Counted:
    """Rows, and how many of them were taken."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows = rows
        self.seen = 0

    def __iter__(self) -> Iterator[Row]:
        for row in self.rows:
            self.seen += 1
            yield row
