"""The status of an outlet -> the rules that it breaks. A rule is three things: a name, what is measured, and the limit
with what to do beyond it. A measure of None says that there is too little to judge."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from storage.views.status import FIELDS, OutletStatus

FEWEST = 10
"""Captures or stories below which no share is judged."""
Measure = Callable[[OutletStatus, dt.datetime], float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of health: `most` of what is measured is well, `unit` as a person reads it; `advice` what to do beyond it."""

    name: str
    measured: Measure
    most: float
    unit: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A rule that an outlet breaks."""

    outlet: str
    rule: str
    value: float
    most: float
    line: str


def _hours_since_run(status: OutletStatus, now: dt.datetime) -> float | None:
    last = status.last
    return (now - dt.datetime.fromisoformat(last.ended_at or last.started_at)).total_seconds() / 3600 if last else None


def _missing_stories(status: OutletStatus, now: dt.datetime) -> float | None:
    if status.usual is None or status.usual < 3:
        return None
    return max(0.0, 100 * (1 - status.today / status.usual))


def _of_captures(ending: str) -> Measure:
    """The share of the captures that ended so ("failed", "blocked"), in per cent."""
    return lambda status, now: 100 * getattr(status.recent, ending) if status.recent.captures >= FEWEST else None


def _lost(field: str) -> Measure:
    """How much of the share of stories with a field was lost against the outlet's own history, in per cent of it."""

    def measured(status: OutletStatus, now: dt.datetime) -> float | None:
        before, recent = status.before.having.get(field), status.recent.having.get(field)
        enough = status.recent.stories >= FEWEST and status.before.stories >= FEWEST
        if not enough or not before or recent is None or before < 0.2:
            return None
        return max(0.0, 100 * (1 - recent / before))

    return measured


RULES = (
    Rule(
        name="runs",
        measured=_hours_since_run,
        most=26,
        unit="hours since the last run",
        advice="Look at cron or the timer: scrapy schedule prints its lines.",
    ),
    Rule(
        name="endings",
        measured=lambda status, now: status.last.bad_in_a_row if status.last else None,
        most=1,
        unit="runs in a row ended badly",
        advice="Run it by hand and read its last line: scrapy crawl {outlet}",
    ),
    Rule(
        name="stories",
        measured=_missing_stories,
        most=80,
        unit="% of the usual new stories are missing",
        advice="See what its sources say: scrapy discover {outlet}",
    ),
    Rule(
        name="errors",
        measured=_of_captures("failed"),
        most=20,
        unit="% of the captures failed",
        advice="Read their errors: the notes of the receipt, or the catalogue.",
    ),
    Rule(
        name="blocks",
        measured=_of_captures("blocked"),
        most=20,
        unit="% of the captures were blocked",
        advice="See the pages: scrapy quarantine --outlet {outlet}; raise NEWS_DELAY, or ask the outlet.",
    ),
    *(
        Rule(
            name=field,
            measured=_lost(field),
            most=50,
            unit=f"% of the usual share of stories with {field} is lost",
            advice="Look at a new page: scrapy explain URL",
        )
        for field in FIELDS
    ),
    Rule(
        name="missed",
        measured=lambda status, now: float(status.missed),
        most=0,
        unit="runs of the last days found a source that had moved past what was seen",
        advice="Run the outlet more often, or add its sitemap: stories may have gone by.",
    ),
    Rule(
        name="leads",
        measured=lambda status, now: status.oldest_lead_hours,
        most=48,
        unit="hours has a lead waited",
        advice="Run the outlet more often, or lower NEWS_DELAY where it agrees.",
    ),
)


def broken(status: OutletStatus, now: dt.datetime) -> Iterator[Broken]:
    """The rules that an outlet breaks at a time."""
    for rule in RULES:
        value = rule.measured(status, now)
        if value is not None and value > rule.most:
            advice = rule.advice.format(outlet=status.outlet)
            yield Broken(
                outlet=status.outlet,
                rule=rule.name,
                value=round(value, 2),
                most=rule.most,
                line=f"{status.outlet}: {value:.0f} {rule.unit} (limit {rule.most:.0f}). {advice}",
            )
