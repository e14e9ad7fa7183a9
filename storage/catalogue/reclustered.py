"""Articles that stand in another cluster since all were placed anew (`reclustered` in the ledger).

Unlike a person's ruling (storage/catalogue/rulings.py) it leaves them to be judged by their likeness. In the caller's
transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from storage.catalogue.placements import Placements


def recluster(connection: sqlite3.Connection, rows: Iterable[tuple[str, str, bool]]) -> None:
    """Articles with the cluster in which each stands from now on, and whether a person put it there, in any order.

    What is not named and stood in a cluster whose first article goes elsewhere goes with it. An article that is not here is
    passed over. A second time it changes nothing.
    """
    index = Placements(connection)
    for article, cluster, ruled in rows:
        own = connection.execute(
            "select document, cluster from documents where article = ? and digest <> x'' order by document", (article,)
        ).fetchall()
        if not own:
            continue
        first = _first(index, cluster)
        for document, before in own:
            if document == before != first:
                _follow(connection, document, first, article, cluster)
        connection.execute(
            "update documents set cluster = ?, ruled = ? where article = ? and digest <> x''", (first, ruled, article)
        )
        connection.execute("update articles set cluster = ? where article = ?", (cluster, article))
        connection.execute("delete from joins where cluster = ?", (cluster,))
        # Where it would have gone back to is of no account any more.
        connection.executemany("delete from moves where document = ?", [(document,) for document, _ in own])


def _first(index: Placements, cluster: str) -> int:
    """Cluster id -> its first document, also of one that its own article has yet to come to."""
    row = index.connection.execute(
        "select document from documents where article = ? order by document = cluster desc, digest = x'', document limit 1",
        (cluster,),
    ).fetchone()
    return int(row[0]) if row else index.first(cluster)


def _follow(connection: sqlite3.Connection, head: int, first: int, name: str, cluster: str) -> None:
    """The document that a cluster began with goes elsewhere: so does what is left of the cluster, and what comes yet under its
    name."""
    connection.execute("update documents set cluster = ? where cluster = ?", (first, head))
    connection.execute("update articles set cluster = ? where cluster = ?", (cluster, name))
    connection.execute("insert or replace into joins values (?, ?)", (name, cluster))
