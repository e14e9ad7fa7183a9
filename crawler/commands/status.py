"""scrapy status: how every outlet fares, and which rules of health are broken; and those told who should know,
by a webhook and by a text file for Prometheus' node_exporter.

Exit status: 0 all is well; 1 a rule is broken; 2 an outlet that is not known; 5 archive, catalogue or metrics file cannot
be used.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlsplit

from scrapy.spiderloader import get_spider_loader

from crawler.arguments import ArgumentError, no_outlet
from crawler.command import Add, CheckedCommand
from crawler.console import complain, table, write, write_json
from crawler.health import RULES, Broken, broken
from crawler.opening import archive_to_read
from crawler.readers import catalogue_to_read
from storage.archive import ArchiveError
from storage.archive.folders import whole
from storage.software import SOFTWARE
from storage.views.status import OutletStatus, outlet_status, outlets_of

LEGEND = (
    "\ntoday: new stories of the last 24 hours; usual: on such a day of the weeks before. Of the last seven days: failed and\n"
    "blocked, shares of what was fetched; date, author, text: shares of the stories that have them. waiting: pages to fetch."
)


class Command(CheckedCommand):
    """Reads the catalogue; nothing is fetched."""

    usage = "[options] [OUTLET ...]"
    short = "Show how every outlet fares; exit status 1 when something is broken"
    long = (
        "Last run, new stories against the outlet's own history, shares of errors and blocks, what the stories lack. From "
        "cron, where only what is broken is worth a mail: scrapy status --quiet"
    )

    def options(self, add: Add) -> None:
        add("--json", action="store_true", help="print one JSON object")
        add("--quiet", action="store_true", help="print only what is broken, on standard error")

    def work(self, args: list[str], opts: argparse.Namespace) -> None:
        now = dt.datetime.now(dt.UTC)
        ours = set(get_spider_loader(self.settings).list())
        statuses = self._statuses(args, ours, now)
        # An outlet whose spider is gone is shown, and owes nobody a run.
        found = [each for status in statuses if status.outlet in ours or args for each in broken(status, now)]
        if opts.json:
            fields = {"time": now.isoformat(timespec="seconds"), "broken": [asdict(each) for each in found]}
            write_json({**fields, "outlets": [asdict(status) for status in statuses]})
        elif not opts.quiet:
            write(_shown(statuses))
        for each in found:
            complain(each.line)
        self.exitcode = 1 if found else 0
        self._tell(statuses, found)

    def _statuses(self, names: Sequence[str], ours: set[str], now: dt.datetime) -> list[OutletStatus]:
        with catalogue_to_read(self.settings) as database:
            known = sorted({*outlets_of(database.conn), *ours})
            for name in names:
                if name not in known:
                    raise ArgumentError(no_outlet(name, known))
            read = self._reader()
            return [outlet_status(database.conn, name, now, read) for name in names or known]

    def _reader(self) -> Callable[[str], bytes] | None:
        """Clean copies by key; None when the archive cannot be read, which is for `scrapy doctor` to say."""
        try:
            return archive_to_read(self.settings).read
        except ArchiveError as error:
            complain(f"Sources of fields are not shown: {error}")
            return None

    def _tell(self, statuses: Sequence[OutletStatus], found: Sequence[Broken]) -> None:
        settings = self.settings
        if settings["NEWS_PROMETHEUS_FILE"]:
            try:
                write_metrics(Path(settings["NEWS_PROMETHEUS_FILE"]), statuses, found)
            except OSError as error:
                self.fail(5, f"{settings['NEWS_PROMETHEUS_FILE']} cannot be written ({error.strerror}); NEWS_PROMETHEUS_FILE names it.")
        if settings["NEWS_ALERT_WEBHOOK"] and found:
            try:
                post(settings["NEWS_ALERT_WEBHOOK"], found, settings["NEWS_ARCHIVE_URI"])
            except AlertFailed as error:
                complain(str(error))


def _shown(statuses: Sequence[OutletStatus]) -> str:
    """Statuses -> a table, and where date and author came from."""
    head = ("outlet", "last run", "ended", "today", "usual", "failed", "blocked", "date", "author", "text", "waiting", "oldest")
    rows = [head, *map(_row, statuses)]
    lines = [table(rows, indent="")]
    for status in statuses:
        for field, sources in status.sources.items():
            told = ", ".join(f"{source} {count}" for source, count in sources.items())
            lines.append(f"  {status.outlet}: {field} of the newest stories from {told}")
    lines.append(LEGEND)
    return "\n".join(lines)


def _row(status: OutletStatus) -> tuple[object, ...]:
    last, recent = status.last, status.recent
    return (
        status.outlet,
        last.started_at[:16].replace("T", " ") if last else "never",
        (last.reason or "going, or killed") if last else "",
        status.today,
        "" if status.usual is None else f"{status.usual:g}",
        _percent(recent.failed),
        _percent(recent.blocked),
        *(_percent(recent.having.get(field)) for field in ("date", "author", "text")),
        status.leads_waiting,
        "" if status.oldest_lead_hours is None else f"{status.oldest_lead_hours:.0f} h",
    )


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"


SECONDS = 10
"""How long the receiver of an alert may take."""


class AlertFailed(Exception):
    """An alert did not arrive; the message says why, without the secret that a webhook's address is."""


