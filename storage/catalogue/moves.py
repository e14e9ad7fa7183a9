"""Texts that went to the cluster of a newcomer: which, for whose sake, and from where, so that it can be undone.

A newcomer whose capture never became durable, or that is forgotten, leaves no trace: what went to a cluster for its sake
goes back. What a person ruled stays. In the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

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
