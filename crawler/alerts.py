"""What is broken -> those who should know: a webhook, and a text file for Prometheus' node_exporter."""

from __future__ import annotations

import datetime as dt
import json
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlsplit

from crawler.health import RULES, Broken
from storage.archive.folders import whole
from storage.software import SOFTWARE
from storage.views.status import OutletStatus

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
