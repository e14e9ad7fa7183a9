"""Many articles in one transaction: what lets the index of words gather what it has to write, and write it once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

GATHERED = 8 << 20
"""Bytes; FTS5's own 1 MB are full after some hundred stories of many different words."""


def change_each(connection: sqlite3.Connection, change: str, found: Iterable[tuple[Any, ...]]) -> None:
    """Rows that a query found -> each changed by a statement that names one row by its key.

    Before a statement that may touch several rows SQLite sets a savepoint, and at each savepoint FTS5 writes what it has gathered
    to disk as a segment of its own, to be merged later: in a transaction of many articles that is half of its work.
    """
    connection.executemany(change, list(found))


def gather(connection: sqlite3.Connection) -> None:
    """The index of words writes when it has gathered GATHERED bytes, or at a commit. FTS5 keeps this in the catalogue; a crawl, whose
    transactions are small, is none the worse for it."""
    connection.execute("insert into articles_fts (articles_fts, rank) values ('hashsize', ?)", (GATHERED,))
