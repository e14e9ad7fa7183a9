"""scrapy diagnose OUTLET: on which day a field or the text of an outlet broke, and what stopped to give it.

Exit status: 0 nothing broke; 1 something did; 2 wrong use, or too little is archived; 5 the archive cannot be used.
"""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

from scrapy.exceptions import UsageError

from crawler.arguments import whole_number
from crawler.command import Add, CheckedCommand
from crawler.console import complain, many, write, write_json
from crawler.diagnose import FEWEST, FIELDS, NONE, Break, Diagnosis, Reading, apart, diagnose, is_article
from crawler.opening import archive_to_read
from crawler.readers import catalogue_to_read, profile_of
from pipelines.memory import Memory
from storage.catalogue import lessons
from storage.catalogue.quarantine import quarantined
from storage.catalogue.runs import archived

_APART = 60  # captures in quarantine that are read, the newest


class Command(CheckedCommand):
    """Reads archived pages of an outlet again, oldest first; nothing is fetched and nothing is written."""

    usage = "[options] OUTLET"
    short = "Say on which day a field or the text of an outlet broke, and what stopped to give it"
    long = (
        "Reads the archived pages of an outlet again with the present rules, a few of each day, and looks for the day from which "
        "a source no longer gave headline, date, author or text. Example: scrapy diagnose menafn --days 60"
    )

    def options(self, add: Add) -> None:
        add("--days", type=whole_number(1, 36_500), default=28, metavar="N", help="how far back (default: 28)")
        add("--pages", type=whole_number(1, 1_000_000), default=8, metavar="N", help="pages read of each day (default: 8)")
        add("--json", action="store_true", help="print JSON")

    def work(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise UsageError("Name one outlet, as in: scrapy diagnose menafn")
        found = self._diagnosed(args[0], opts)
        if not found.apart and (little := _too_little(found.readings)):
            complain(f"{args[0]}: {little} Look further back than {many(opts.days, 'day')} with --days N.")
            self.exitcode = 2
            return
        if opts.json:
            write_json(_fields(args[0], found))
        else:
            write(_text(args[0], found))
        self.exitcode = int(any(each.broke for each in found.breaks))

    def _diagnosed(self, outlet: str, opts: argparse.Namespace) -> Diagnosis:
        settings = self.settings
        since, most = dt.datetime.now(dt.UTC) - dt.timedelta(days=opts.days), settings.getint("NEWS_MEMORY")
        with catalogue_to_read(settings, outlet) as database:
            pages = archived(database.conn, outlet, since, opts.pages)
            kept = quarantined(database, outlet=outlet, since=since.date(), limit=_APART)
            memory = Memory(lessons.newest(database.conn, outlet, most), most=most) if most else None
        archive, profile = archive_to_read(settings), profile_of(outlet, settings)
        return replace(diagnose(archive, profile, pages, memory), apart=apart(archive, profile, kept))


def _too_little(readings: Sequence[Reading]) -> str:
    """Why so few pages show no break; empty where they would."""
    if len(readings) >= 2 * FEWEST and readings[0].page.fetched_at[:10] < readings[-1].page.fetched_at[:10]:
        return ""
    return f"Too little is archived: {many(len(readings), 'page')}, where {2 * FEWEST} of more than one day are needed."


def _text(outlet: str, found: Diagnosis) -> str:
    days = f" of {found.readings[0].page.fetched_at[:10]} to {found.readings[-1].page.fetched_at[:10]}" if found.readings else ""
    pages = many(len(found.readings), "archived page")
    lines = [f"{outlet}: {pages}{days}, read again with the present rules", *filter(None, [_too_little(found.readings)]), ""]
    broken = {each.field: each for each in found.breaks}
    for name in FIELDS:
        given = sum(each.sources[name] != NONE for each in found.readings)
        how = f"well: given on {given} of {many(len(found.readings), 'page')}" if given else "never given"
        lines += _told(broken[name]) if name in broken else [f"  {name:<9} {how}"]
    for name, (lost, gained) in found.rules.items():
        if lost >= FEWEST:
            lines.append(
                f"  {name}: kept of {many(lost, 'page')} on which the present rules find none: the rules changed, not the pages."
            )
        if gained >= FEWEST:
            lines.append(
                f"  {name}: the present rules find it on {many(gained, 'page')} kept without: scrapy reextract --outlet {outlet}"
            )
    lines += _quarantine(outlet, found.apart)
    if found.unreadable:
        lines.append(f"  not to be read from the archive: {many(found.unreadable, 'page')}; scrapy verify")
    return "\n".join(lines)


def _told(each: Break) -> list[str]:
    verb = "broke" if each.broke else "moved"
    now = "now nothing gives it" if each.broke else f"now {each.instead} gives it"
    lines = [
        f"  {each.field:<9} {verb} on {each.day}: {each.source} gave it on {each.before} of {many(each.pages_before, 'page')}, "
        f"since then on {each.after} of {each.pages_after}; {now}",
        f"            before  {each.last_good}",
        f"            after   {each.first_bad}" + (f"  ({each.reason})" if each.reason else ""),
    ]
    return [*lines, f"            Look at both: scrapy explain {each.first_bad}"] if each.broke else lines


def _quarantine(outlet: str, counts: Mapping[str, int]) -> list[str]:
    lines = [f"  quarantine: {number} {told}" for told, number in sorted(counts.items(), key=lambda each: (-each[1], each[0]))]
    free = sum(number for told, number in counts.items() if is_article(told))
    return [*lines, f"  {many(free, 'article')} among them by the present rules: scrapy refeed --outlet {outlet}"] if free else lines


def _fields(outlet: str, found: Diagnosis) -> dict[str, object]:
    breaks = [{**asdict(each), "broke": each.broke} for each in found.breaks]
    rules = {name: {"lost": lost, "gained": gained} for name, (lost, gained) in found.rules.items()}
    pages = {"pages": len(found.readings), "unreadable": found.unreadable}
    return {"outlet": outlet, **pages, "breaks": breaks, "rules": rules, "apart": dict(found.apart)}
