"""What a killed run left open is brought to an end: the catalogue says again what the ledger says.

The ledger is ahead of the catalogue by at most what its last moments wrote; the catalogue is ahead of the ledger by
captures that never became durable. Both are set right here, under the outlet's lock.

And what other machines did of an outlet is read from the ledger into this machine's catalogue at the start of a run. So a machine
with an empty disk is a full worker: it knows the outlet's leads, what was fetched of them, and what its sources said last. Texts
are read of what is young enough to be looked at again; of older stories the digest is enough to know them. Other outlets are left
to `scrapy catalogue sync`.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import sqlite_utils

from storage.archive.keys import ledger_key, receipt_key, run_of
from storage.archive.ledger import Event, segment_events
from storage.archive.opened import Archive
from storage.archive.store import Missing
from storage.catalogue import captures, leads, runs
from storage.catalogue.placements import forget
from storage.catalogue.replay import Index, Reading, Rebuilt, Replay
from storage.catalogue.rulings import recluster, rule
from storage.catalogue.schema import writing
from storage.catalogue.texts import given, in_parts, read_ahead, reader
from storage.endings import read_ending, read_lead

_AT_ONCE = 500


@dataclass
class _Left:
    """What one dead run left: `open` its unsettled captures, `lacking` durable ones that the catalogue does not have."""

    run: str
    open: set[int]
    settled: int = 0
    lacking: int = 0
    taken: set[str] = field(default_factory=set)
    receipt: dict[str, object] | None = None


def recover(database: sqlite_utils.Database, archive: Archive, outlet: str) -> list[str]:
    """Settle what killed runs of the outlet had made durable, take back the rest; lines for the receipt."""
    unsettled = captures.unsettled(database, outlet)
    dead = sorted({*runs.open_runs(database.conn, outlet), *(run for _, run in unsettled)})
    settled = lacking = 0
    for run in dead:
        left = _Left(run=run, open={sequence for sequence, of in unsettled if of == run})
        _replay(database, archive, outlet, left)
        for sequence in sorted(left.open, reverse=True):
            captures.take_back(database, sequence, forget)
        leads.give_back(database, run)
        settled, lacking = settled + left.settled, lacking + left.lacking
    notes = []
    if unsettled:
        notes.append(
            f"Captures that a killed run left open: {len(unsettled)}, of which {settled} were durable and are settled; "
            "the others are fetched again."
        )
    if lacking:
        notes.append(f"Captures in the archive that the catalogue does not know: {lacking}; run `scrapy rebuild`.")
    return notes


def recover_all(database: sqlite_utils.Database, archive: Archive) -> None:
    """`recover` for every outlet: what the next run of each would bring to an end is no news then. When no run is going."""
    for (outlet,) in database.conn.execute("select distinct outlet from runs order by 1").fetchall():
        recover(database, archive, outlet)


def _replay(database: sqlite_utils.Database, archive: Archive, outlet: str, left: _Left) -> None:
    try:
        found = segment_events(archive, ledger_key(outlet, left.run))
        for events in in_parts(found, _AT_ONCE):
            with writing(database) as connection:
                for event in events:
                    _apply(connection, event, left)
    except Missing:  # killed before its first line was on disk
        with writing(database) as connection:
            runs.drop(connection, left.run)
        return
    if left.receipt is not None:
        archive.store.put_new(receipt_key(outlet, left.run), runs.receipt_json(left.receipt).encode())
    with writing(database) as connection:
        for url in left.taken:
            leads.put_back(connection, url)
        if left.receipt is None:
            runs.mark_killed(connection, left.run)
        else:
            runs.end(connection, left.receipt)


def _apply(connection: sqlite3.Connection, event: Event, left: _Left) -> None:
    fields = event.fields
    if event.event == "lead":
        leads.enter(connection, read_lead(event.outlet, fields), dt.datetime.fromisoformat(fields["announced_at"]))
    elif event.event == "taken":
        left.taken.add(fields["url"])
    elif event.event == "refused":
        left.taken.discard(fields["url"])
        leads.enter_refusal(connection, fields["url"])
    elif event.event in ("merged", "split"):
        rule(connection, event.event, fields)  # a second time it changes nothing
    elif event.event == "reclustered":
        recluster(connection, fields["articles"])  # neither does this
    elif event.event == "run-ended":
        left.receipt = runs.receipt_of(event.run, event.outlet, fields)
    elif event.event == "outcome":
        ending = read_ending(event.run, fields)
        left.taken.discard(ending.lead.url)
        if ending.sequence in left.open:
            left.open.discard(ending.sequence)
            left.settled += 1
            captures.enter_settled(connection, ending)
        elif not captures.holds(connection, ending.sequence, event.run):
            left.lacking += 1


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
