"""Rows of the catalogue: read as records, entered, many of them changed in one transaction; and what they hold in a shorter form.

Texts are packed with zlib, for a story is most of its row and halves so; keys of pages are digests, for they are only compared.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any, TypeVar

from storage.records import WarcAddress

GATHERED = 8 << 20
"""Bytes; FTS5's own 1 MB are full after some hundred stories of many different words."""
R = TypeVar("R")


def records(kind: type[R], rows: sqlite3.Cursor) -> Iterator[R]:
    """Rows whose columns are the fields of a record, in their order -> the records; 0 and 1 are True and False where it says so."""
    columns = [(field.name, field.type in (bool, "bool")) for field in fields(kind)]  # type: ignore[arg-type]
    for row in rows:
        yield kind(**{name: bool(value) if truth else value for (name, truth), value in zip(columns, row, strict=True)})


def address_of(file: str, offset: int, length: int, record: str, digest: str) -> WarcAddress:
    """The columns of a capture that say where its answer lies -> the address."""
    return WarcAddress(file=file, offset=offset, length=length, record_id=record, payload_digest=digest)


def insert(connection: sqlite3.Connection, table: str, row: Mapping[str, object], *, instead: bool = False) -> int:
    """A new row, as values by their columns -> its number. `instead`: in the place of the one with its key."""
    query = f"insert {'or replace ' * instead}into {table} ({', '.join(row)}) values ({', '.join(':' + name for name in row)})"
    return connection.execute(query, dict(row)).lastrowid or 0


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


PACKED_TEXTS: tuple[str, ...] = (
    "alter table articles add column characters integer not null default 0",
    "update articles set characters = length(text), text = packed(text)",
    "alter table articles rename column text to text_zlib",
    # Of the leads, which stay for ever, only those that wait are looked for in the order of their time.
    "drop index leads_waiting",
    """create index leads_waiting on leads (outlet, state, not_before, announced_at)
       where state in ('announced', 'leased')""",
    "update leads set key = digested(key)",
)
"""The migration to packed texts; it needs `packed` and `digested` as functions of the connection."""


def packed(text: str) -> bytes:
    """Text -> its UTF-8 bytes in a zlib stream (RFC 1950)."""
    return zlib.compress(text.encode())


def digested(key: str) -> bytes:
    """Key of any length -> 16 bytes that stand for it (BLAKE2b, RFC 7693)."""
    return hashlib.blake2b(key.encode(errors="surrogatepass"), digest_size=16).digest()


def unpacked(stored: bytes) -> str:
    """What `packed` made -> the text. ValueError when it is damaged."""
    try:
        return zlib.decompress(stored).decode()
    except zlib.error as error:
        raise ValueError(f"A text in the catalogue is damaged ({error}); run `scrapy rebuild`.") from error
