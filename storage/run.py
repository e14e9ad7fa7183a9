"""One run of one outlet: its lock, its WARC and ledger segments, its rows in the catalogue, and its receipt.

The order in which a capture becomes durable is written down in docs/archive-format.md: raw exchange, clean copy,
ledger line, and only then the catalogue calls it settled.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlite_utils

from storage.archive.forget_scan import forgettings
from storage.archive.keys import receipt_key, run_id
from storage.archive.ledger import Ledger, begun_at
from storage.archive.opened import Archive
from storage.archive.warc import WarcWriter
from storage.catalogue import captures, leads, runs
from storage.catalogue.forgotten import enter_forgotten
from storage.catalogue.replay import Index
from storage.catalogue.runs import began_to_block, usual_shares
from storage.catalogue.schema import lock_outlet, locks_folder, open_catalogue, share_catalogue, writing
from storage.catalogue.sources import SourceState, remember, write_source
from storage.endings import write_lead
from storage.records import Earlier, Ending, Exchange, Lead, Outcome, Relation, WarcAddress
from storage.recovery import catch_up, recover
from storage.settler import Notes, Settler, verdict_fields
from storage.urls import key as page_of


@dataclass
class Run:
    """An open run. `counts` holds outcomes, `retold` how many of the kept ones are of a story that was there,
    `kinds` the kinds of what was quarantined; `revisited` known stories that were
    looked at again, `gone` how many of them were taken away; `missed` sources that had moved past what was seen."""

    id: str
    outlet: str
    started_at: dt.datetime
    archive: Archive
    catalogue: sqlite_utils.Database
    catalogue_path: Path
    warc: WarcWriter
    ledger: Ledger
    held: contextlib.ExitStack
    settler: Settler
    writing: threading.Lock
    notes: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    retold: int = 0
    announced: int = 0
    exchanges: int = 0
    refused: int = 0
    waiting: int = 0
    revisited: int = 0
    gone: int = 0
    missed: list[str] = field(default_factory=list)
    usual: dict[str, float] = field(default_factory=dict)
    warc_notes: Notes = field(default_factory=Notes)
    forgotten: frozenset[str] = frozenset()

    def record(self, exchange: Exchange, not_modified: Earlier | None = None) -> WarcAddress:
        """Write an exchange to the WARC; where its response lies. `not_modified`: the response that a 304 speaks of."""
        self.exchanges += 1
        with self.writing:
            address = self.warc.record(exchange, not_modified=not_modified)
        self.warc_notes.fetched(address, exchange)
        return address

    def note(self, address: WarcAddress, fields: Mapping[str, str]) -> None:
        """Further fields of the metadata record about an exchange, which is written when the capture is kept, or at the
        end of the run. A value is one line."""
        self.warc_notes.add(address, fields)

    def keep(self, ending: Ending, clean: bytes | None) -> Future[None]:
        """Write the metadata record about a fetched capture, and make its ending durable: a future that is done then."""
        if ending.address is not None:
            self.warc_notes.add(ending.address, verdict_fields(ending))
            self._write_note(ending.address)
        return self.settler.submit(ending, clean)

    def _write_note(self, address: WarcAddress) -> None:
        fields = self.warc_notes.take(address)
        with self.writing:
            self.warc.note(address, fields)

    def is_forgotten(self, url: str) -> bool:
        """Whether a URL, however it is written, was taken away on request and must not be fetched."""
        return (page_of(url) or url) in self.forgotten

    def announce(self, found: list[Lead], now: dt.datetime) -> list[Lead]:
        """Leads heard of -> those that are new, written down in ledger and catalogue."""
        new = leads.announce(self.catalogue, found, now, lambda lead: self._write("lead", write_lead(lead, now)))
        self.announced += len(new)
        return new

    def heard(self, state: SourceState, now: dt.datetime) -> None:
        """What a source's server said of its newest version, after its leads were announced: another machine goes on from it."""
        at = now.isoformat()
        self._write("source", write_source(state, at))
        remember(self.catalogue, state, at)

    def take(self, lead: Lead, now: dt.datetime) -> None:
        """Lease one given URL, whatever became of it before: a person asked for it."""
        self.announce([lead], now)
        self._write("taken", {"url": lead.url})
        leads.take(self.catalogue, lead, self.id, now)

    def refuse(self, lead: Lead, reason: str) -> None:
        """A lead that may not be fetched (robots.txt, private address): written down, not fetched."""
        self.refused += 1
        self._write("refused", {"url": lead.url, "reason": reason})
        with writing(self.catalogue) as connection:
            leads.enter_refusal(connection, lead.url)

    def _write(self, event: str, fields: Mapping[str, object]) -> None:
        with self.writing:  # the settler writes to the ledger too
            self.ledger.append(event, fields)

    def settled(self, *endings: Ending) -> None:
        """Endings are durable: say so in the catalogue, and count them."""
        self.gone += captures.settle(self.catalogue, endings)
        for ending in endings:
            self.counts[ending.outcome] += 1
            if ending.outcome is Outcome.KEPT and ending.placement is not None:
                self.retold += ending.placement.relation is not Relation.NEW
            if ending.outcome is Outcome.QUARANTINED and ending.kind:
                self.kinds[ending.kind] += 1

    def finish(self, reason: str, now: dt.datetime) -> dict[str, Any]:
        """End the run: everything published under its final name -> the receipt, which is kept in the archive too.

        ArchiveError when it cannot be published; it then waits in the spool for the next run.
        """
        self.settler.close()
        leads.give_back(self.catalogue, self.id)
        self.waiting = leads.waiting(self.catalogue, self.outlet)
        self.usual = usual_shares(self.catalogue.conn, self.outlet)
        block = began_to_block(sum(self.counts.values()), self.kinds, self.usual)
        if block and reason == "finished":
            self.notes.append(block)
            reason = "blocked"
        receipt = self.receipt(reason, now)
        with self.held:
            self._publish(receipt)
        return receipt

    def receipt(self, reason: str, now: dt.datetime) -> dict[str, Any]:
        """What the run did so far, in numbers that add up."""
        return {
            "run": self.id,
            "outlet": self.outlet,
            "started_at": self.started_at.isoformat(timespec="seconds"),
            "ended_at": now.isoformat(timespec="seconds"),
            "reason": reason,
            "captures": sum(self.counts.values()),
            "outcomes": {outcome.value: self.counts[outcome] for outcome in Outcome},
            "retold": self.retold,
            "quarantined_by_kind": dict(sorted(self.kinds.items())),
            "usual_shares_by_kind": self.usual,
            "leads_announced": self.announced,
            "leads_refused": self.refused,
            "leads_waiting": self.waiting,
            **{name: getattr(self, name) for name in ("revisited", "gone", "missed", "exchanges", "notes")},
        }

    def _publish(self, receipt: dict[str, Any]) -> None:
        for address in self.warc_notes.left():
            self._write_note(address)
        self.ledger.append("run-ended", {key: value for key, value in receipt.items() if key not in ("run", "outlet")})
        self.warc.close()
        self.ledger.close()
        self.archive.store.put_new(receipt_key(self.outlet, self.id), runs.receipt_json(receipt).encode())
        with writing(self.catalogue) as connection:
            runs.end(connection, receipt)