def post(url: str, found: Sequence[Broken], archive: str) -> None:
    """Post what is broken as JSON: {"text": a line each, "archive": URI, "broken": [rule by rule]}. AlertFailed.

    `text` is what the incoming webhooks of chat programs show.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise AlertFailed("NEWS_ALERT_WEBHOOK is no address that begins with https:// or http://.")
    told = {"text": "\n".join(each.line for each in found), "archive": archive, "broken": [asdict(each) for each in found]}
    request = urllib.request.Request(
        url, data=json.dumps(told).encode(), headers={"Content-Type": "application/json", "User-Agent": SOFTWARE}
    )
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            answer.read(1)
    except urllib.error.HTTPError as error:
        error.close()
        raise AlertFailed(f"The webhook at {parts.hostname} answers {error.code}; look at NEWS_ALERT_WEBHOOK.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        raise AlertFailed(f"The webhook at {parts.hostname} cannot be reached ({reason}).") from None


def write_metrics(path: Path, statuses: Iterable[OutletStatus], found: Sequence[Broken]) -> None:
    """Write the text file that node_exporter's textfile collector reads, whole or not at all. OSError."""
    with whole(path) as part:
        part.write_text("".join(metrics(list(statuses), found)), encoding="utf-8")


def metrics(statuses: Sequence[OutletStatus], found: Sequence[Broken]) -> Iterator[str]:
    """Statuses and what is broken -> lines in Prometheus' text format (version 0.0.4)."""
    broken = {(each.outlet, each.rule) for each in found}
    for name, help_text in _HELP.items():
        yield f"# HELP cleancopy_{name} {help_text}\n# TYPE cleancopy_{name} gauge\n"
        for status in statuses:
            for labels, value in _values(name, status, broken):
                shown = "".join(f',{key}="{_label(text)}"' for key, text in labels.items())
                yield f'cleancopy_{name}{{outlet="{_label(status.outlet)}"{shown}}} {float(value):.10g}\n'


_HELP = {
    "last_run_timestamp_seconds": "When the last run ended, or began when it has not ended (Unix time).",
    "bad_runs_in_a_row": "Runs that ended badly, up to the last one.",
    "new_stories": "New stories of the last 24 hours.",
    "new_stories_usual": "New stories that are usual for such a day.",
    "captures_share": "Share of the captures of 7 days that failed or were blocked.",
    "stories_with_share": "Share of the stories of 7 days that have the field.",
    "leads_waiting": "Leads that have not been fetched.",
    "oldest_lead_seconds": "Seconds since the oldest unfetched lead was announced.",
    "rule_broken": "1 when the outlet breaks the rule of health.",
}


def _values(name: str, status: OutletStatus, broken: set[tuple[str, str]]) -> Iterator[tuple[dict[str, str], float]]:
    last = status.last
    single: dict[str, float | None] = {
        "last_run_timestamp_seconds": dt.datetime.fromisoformat(last.ended_at or last.started_at).timestamp() if last else None,
        "bad_runs_in_a_row": last.bad_in_a_row if last else None,
        "new_stories": status.today,
        "new_stories_usual": status.usual,
        "leads_waiting": status.leads_waiting,
        "oldest_lead_seconds": None if status.oldest_lead_hours is None else 3600 * status.oldest_lead_hours,
    }
    value = single.get(name)
    if value is not None:
        yield {}, value
    elif name == "captures_share":
        for ending, share in (("failed", status.recent.failed), ("blocked", status.recent.blocked)):
            if share is not None:
                yield {"ending": ending}, share
    elif name == "stories_with_share":
        for field, share in status.recent.having.items():
            yield {"field": field}, share
    elif name == "rule_broken":
        for rule in RULES:
            yield {"rule": rule.name}, (status.outlet, rule.name) in broken


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
