"""scrapy forget URL --reason TEXT: a takedown or a request for privacy. What was asked for is gone, the request stays.

Exit status: 0 done; 2 wrong use; 5 archive or catalogue cannot be used; 6 a run is going.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import secrets
from dataclasses import asdict

from scrapy.exceptions import UsageError

from crawler.arguments import shown
from crawler.command import CheckedCommand
from crawler.console import many, write
from crawler.opening import archive_of, archive_to_read, catalogue_path
from storage.archive.forget import Gone, forget
from storage.archive.keys import run_id
from storage.catalogue.forgotten import take_out
from storage.catalogue.schema import open_catalogue
from storage.locks import claim_catalogue, locks_folder
from storage.recovery import recover
from storage.urls import canonical


class Command(CheckedCommand):
    """Takes away; there is no way back but from a copy of the archive."""

    interrupted = "Interrupted; not everything may be gone yet. Call it again: it goes on where it stopped."

    def syntax(self) -> str:
        return "[options] URL --reason TEXT"

    def short_desc(self) -> str:
        return "Take away everything of a URL, on request, for good"

    def long_desc(self) -> str:
        return (
            "Clean copies, WARC records, indexes and the words of the ledger and the catalogue go, from disk or S3. The "
            "request with URL, time and reason stays, and the URL is not fetched again. Copies of the archive follow by "
            "scrapy archive sync. Other URLs with the same text keep it: name them as well."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--reason", help="why; it is kept in the archive")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def work(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1 or not (opts.reason or "").strip():
            raise UsageError("Name one URL, and the reason: scrapy forget URL --reason TEXT")
        url = canonical(args[0])
        if url is None:
            raise UsageError(f"{shown(args[0])} is no address of a page; it begins with https:// or http://")
        archive_to_read(self.settings)  # one that is not there is said first, and no lock is left in its place
        gone = self._forget(url, opts.reason.strip())
        write(json.dumps(asdict(gone), ensure_ascii=False) if opts.json else _said(gone))

    def _forget(self, url: str, reason: str) -> Gone:
        path = catalogue_path(self.settings)
        now = dt.datetime.now(dt.UTC)
        with claim_catalogue(locks_folder(path)):
            archive = archive_of(self.settings)
            with contextlib.closing(open_catalogue(path)) as database:
                for (outlet,) in database.conn.execute("select distinct outlet from runs order by 1").fetchall():
                    recover(database, archive, outlet)
                run = run_id(now, secrets.token_bytes(6))
                gone = forget(archive, url, reason, run=run, clock=lambda: dt.datetime.now(dt.UTC))
                take_out(database, urls=gone.urls, articles=gone.articles, inherited=gone.inherited)
            # A rebuild leaves the catalogue as it was before, with everything in it.
            for left in path.parent.glob(f"{path.name}.before-rebuild*"):
                left.unlink()
        return gone


def _said(gone: Gone) -> str:
    copies = many(len(gone.copies), "clean copy", "clean copies")
    lines = [f"Gone: {many(gone.captures, 'capture')}, {copies}, {many(len(gone.records), 'WARC record')}."]
    lines += [f"  {url}" for url in gone.urls]
    if gone.inherited:
        lines.append(f"The same text stays in {many(len(gone.inherited), 'other article')}: forget it there as well if need be.")
    if not gone.captures:
        lines.append("The archive held no capture of it; it will not be fetched.")
    return "\n".join(lines)