def start_run(
    *,
    outlet: str,
    archive: Archive,
    catalogue: Path,
    clock: Callable[[], dt.datetime],
    about: Mapping[str, str],
    index: Index | None = None,
) -> Run:
    """Outlet, opened archive and path of the catalogue -> a run, after mending what a killed run left.

    `about` goes into the warcinfo record. `index` enters placed articles: with it, what other machines did of the outlet is
    read from the archive first. Raises OutletBusy, ArchiveError, CatalogueError. Long, for a run has many parts.
    """
    with contextlib.ExitStack() as held:
        held.enter_context(share_catalogue(locks_folder(catalogue)))
        held.enter_context(lock_outlet(locks_folder(catalogue), outlet))
        database = open_catalogue(catalogue)
        held.callback(database.close)
        notes = [*archive.recovered, *recover(database, archive, outlet)]
        if index is not None and (told := catch_up(database, archive, outlet, index, clock)):
            notes.append(told)
        forgotten = _forgotten(archive, database)
        started = clock()
        run = run_id(_behind_the_last(database, outlet, started), secrets.token_bytes(6))
        guard = threading.Lock()
        warc, ledger = _segments(archive, database, outlet, run, clock, about, started)
        return Run(
            id=run,
            outlet=outlet,
            started_at=started,
            archive=archive,
            catalogue=database,
            catalogue_path=catalogue,
            warc=warc,
            ledger=ledger,
            settler=Settler(archive.store, warc, ledger, guard),
            writing=guard,
            notes=notes,
            forgotten=forgotten,
            held=held.pop_all(),
        )


def _segments(
    archive: Archive,
    database: sqlite_utils.Database,
    outlet: str,
    run: str,
    clock: Callable[[], dt.datetime],
    about: Mapping[str, str],
    started: dt.datetime,
) -> tuple[WarcWriter, Ledger]:
    """The run's WARC and ledger segments, begun, and its row."""
    warc = WarcWriter(
        archive, outlet, run, clock=clock, about=about, earlier=lambda digest: captures.payload_seen(database.conn, digest)
    )
    with writing(database) as connection:
        runs.begin(connection, run, outlet, started.isoformat())
    ledger = Ledger(archive, outlet, run, clock=clock)
    ledger.append("run-started", {"about": dict(about), "started_at": started.isoformat()})
    return warc, ledger


def _behind_the_last(database: sqlite_utils.Database, outlet: str, started: dt.datetime) -> dt.datetime:
    """Start of a run -> the moment that its id is made of: runs go by their ids, so a clock that is behind that of the
    machine before must not put this run before that one's."""
    last = database.conn.execute("select max(run) from runs where outlet = ?", (outlet,)).fetchone()[0]
    begun = begun_at(last) if last else None
    return begun + dt.timedelta(seconds=1) if begun is not None and begun > started else started


def _forgotten(archive: Archive, database: sqlite_utils.Database) -> frozenset[str]:
    """What must not be fetched, by the archive: another machine may have forgotten it, with a catalogue of its own."""
    urls = {url for each in forgettings(archive.store) for url in each.urls}
    if urls:
        with writing(database) as connection:
            enter_forgotten(connection, sorted(urls))
    return frozenset(page_of(url) or url for url in urls)
