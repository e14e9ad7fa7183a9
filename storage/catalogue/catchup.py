"""What other machines did of an outlet, read from the ledger into this machine's catalogue at the start of a run.

So a machine with an empty disk is a full worker: it knows the outlet's leads, what was fetched of them, and what its sources
said last. Texts are read of what is young enough to be looked at again; of older stories the digest is enough to know them.
Other outlets are left to `scrapy catalogue sync`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import sqlite_utils

from storage.archive.keys import run_of
from storage.archive.ledger import Event, segment_events
from storage.archive.opened import Archive
from storage.catalogue import leads, runs
from storage.catalogue.replay import Index, Reading, Rebuilt, Replay
from storage.catalogue.schema import writing
from storage.catalogue.texts import given, read_ahead, reader

YOUNG = dt.timedelta(days=30)
"""Age of a story's last capture below which its text is read: twice that at which stories are last looked at again."""


def catch_up(
    database: sqlite_utils.Database, archive: Archive, outlet: str, index: Index, clock: Callable[[], dt.datetime]
) -> str | None:
    """Catalogue, archive and outlet -> a line that says what was read of its runs that the catalogue did not have; None when it
    had all.

    Under the outlet's lock. A run is taken up whole, in one transaction, or not at all. ArchiveError.
    """
    known = {run for (run,) in database.conn.execute("select run from runs where outlet = ?", (outlet,))}
    found = {run_of(key): key for key in archive.store.keys(f"ledger/{outlet}/")}
    made, began = Rebuilt(), clock()
    with reader(archive) as pool:
        for run, key in sorted((run, key) for run, key in found.items() if run is not None and run not in known):
            _take_up(database, archive, key, run, Replay(database.conn, index, made), began, pool)
    if not made.runs:
        return None
    waiting, seconds = leads.waiting(database, outlet), (clock() - began).total_seconds()
    return (
        f"Read from the archive what other machines did here (runs: {made.runs}, captures: {made.captures}, "
        f"leads waiting: {waiting}), in {seconds:.1f} s."
    )


def _take_up(
    database: sqlite_utils.Database,
    archive: Archive,
    key: str,
    run: str,
    replay: Replay,
    now: dt.datetime,
    pool: ThreadPoolExecutor | None,
) -> None:
    # Read before the transaction begins: nobody waits for the archive with the catalogue in his hands.
    young, old = _by_age(segment_events(archive, key), now)
    texts = {event.seq: text() for event, text in read_ahead(archive, iter(young), pool)}
    with writing(database) as connection:
        for event in sorted((*young, *old), key=lambda event: event.seq):
            replay.apply(event, given(texts.get(event.seq, Reading())))
        runs.mark_killed(connection, run)
        connection.execute("insert or ignore into segments values (?, 0)", (run,))


def _by_age(events: Iterable[Event], now: dt.datetime) -> tuple[list[Event], list[Event]]:
    """Events -> those whose text is to be read, and the others."""
    young: list[Event] = []
    old: list[Event] = []
    for event in events:
        text = event.event == "outcome" and event.fields.get("clean_key") and event.at > now - YOUNG
        (young if text else old).append(event)
    return young, old
