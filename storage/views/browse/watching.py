"""Pages for who runs the archive: outlets with their charts, runs, and all that matters on one screen. A connection, the
site and what was asked -> what the page shows."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from storage.views import figures, plots
from storage.views.browse.site import Asked, Data, NotThere, Site
from storage.views.figures import Day, Fields
from storage.views.status import outlet_status

DAYS = 28
_RUNS = 50
_CARDS = 48
_RUN = ("run", "outlet", "started_at", "ended_at", "reason")
_DAY = dt.timedelta(days=1)


def outlets(connection: sqlite3.Connection, site: Site, asked: Asked) -> Data:
    """Outlets over four weeks, some dozens a page: stories a day, blocks, what their stories lack."""
    days = _days(site.clock().date())
    names = figures.outlets(connection)
    page = asked.number("page", 1, max(1, -(-len(names) // _CARDS)))
    shown = names[_CARDS * (page - 1) : _CARDS * page]
    return {
        "since": days[0].isoformat(),
        "until": days[-1].isoformat(),
        "page": page,
        "more": len(names) > _CARDS * page,
        "outlets": [_over(connection, name, days) for name in shown],
    }


def _over(connection: sqlite3.Connection, name: str, days: Sequence[dt.date]) -> Data:
    """An outlet over some days -> numbers and pictures."""
    span = (days[0], days[-1] + _DAY, name)
    found = {day.day: day for day in figures.daily(connection, *span)}
    return _charts(name, days, found, {day.day: day for day in figures.missing(connection, *span)})


def outlet(connection: sqlite3.Connection, site: Site, asked: Asked) -> Data:
    """One outlet: its charts, how it fares, its newest runs, what was refused."""
    name = asked.parts["outlet"]
    if name not in figures.outlets(connection):
        raise NotThere(f"There is no outlet {name!r}; the outlets are on their own page.")
    now = site.clock()
    days = _days(now.date())
    status = outlet_status(connection, name, now)
    return {
        **_over(connection, name, days),
        "status": asdict(status),
        "broken": list(site.broken(status, now)),
        "runs": _runs(connection, name, None, 10),
    }


def runs(connection: sqlite3.Connection, site: Site, asked: Asked) -> Data:
    """Runs, newest first, with what each brought."""
    found = _runs(connection, asked.args.get("outlet"), asked.args.get("before"), _RUNS + 1)
    return {
        "asked": dict(asked.args),
        "runs": found[:_RUNS],
        "next": found[_RUNS - 1]["run"] if len(found) > _RUNS else None,
        "choices": {"outlet": figures.outlets(connection)},
    }


def run(connection: sqlite3.Connection, site: Site, asked: Asked) -> Data:
    """One run: its receipt."""
    row = connection.execute(f"select {', '.join(_RUN)}, receipt from runs where run = ?", (asked.parts["run"],)).fetchone()
    if row is None:
        raise NotThere(f"There is no run {asked.parts['run']!r}; the runs are on their own page.")
    *told, receipt = row
    return {**dict(zip(_RUN, told, strict=True)), "receipt": json.loads(receipt) if receipt else None}


def operator(connection: sqlite3.Connection, site: Site, asked: Asked) -> Data:
    """Whether all is well: what is broken, today against usual, room on the disk, the newest runs."""
    now = site.clock()
    statuses = [outlet_status(connection, name, now) for name in figures.outlets(connection)]
    broken = {status.outlet: list(site.broken(status, now)) for status in statuses}
    disk = shutil.disk_usage(site.catalogue.parent)
    days = {str(day): 0.0 for day in _days(now.date())}
    for day in figures.daily(connection, dt.date.fromisoformat(min(days)), now.date() + _DAY):
        days[day.day] += day.kept + day.duplicate
    return {
        "time": now.isoformat(timespec="seconds"),
        "archive": site.archive,
        "catalogue_bytes": site.catalogue.stat().st_size,
        "disk_free_bytes": disk.free,
        "disk_free_share": round(disk.free / disk.total, 4),
        "broken": [line for lines in broken.values() for line in lines],
        "outlets": [
            {
                "outlet": status.outlet,
                "last": asdict(status.last) if status.last else None,
                "today": status.today,
                "usual": status.usual,
                "failed": status.recent.failed,
                "blocked": status.recent.blocked,
                "leads_waiting": status.leads_waiting,
                "oldest_lead_hours": status.oldest_lead_hours,
                "broken": len(broken[status.outlet]),
            }
            for status in sorted(statuses, key=lambda each: (-len(broken[each.outlet]), each.outlet))
        ],
        "days": days,
        "_days": plots.bars(days, "All outlets, stories a day", width=600, height=60),
        "runs": _runs(connection, None, None, 5),
    }


def _days(last: dt.date, count: int = DAYS) -> list[dt.date]:
    return [last - _DAY * back for back in range(count - 1, -1, -1)]


def _charts(name: str, days: Sequence[dt.date], found: Mapping[str, Day], lacking: Mapping[str, Fields]) -> Data:
    """An outlet's days -> their numbers and pictures."""
    captures = sum(day.captures for day in found.values())
    stories = sum(day.stories for day in lacking.values())
    by_day: list[Data] = [
        {
            "day": day,
            "stories": each.kept + each.duplicate if (each := found.get(day)) else 0,
            "captures": each.captures if each else 0,
            "blocked": each.blocked if each else 0,
            "failed": each.failed if each else 0,
            "lacking": none.date + none.author + none.text if (none := lacking.get(day)) else 0,
            "fields": 3 * none.stories if none else 0,
        }
        for day in map(str, days)
    ]
    return {
        "outlet": name,
        "stories": sum(day.kept + day.duplicate for day in found.values()),
        "captures": captures,
        "blocked": _share(sum(day.blocked for day in found.values()), captures),
        "failed": _share(sum(day.failed for day in found.values()), captures),
        "without_date": _share(sum(day.date for day in lacking.values()), stories),
        "without_author": _share(sum(day.author for day in lacking.values()), stories),
        "without_text": _share(sum(day.text for day in lacking.values()), stories),
        "days": by_day,
        "_stories": plots.bars({str(day["day"]): float(day["stories"]) for day in by_day}, f"{name}, stories a day"),
        "_blocked": plots.bars(
            {str(day["day"]): _share(day["blocked"], day["captures"]) or 0 for day in by_day},
            f"{name}, share of captures blocked",
            percent=True,
        ),
        "_lacking": plots.bars(
            {str(day["day"]): _share(day["lacking"], day["fields"]) or 0 for day in by_day},
            f"{name}, share of dates, authors and texts missing",
            percent=True,
        ),
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _runs(connection: sqlite3.Connection, outlet: str | None, before: str | None, limit: int) -> list[Data]:
    """Runs, newest first, with the outcomes of those that ended."""
    where = "outlet = :outlet and" if outlet is not None else ""
    rows = connection.execute(
        f"""select {", ".join(_RUN)}, receipt from runs
            where {where} (:before is null or run < :before) order by run desc limit :limit""",
        {"outlet": outlet, "before": before, "limit": limit},
    )
    found = []
    for *run, receipt in rows:
        told = json.loads(receipt) if receipt else {}
        brought = {"captures": told.get("captures"), "outcomes": told.get("outcomes", {}), "notes": told.get("notes", [])}
        found.append({**dict(zip(_RUN, run, strict=True)), **brought})
    return found
