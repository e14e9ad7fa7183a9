"""The catalogue over some days -> a report: what came in, what was refused and why, who copies whom, what broke."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, fields

from storage.catalogue.runs import WELL
from storage.views import figures
from storage.views.figures import Copying, Day, Refusal

_NOTES = 40
_DAY = dt.timedelta(days=1)
OUTCOMES = ("kept", "duplicate", "revision", "unchanged", "quarantined", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A run that ended badly, or that said something: `reason` is None for one that goes or was killed."""

    run: str
    outlet: str
    started_at: str
    reason: str | None
    notes: tuple[str, ...]
    bad: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Figures from the first day to the last, both counted (UTC). `sums`: outlet -> its captures by outcome; `stories`:
    day -> new stories of all outlets; `broken`: lines that say what is wrong now."""

    since: dt.date
    last: dt.date
    sums: Mapping[str, Day]
    stories: Mapping[str, int]
    refusals: tuple[Refusal, ...]
    errors: tuple[tuple[str, str, int], ...]
    copying: Copying
    runs: int
    ended: tuple[Ended, ...]
    broken: tuple[str, ...]

    @property
    def total(self) -> Day:
        """All outlets together."""
        return _sum("in all", list(self.sums.values()))


def report(connection: sqlite3.Connection, since: dt.date, last: dt.date, broken: tuple[str, ...] = ()) -> Report:
    """First and last day -> the report. `broken` are the rules of health that outlets break now."""
    until = last + _DAY
    days = figures.daily(connection, since, until)
    by_outlet: dict[str, list[Day]] = {}
    stories = {(since + _DAY * number).isoformat(): 0 for number in range((until - since).days)}
    for day in days:
        by_outlet.setdefault(day.outlet, []).append(day)
        stories[day.day] += day.kept + day.duplicate
    runs, ended = _runs(connection, since, until)
    return Report(
        since=since,
        last=last,
        sums={outlet: _sum(outlet, found) for outlet, found in by_outlet.items()},
        stories=stories,
        refusals=tuple(figures.refusals(connection, since, until)),
        errors=tuple(figures.errors(connection, since, until)),
        copying=figures.copying(connection, since, until),
        runs=runs,
        ended=ended,
        broken=broken,
    )


def _sum(outlet: str, days: list[Day]) -> Day:
    counted = {each.name: sum(getattr(day, each.name) for day in days) for each in fields(Day)[2:]}
    return Day(outlet=outlet, day="", **counted)


def _runs(connection: sqlite3.Connection, since: dt.date, until: dt.date) -> tuple[int, tuple[Ended, ...]]:
    rows = connection.execute(
        "select run, outlet, started_at, reason, receipt from runs where started_at >= ? and started_at < ? order by run",
        (since.isoformat(), until.isoformat()),
    )
    count, ended = 0, []
    for run, outlet, started, reason, receipt in rows:
        count += 1
        notes = tuple(json.loads(receipt).get("notes", ())) if receipt else ()
        bad = reason not in WELL
        if bad or notes:
            ended.append(Ended(run=run, outlet=outlet, started_at=started, reason=reason, notes=notes, bad=bad))
    return count, tuple(sorted(ended, key=lambda each: (not each.bad, each.run))[:_NOTES])
