"""Leads as rows: announced, leased by a run, captured, gone or refused.

A lease is settled only after the capture is durable. A run that was killed leaves its leases behind; since two runs
of one outlet never overlap (the run holds the outlet's lock), the next run takes up every lease that is not its own.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Callable, Iterable, Iterator

import sqlite_utils

from storage.catalogue.rows import digested
from storage.catalogue.schema import writing
from storage.endings import lead_of
from storage.records import Lead
from storage.urls import key

FIRST_RETRY = dt.timedelta(hours=1)
MOST_ATTEMPTS = 8


def announce(
    database: sqlite_utils.Database, leads: Iterable[Lead], now: dt.datetime, written: Callable[[Lead], None] | None = None
) -> list[Lead]:
    """Leads heard of -> those that were new; URLs that the catalogue knows stay as they are.

    `written` is called for each new one before it is committed: what it raises takes all of them back.
    """
    new = []
    with writing(database) as connection:
        for lead in leads:
            if enter(connection, lead, now):
                new.append(lead)
                if written is not None:
                    written(lead)
    return new


def enter(connection: sqlite3.Connection, lead: Lead, announced_at: dt.datetime) -> bool:
    """Enter a lead unless its URL, or another address of the same page, is known; whether it was new.

    Inside the caller's transaction.
    """
    made = connection.execute(
        "insert or ignore into leads (url, key, outlet, source, title, published, announced_at, state) "
        "values (?, ?, ?, ?, ?, ?, ?, 'announced')",
        (lead.url, page_key(lead.url), lead.outlet, lead.source, lead.title, _iso(lead.published), _iso(announced_at)),
    )
    return bool(made.rowcount)


def page_key(url: str) -> bytes:
    """URL -> what all addresses of the same page have in common (storage/urls.py), as the catalogue looks it up."""
    return digested(key(url) or url)


def put_back(connection: sqlite3.Connection, url: str) -> None:
    """The lead is to be fetched, whatever became of it before. Inside the caller's transaction."""
    connection.execute("update leads set state = 'announced', run = null where url = ?", (url,))


def lease(
    database: sqlite_utils.Database, outlet: str, run: str, now: dt.datetime, since: dt.date | None = None, *, most: int = 1
) -> list[Lead]:
    """The oldest leads of the outlet that wait, at most `most`, now leased by this run.

    With `since`, leads whose source dates them earlier are passed over; they stay announced.
    """
    with writing(database) as connection:
        rows = connection.execute(
            """select url, outlet, source, title, published from leads
               where outlet = :outlet and state in ('announced', 'leased') and not_before <= :now
                 and (state = 'announced' or run is not :run) and (:since is null or published is null or published >= :since)
               order by announced_at, published, url limit :most""",
            {"outlet": outlet, "run": run, "now": _iso(now), "since": since.isoformat() if since else None, "most": most},
        ).fetchall()
        connection.executemany("update leads set state = 'leased', run = ? where url = ?", [(run, row[0]) for row in rows])
    return [lead_of(*row) for row in rows]


def take(database: sqlite_utils.Database, lead: Lead, run: str, now: dt.datetime) -> None:
    """Lease one given URL, whatever its state: a person asked for it."""
    with writing(database) as connection:
        enter(connection, lead, now)
        connection.execute("update leads set state = 'leased', run = ? where url = ?", (run, lead.url))


def give_back(database: sqlite_utils.Database, run: str) -> int:
    """Leases that the run still holds -> announced again; how many."""
    with writing(database) as connection:
        return connection.execute(
            """update leads set state = 'announced', run = null
               where run = ? and state in ('announced', 'leased') and state = 'leased'""",  # so spelled for its index
            (run,),
        ).rowcount


def retry_time(attempts: int, now: dt.datetime) -> dt.datetime | None:
    """Attempts made so far -> when to ask again (1, 2, 4 … hours later), or None when it is enough."""
    return now + FIRST_RETRY * 2 ** (attempts - 1) if attempts < MOST_ATTEMPTS else None


def waiting(database: sqlite_utils.Database, outlet: str) -> int:
    """How many leads of the outlet have been heard of and not fetched."""
    query = "select count(*) from leads where outlet = ? and state in ('announced', 'leased')"
    return int(database.conn.execute(query, (outlet,)).fetchone()[0])


def visited(
    database: sqlite_utils.Database, outlet: str, since: dt.datetime
) -> Iterator[tuple[Lead, dt.datetime, dt.datetime]]:
    """The stories of an outlet that were first fetched since then, also those that are gone: their leads, and when they were
    first and when last fetched, whatever came."""
    rows = database.conn.execute(
        """select l.url, l.source, l.title, l.published, s.first, s.last
           from (select lead, min(fetched_at) as first, max(fetched_at) as last,
                   max(outcome in ('kept', 'duplicate', 'revision', 'unchanged')) as story
                 from captures where outlet = :outlet and fetched_at >= :since group by lead) s
             join leads l on l.url = s.lead
           where s.story and l.state in ('captured', 'gone')
             and not exists (select 1 from captures c where c.lead = s.lead and c.fetched_at < :since)""",
        {"outlet": outlet, "since": since.astimezone(dt.UTC).isoformat()},
    ).fetchall()
    for url, source, title, published, *times in rows:
        first, last = map(dt.datetime.fromisoformat, times)
        yield lead_of(url, outlet, source, title, published), first, last


def heard_before(database: sqlite_utils.Database, urls: Iterable[str], when: dt.datetime) -> bool:
    """Whether one of the URLs was announced before then, under this or another address of the same page."""
    query = "select 1 from leads where key = ? and announced_at < ?"
    return any(database.conn.execute(query, (page_key(url), _iso(when))).fetchone() for url in urls)


def _iso(time: dt.datetime | None) -> str | None:
    return time.astimezone(dt.UTC).isoformat(timespec="seconds") if time else None


def enter_refusal(connection: sqlite3.Connection, url: str) -> None:
    """The lead may not be fetched; it stays known, so that it is not announced again. Inside the caller's transaction."""
    connection.execute("update leads set state = 'refused', run = null where url = ?", (url,))
