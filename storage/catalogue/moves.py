"""Texts that went to the cluster of a newcomer: which, for whose sake, and from where, so that it can be undone.

A newcomer whose capture never became durable, or that is forgotten, leaves no trace: what went to a cluster for its sake
goes back. What a person ruled stays.

And clusters that turned out to be one when the ledgers of several catalogues came together: which became part of which. Unlike
a person's ruling (storage/catalogue/rulings.py) a join leaves its members to be judged by their likeness. The ledger keeps it
(storage/archive/ledger.py), so that rebuild does it again. In the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

from storage.catalogue.rows import change_each

MOVE_TABLES: tuple[str, ...] = (
    # The cluster that a document went to for the sake of `mover`; the row whose mover is the document itself says where
    # it was placed.
    """create table moves (
        document integer not null, mover integer not null, cluster integer not null,
        primary key (document, mover)) without rowid""",
    "create index moves_mover on moves (mover)",
    "create index moves_cluster on moves (cluster)",
)


def move(connection: sqlite3.Connection, articles: Iterable[str], mover: int, cluster: int) -> None:
    """Articles, with all documents that stand where their newest does -> they stand in the mover's cluster."""
    for article in articles:
        moved = connection.execute(
            """select document, cluster from documents where article = ?1 and digest <> x'' and ruled = 0 and cluster =
               (select cluster from documents where article = ?1 and digest <> x'' order by document desc limit 1)""",
            (article,),
        ).fetchall()
        connection.executemany("insert or ignore into moves values (?1, ?1, ?2)", moved)
        connection.executemany(
            "insert or replace into moves values (?, ?, ?)", [(document, mover, cluster) for document, _ in moved]
        )
        _stand(connection, [document for document, _ in moved], cluster)


def undo(connection: sqlite3.Connection, mover: int) -> None:
    """A document that is taken back -> what went to a cluster for its sake is where it was before."""
    connection.execute("delete from moves where document = ?", (mover,))
    moved = [row[0] for row in connection.execute("select document from moves where mover = ?", (mover,)).fetchall()]
    connection.execute("delete from moves where mover = ?", (mover,))
    for document in moved:
        # Where that cluster's first document stands now: it may have become part of another meanwhile.
        (cluster,) = connection.execute(
            """select iif(m.cluster = m.document, m.cluster, d.cluster) from moves m
               join documents d on d.document = m.cluster where m.document = ? order by m.mover desc limit 1""",
            (document,),
        ).fetchone()
        _stand(connection, [document], cluster)
        connection.execute(
            """delete from moves where document = ?1
               and not exists (select 1 from moves where document = ?1 and mover <> ?1)""",
            (document,),
        )


def awaited(connection: sqlite3.Connection, cluster: int) -> bool:
    """Whether a document may yet go back to this cluster."""
    query = "select 1 from moves where cluster = ? and document <> cluster limit 1"
    return connection.execute(query, (cluster,)).fetchone() is not None


def _stand(connection: sqlite3.Connection, documents: list[int], cluster: int) -> None:
    """Documents, and the articles whose newest they are, stand in a cluster; unless a person put them elsewhere."""
    for document in documents:
        connection.execute("update documents set cluster = ? where document = ? and ruled = 0", (cluster, document))
        connection.execute(
            """update articles set cluster = (select article from documents where document = ?1)
               where article = (select article from documents where document = ?2 and ruled = 0)""",
            (cluster, document),
        )


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
