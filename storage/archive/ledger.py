"""The ledger: what happened in a run, as append-only JSON lines; one segment a run and outlet.

A line is `{"seq": 7, "at": "...Z", "event": "outcome", "run": "...", "outlet": "...", ...}`. The catalogue is
a view of it; nothing in it is ever changed.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import heapq
import itertools
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from storage.archive.keys import ledger_key, published_key, run_of
from storage.archive.opened import Archive
from storage.archive.packed import SUFFIX, lines
from storage.archive.store import ArchiveError, Missing

# Is told key, line number and fault of a line that cannot be read.
Damaged = Callable[[str, int, str], None]

_CRC = re.compile(rb'([0-9a-f]{8})"}\n')
_OWN = ("seq", "at", "event", "run", "outlet", "crc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of the ledger. `at` is UTC; `seq` counts from 0 within the segment; `fields` is everything
    else.
    """

    event: str
    run: str
    outlet: str
    seq: int
    at: dt.datetime
    fields: Mapping[str, Any]


class Ledger:
    """Writes the segment of one run of one outlet. `clock` gives aware times; a clock that goes back is held
    still.
    """

    def __init__(self, archive: Archive, outlet: str, run_id: str, *, clock: Callable[[], dt.datetime]) -> None:
        self._archive, self._outlet, self._run, self._clock = archive, outlet, run_id, clock
        self._segment = archive.spool.open(ledger_key(outlet, run_id))
        self._seq = self._crc = 0
        self._last = begun_at(run_id)  # no event is older than its run's id, whatever the clock says

    def append(self, event: str, fields: Mapping[str, object]) -> Event:
        """Write one event, whole or not at all; what was written. Durable after `sync`. ArchiveError;
        TypeError or ValueError for what is no JSON."""
        if taken := [name for name in _OWN if name in fields]:
            raise ValueError(f"the ledger writes {taken[0]!r} itself")
        at = max(self._clock().astimezone(dt.UTC), self._last)
        line = {"seq": self._seq, "at": _stamp(at), "event": event, "run": self._run, "outlet": self._outlet}
        text, crc = written_line({**line, **fields}, self._crc)
        self._segment.append(text)
        written = Event(event=event, run=self._run, outlet=self._outlet, seq=self._seq, at=at, fields=dict(fields))
        self._seq, self._last, self._crc = self._seq + 1, at, crc
        return written

    def sync(self) -> None:
        """Everything appended so far survives a power cut when this returns."""
        self._segment.sync()

    def close(self) -> None:
        """Publish the segment under its final key. ArchiveError: it waits in the spool for the next start."""
        self._archive.spool.publish(self._segment, iter(()))


def events(
    archive: Archive, outlet: str | None = None, damaged: Damaged | None = None, *, keys: Iterable[str] | None = None
) -> Iterator[Event]:
    """Every event of all published segments and of the spool, or of those under `keys`, ordered by (time, run, outlet,
    seq); read lazily.

    A segment is opened when the time of its run comes, so memory grows with the runs that overlapped, not
    with the archive. ArchiveError names a segment with a line that is none.
    """
    keys = sorted(segment_keys(archive, outlet) if keys is None else keys, key=lambda key: (run_of(key) or "", key))
    waiting: list[tuple[tuple[dt.datetime, str, str, int], Event, Iterator[Event]]] = []
    for key in [*keys, None]:
        # A run's id carries the second it began in; none of its events is older.
        begun = begun_at(key) if key else None
        while waiting and (begun is None or waiting[0][0][0] < begun):
            _order, event, rest = heapq.heappop(waiting)
            yield event
            _push(waiting, rest)
        if key:
            _push(waiting, segment_events(archive, key, damaged))


def segment_keys(archive: Archive, outlet: str | None = None) -> list[str]:
    """Keys of all segments of an outlet or of all, published or growing, each once."""
    prefix = f"ledger/{outlet}/" if outlet else "ledger/"
    # One that is being published lies in both, under two names.
    found = {key.removesuffix(SUFFIX): key for key in (*archive.store.keys(prefix), *archive.spool.keys(prefix))}
    return list(found.values())


def segment_events(archive: Archive, key: str, damaged: Damaged | None = None) -> Iterator[Event]:
    """The events of one segment in order. A last line without an end is not one yet and is left out.

    `damaged` is told key, line number and fault of a line that is none, and reading goes on; without it, ArchiveError.
    """
    with open_segment(archive, key) as stream:
        found = lines(stream)
        for number in itertools.count(1):
            try:
                line = next(found, b"")
                if not line.endswith(b"\n"):
                    return
                event = read_line(line)
            except ValueError as error:
                if damaged is None:
                    raise ArchiveError(f"{key}: line {number}: {error}; run `scrapy verify {key}`") from error
                damaged(key, number, str(error))
            else:
                yield event


def open_segment(archive: Archive, key: str) -> BinaryIO:
    """Key of a segment, as it grows or as it is published -> its stream, packed or not. Missing when there is none."""
    growing = key.removesuffix(SUFFIX)
    if stream := archive.growing(growing):
        return stream
    for other in dict.fromkeys((key, published_key(growing), growing)):
        try:
            return archive.store.open_stream(other)
        except Missing:
            continue
    raise Missing(f"{key} is not in the archive {archive.uri}")


def written_line(fields: Mapping[str, object], before: int) -> tuple[bytes, int]:
    """Fields of a line and the CRC of the one before (0: none) -> the line and its own CRC."""
    # ASCII only: no line separator, lone surrogate or control of a headline can break the line.
    text = json.dumps(fields, ensure_ascii=True, allow_nan=False, separators=(",", ":"))[:-1].encode("ascii")
    crc = zlib.crc32(text, before)
    return text + b',"crc":"%08x"}\n' % crc, crc


def crc_of(line: bytes, before: int | None) -> int | None:
    """A line and the CRC of the one before (None: unknown) -> its own CRC; None when it has none, or a false one."""
    text, _, said = line.rpartition(b',"crc":"')
    found = _CRC.fullmatch(said)
    if found is None:
        return None
    crc = int(found.group(1), 16)
    return crc if before is None or zlib.crc32(text, before) == crc else None


def read_line(line: bytes) -> Event:
    """A line of the ledger -> its event. ValueError when it is none."""
    try:
        found = json.loads(line)
        return Event(
            event=found["event"],
            run=found["run"],
            outlet=found["outlet"],
            seq=found["seq"],
            at=dt.datetime.fromisoformat(found["at"]),
            fields={name: value for name, value in found.items() if name not in _OWN},
        )
    except (KeyError, TypeError, UnicodeDecodeError) as error:
        raise ValueError(f"no event of a ledger ({error})") from error


def whole_length(path: Path) -> int:
    """A segment -> where its last whole line ends: behind it is only what was torn."""
    end = at = 0
    with path.open("rb") as stream:
        for line in stream:
            at += len(line)
            with contextlib.suppress(ValueError):
                if line.endswith(b"\n") and read_line(line):
                    end = at
    return end


def _stamp(at: dt.datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def begun_at(key: str) -> dt.datetime:
    """Id of a run, or a key that holds one -> the second of which the id is made. ArchiveError when there is none in it."""
    run = run_of(key)
    if run is None:
        raise ArchiveError(f"{key} is no segment of a ledger: move it out of the archive")
    return dt.datetime.strptime(run[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)


def _push(waiting: list[tuple[tuple[dt.datetime, str, str, int], Event, Iterator[Event]]], rest: Iterator[Event]) -> None:
    event = next(rest, None)
    if event is not None:
        heapq.heappush(waiting, ((event.at, event.run, event.outlet, event.seq), event, rest))
