"""Clusters that turned out to be one when the ledgers of several catalogues came together: which became part of which.

Unlike a person's ruling (storage/catalogue/rulings.py) a join leaves its members to be judged by their likeness. The ledger
keeps it (storage/archive/batches.py), so that rebuild does it again. In the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

from storage.catalogue.rows import change_each

JOIN_TABLES = (
    "create table joins (cluster text primary key, part_of text not null) without rowid",
    # Which runs a catalogue took from the ledger, and with which batch of `scrapy catalogue sync`; 0: at the start of a crawl.
    "create table segments (run text primary key, batch integer not null) without rowid",
)


def resolved(connection: sqlite3.Connection, cluster: str) -> str:
    """Cluster id -> the id under which its members are found now."""
    seen = {cluster}
    while row := connection.execute("select part_of from joins where cluster = ?", (cluster,)).fetchone():
        if row[0] in seen:
            break
        cluster = row[0]
        seen.add(cluster)
    return cluster


def join(connection: sqlite3.Connection, one: str, other: str) -> bool:
    """Two clusters made one, under the id of the one that began first; False when they are, or when a person has ruled on
    either of them: that word stands."""
    both = sorted({_head(connection, resolved(connection, each)) for each in (one, other)} - {None}, key=lambda head: head or 0)
    if len(both) < 2:
        return False
    first, second = both
    ruled = "select 1 from documents where cluster in (?, ?) and ruled = 1 limit 1"
    if connection.execute(ruled, (first, second)).fetchone():
        return False
    names = [connection.execute("select article from documents where document = ?", (head,)).fetchone()[0] for head in both]
    documents = connection.execute("select ?, document from documents where cluster = ?", (first, second))
    change_each(connection, "update documents set cluster = ? where document = ?", documents)
    articles = connection.execute("select ?, id from articles where cluster = ?", names)
    change_each(connection, "update articles set cluster = ? where id = ?", articles)
    connection.execute("insert or replace into joins values (?, ?)", (names[1], names[0]))
    return True


class Noted:
    """Run and line of endings -> the cluster that their own was found to be one with, in a table on disk that goes with the
    connection (SQLite's `temp`): of a large sync they are many."""

    def __init__(self, connection: sqlite3.Connection, name: str, rows: Iterable[tuple[str, int, str]] = ()) -> None:
        self._connection, self._table = connection, f"temp.{name}"
        connection.execute(f"drop table if exists {self._table}")
        connection.execute(
            f"create table {self._table} (run text, line integer, cluster text not null, primary key (run, line)) without rowid"
        )
        connection.executemany(f"insert or replace into {self._table} values (?, ?, ?)", rows)

    def add(self, run: str, line: int, cluster: str) -> None:
        """Note one."""
        self._connection.execute(f"insert or replace into {self._table} values (?, ?, ?)", (run, line, cluster))

    def get(self, run: str, line: int) -> str | None:
        """The cluster of one; None when it is not noted."""
        query = f"select cluster from {self._table} where run = ? and line = ?"
        row = self._connection.execute(query, (run, line)).fetchone()
        return row[0] if row else None

    def __iter__(self) -> Iterator[tuple[str, int, str]]:
        return iter(self._connection.execute(f"select run, line, cluster from {self._table} order by run, line"))


def _head(connection: sqlite3.Connection, cluster: str) -> int | None:
    row = connection.execute("select document from documents where article = ? and document = cluster", (cluster,)).fetchone()
    return int(row[0]) if row else None
