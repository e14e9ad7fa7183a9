"""What other machines wrote to the ledger -> one catalogue: a batch a sync, each in one transaction, written down in the
ledger so that rebuild ends where the syncs ended (storage/archive/batches.py).

Under the lock of `storage.locks.claim_catalogue`. Memory does not grow with a batch: a segment is open at a time.
"""

from __future__ import annotations

import datetime as dt
import secrets
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import sqlite_utils

from storage.archive.batches import Batch, batch_keys, batches, plain_key, segments, write_batch
from storage.archive.keys import FORGOTTEN, outlet_of, run_id, run_of
from storage.archive.opened import Archive
from storage.catalogue import runs
from storage.catalogue.readers import Look
from storage.catalogue.rebuild import batch_events, build, one_after_another, unprotected
from storage.catalogue.replay import Index, Rebuilt, Replay
from storage.catalogue.schema import open_catalogue, writing
from storage.catalogue.swap import put_in_place, scratch
from storage.catalogue.texts import looked_ahead, reader

Clock = Callable[[], dt.datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """How endings are entered: `plain` those that are placed for good, `comparing` those of which it is to be seen where they
    belong here; `look` makes the fingerprints for both, in `count` processes."""

    plain: Index
    comparing: Index
    look: Look
    count: int


@dataclass(slots=True, kw_only=True)
class Synced:
    """What a sync did: `segments` that it took in, and what they made (`made`); `again`: why the catalogue was made again
    first, None where it went on from what was there."""

    segments: int = 0
    again: str | None = None
    made: Rebuilt = field(default_factory=Rebuilt)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    """What is to be done for a catalogue: `missed` batches of the ledger behind those that it has `seen`, `live` runs that were written
    through it since its last, `fresh` segments that no batch names; `again`: why none of that can be done."""

    missed: tuple[Batch, ...] = ()
    seen: int = 0
    live: tuple[str, ...] = ()
    fresh: tuple[str, ...] = ()
    again: str | None = None


def sync(archive: Archive, path: Path, means: Means, clock: Clock) -> Synced:
    """Archive and the path of a catalogue -> what was brought into it. ArchiveError, CatalogueError, sqlite3.Error: the
    catalogue is as it was."""
    done = Synced()
    if not path.exists():
        done.again = "there is no catalogue yet"
    else:
        database = open_catalogue(path)
        try:
            standing = _standing(database.conn, archive)
            done.again = standing.again
            if standing.again is None:
                return _brought_in(archive, database, standing, means, clock, done)
        finally:
            database.close()
    with scratch(path, "sync") as new:
        build(archive, new, means.plain, look=means.look, count=means.count, only_batches=True)
        database = open_catalogue(new)
        try:
            unprotected(database.conn)
            with writing(database) as connection:
                _note(connection, batches(archive))
            _brought_in(archive, database, _standing(database.conn, archive), means, clock, done)
        finally:
            database.close()
        put_in_place(new, path)
    return done


def _standing(connection: sqlite3.Connection, archive: Archive) -> _Standing:
    known = dict(connection.execute("select run, batch from segments").fetchall())
    held = {run for (run,) in connection.execute("select run from runs")}
    # A batch's own segment stands in the table too, so that those that are known need not be read again.
    there = [run_of(key) or "" for key in batch_keys(archive)]
    seen = max(known.values(), default=0)
    missed = tuple(batches(archive, seen))
    listed = {plain_key(key) for batch in missed for key in (*batch.live, *batch.others)}
    unlisted = [key for key in segments(archive) if not known.get(run_of(key) or "") and plain_key(key) not in listed]
    live = tuple(key for key in unlisted if run_of(key) in held)
    fresh = tuple(key for key in unlisted if run_of(key) not in held)
    same = seen <= len(there) and all(known.get(run) == number for number, run in enumerate(there[:seen], 1))
    return _Standing(missed=missed, seen=seen, live=live, fresh=fresh, again=_why_again(known, same, missed, live, fresh, held))


def _why_again(
    known: dict[str, int], same: bool, missed: Sequence[Batch], live: Sequence[str], fresh: Sequence[str], held: set[str]
) -> str | None:
    theirs = [key for batch in missed for key in (*batch.live, *batch.others)]
    if any(number == 0 for number in known.values()):
        return "a crawl had taken runs of other machines up without all their texts"
    if not same:
        return "the archive does not know what this catalogue was synced with"
    if missed and (live or any(run_of(key) in held for key in theirs)):
        return "it was synced through another catalogue meanwhile"
    if any(outlet_of(key) == FORGOTTEN for key in (*theirs, *fresh)):
        return "something was forgotten"
    return None


def _brought_in(
    archive: Archive,
    database: sqlite_utils.Database,
    standing: _Standing,
    means: Means,
    clock: Clock,
    done: Synced,
) -> Synced:
    first = standing.seen + 1
    with reader(archive) as pool:
        for number, batch in enumerate(standing.missed, first):
            replay = Replay(database.conn, means.plain, done.made)
            replay.recorded = batch.joined
            with writing(database) as connection:
                for event, text in looked_ahead(archive, batch_events(archive, batch), pool, means.look, means.count):
                    replay.apply(event, text)
                runs.all_ended(connection)
                _note(connection, [batch], number)
        if standing.live or standing.fresh:
            replay = Replay(database.conn, means.comparing, done.made)
            with writing(database) as connection:
                fresh = one_after_another(archive, standing.fresh)
                for event, text in looked_ahead(archive, fresh, pool, means.look, means.count):
                    replay.apply(event, text)
                runs.all_ended(connection)
                batch = Batch(run=_name(archive, clock()), live=standing.live, others=standing.fresh)
                _note(connection, [batch], first + len(standing.missed))
                # Before the commit: a batch that the ledger has and the catalogue not is taken in by the next sync.
                write_batch(archive, batch.run, batch.live, batch.others, replay.found, clock)
    done.segments += sum(len(batch.others) + len(batch.live) for batch in standing.missed) + len(standing.fresh)
    return done


def _name(archive: Archive, now: dt.datetime) -> str:
    """The id of a batch, behind those of all before it, whatever the clocks say: batches go by their ids."""
    if keys := batch_keys(archive):
        begun = (run_of(keys[-1]) or "").partition("-")[0]
        now = max(now, dt.datetime.strptime(begun, "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC) + dt.timedelta(seconds=1))
    return run_id(now, secrets.token_bytes(6))


def _note(connection: sqlite3.Connection, seen: Sequence[Batch], first: int = 1) -> None:
    """Which runs the catalogue has now, and by which batch."""
    connection.executemany(
        "insert or replace into segments values (?, ?)",
        (
            (run_of(key) or "", number)
            for number, batch in enumerate(seen, first)
            for key in (batch.run, *batch.live, *batch.others)
        ),
    )
