"""Makes endings durable, many with one fsync, in a thread of its own (docs/decisions/0001-run-and-settling.md).

With them goes what the WARC says of a capture beside its bytes, one metadata record: the network knows how long the fetch took
and what the publisher reserves, the chain its verdict; they are written together, before the capture counts as durable.
"""

from __future__ import annotations

import json
import queue
import threading
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field

from storage.archive.ledger import Ledger
from storage.archive.store import Conflict, Store
from storage.archive.warc import WarcWriter
from storage.endings import rights_fields, write_ending
from storage.records import Ending, Exchange, WarcAddress

_MOST_AT_ONCE = 64


@dataclass
class Settler:
    """Makes endings durable in a thread of its own, as many at a time as wait: one fsync serves all of them."""

    store: Store
    warc: WarcWriter
    ledger: Ledger
    writing: threading.Lock  # WARC and ledger are not for two threads at once
    _waiting: queue.SimpleQueue[tuple[Ending, bytes | None, Future[None]] | None] = field(default_factory=queue.SimpleQueue)
    _thread: threading.Thread | None = None
    _failed: Exception | None = None

    def submit(self, ending: Ending, clean: bytes | None) -> Future[None]:
        """An ending and its clean copy -> a future that is done when both are on disk; it raises what went wrong.

        After one that failed all fail: a later ending may speak of the earlier one's text, which is not there.
        """
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
            while not self._waiting.empty() and len(batch) < _MOST_AT_ONCE:
                batch.append(self._waiting.get())
            work = [entry for entry in batch if entry is not None]
            if work:
                self._settle(work)
            if None in batch:
                return

    def _settle(self, work: list[tuple[Ending, bytes | None, Future[None]]]) -> None:
        try:
            if self._failed is not None:
                raise self._failed
            with self.writing:
                self.warc.sync()
            self._keep([(e.clean_key, clean) for e, clean, _ in work if clean is not None and e.clean_key is not None])
            with self.writing:
                for ending, _, _ in work:
                    self.ledger.append("outcome", write_ending(ending))
            self.ledger.sync()
        except Exception as error:  # noqa: BLE001 - not hidden: it reaches whoever waits for the future
            self._failed = error
            for _, _, future in work:
                future.set_exception(error)
            return
        for _, _, future in work:
            future.set_result(None)

    def _keep(self, copies: list[tuple[str, bytes]]) -> None:
        """Clean copies under their keys. One that lies there already stays: it is the same text of the same article,
        from an earlier capture (a text that came back after a revision, or one whose run was killed)."""
        try:
            self.store.put_all(copies)
        except Conflict:
            for key, clean in copies:
                if self.store.size(key) is None:
                    self.store.put_new(key, clean)


# The heaviest reasons; all of them stand in the ledger.
MOST_REASONS = 3
_REMEMBERED = 1_000

Noted = tuple[WarcAddress, dict[str, str]]


def fetch_fields(exchange: Exchange) -> dict[str, str]:
    """An exchange -> how long it took, under the name that Heritrix gave it."""
    return {"fetchTimeMs": str(round((exchange.ended_at - exchange.started_at).total_seconds() * 1000))}


def verdict_fields(ending: Ending) -> dict[str, str]:
    """An ending -> what was judged of the capture, a line each."""
    reasons = sorted(ending.evidence, key=lambda each: -abs(each.weight))[:MOST_REASONS]
    told = [[each.rule, each.words, each.weight] for each in reasons]
    fields = {
        "outcome": ending.outcome.value,
        "verdict": ending.kind.value if ending.kind else None,
        "evidence": _line(told) if told else None,
        "error": ending.error,
        "rights": _line(rights_fields(ending.rights)) if ending.rights else None,
    }
    return {name: value for name, value in fields.items() if value}


def _line(told: object) -> str:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


@dataclass(slots=True)
class Notes:
    """Fields by record, until they are written. A record of which nothing but its fetch is known gets no note: feeds and
    redirects are not judged."""

    _fetches: OrderedDict[str, dict[str, str]] = field(default_factory=OrderedDict)
    _noted: dict[str, Noted] = field(default_factory=dict)

    def fetched(self, address: WarcAddress, exchange: Exchange) -> None:
        """Remember how a fetch went; only of the newest, for what is judged is judged soon."""
        self._fetches[address.record_id] = fetch_fields(exchange)
        if len(self._fetches) > _REMEMBERED:
            self._fetches.popitem(last=False)

    def add(self, address: WarcAddress, fields: Mapping[str, str]) -> None:
        """Further fields of a record's note."""
        self._noted.setdefault(address.record_id, (address, {}))[1].update(fields)

    def take(self, address: WarcAddress) -> dict[str, str]:
        """All fields of a record, which is not remembered any longer."""
        fetch = self._fetches.pop(address.record_id, {})
        _, noted = self._noted.pop(address.record_id, (address, {}))
        return {**fetch, **noted}

    def left(self) -> list[WarcAddress]:
        """Records whose fields nobody has taken yet."""
        return [address for address, _ in self._noted.values()]
