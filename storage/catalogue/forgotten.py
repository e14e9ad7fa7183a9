"""What was taken away from the archive goes from the catalogue too; its addresses stay known and are not fetched."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping

import sqlite_utils

from storage.catalogue import captures
from storage.catalogue.leads import page_key
from storage.catalogue.placements import forget
from storage.catalogue.rulings import unsaid
from storage.catalogue.schema import writing

FORGOTTEN = "forgotten"


def take_out(
    database: sqlite_utils.Database, *, urls: Iterable[str], articles: Iterable[str], inherited: Mapping[str, str]
) -> int:
    """Remove all captures and articles of these URLs and article ids; how many captures. Calling again does nothing.

    `inherited`: clean copies that other articles use -> the keys under which those lie now.
    """
    addresses, named = list(urls), list(articles)
    # What is deleted is overwritten in the file, and does not stay in its log.
    database.conn.execute("pragma secure_delete = on")
    sequences = _captures(database.conn, addresses, named)
    for sequence in sorted(sequences, reverse=True):
        captures.take_back(database, sequence, forget)
    with writing(database) as connection:
        for old, new in inherited.items():
            connection.execute("update captures set clean_key = ? where clean_key = ?", (new, old))
            connection.execute("update articles set clean_key = ? where clean_key = ?", (new, old))
        enter_forgotten(connection, addresses)
        unsaid(connection, named)
    database.conn.execute("pragma wal_checkpoint (truncate)").fetchall()
    return len(sequences)


def enter_forgotten(connection: sqlite3.Connection, urls: Iterable[str]) -> None:
    """Leads that are never to be fetched again, with nothing known of them but that. Inside the caller's transaction."""
    for url in urls:
        page = page_key(url)
        changed = connection.execute(
            """update leads set state = 'refused', outcome = ?, run = null, title = null, published = null, attempts = 0,
                 not_before = '' where url = ? or key = ?""",
            (FORGOTTEN, url, page),
        )
        if not changed.rowcount:
            connection.execute(
                """insert into leads (url, key, outlet, source, announced_at, state, outcome)
                   values (?, ?, '', '', '', 'refused', ?)""",
                (url, page, FORGOTTEN),
            )


def _captures(connection: sqlite3.Connection, urls: list[str], articles: list[str]) -> set[int]:
    return {
        sequence
        for column, values in (("url", urls), ("lead", urls), ("article", articles))
        for value in values
        for (sequence,) in connection.execute(f"select id from captures where {column} = ?", (value,))
    }
