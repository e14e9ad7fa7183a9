"""One segment of the ledger, line by line, against the records that it speaks of.

What a walk over an archive must remember of one part to check the next is in a database that lies on disk: SQLite's nameless
one spills into a file that it deletes by itself, so memory does not grow with the archive.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from typing import BinaryIO, Self

from storage.archive import finding
from storage.archive.finding import RESTORE, Finding, Tally
from storage.archive.keys import FORGOTTEN, SYNCED, outlet_of
from storage.archive.ledger import Event, crc_of, open_segment, read_line
from storage.archive.opened import Archive
from storage.archive.packed import lines
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

    def unresolved(self) -> Iterator[tuple[str, int, str]]:
        """Revisits that lead to no response with their payload digest, where they say that it lies: file, offset, and the id of
        the record that each refers to."""
        query = """select r.file, r.offset, r.refers from revisits r
            where not exists (select 1 from answers a where a.record_id = r.refers and a.digest = r.digest
              and a.kind = 'response' and (r.place is null or r.place = a.file || ':' || a.offset))
            order by 1, 2"""
        return iter(self._base.execute(query))

    def broken_promises(self) -> Iterator[tuple[str, int, str, str | None]]:
        """Lines of the ledger whose clean copy is missing, or is of another text: segment, line, key of the copy, and the content
        digest of the one that lies there."""
        query = """select k.segment, k.line, k.key, c.digest from kept k left join copies c on c.key = k.key
            where c.digest is not k.digest order by 1, 2"""
        return iter(self._base.execute(query))

    def unspoken_copies(self) -> Iterator[str]:
        """Clean copies that no line of the ledger speaks of."""
        query = "select key from copies where key not in (select key from kept) order by 1"
        return (row[0] for row in self._base.execute(query))


_WITH_TEXT = ("kept", "revision", "duplicate")


# Address of a record -> whether it lies there; None when nothing can be said.
Lies = Callable[[WarcAddress], bool | None]


def check_segment(archive: Archive, key: str, notes: Notes, tally: Tally, lies: Lies, *, live: bool) -> Iterator[Finding]:
    """A segment -> what is wrong with it; which clean copies it speaks of goes into `notes`.

    `live`: it lies in the spool, so it may end in the middle of a line.
    """
    expected, ended = 0, live or outlet_of(key) in (FORGOTTEN, SYNCED)  # these are written down without a run
    before: int | None = 0
    with open_segment(archive, key) as stream:
        for number, line in enumerate(_lines(stream), 1):
            try:
                if isinstance(line, ValueError):
                    raise line
                event = read_line(line)
                if not line.endswith(b"\n"):
                    raise ValueError("the line is cut off")
            except ValueError as error:
                if not (live and isinstance(line, bytes) and not line.endswith(b"\n")):
                    yield _error(key, number, str(error))
                expected, before = expected + 1, None
                continue
            tally.events += 1
            before = crc_of(line, before)
            if before is None:
                yield _error(key, number, "its crc is of another content: this line, or the one before it, was changed")
            if event.seq != expected:
                yield _error(key, number, f"line {event.seq} of this segment stands here; {event.seq - expected:+d} is off")
            expected = event.seq + 1
            tally.outcomes += event.event == "outcome"
            ended = ended or event.event == "run-ended"
            yield from _event(key, number, event, notes, lies)
    if not ended:
        yield finding.note(key, "the run was killed: its end is not in the ledger")


def _lines(stream: BinaryIO) -> Iterator[bytes | ValueError]:
    """The lines of a segment, and at the end what is wrong with its packing."""
    try:
        yield from lines(stream)
    except ValueError as error:
        yield error


def _event(key: str, number: int, event: Event, notes: Notes, lies: Lies) -> Iterator[Finding]:
    """An outcome's record must lie where it says; its text is looked for later."""
    if event.event != "outcome":
        return
    try:
        said = event.fields.get("address")
        address = WarcAddress(**said) if said else None
        outcome, clean, digest = (event.fields.get(name) for name in ("outcome", "clean_key", "content_digest"))
        if outcome in _WITH_TEXT and not (clean and digest):
            raise ValueError(f"a capture that was {outcome}, without its text")
    except (TypeError, ValueError) as error:
        yield _error(key, number, f"no outcome of a capture ({error})")
        return
    if address is not None and lies(address) is False:
        yield _error(key, number, f"its record {address.record_id} is not at {address.file}:{address.offset}")
    if outcome in _WITH_TEXT:
        notes.kept(key, number, str(clean), str(digest))


def _error(key: str, number: int, what: str) -> Finding:
    return finding.error(key, what, RESTORE, offset=number)
