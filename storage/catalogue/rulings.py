"""A person's word about clusters: two stories are one, or an article is a story of its own.

It stands above every likeness: what is placed afterwards goes by it, because it goes by the cluster of its match. The
caller writes it to the ledger (events `merged` and `split`) and rebuild does it again, in the order of the ledger. In the
caller's transaction.

Unlike it, placing all articles anew (`reclustered` in the ledger) leaves them to be judged by their likeness.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from storage.catalogue.placements import Placements

RULING_TABLES = (
    # `after`: the last row of `articles` when it was said. `other`: of a merge only.
    """create table rulings (
        ruling integer primary key, after integer not null, event text not null, one text not null, other text)""",
)


class UnknownArticle(LookupError):
    """No such article in the index of copies; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What a ruling did: `articles` are now in the cluster `cluster`. Without articles, all was so before."""

    cluster: str
    articles: tuple[str, ...]


def merge(connection: sqlite3.Connection, one: str, other: str) -> Ruling:
    """Two articles -> their clusters made one, under the id of the one that began first."""
    both = sorted({_cluster(connection, one), _cluster(connection, other)})
    first, second = both[0], both[-1]
    _note(connection, "merged", one, other)
    if first == second:
        return Ruling(cluster=_name(connection, first), articles=())
    moved = _articles(connection, "cluster = ?", second)
    connection.execute("update documents set cluster = ?, ruled = 1 where cluster = ?", (first, second))
    return _told(connection, _name(connection, first), moved)


def split(connection: sqlite3.Connection, article: str) -> list[Ruling]:
    """Article -> it and its revisions a cluster of their own. When the cluster began with it, the others move.

    Returns what moved where: nothing for an article that stands alone.
    """
    cluster = _cluster(connection, article)
    _note(connection, "split", article)
    own = connection.execute(
        "select min(document) from documents where article = ? and cluster = ?", (article, cluster)
    ).fetchone()[0]
    rest = connection.execute(
        "select min(document) from documents where cluster = ? and article <> ? and digest <> x''", (cluster, article)
    ).fetchone()[0]
    if rest is None:
        return []
    if own == cluster:
        moved = _articles(connection, "cluster = ? and article <> ?", cluster, article)
        connection.execute(
            "update documents set cluster = ?, ruled = 1 where cluster = ? and article <> ?", (rest, cluster, article)
        )
        connection.execute("update documents set ruled = 1 where cluster = ?", (cluster,))
        return [_told(connection, _name(connection, rest), moved)]
    connection.execute("update documents set cluster = ?, ruled = 1 where cluster = ? and article = ?", (own, cluster, article))
    return [_told(connection, article, (article,))]


def rule(connection: sqlite3.Connection, event: str, fields: Mapping[str, Any]) -> None:
    """An event of the ledger, `merged` or `split`, and its fields -> done again. A second time it changes nothing; nor does
    one on an article that is not here: it was forgotten since, or is another outlet's that this machine has not heard of."""
    with contextlib.suppress(UnknownArticle):
        if event == "merged":
            merge(connection, fields["one"], fields["other"])
        else:
            split(connection, fields["article"])


def said(connection: sqlite3.Connection, schema: str = "main") -> list[tuple[int, str, dict[str, str]]]:
    """All rulings in order: the last row of `articles` before each, and what `rule` takes to do it again."""
    rows = connection.execute(f"select after, event, one, other from {schema}.rulings order by ruling").fetchall()
    return [
        (after, event, {"article": one} if event == "split" else {"one": one, "other": other})
        for after, event, one, other in rows
    ]


def unsaid(connection: sqlite3.Connection, articles: Iterable[str]) -> None:
    """Articles were forgotten -> no ruling names them any more."""
    connection.executemany("delete from rulings where one = ?1 or other = ?1", [(article,) for article in articles])


def _note(connection: sqlite3.Connection, event: str, one: str, other: str | None = None) -> None:
    connection.execute(
        "insert into rulings (after, event, one, other) select coalesce(max(rowid), 0), ?, ?, ? from articles",
        (event, one, other),
    )


def _told(connection: sqlite3.Connection, cluster: str, moved: tuple[str, ...]) -> Ruling:
    """What moved, told to the articles as well. The cluster stands for itself again, whatever it was found to be part of."""
    connection.execute("delete from joins where cluster = ?", (cluster,))
    connection.executemany("update articles set cluster = ? where article = ?", [(cluster, article) for article in moved])
    return Ruling(cluster=cluster, articles=moved)


def _cluster(connection: sqlite3.Connection, article: str) -> int:
    row = connection.execute(
        # One that was taken away may still hold the place of its cluster.
        "select cluster from documents where article = ? order by digest = x'', document desc limit 1",
        (article,),
    ).fetchone()
    if row is None:
        raise UnknownArticle(f"No article {article} in the index of copies; `scrapy story` takes the id of an article.")
    return int(row[0])


def _name(connection: sqlite3.Connection, cluster: int) -> str:
    return str(connection.execute("select article from documents where document = ?", (cluster,)).fetchone()[0])


def _articles(connection: sqlite3.Connection, where: str, *values: object) -> tuple[str, ...]:
    query = f"""select article, min(document) as first from documents where {where} and digest <> x''
                group by article order by first"""
    return tuple(row[0] for row in connection.execute(query, values))


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
