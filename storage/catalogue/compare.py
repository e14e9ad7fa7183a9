"""Two catalogues -> what differs in their contents, table by table.

Numbers that say nothing outside one file are left out: row ids of articles, numbers of documents (a document's match may have
been taken back; the article's own match is compared). So is what is by nature passing: validators of feeds, leases, where a
document would go back to, and at which row a person ruled: what came of it is compared. Both are read in the same order, a row
at a time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from storage.catalogue.rows import unpacked

_PASSING = frozenset({"sources", "moves", "probes", "segments", "rulings"})
_OWN_COLUMNS = {"leads": {"run"}, "articles": {"id"}, "documents": {"document", "match"}}
_KEYS = {"articles": ("capture",)}
# How a column is read where the plain value says nothing outside its file.
_READ = {
    ("articles", "text_zlib"): "text_in(t.text_zlib)",  # zlib of another version packs into other bytes
    ("leads", "state"): "case state when 'leased' then 'announced' else state end",
    ("documents", "cluster"): "(select c.article from documents c where c.document = t.cluster)",
}
_PLACES = """create temp table places as
  select document, row_number() over (order by document) as place from documents where digest <> x''"""

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A row that differs: its table and key, `one` and `other` of the first column that does; None where the row is
    missing altogether."""

    table: str
    key: str
    column: str | None
    one: str | None
    other: str | None


def differences(one: sqlite3.Connection, other: sqlite3.Connection) -> Iterator[Difference]:
    """Two open catalogues of the same schema -> their differences."""
    for connection in (one, other):
        connection.create_function("text_in", 1, _text_in, deterministic=True)
        connection.execute("drop table if exists temp.places")
        connection.execute(_PLACES)
        connection.execute("create unique index temp.places_document on places (document)")
        connection.execute("create virtual table if not exists temp.words using fts5vocab ('main', 'articles_fts', 'row')")
    tables = sorted({*_tables(one), *_tables(other)})
    for table, columns, keys, query in [*(_plain(one, table) for table in tables), *_SPECIAL]:
        yield from _compared(table, columns, keys, one.execute(query), other.execute(query))


_SPECIAL = (
    (
        "postings",
        ("shingle", "place"),
        2,
        "select p.shingle, n.place from postings p join places n on n.document = p.document order by 1, 2",
    ),
    ("articles_fts", ("word", "documents", "occurrences"), 1, "select term, doc, cnt from temp.words order by term"),
)


def _text_in(stored: bytes) -> str | None:
    """A packed text -> the text; None for one that is damaged, and so is unlike any."""
    try:
        return unpacked(stored)
    except ValueError:
        return None


def _tables(connection: sqlite3.Connection) -> Iterator[str]:
    query = "select name from sqlite_master where type = 'table'"
    for (name,) in connection.execute(query):
        if not name.startswith(("sqlite_", "articles_fts")) and name not in _PASSING | {"postings"}:
            yield name


def _plain(connection: sqlite3.Connection, table: str) -> tuple[str, tuple[str, ...], int, str]:
    """A table -> its name, columns with the keys first, number of keys, and the query that reads it in their order."""
    described = connection.execute(f"pragma table_info ({table})").fetchall()
    names = [row[1] for row in described if row[1] not in _OWN_COLUMNS.get(table, ())]
    keys = _KEYS.get(table) or tuple(row[1] for row in sorted(described, key=lambda row: row[5]) if row[5])
    source, order = f"{table} t", ", ".join(keys)
    if table == "documents":
        keys, source, order = ("place",), "documents t join places n on n.document = t.document", "n.place"
    columns = (*keys, *(name for name in names if name not in keys))
    read = ", ".join(_READ.get((table, column), f"n.{column}" if column == "place" else f"t.{column}") for column in columns)
    return table, columns, len(keys), f"select {read} from {source} order by {order}"


def _compared(
    table: str, columns: tuple[str, ...], keys: int, one: Iterator[Row], other: Iterator[Row]
) -> Iterator[Difference]:
    mine, theirs = next(one, None), next(other, None)
    while mine is not None or theirs is not None:
        my_key = _order(mine[:keys]) if mine is not None else None
        their_key = _order(theirs[:keys]) if theirs is not None else None
        if theirs is None or (my_key is not None and their_key is not None and my_key < their_key):
            yield Difference(table=table, key=_said(mine, keys), column=None, one="there", other=None)
            mine = next(one, None)
        elif mine is None or (my_key is not None and their_key is not None and their_key < my_key):
            yield Difference(table=table, key=_said(theirs, keys), column=None, one=None, other="there")
            theirs = next(other, None)
        else:
            place = next((n for n, (left, right) in enumerate(zip(mine, theirs, strict=True)) if left != right), None)
            if place is not None:
                yield Difference(
                    table=table,
                    key=_said(mine, keys),
                    column=columns[place],
                    one=str(mine[place])[:200],
                    other=str(theirs[place])[:200],
                )
            mine, theirs = next(one, None), next(other, None)


def _order(key: Row) -> tuple[tuple[int, str], ...]:
    """As SQLite orders them: text by its bytes."""
    return tuple((part, "") if isinstance(part, int) else (0, str(part)) for part in key)


def _said(row: Row | None, keys: int) -> str:
    return " ".join(str(part) for part in (row or ())[:keys])
