"""Catalogue and clean copies -> how each outlet fares: runs, new stories against its own history, what its pages lack.

Days are spans of 24 hours before `now`, so that a morning is compared with mornings. Nothing is judged here; the limits
stand in crawler/health.py.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from storage.archive.clean import read_clean_copy
from storage.archive.store import ArchiveError
from storage.catalogue.runs import BLOCKS, BY_HAND, WELL
from storage.views.figures import ENOUGH_TEXT

HISTORY = 28
"""Days before today that make an outlet's history."""
RECENT = 7
"""Days whose shares are shown, and compared with the days of the history before them."""
LOOKED_AT = 30
"""Clean copies of an outlet, the newest, that are opened for the sources of their fields."""
FIELDS = ("date", "author", "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Of some days: how many captures, the shares of them that failed or were blocked; how many stories (new and
    changed), and the share of them with each of FIELDS. None where there is nothing to divide by."""

    captures: int = 0
    failed: float | None = None
    blocked: float | None = None
    stories: int = 0
    having: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """A run: when it began, when and why it ended (None: it is going, or was killed), and how many ended badly up to it."""

    started_at: str
    ended_at: str | None
    reason: str | None
    bad_in_a_row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutletStatus:
    """How an outlet fares. `today`: new stories of the last 24 hours; `usual`: the median of the days of its history
    (the lower one of all and of the same weekday), None below a week of it; `oldest_lead_hours`: since the oldest lead
    that may be fetched was announced; `missed`: runs of the last RECENT days in which a source had moved past what was seen;
    `sources`: field -> where its value came from -> how many of the newest copies."""

    outlet: str
    last: LastRun | None = None
    today: int = 0
    usual: float | None = None
    recent: Shares = field(default_factory=Shares)
    before: Shares = field(default_factory=Shares)
    leads_waiting: int = 0
    oldest_lead_hours: float | None = None
    missed: int = 0
    sources: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def outlet_status(
    connection: sqlite3.Connection, outlet: str, now: dt.datetime, read: Callable[[str], bytes] | None = None
) -> OutletStatus:
    """An outlet at a time -> its status. `read` gives a clean copy by its key; without it, `sources` stay empty."""
    days = _new_stories(connection, outlet, now)
    waiting, oldest = _leads(connection, outlet, now)
    since = now - dt.timedelta(days=RECENT)
    return OutletStatus(
        outlet=outlet,
        last=_last_run(connection, outlet),
        today=days[0] if days else 0,
        usual=usual_stories(days[1:]),
        recent=_shares(connection, outlet, since, now),
        before=_shares(connection, outlet, now - dt.timedelta(days=HISTORY), since),
        leads_waiting=waiting,
        oldest_lead_hours=oldest,
        missed=_missed(connection, outlet, since),
        sources=_sources(connection, outlet, read) if read else {},
    )


def usual_stories(days: Sequence[int]) -> float | None:
    """New stories of the days before today, yesterday first -> how many are usual for a day like this."""
    if len(days) < 7:
        return None
    return float(min(statistics.median(days), statistics.median(days[6::7])))


def _new_stories(connection: sqlite3.Connection, outlet: str, now: dt.datetime) -> list[int]:
    """New stories a day, today first, as far back as the outlet is known."""
    rows = connection.execute(
        "select fetched_at from captures where outlet = ? and outcome in ('kept', 'duplicate') and fetched_at >= ?",
        (outlet, _iso(now - dt.timedelta(days=HISTORY + 1))),
    )
    counts = Counter((now - dt.datetime.fromisoformat(row[0])).days for row in rows)
    (first,) = connection.execute("select min(started_at) from runs where outlet = ?", (outlet,)).fetchone()
    if first is None:
        return []
    known = min(HISTORY, max(0, (now - dt.datetime.fromisoformat(first)).days - 1))  # the first days bring the backlog
    return [counts[day] for day in range(known + 1)]


def _last_run(connection: sqlite3.Connection, outlet: str) -> LastRun | None:
    runs = connection.execute(
        f"""select started_at, ended_at, reason from runs where outlet = ? and (reason is null or reason not in {BY_HAND})
            order by run desc limit 20""",
        (outlet,),
    ).fetchall()
    if not runs:
        return None
    ended = [reason for _, _, reason in runs if reason is not None]
    bad = next((count for count, reason in enumerate(ended) if reason in WELL), len(ended))
    started, ended_at, reason = runs[0]
    return LastRun(started_at=started, ended_at=ended_at, reason=reason, bad_in_a_row=bad)


def _shares(connection: sqlite3.Connection, outlet: str, since: dt.datetime, until: dt.datetime) -> Shares:
    span = {"outlet": outlet, "since": _iso(since), "until": _iso(until), "enough": ENOUGH_TEXT}
    captures, failed, blocked = connection.execute(
        f"""select count(*), sum(outcome = 'failed'), sum(kind in {tuple(kind.value for kind in BLOCKS)})
            from captures where outlet = :outlet and fetched_at >= :since and fetched_at < :until and superseded_by is null""",
        span,
    ).fetchone()
    stories, *having = connection.execute(
        """select count(*), sum(published is not null), sum(authors <> '[]'), sum(characters >= :enough)
           from articles where outlet = :outlet and current = 1 and fetched_at >= :since and fetched_at < :until""",
        span,
    ).fetchone()
    return Shares(
        captures=captures,
        failed=(failed or 0) / captures if captures else None,
        blocked=(blocked or 0) / captures if captures else None,
        stories=stories,
        having={name: count / stories for name, count in zip(FIELDS, having, strict=True)} if stories else {},
    )


def _leads(connection: sqlite3.Connection, outlet: str, now: dt.datetime) -> tuple[int, float | None]:
    """How many leads wait, and hours since the oldest that may be fetched now was announced. One that failed and
    waits for its next try is nothing that was left lying."""
    waiting, oldest = connection.execute(
        """select count(*), min(case when not_before <= ? and attempts = 0 then announced_at end) from leads
           where outlet = ? and state in ('announced', 'leased')""",
        (_iso(now), outlet),
    ).fetchone()
    return waiting, (now - dt.datetime.fromisoformat(oldest)).total_seconds() / 3600 if oldest else None


def _missed(connection: sqlite3.Connection, outlet: str, since: dt.datetime) -> int:
    receipts = connection.execute(
        "select receipt from runs where outlet = ? and started_at >= ? and receipt is not null", (outlet, _iso(since))
    )
    return sum(bool(json.loads(receipt).get("missed")) for (receipt,) in receipts)


def _sources(connection: sqlite3.Connection, outlet: str, read: Callable[[str], bytes]) -> dict[str, dict[str, int]]:
    """Where date and author of the newest clean copies came from; "none" where a copy has no such field."""
    keys = connection.execute(
        """select a.clean_key from articles a join captures c on c.id = a.capture where a.outlet = ? and a.current = 1
             and c.outcome in ('kept', 'revision') and c.settled = 1 order by a.id desc limit ?""",
        (outlet, LOOKED_AT),
    ).fetchall()
    counts: dict[str, Counter[str]] = {name: Counter() for name in ("date", "author")}
    for (key,) in keys:
        try:
            article = read_clean_copy(read(key)).article
        except (ArchiveError, ValueError):
            for count in counts.values():
                count["cannot be read"] += 1
            continue
        counts["date"][(article.published.source or "unknown") if article.published else "none"] += 1
        counts["author"][article.sources.get("authors", "unknown") if article.authors else "none"] += 1
    return {name: dict(count.most_common()) for name, count in counts.items() if count}


def outlets_of(connection: sqlite3.Connection) -> list[str]:
    """Every outlet that has run."""
    return [row[0] for row in connection.execute("select distinct outlet from runs order by 1")]


def _iso(time: dt.datetime) -> str:
    return time.astimezone(dt.UTC).isoformat()
