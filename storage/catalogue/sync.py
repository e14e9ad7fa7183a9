"""What other machines wrote to the ledger -> one catalogue: a batch a sync, each in one transaction, written down in the
ledger so that rebuild ends where the syncs ended (storage/archive/ledger.py).

Under the lock of `storage.catalogue.schema.claim_catalogue`. Memory does not grow with a batch, nor with the archive: a segment is open at
a time, and what is to be taken in, and which segments a batch names, is listed on disk, in tables that go with the connection
(`temp`).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import sqlite_utils

from storage.archive.batches import Batch, batch_keys, batches, plain_key, segments, write_batch
from storage.archive.keys import FORGOTTEN, outlet_of, run_id, run_of
from storage.archive.ledger import begun_at
from storage.archive.opened import Archive
from storage.catalogue import runs
from storage.catalogue.moves import Noted
from storage.catalogue.readers import Look
from storage.catalogue.rebuild import CACHE_KIB, batch_events, build, one_after_another, put_in_place, scratch, unprotected
from storage.catalogue.replay import Index, Rebuilt, Replay
from storage.catalogue.rows import gather
from storage.catalogue.schema import open_catalogue, writing
from storage.catalogue.texts import in_parts, looked_ahead, reader

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
    """What is to be done for a catalogue: `missed` batches of the ledger behind those that it has `seen`; how many runs were written
    through it since its last (`live`), and how many segments no batch names (`fresh`), which are in the tables
    below; `again`: why none of that can be done."""

    missed: tuple[Batch, ...] = ()
    seen: int = 0
    live: int = 0
    fresh: int = 0
    again: str | None = None


def sync(archive: Archive, path: Path, means: Means, clock: Clock) -> Synced:
    """Archive and the path of a catalogue -> what was brought into it. ArchiveError, CatalogueError, sqlite3.Error: the
    catalogue is as it was."""
    done = Synced()
    if not path.exists():
        done.again = "there is no catalogue yet"
    else:
        with contextlib.closing(open_catalogue(path)) as database:
            database.conn.execute(f"pragma cache_size = -{CACHE_KIB}")
            gather(database.conn)
            standing = _standing(database.conn, archive)
            done.again = standing.again
            if standing.again is None:
                return _brought_in(archive, database, standing, means, clock, done)
    with scratch(path, "sync") as new:
        build(archive, new, means.plain, look=means.look, count=means.count, only_batches=True)
        with contextlib.closing(open_catalogue(new)) as database:
            unprotected(database.conn)
            with writing(database) as connection:
                for number, batch in enumerate(batches(archive), 1):
                    _note(connection, number, batch)
            _brought_in(archive, database, _standing(database.conn, archive), means, clock, done)
        put_in_place(new, path)
    return done


def _standing(connection: sqlite3.Connection, archive: Archive) -> _Standing:
    seen = connection.execute("select coalesce(max(batch), 0) from segments").fetchone()[0]
    # A batch's own segment stands in the table too, so that those that are known need not be read again.
    there = [run_of(key) or "" for key in batch_keys(archive)]
    same = seen <= len(there) and all(_batch_of(connection, run) == number for number, run in enumerate(there[:seen], 1))
    missed = tuple(batches(archive, seen))
    list_waiting(connection, archive, missed)
    live, fresh = count_waiting(connection, live=True), count_waiting(connection, live=False)
    return _Standing(missed=missed, seen=seen, live=live, fresh=fresh, again=_why_again(connection, same, bool(missed), live))


def _batch_of(connection: sqlite3.Connection, run: str) -> int | None:
    row = connection.execute("select batch from segments where run = ?", (run,)).fetchone()
    return row[0] if row else None


def _why_again(connection: sqlite3.Connection, same: bool, missed: bool, live: int) -> str | None:
    if connection.execute("select 1 from segments where batch = 0 limit 1").fetchone():
        return "a crawl had taken runs of other machines up without all their texts"
    if not same:
        return "the archive does not know what this catalogue was synced with"
    if missed and (live or named_of_ours(connection)):
        return "it was synced through another catalogue meanwhile"
    if forgot(connection):
        return "something was forgotten"
    return None


def _brought_in(
    archive: Archive, database: sqlite_utils.Database, standing: _Standing, means: Means, clock: Clock, done: Synced
) -> Synced:
    with reader(archive) as pool:
        for number, batch in enumerate(standing.missed, standing.seen + 1):
            replay = Replay(database.conn, means.plain, done.made)
            replay.recorded = Noted(database.conn, "recorded", batch.joined())
            with writing(database) as connection:
                for event, text in looked_ahead(archive, batch_events(archive, batch), pool, means.look, means.count):
                    replay.apply(event, text)
                runs.all_ended(connection)
                done.segments += _note(connection, number, batch)
        if standing.live or standing.fresh:
            _compared(archive, database, standing, means, clock, done, pool)
    done.segments += standing.fresh
    return done


def _compared(
    archive: Archive,
    database: sqlite_utils.Database,
    standing: _Standing,
    means: Means,
    clock: Clock,
    done: Synced,
    pool: ThreadPoolExecutor | None,
) -> None:
    """What no batch names comes in, all compared with all, as a batch of its own."""
    replay = Replay(database.conn, means.comparing, done.made)
    with writing(database) as connection:
        replay.found = Noted(connection, "found")
        fresh = one_after_another(archive, waiting(connection, live=False))
        for event, text in looked_ahead(archive, fresh, pool, means.look, means.count):
            replay.apply(event, text)
        runs.all_ended(connection)
        name, number = _name(archive, clock()), standing.seen + len(standing.missed) + 1
        took(connection, name, number)
        # Before the commit: a batch that the ledger has and the catalogue not is taken in by the next sync.
        live, others = waiting(connection, live=True), waiting(connection, live=False)
        write_batch(archive, name, live, others, replay.found, clock)


def _name(archive: Archive, now: dt.datetime) -> str:
    """The id of a batch, behind those of all before it, whatever the clocks say: batches go by their ids."""
    if keys := batch_keys(archive):
        now = max(now, begun_at(keys[-1]) + dt.timedelta(seconds=1))
    return run_id(now, secrets.token_bytes(6))


def _note(connection: sqlite3.Connection, number: int, batch: Batch) -> int:
    """A batch came into the catalogue as this one: how many runs it names."""
    connection.execute("insert or replace into segments values (?, ?)", (batch.run, number))
    named = itertools.chain(batch.live(), batch.others())
    rows = ((run_of(key) or "", number) for key in named)
    return connection.executemany("insert or replace into segments values (?, ?)", rows).rowcount


_TABLES = (
    # What batches name that other catalogues took and this one did not.
    "create temp table named (plain text primary key, run text not null, outlet text not null) without rowid",
    # What no batch names, by the start of its run. `live`: the run was written through this catalogue.
    """create temp table waiting (
        run text not null, key text not null, outlet text not null, live integer not null,
        primary key (run, key)) without rowid""",
)
_WAITS = """insert or ignore into waiting select ?1, ?2, ?3, exists (select 1 from runs where run = ?1)
            where not exists (select 1 from segments where run = ?1 and batch <> 0)
            and not exists (select 1 from named where plain = ?4)"""
_AT_ONCE = 10_000


def list_waiting(connection: sqlite3.Connection, archive: Archive, missed: Iterable[Batch]) -> None:
    """Catalogue, archive, and the batches that the catalogue did not take -> the tables that the others here read, made anew.
    ArchiveError. Outside of a transaction."""
    for name in ("named", "waiting"):
        connection.execute(f"drop table if exists temp.{name}")
    for statement in _TABLES:
        connection.execute(statement)
    named = ((plain_key(key), *_run_and_outlet(key)) for batch in missed for key in (*batch.live(), *batch.others()))
    _enter(connection, "insert or ignore into named values (?, ?, ?)", named)
    found = ((run, key, outlet, plain_key(key)) for key in segments(archive) for run, outlet in [_run_and_outlet(key)])
    _enter(connection, _WAITS, found)


def waiting(connection: sqlite3.Connection, *, live: bool) -> Iterator[str]:
    """Keys of the segments that no batch names, by the start of their run. Rows may be entered meanwhile."""
    query = "select key from waiting where live = ? order by run, key"
    return (key for (key,) in connection.execute(query, (live,)))


def count_waiting(connection: sqlite3.Connection, *, live: bool) -> int:
    """How many `waiting` names."""
    return int(connection.execute("select count(*) from waiting where live = ?", (live,)).fetchone()[0])


def took(connection: sqlite3.Connection, run: str, number: int) -> None:
    """What waited is in the catalogue now, by the batch of this sync, the one of this number. In the caller's transaction."""
    connection.execute("insert or replace into segments values (?, ?)", (run, number))
    connection.execute("insert or replace into segments select run, ? from waiting", (number,))


def named_of_ours(connection: sqlite3.Connection) -> bool:
    """Whether a batch that the catalogue did not take names a run that it has."""
    return connection.execute("select 1 from named join runs using (run) limit 1").fetchone() is not None


def forgot(connection: sqlite3.Connection) -> bool:
    """Whether what is to be taken in says that something was forgotten."""
    query = """select 1 from named where outlet = ?1 union all select 1 from waiting where outlet = ?1 and live = 0 limit 1"""
    return connection.execute(query, (FORGOTTEN,)).fetchone() is not None


def _run_and_outlet(key: str) -> tuple[str, str]:
    return run_of(key) or "", outlet_of(key)


def _enter(connection: sqlite3.Connection, statement: str, rows: Iterator[tuple[str, ...]]) -> None:
    # The archive is listed between the transactions: S3 takes its time.
    for some in in_parts(rows, _AT_ONCE):
        connection.execute("begin")
        connection.executemany(statement, some)
        connection.execute("commit")
