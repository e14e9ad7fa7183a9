"""What each story taught about its outlet, as rows: the outlet's memory, and what that took out of which story.

A row an ending that has something to say, entered and taken back with it; so it is what the ledger says. Counted when it
is read (pipelines/memory.py): nothing is added up here that a forgotten story would have to be taken out of again.
"""

from __future__ import annotations

import sqlite3

from storage.records import Ending, Lesson

LESSON_TABLES = (
    """create table lessons (
        capture integer primary key, outlet text not null, canonical text not null, headline text not null,
        passages text not null, day_first integer, recurring text not null)""",
    "create index lessons_outlet on lessons (outlet, capture) where passages <> ''",
)
_READ = "select canonical, headline, passages, day_first from lessons where outlet = ? and passages <> ''"


def enter(connection: sqlite3.Connection, ending: Ending) -> None:
    """An ending of an article -> its row, when it teaches something or had something taken out. In the caller's
    transaction."""
    if ending.passages or ending.recurring:
        taught, taken = lesson(ending), " ".join(each.passage for each in ending.recurring)
        row = (taught.url, taught.headline, " ".join(taught.passages), taught.day_first, taken)
        connection.execute("insert into lessons values (?, ?, ?, ?, ?, ?, ?)", (ending.sequence, ending.lead.outlet, *row))


def lesson(ending: Ending) -> Lesson:
    """An ending -> what its story teaches."""
    return Lesson(
        url=ending.canonical or ending.url,
        headline=ending.headline or "",
        passages=ending.passages,
        day_first=ending.day_first,
    )


def take_back(connection: sqlite3.Connection, sequence: int) -> None:
    """The row of a capture goes. In the caller's transaction."""
    connection.execute("delete from lessons where capture = ?", (sequence,))


def newest(connection: sqlite3.Connection, outlet: str, most: int) -> list[Lesson]:
    """The outlet's last `most` lessons, oldest first."""
    rows = connection.execute(f"{_READ} order by capture desc limit ?", (outlet, most)).fetchall()
    return [_lesson(row) for row in reversed(rows)]


def around(connection: sqlite3.Connection, outlet: str, sequence: int, most: int) -> list[Lesson]:
    """The `most` lessons of the outlet that lie nearest to a capture, half before it and half after where there are as
    many; oldest first."""
    before = connection.execute(f"{_READ} and capture <= ? order by capture desc limit ?", (outlet, sequence, most)).fetchall()
    after = connection.execute(f"{_READ} and capture > ? order by capture limit ?", (outlet, sequence, most)).fetchall()
    fore = min(len(before), max(-(-most // 2), most - len(after)))
    return [_lesson(row) for row in (*reversed(before[:fore]), *after[: most - fore])]


def taken_out_before(connection: sqlite3.Connection, article: str) -> tuple[str, ...]:
    """Article id -> digests of what the memory took out of its newest revision."""
    row = connection.execute(
        """select l.recurring from articles a join lessons l on l.capture = a.capture
           where a.article = ? and a.current = 1""",
        (article,),
    ).fetchone()
    return tuple(row[0].split()) if row else ()


def teaches(connection: sqlite3.Connection, cluster: str, outlet: str) -> bool:
    """Whether an article that joins a cluster is the outlet's first in it: copies of one story teach once."""
    known = connection.execute("select 1 from articles where cluster = ? and outlet = ? limit 1", (cluster, outlet))
    return known.fetchone() is None


def _lesson(row: tuple[str, str, str, int | None]) -> Lesson:
    canonical, headline, passages, day_first = row
    return Lesson(
        url=canonical,
        headline=headline,
        passages=tuple(passages.split()),
        day_first=None if day_first is None else bool(day_first),
    )
