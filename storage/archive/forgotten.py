"""What was taken away from an archive, read from the segments of the ledger that say so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from storage.archive.keys import FORGOTTEN
from storage.archive.ledger import Event, read_line
from storage.archive.packed import lines
from storage.archive.store import ArchiveError, Store
from storage.archive.warcread import Record, whole_records
from storage.archive.warcrecord import FORGOTTEN as TAKEN_AWAY

# Event of the ledger: something is to be taken away; event that a line became whose content was.
FORGET, REDACTED = "forget", "forgotten"
_SEGMENTS = f"ledger/{FORGOTTEN}/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgetting:
    """One request that something be forgotten: the URL and reason given, and what it led to.

    `urls`: all addresses of the article; `articles`: their ids; `copies`: keys of clean copies; `records`: pairs of a
    WARC file's key and a record id.
    """

    url: str
    reason: str
    urls: tuple[str, ...]
    articles: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()
    records: tuple[tuple[str, str], ...] = ()


def forgettings(store: Store) -> Iterator[Forgetting]:
    """Everything that was ever asked to be forgotten, in order."""
    for key in store.keys(_SEGMENTS):
        with store.open_stream(key) as stream:
            try:
                found = [read_forgetting(event) for event in map(read_line, lines(stream)) if event.event == FORGET]
            except (ValueError, KeyError, TypeError) as error:
                raise ArchiveError(f"{key}: {error}; run `scrapy verify {key}`") from error
        yield from found


def read_forgetting(event: Event) -> Forgetting:
    """A `forget` event -> what it says. KeyError, TypeError or ValueError when it is none."""
    fields = event.fields
    return Forgetting(
        url=fields["url"],
        reason=fields["reason"],
        urls=tuple(fields["urls"]),
        articles=tuple(fields["articles"]),
        copies=tuple(fields["copies"]),
        records=tuple((file, record) for file, record in fields["records"]),
    )


def forgotten_copies(store: Store) -> frozenset[str]:
    """Keys of all clean copies that were taken away."""
    return frozenset(key for each in forgettings(store) for key in each.copies)


def redactions(store: Store, key: str) -> int:
    """How much was taken out of a WARC file, an index or a segment of the ledger: to compare two states of it."""
    with store.open_stream(key) as stream:
        if key.endswith(".warc.gz"):
            found = (each for each in whole_records(stream) if isinstance(each, Record))
            return sum(each.field(TAKEN_AWAY) is not None for each in found)
        if key.endswith(".cdxj"):
            return -sum(1 for _line in stream)
        return sum(b'"event":"%s"' % REDACTED.encode() in line[:120] for line in lines(stream))
