"""One run of one outlet: its lock, its WARC and ledger segments, its rows in the catalogue, and its receipt.

The order in which a capture becomes durable is written down in docs/archive-format.md: raw exchange, clean copy,
ledger line, and only then the catalogue calls it settled.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import os
import queue
import secrets
import socket
import threading
from collections import Counter
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import sqlite_utils

from storage.archive import Archive
from storage.archive.keys import receipt_key, run_id
from storage.archive.ledger import Ledger
from storage.archive.warc import WarcWriter
from storage.catalogue import captures, leads
from storage.endings import read_ending, write_ending
from storage.records import Ending, Exchange, Lead, Outcome, WarcAddress


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
class Settler:
    """Makes endings durable in a thread of its own, as many at a time as wait: one fsync serves all of them."""

    archive: Archive
    warc: WarcWriter
    ledger: Ledger
    _waiting: queue.SimpleQueue[tuple[Ending, bytes | None, Future[None]] | None] = field(default_factory=queue.SimpleQueue)
    _thread: threading.Thread | None = None

    def submit(self, ending: Ending, clean: bytes | None) -> Future[None]:
        """An ending and its clean copy -> a future that is done when both are on disk; it raises what went wrong."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="settler", daemon=True)
            self._thread.start()
        future: Future[None] = Future()
        self._waiting.put((ending, clean, future))
        return future

    def close(self) -> None:
        """Finish what waits."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join()
            self._thread = None

    def _work(self) -> None:
        while True:
            batch = [self._waiting.get()]
            while not self._waiting.empty() and len(batch) < 64:
                batch.append(self._waiting.get())
            work = [entry for entry in batch if entry is not None]
            if work:
                self._settle(work)
            if None in batch:
                return

    def _settle(self, work: list[tuple[Ending, bytes | None, Future[None]]]) -> None:
        try:
            self.warc.sync()
            for ending, clean, _ in work:
                if clean is not None and ending.clean_key is not None:
                    self.archive.keep_clean(ending.clean_key, clean)
            for ending, _, _ in work:
                self.ledger.append("outcome", write_ending(ending))
            self.ledger.sync()
        except Exception as error:  # noqa: BLE001 - not hidden: it reaches whoever waits for the future
            for _, _, future in work:
                future.set_exception(error)
            return
        for _, _, future in work:
            future.set_result(None)


@dataclass
class Run:
    """An open run. `counts` holds outcomes, `kinds` the kinds of what was quarantined."""

    id: str
    outlet: str
    started_at: dt.datetime
    archive: Archive
    catalogue: sqlite_utils.Database
    warc: WarcWriter
    ledger: Ledger
    lock: IO[str]
    settler: Settler
    notes: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    announced: int = 0
    exchanges: int = 0
    refused: int = 0

    def record(self, exchange: Exchange) -> WarcAddress:
        """Write an exchange to the WARC; where its response lies."""
        self.exchanges += 1
        return self.warc.record(exchange)

    def announce(self, found: list[Lead], now: dt.datetime) -> list[Lead]:
        """Leads heard of -> those that are new, written down in ledger and catalogue."""
        new = leads.announce(self.catalogue, found, now)
        for lead in new:
            self.ledger.append(
                "lead",
                {
                    "url": lead.url,
                    "outlet": lead.outlet,
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
        self.ledger.append("refused", {"url": lead.url, "outlet": lead.outlet, "reason": reason})
        leads.refuse(self.catalogue, lead.url)

    def settled(self, ending: Ending) -> None:
        """An ending is durable: say so in the catalogue, and count it."""
        captures.settle(self.catalogue, [ending])
        self.counts[ending.outcome] += 1
        if ending.outcome is Outcome.QUARANTINED and ending.kind:
            self.kinds[ending.kind] += 1

    def finish(self, reason: str, now: dt.datetime) -> dict[str, object]:
        """End the run: everything published under its final name. Returns the receipt, also kept in the archive."""
        self.settler.close()
        leads.give_back(self.catalogue, self.id)
        receipt: dict[str, object] = {
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
            "leads_waiting": leads.waiting(self.catalogue, self.outlet),
            "exchanges": self.exchanges,
            "notes": self.notes,
        }
        self.ledger.append("run-ended", receipt)
        self.warc.close()
        self.ledger.close()
        text = json.dumps(receipt, ensure_ascii=False, indent=1)
        self.archive.put_new(receipt_key(self.outlet, self.id), text.encode())
        self.catalogue.execute(
            "update runs set ended_at = ?, reason = ?, receipt = ? where run = ?", (receipt["ended_at"], reason, text, self.id)
        )
        self.catalogue.conn.commit()
        self.catalogue.close()
        self.lock.close()
        return receipt
