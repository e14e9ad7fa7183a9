"""What a walk over an archive must remember of one part to check the next, in a database that lies on disk.

SQLite's nameless database spills into a file that it deletes by itself, so memory does not grow with the archive.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from storage.records import WarcAddress

_TABLES = """
pragma journal_mode = off;
pragma synchronous = off;
create table answers (record_id text primary key, file text, offset integer, length integer, digest text, kind text)
  without rowid;
create table revisits (file text, offset integer, refers text, place text, digest text);
create table forgotten (record_id text primary key) without rowid;
create table copies (key text primary key, digest text) without rowid;
create table kept (segment text, line integer, key text, digest text);
create index kept_key on kept (key);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unresolved:
    """A revisit record whose body is nowhere, and what it refers to."""

    file: str
    offset: int
    refers: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """A line of a ledger that speaks of a clean copy; `found`: the content digest of the one that lies there."""

    segment: str
    line: int
    key: str
    found: str | None


class Notes:
    """The remembered parts of one walk. Close it, or use it in a `with`."""

    def __init__(self) -> None:
        self._base = sqlite3.connect("", isolation_level=None)
        self._base.executescript(_TABLES)
        self._base.execute("begin")  # never committed: one transaction spares each statement its own

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._base.close()

    def answer(self, address: WarcAddress, kind: str) -> None:
        """A response, revisit or resource record lies here."""
        row = (address.record_id, address.file, address.offset, address.length, address.payload_digest, kind)
        self._base.execute("insert or ignore into answers values (?, ?, ?, ?, ?, ?)", row)

    def revisit(self, file: str, offset: int, refers: str, target: WarcAddress | None, digest: str) -> None:
        """A revisit here refers to a record id with this payload digest, and perhaps says where that lies."""
        place = f"{target.file}:{target.offset}" if target else None
        self._base.execute("insert into revisits values (?, ?, ?, ?, ?)", (file, offset, refers, place, digest))

    def forgotten(self, record_id: str) -> None:
        """What remains of a record whose content was taken away."""
        self._base.execute("insert or ignore into forgotten values (?)", (record_id,))

    def copy(self, key: str, digest: str) -> None:
        """A clean copy lies under this key."""
        self._base.execute("insert or ignore into copies values (?, ?)", (key, digest))

    def kept(self, segment: str, line: int, key: str, digest: str) -> None:
        """A line of the ledger says that a text lies under this key."""
        self._base.execute("insert into kept values (?, ?, ?, ?)", (segment, line, key, digest))

    def lies(self, address: WarcAddress) -> bool | None:
        """Whether exactly this record lies where the address says; None when its content was forgotten."""
        row = self._base.execute(
            "select file, offset, length, digest from answers where record_id = ?", (address.record_id,)
        ).fetchone()
        if row is not None:
            return tuple(row[:3]) == (address.file, address.offset, address.length) and (
                row[3] == address.payload_digest or not row[3]
            )
        gone = self._base.execute("select 1 from forgotten where record_id = ?", (address.record_id,)).fetchone()
        return None if gone else False

    def unresolved(self) -> Iterator[Unresolved]:
        """Revisits that lead to no response with their payload digest, where they say that it lies."""
        query = """select r.file, r.offset, r.refers from revisits r
            where not exists (select 1 from answers a where a.record_id = r.refers and a.digest = r.digest
              and a.kind = 'response' and (r.place is null or r.place = a.file || ':' || a.offset))
            order by 1, 2"""
        for file, offset, refers in self._base.execute(query):
            yield Unresolved(file=file, offset=offset, refers=refers)

    def broken_promises(self) -> Iterator[Promised]:
        """Lines of the ledger whose clean copy is missing, or is of another text."""
        query = """select k.segment, k.line, k.key, c.digest from kept k left join copies c on c.key = k.key
            where c.digest is not k.digest order by 1, 2"""
        for segment, line, key, found in self._base.execute(query):
            yield Promised(segment=segment, line=line, key=key, found=found)

    def unspoken_copies(self) -> Iterator[str]:
        """Clean copies that no line of the ledger speaks of."""
        query = "select key from copies where key not in (select key from kept) order by 1"
        return (row[0] for row in self._base.execute(query))
