"""scrapy explain URL-or-file: what the chain decides on one page, and why."""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import sqlite3
from pathlib import Path

from scrapy.exceptions import UsageError

from crawler.answers import page_fields
from crawler.arguments import ArgumentError, shown, whole_number
from crawler.command import Add, CheckedCommand
from crawler.console import weighed, write, write_json
from crawler.opening import archive_to_read, catalogue_path
from crawler.readers import catalogue_to_read, profile_of
from pipelines.chain import refine
from pipelines.fingerprint import fingerprint
from pipelines.memory import Memory
from storage.archive.keys import article_id
from storage.archive.reading import read_capture
from storage.catalogue import lessons
from storage.catalogue.captures import last_address
from storage.catalogue.schema import connect_to_read
from storage.records import Article, Capture, Lead, Outlet, Page
from storage.urls import canonical


class Command(CheckedCommand):
    """Explains a saved page, or a URL that the archive holds; nothing is fetched and nothing is written."""

    usage = "[options] URL-or-FILE"
    short = "Say what is decided on one page, and why"
    long = (
        "A file is read as a page that came with status 200 (change it with --status and --url); a URL is looked up in the "
        "archive and its newest capture explained. To fetch a page first: scrapy crawl OUTLET -a url=URL."
    )

    def options(self, add: Add) -> None:
        add("--json", action="store_true", help="print JSON")
        add("--status", type=whole_number(100, 999), default=200, help="status that a file came with (default: 200)")
        add("--url", default="", help="address that a file came from")

    def work(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise UsageError("Name one page: a file, or a URL that the archive holds")
        try:
            capture = self._capture(args[0], opts)
        except OSError as error:
            told = f"{shown(args[0])} cannot be read: {error.strerror}. Name a file, or a URL that the archive holds."
            raise ArgumentError(told) from error
        if capture is None and canonical(args[0]) is None:
            raise ArgumentError(f"{shown(args[0])} is no address of a page.")
        if capture is None:
            raise ArgumentError(f"The archive has no capture of {args[0]}. Fetch it: scrapy crawl OUTLET -a url={args[0]}")
        refined = refine(capture, *self._known(capture.lead.outlet))
        text = refined.text if isinstance(refined, Article) else ""
        digest = fingerprint(text).digest if text else None
        copies = self._copies(digest, refined.canonical) if digest and isinstance(refined, Article) else []
        if opts.json:
            write_json({**page_fields(refined), "content_digest": digest, "copies": copies})
        else:
            write(explanation(refined, digest, copies))

    def _capture(self, name: str, opts: argparse.Namespace) -> Capture | None:
        if not name.lower().startswith(("http://", "https://")):
            body = Path(name).read_bytes()
            now = dt.datetime.now(dt.UTC)
            lead = Lead(url=opts.url, outlet="", source="by hand")
            return Capture(lead=lead, url=opts.url, status=opts.status, headers=(), body=body, fetched_at=now)
        with catalogue_to_read(self.settings) as database:
            found = last_address(database, canonical(name) or name)
        return read_capture(archive_to_read(self.settings), *found) if found else None

    def _known(self, outlet: str) -> tuple[Outlet, Memory | None]:
        """Name of an outlet, empty for a file -> its profile, and what its stories taught."""
        path, most = catalogue_path(self.settings), self.settings.getint("NEWS_MEMORY")
        if not outlet or not most or not path.exists():
            return Outlet(name=outlet), None
        with catalogue_to_read(self.settings) as database:
            memory = Memory(lessons.newest(database.conn, outlet, most), most=most)
        return profile_of(outlet, self.settings), memory

    def _copies(self, digest: str, url: str) -> list[str]:
        """Digest of the text of a page -> the other pages that have it."""
        path = catalogue_path(self.settings)
        if not path.exists():
            return []
        try:
            with contextlib.closing(connect_to_read(path)) as connection:
                query = "select distinct url from articles where content_digest = ? and article <> ?"
                return [row[0] for row in connection.execute(query, (digest, article_id(url)))]
        except sqlite3.Error:
            return []  # a catalogue of another version: the page is explained all the same


def explanation(refined: Page | Article, digest: str | None, copies: list[str]) -> str:
    """What `refine` returned -> text for a person."""
    page = refined.page if isinstance(refined, Article) else refined
    lines = [f"kind       {page.kind}" + (f"  ({', '.join(page.flags)})" if page.flags else "")]
    lines += weighed(page.evidence)
    if not isinstance(refined, Article):
        return "\n".join([*lines, "", "shown text", *(f"  {line}" for line in page.text.splitlines()[:40])])
    lines.append(f"headline   {refined.headline}")
    for name in ("published", "modified"):
        stamp = getattr(refined, name)
        if stamp:
            lines.append(f"{name:<10} {stamp.value} ({stamp.source})")
    for name, value in (
        ("authors", ", ".join(refined.authors)),
        ("provider", refined.provider),
        ("language", refined.language),
        ("canonical", refined.canonical),
        ("digest", digest),
    ):
        if value:
            lines.append(f"{name:<10} {value}")
    lines += [f"same text  {url}" for url in copies]
    lines += ["", f"text ({len(refined.blocks)} blocks)"]
    lines += [f"  [{block.kind}] {block.text}" for block in refined.blocks]
    lines += ["", f"removed ({len(refined.removed)})"]
    lines += [f"  {removed.rule}: “{removed.words[:160]}”" for removed in refined.removed]
    return "\n".join(lines)
