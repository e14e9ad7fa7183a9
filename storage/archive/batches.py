"""In which order the runs of several catalogues came together, written down in the ledger by `scrapy catalogue sync`.

Each sync writes one segment, `ledger/synced/<run>.jsonl.gz`: events `batch` (up to a thousand runs each, in order; `live`: they
were written through the catalogue that took the batch, and go by the sequence of their endings; else a run after the other)
and `joined` (an ending, by run and line, and the cluster that its own is one with). Rebuild follows it, and so ends where
the syncs ended.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from storage.archive.keys import SYNCED, run_of
from storage.archive.ledger import Ledger, segment_events
from storage.archive.opened import Archive
from storage.archive.packed import SUFFIX

_A_LINE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Keys of segments that came into a catalogue together, in order, and what was joined: (run, line) -> cluster."""

    run: str
    live: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    joined: Mapping[tuple[str, int], str] = field(default_factory=dict)


def batches(archive: Archive, seen: int = 0) -> list[Batch]:
    """The batches that an archive has, first come first, without the first `seen` of them."""
    return [_read(archive, key) for key in batch_keys(archive)[seen:]]


def batch_keys(archive: Archive) -> list[str]:
    """Keys of the segments that say so, in order."""
    return sorted(archive.store.keys(f"ledger/{SYNCED}/"), key=lambda key: run_of(key) or "")


def _read(archive: Archive, key: str) -> Batch:
    live: list[str] = []
    others: list[str] = []
    joined: dict[tuple[str, int], str] = {}
    for event in segment_events(archive, key):
        if event.event == "batch":
            (live if event.fields["live"] else others).extend(event.fields["segments"])
        elif event.event == "joined":
            joined[event.fields["of"], event.fields["line"]] = event.fields["cluster"]
    return Batch(run=run_of(key) or "", live=tuple(live), others=tuple(others), joined=joined)


def write_batch(
    archive: Archive,
    run: str,
    live: Sequence[str],
    others: Sequence[str],
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


def segments(archive: Archive) -> list[str]:
    """Keys of all published segments of runs, by the start of their run, without those that say what was forgotten or
    brought together."""
    return sorted((key for key in archive.store.keys("ledger/") if not is_apart(key)), key=lambda key: (run_of(key) or "", key))


def is_apart(key: str) -> bool:
    """Whether a segment is one that a sync wrote."""
    return key.startswith(f"ledger/{SYNCED}/")


def plain_key(key: str) -> str:
    """Key of a segment, packed or not -> the one under which it grew."""
    return key.removesuffix(SUFFIX)
