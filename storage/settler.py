"""Makes endings durable, many with one fsync, in a thread of its own (docs/decisions/0001-run-and-settling.md)."""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field

from storage.archive.ledger import Ledger
from storage.archive.store import Conflict, Store
from storage.archive.warc import WarcWriter
from storage.endings import write_ending
from storage.records import Ending

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
