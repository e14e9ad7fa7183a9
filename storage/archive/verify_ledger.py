"""One segment of the ledger, line by line, against the records that it speaks of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

from storage.archive.finding import Finding, Severity, Tally
from storage.archive.keys import FORGOTTEN, SYNCED, outlet_of
from storage.archive.ledger import Event, crc_of, open_segment, read_line
from storage.archive.opened import Archive
from storage.archive.packed import lines
from storage.archive.verify_notes import Notes
from storage.records import WarcAddress

_RESTORE = "restore it from a copy of the archive: scrapy archive sync COPY THIS"
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
        what = "the run was killed: its end is not in the ledger"
        yield Finding(severity=Severity.NOTE, key=key, what=what)


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
    return Finding(severity=Severity.ERROR, key=key, offset=number, what=what, mend=_RESTORE)
