"""One run of one outlet: its lock, its WARC and ledger segments, its rows in the catalogue, and its receipt.

The order in which a capture becomes durable is written down in docs/archive-format.md: raw exchange, clean copy,
ledger line, and only then the catalogue calls it settled.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import os
import secrets
import socket
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import sqlite_utils

from storage.archive.keys import ledger_key, receipt_key, run_id
from storage.archive.ledger import Ledger, segment_events
from storage.archive.opened import Archive
from storage.archive.store import Missing
from storage.archive.warc import WarcWriter
from storage.catalogue import captures, leads
from storage.catalogue.placements import forget
from storage.catalogue.schema import open_catalogue, writing
from storage.endings import read_ending
from storage.records import Ending, Exchange, Lead, Outcome, WarcAddress
from storage.settler import Settler


class RunError(Exception):
    """The run cannot start; the message says what to do."""


class OutletBusy(RunError):
    """Another run of the same outlet is going."""


def lock_outlet(folder: Path, outlet: str) -> IO[str]:
    """Take the outlet's lock, held until the file is closed or the process dies. Raises OutletBusy."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = (folder / f"{outlet}.lock").open("a+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.seek(0)
        holder = handle.read().strip() or "another process"
        handle.close()
        raise OutletBusy(f"A run of {outlet} is already going ({holder}); this one ends at once.") from error
    handle.truncate(0)
    handle.write(f"pid {os.getpid()} on {socket.gethostname()}")
    handle.flush()
    return handle


@dataclass
class Run:
    """An open run. `counts` holds outcomes, `kinds` the kinds of what was quarantined."""

    id: str
    outlet: str
    started_at: dt.datetime
    archive: Archive
    catalogue: sqlite_utils.Database
    catalogue_path: Path
    warc: WarcWriter
    ledger: Ledger
    lock: IO[str]
    settler: Settler
    writing: threading.Lock
    notes: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    announced: int = 0
    exchanges: int = 0
    refused: int = 0
    waiting: int = 0

    def record(self, exchange: Exchange) -> WarcAddress:
        """Write an exchange to the WARC; where its response lies."""
        self.exchanges += 1
        with self.writing:
            return self.warc.record(exchange)

    def note(self, address: WarcAddress, fields: Mapping[str, str]) -> None:
        """Write a metadata record about a capture to the WARC: the verdict on it."""
        with self.writing:
            self.warc.note(address, fields)

    def announce(self, found: list[Lead], now: dt.datetime) -> list[Lead]:
        """Leads heard of -> those that are new, written down in ledger and catalogue."""
        new = leads.announce(self.catalogue, found, now)
        for lead in new:
            self.ledger.append(
                "lead",
                {
                    "url": lead.url,
                    "source": lead.source,
                    "title": lead.title,
                    "published": lead.published.isoformat() if lead.published else None,
                    "announced_at": now.isoformat(timespec="seconds"),
                },
            )
        self.announced += len(new)
        return new

    def refuse(self, lead: Lead, reason: str) -> None:
        """A lead that may not be fetched (robots.txt, private address): written down, not fetched."""
        self.refused += 1
        self.ledger.append("refused", {"url": lead.url, "reason": reason})
        leads.refuse(self.catalogue, lead.url)

    def settled(self, ending: Ending) -> None:
        """An ending is durable: say so in the catalogue, and count it."""
        captures.settle(self.catalogue, [ending])
        self.counts[ending.outcome] += 1
        if ending.outcome is Outcome.QUARANTINED and ending.kind:
            self.kinds[ending.kind] += 1

    def finish(self, reason: str, now: dt.datetime) -> dict[str, Any]:
        """End the run: everything published under its final name -> the receipt, which is kept in the archive too.

        ArchiveError when it cannot be published; it then waits in the spool for the next run.
        """
        self.settler.close()
        leads.give_back(self.catalogue, self.id)
        self.waiting = leads.waiting(self.catalogue, self.outlet)
        receipt = self.receipt(reason, now)
        try:
            self._publish(receipt)
        finally:
            self.catalogue.close()
            self.lock.close()
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
            "quarantined_by_kind": dict(sorted(self.kinds.items())),
            "leads_announced": self.announced,
            "leads_refused": self.refused,
            "leads_waiting": self.waiting,
            "exchanges": self.exchanges,
            "notes": self.notes,
        }

    def _publish(self, receipt: dict[str, Any]) -> None:
        self.ledger.append("run-ended", {key: value for key, value in receipt.items() if key not in ("run", "outlet")})
        self.warc.close()
        self.ledger.close()
        text = json.dumps(receipt, ensure_ascii=False, indent=1)
        self.archive.store.put_new(receipt_key(self.outlet, self.id), text.encode())
        with writing(self.catalogue) as connection:
            connection.execute(
                "update runs set ended_at = ?, reason = ?, receipt = ? where run = ?",
                (receipt["ended_at"], receipt["reason"], text, self.id),
            )


def start_run(
    *, outlet: str, archive: Archive, catalogue: Path, clock: Callable[[], dt.datetime], about: Mapping[str, str]
) -> Run:
    """Outlet, opened archive and path of the catalogue -> a run, after mending what a killed run left.

    `about` goes into the warcinfo record. Raises OutletBusy, ArchiveError, CatalogueError.
    """
    database = open_catalogue(catalogue)
    try:
        lock = lock_outlet(catalogue.parent / ".locks", outlet)
    except BaseException:
        database.close()
        raise
    notes = [*archive.recovered, *recover(database, archive, outlet)]
    started = clock()
    run = run_id(started, secrets.token_bytes(6))
    guard = threading.Lock()
    warc = WarcWriter(
        archive, outlet, run, clock=clock, about=about, earlier=lambda digest: captures.payload_seen(database.conn, digest)
    )
    ledger = Ledger(archive, outlet, run, clock=clock)
    ledger.append("run-started", {"about": dict(about)})
    with writing(database) as connection:
        connection.execute("insert into runs (run, outlet, started_at) values (?, ?, ?)", (run, outlet, started.isoformat()))
    return Run(
        id=run,
        outlet=outlet,
        started_at=started,
        archive=archive,
        catalogue=database,
        catalogue_path=catalogue,
        warc=warc,
        ledger=ledger,
        lock=lock,
        settler=Settler(archive.store, warc, ledger, guard),
        writing=guard,
        notes=notes,
    )


def recover(database: sqlite_utils.Database, archive: Archive, outlet: str) -> list[str]:
    """Settle what killed runs of the outlet had made durable, take back the rest; a line for the receipt."""
    left = captures.unsettled(database, outlet)
    durable: dict[int, Ending] = {}
    for run in {run for _, run in left}:
        try:
            for event in segment_events(archive, ledger_key(outlet, run)):
                if event.event == "outcome":
                    ending = read_ending(run, event.fields)
                    durable[ending.sequence] = ending
        except Missing:
            continue  # the run was killed before its first line was on disk
    for sequence, _ in left:
        if sequence in durable:
            captures.settle(database, [durable[sequence]])
        else:
            captures.take_back(database, sequence, forget)
    if not left:
        return []
    kept = sum(sequence in durable for sequence, _ in left)
    return [f"A killed run left {len(left)} captures open: {kept} were durable and are settled, the others are fetched again."]
