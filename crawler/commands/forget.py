"""scrapy forget URL --reason TEXT: a takedown or a request for privacy. What was asked for is gone, the request stays.

Exit status: 0 done; 2 wrong use; 5 archive or catalogue cannot be used; 6 a run is going.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import secrets
import sqlite3
from dataclasses import asdict

from scrapy.exceptions import UsageError

from crawler.arguments import shown
from crawler.command import Add, CheckedCommand
from crawler.console import many, write, write_json
from crawler.opening import archive_of, archive_to_read, catalogue_path
from storage.archive.forget import Gone, forget
from storage.archive.keys import run_id
from storage.catalogue.forgotten import take_out
from storage.catalogue.rulings import UnknownArticle
from storage.catalogue.schema import claim_catalogue, locks_folder, open_catalogue
from storage.catalogue.stories import members
from storage.recovery import recover_all
from storage.urls import canonical


class Command(CheckedCommand):
    """Takes away; there is no way back but from a copy of the archive."""

    usage = "[options] URL --reason TEXT"
    short = "Take away everything of a URL, on request, for good"
    long = (
        "Clean copies, WARC records, indexes and the words of the ledger and the catalogue go, from disk or S3. The "
        "request with URL, time and reason stays, and the URL is not fetched again. Copies of the archive follow by "
        "scrapy archive sync. Other URLs with the same text keep it: name them as well."
    )
    interrupted = "Interrupted; not everything may be gone yet. Call it again: it goes on where it stopped."

    def options(self, add: Add) -> None:
        add("--reason", help="why; it is kept in the archive")
        add("--json", action="store_true", help="print JSON")

    def work(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1 or not (opts.reason or "").strip():
            raise UsageError("Name one URL, and the reason: scrapy forget URL --reason TEXT")
        url = canonical(args[0])
        if url is None:
            raise UsageError(f"{shown(args[0])} is no address of a page; it begins with https:// or http://")
        archive_to_read(self.settings)  # one that is not there is said first, and no lock is left in its place
        gone, others = self._forget(url, opts.reason.strip())
        if opts.json:
            write_json({**asdict(gone), "others": others})
        else:
            write(_said(gone, others))

    def _forget(self, url: str, reason: str) -> tuple[Gone, list[str]]:
        """What is gone, and other pages that tell the same."""
        path = catalogue_path(self.settings)
        now = dt.datetime.now(dt.UTC)
        with claim_catalogue(locks_folder(path)):
            archive = archive_of(self.settings)
            with contextlib.closing(open_catalogue(path)) as database:
                recover_all(database, archive)
                run = run_id(now, secrets.token_bytes(6))
                gone = forget(archive, url, reason, run=run, clock=lambda: dt.datetime.now(dt.UTC))
                others = _others(database.conn, gone.articles)
                take_out(database, urls=gone.urls, articles=gone.articles, inherited=gone.inherited)
            # A rebuild leaves the catalogue as it was before, with everything in it.
            for left in path.parent.glob(f"{path.name}.before-rebuild*"):
                left.unlink()
        return gone, others


def _others(connection: sqlite3.Connection, articles: tuple[str, ...]) -> list[str]:
    found: dict[str, None] = {}
    for article in articles:
        with contextlib.suppress(UnknownArticle):  # its address was never an article
            found |= dict.fromkeys(each.url for each in members(connection, article)[1] if each.article not in articles)
    return list(found)


def _said(gone: Gone, others: list[str]) -> str:
    if gone.records and not gone.taken:
        return f"It was forgotten before, and nothing more of it was there: {', '.join(gone.urls)}"
    copies = many(len(gone.copies), "clean copy", "clean copies")
    lines = [f"Gone: {many(gone.captures, 'capture')}, {copies}, {many(len(gone.records), 'WARC record')}."]
    lines += [f"  {url}" for url in gone.urls]
    if others:
        lines += ["Other pages tell the same story and keep it; forget them as well if need be:", *(f"  {url}" for url in others)]
    if not gone.captures and not gone.records:
        lines.append("The archive held no capture of it; it will not be fetched.")
    return "\n".join(lines)
