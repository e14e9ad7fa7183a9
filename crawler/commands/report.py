"""scrapy report: some days of the archive: what came in, what was refused and why, who copies whom, what broke.

Exit status: 0 told; 2 wrong use; 5 the catalogue or the file cannot be used.
"""

from __future__ import annotations

import argparse
import datetime as dt
import re
from dataclasses import asdict

from scrapy.exceptions import UsageError

from crawler.arguments import day, path, shown
from crawler.command import Add, CheckedCommand
from crawler.console import write, write_json
from crawler.health import broken
from crawler.readers import catalogue_to_read
from storage.archive.folders import whole
from storage.views import figures
from storage.views.period import Report, report
from storage.views.status import outlet_status

_DAY = dt.timedelta(days=1)


class Command(CheckedCommand):
    """Reads the catalogue; nothing is fetched."""

    usage = "[options]"
    short = "Report on a week, a month or any days: what came in, what was refused, who copies whom, what broke"
    long = (
        "The last seven days, unless told otherwise. --html writes one page that opens from a file, without network. "
        "Example: scrapy report --month 2026-01 --html january.html"
    )
    takes_words = False

    def options(self, add: Add) -> None:
        add("--since", type=day, metavar="YYYY-MM-DD", help="the first day (UTC)")
        add("--until", type=day, metavar="YYYY-MM-DD", help="the last day (default: today)")
        add("--week", metavar="YYYY-Www", help="a week by its number, as 2026-W05")
        add("--month", metavar="YYYY-MM", help="a month, as 2026-01")
        add("--html", type=path, metavar="FILE", help="write a page; what lay under that name is replaced")
        add("--json", action="store_true", help="print one JSON object")

    def work(self, args: list[str], opts: argparse.Namespace) -> None:
        if opts.html and opts.json:
            raise UsageError("--html and --json: one of them")
        now = dt.datetime.now(dt.UTC)
        since, last = _days(opts, now.date())
        try:
            with catalogue_to_read(self.settings) as database:
                statuses = [outlet_status(database.conn, name, now) for name in figures.outlets(database.conn)]
                lines = tuple(each.line for status in statuses for each in broken(status, now))
                told = report(database.conn, since, last, lines)
            self._tell(told, opts, now)
        except OSError as error:
            if not opts.html:
                raise
            self.fail(5, f"{opts.html} cannot be written: {error.strerror or error}")

    def _tell(self, told: Report, opts: argparse.Namespace, now: dt.datetime) -> None:
        # Scrapy loads the module of every command at each call of any: templates and rich are loaded where they are needed.
        if opts.html:
            from storage.views.period_page import as_html

            with whole(opts.html) as part:
                page = as_html(told, self.settings["NEWS_ARCHIVE_URI"], now)
                part.write_text(page, encoding="utf-8", errors="replace")
            write(f"{opts.html}: {told.since} to {told.last}, one page for a browser")
        elif opts.json:
            write_json(_fields(told))
        else:
            from crawler.reporting import show

            show(told)


def _days(opts: argparse.Namespace, today: dt.date) -> tuple[dt.date, dt.date]:
    """Options -> the first and the last day. UsageError."""
    if sum(bool(each) for each in (opts.since or opts.until, opts.week, opts.month)) > 1:
        raise UsageError("Name days, a week or a month: one of them")
    if opts.week:
        named = re.fullmatch(r"(\d{4})-W(\d{1,2})", opts.week)
        try:
            first = day(dt.date.fromisocalendar(int(named[1]), int(named[2]), 1).isoformat()) if named else None
        except (ValueError, argparse.ArgumentTypeError):
            first = None
        if first is None:
            raise UsageError(f"{shown(opts.week)} is no week; write it as 2026-W05")
        return first, first + 6 * _DAY
    if opts.month:
        try:
            first = day(f"{opts.month}-01")
        except argparse.ArgumentTypeError:
            raise UsageError(f"{shown(opts.month)} is no month; write it as 2026-01") from None
        return first, (first + 31 * _DAY).replace(day=1) - _DAY
    last: dt.date = opts.until or today
    first = opts.since or last - 6 * _DAY
    if first > last:
        raise UsageError(f"{first} is after {last}")
    if (last - first).days > 3660:
        raise UsageError("ten years are the most")
    return first, last


def _fields(told: Report) -> dict[str, object]:
    """A report -> what JSON can hold: pairs of outlets become lists."""
    fields = asdict(told)
    copied = [{"first": first, "later": later, "stories": count} for (first, later), count in told.copying.counts.items()]
    return {
        **fields,
        "since": told.since.isoformat(),
        "last": told.last.isoformat(),
        "copying": {"outlets": list(told.copying.outlets), "counts": copied},
    }
