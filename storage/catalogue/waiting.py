"""Which segments of the ledger a catalogue has not taken in yet, in tables on disk that go with the connection (SQLite's
`temp`): memory does not grow with the number of runs that an archive has.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterable, Iterator

from storage.archive.batches import Batch, plain_key, segments
from storage.archive.keys import FORGOTTEN, outlet_of, run_of
from storage.archive.opened import Archive

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
    while some := list(itertools.islice(rows, _AT_ONCE)):
        connection.execute("begin")
        connection.executemany(statement, some)
        connection.execute("commit")
