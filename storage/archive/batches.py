"""In which order the runs of several catalogues came together, written down in the ledger by `scrapy catalogue sync`.

Each sync writes one segment, `ledger/synced/<run>.jsonl.gz`: events `batch` (up to a thousand runs each, in order; `live`: they
were written through the catalogue that took the batch, and go by the sequence of their endings; else a run after the other)
and `joined` (an ending, by run and line, and the cluster that its own is one with). Rebuild follows it, and so ends where
the syncs ended.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from storage.archive.keys import SYNCED, run_of
from storage.archive.ledger import Ledger, segment_events
from storage.archive.opened import Archive
from storage.archive.packed import SUFFIX

_A_LINE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The segment of one sync, under its key. Read anew each time it is asked: it may name more than fits into memory.
    ArchiveError."""

    archive: Archive
    key: str

    @property
    def run(self) -> str:
        """The id of the sync."""
        return run_of(self.key) or ""

    def live(self) -> Iterator[str]:
        """Keys of the segments that were live in its catalogue, in order."""
        return self._named(live=True)

    def others(self) -> Iterator[str]:
        """Keys of the other segments that came into the catalogue, in order."""
        return self._named(live=False)

    def joined(self) -> Iterator[tuple[str, int, str]]:
        """What was joined: run and line of an ending, and the cluster that its own is one with."""
        for event in segment_events(self.archive, self.key):
            if event.event == "joined":
                yield event.fields["of"], event.fields["line"], event.fields["cluster"]

    def _named(self, *, live: bool) -> Iterator[str]:
        for event in segment_events(self.archive, self.key):
            if event.event == "batch" and bool(event.fields["live"]) is live:
                yield from event.fields["segments"]


def batches(archive: Archive, seen: int = 0) -> list[Batch]:
    """The batches that an archive has, first come first, without the first `seen` of them."""
    return [Batch(archive=archive, key=key) for key in batch_keys(archive)[seen:]]


def batch_keys(archive: Archive) -> list[str]:
    """Keys of the segments that say so, in order."""
    return sorted(archive.store.keys(f"ledger/{SYNCED}/"), key=lambda key: run_of(key) or "")


def write_batch(
    archive: Archive,
    run: str,
    live: Iterable[str],
    others: Iterable[str],
    joined: Iterable[tuple[str, int, str]],
    clock: Callable[[], dt.datetime],
) -> None:
    """Keep a batch in the ledger. ArchiveError."""
    ledger = Ledger(archive, SYNCED, run, clock=clock)
    for is_live, keys in ((True, live), (False, others)):
        rest = iter(keys)
        while some := list(itertools.islice(rest, _A_LINE)):
            ledger.append("batch", {"live": is_live, "segments": some})
    for of, line, cluster in joined:
        ledger.append("joined", {"of": of, "line": line, "cluster": cluster})
    ledger.sync()
    ledger.close()


def segments(archive: Archive) -> Iterator[str]:
    """Keys of all published segments, in the archive's order, without those in which a sync says what it brought together."""
    return (key for key in archive.store.keys("ledger/") if not is_apart(key))


def is_apart(key: str) -> bool:
    """Whether a segment is one that a sync wrote."""
    return key.startswith(f"ledger/{SYNCED}/")


def plain_key(key: str) -> str:
    """Key of a segment, packed or not -> the one under which it grew."""
    return key.removesuffix(SUFFIX)
