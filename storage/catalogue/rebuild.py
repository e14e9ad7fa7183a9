"""An archive -> its catalogue, made again: from the ledger's events in their order, and the texts of the clean copies.

The functions that enter rows are those of the live way, so that a catalogue that was made again and one that grew
cannot differ. Nothing is judged, extracted or placed anew. Memory does not grow with the archive.
"""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
import sqlite3
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from storage.archive.clean import read_clean_copy
from storage.archive.ledger import Event, events
from storage.archive.opened import Archive
from storage.archive.store import ArchiveError, Missing
from storage.catalogue import captures, leads, runs
from storage.catalogue.forgotten import enter_forgotten
from storage.catalogue.rulings import rule
from storage.catalogue.schema import open_catalogue
from storage.endings import read_ending, read_lead
from storage.records import Ending, Outcome

# Runs that go at the same time number their endings together and write them down each on its own: a run whose store
# is slow is behind the others by what they end meanwhile, by far less than this.
WINDOW = 4096
_A_TRANSACTION = 5000
_AHEAD = 64
_NAMED = 20
_CACHE_KIB = 128 * 1024

# Ending of an article, its text (None: its clean copy is gone or damaged) -> a document in the index of copies.
Index = Callable[[sqlite3.Connection, Ending, str | None], None]


@dataclass(slots=True)
class Rebuilt:
    """What was made: rows by table. `missing`: clean copies that are gone or damaged, `first_missing` the first of
    them; `unknown`: events of other versions of Cleancopy, passed over; `renumbered`: captures whose number another one
    had already."""

    runs: int = 0
    leads: int = 0
    captures: int = 0
    articles: int = 0
    renumbered: int = 0
    missing: int = 0
    first_missing: list[str] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)


def build(archive: Archive, path: Path, index: Index, told: Callable[[int], None] = lambda _captures: None) -> Rebuilt:
    """Archive -> its catalogue in a new file. `told` hears now and then how many captures are in.

    ArchiveError when the ledger cannot be read; CatalogueError or sqlite3.Error when the file cannot be written.
    """
    database = open_catalogue(path)
    try:
        return _filled(archive, database.conn, index, told)
    finally:
        database.close()


def _filled(archive: Archive, connection: sqlite3.Connection, index: Index, told: Callable[[int], None]) -> Rebuilt:
    # Nothing to protect: a file that was not filled to the end is thrown away.
    connection.execute("pragma journal_mode = off")
    connection.execute("pragma synchronous = off")
    connection.execute("pragma locking_mode = exclusive")
    connection.execute(f"pragma cache_size = -{_CACHE_KIB}")
    replay = _Replay(connection, index)
    read = ThreadPoolExecutor(8) if archive.folder is None else None  # S3 answers late and many at a time
    try:
        with_texts = _read_ahead(archive, in_order(events(archive)), read)
        while some := list(itertools.islice(with_texts, _A_TRANSACTION)):
            connection.execute("begin")
            for event, text in some:
                replay.apply(event, text)
            connection.execute("commit")
            told(replay.made.captures)
    finally:
        if read is not None:
            read.shutdown(cancel_futures=True)
    connection.execute("update runs set reason = ? where ended_at is null", (runs.KILLED,))
    connection.execute("pragma optimize")
    return replay.made


def in_order(found: Iterable[Event], window: int = WINDOW) -> Iterator[Event]:
    """Events by time -> by the sequence of their endings; of one outlet, never in another order than they came.

    An event without a sequence goes with the outlet's ending before it; a ruling comes after the ending it names.
    """
    waiting: list[tuple[tuple[int, bool], int, Event]] = []
    last: dict[str, tuple[int, bool]] = {}
    for number, event in enumerate(found):
        own = (event.fields.get("sequence", 0), event.event != "outcome")
        place = last[event.outlet] = max(own, last.get(event.outlet, own))
        heapq.heappush(waiting, (place, number, event))
        if len(waiting) > window:
            yield heapq.heappop(waiting)[2]
    while waiting:
        yield heapq.heappop(waiting)[2]


Text = Callable[[], str | None]


def _read_ahead(archive: Archive, found: Iterator[Event], pool: ThreadPoolExecutor | None) -> Iterator[tuple[Event, Text]]:
    """Events -> events with what gets the text of their clean copy, which a pool reads before it is asked for."""
    waiting: deque[tuple[Event, Text]] = deque()
    for event in found:
        key = event.fields.get("clean_key") if event.event == "outcome" else None
        if pool is not None and key and event.fields["outcome"] in (Outcome.KEPT, Outcome.REVISION):
            future: Future[str | None] = pool.submit(_text, archive, key)
            waiting.append((event, future.result))
        else:
            waiting.append((event, partial(_text, archive, key)))
        if len(waiting) > (_AHEAD if pool is not None else 0):
            yield waiting.popleft()
    yield from waiting


def _text(archive: Archive, key: str | None) -> str | None:
    """Key of a clean copy -> its text; None when there is none or it is damaged: one bad file costs one text."""
    if key is None:
        return None
    try:
        return read_clean_copy(archive.store.read(key)).article.text
    except (Missing, ValueError):
        return None


class _Replay:
    """Enters events into a catalogue, one after the other, inside the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection, index: Index) -> None:
        self.connection = connection
        self.index = index
        self.made = Rebuilt()
        self._ways = {
            "run-started": self._run_started,
            "run-ended": self._run_ended,
            "lead": self._lead,
            "taken": self._taken,
            "refused": self._refused,
            "merged": self._ruled,
            "split": self._ruled,
            "forget": self._forget,
            "forgotten": self._forgotten,
        }

    def apply(self, event: Event, text: Text) -> None:
        """One event and what gets its text. ArchiveError names an event that is not what it says."""
        try:
            if event.event == "outcome":
                self._outcome(read_ending(event.run, event.fields), text)
            elif event.event in self._ways:
                self._ways[event.event](event)
            else:
                self.made.unknown[event.event] += 1
        except (LookupError, TypeError, ValueError) as error:
            where = f"ledger of run {event.run}, line {event.seq + 1} ({event.event})"
            raise ArchiveError(f"{where}: {type(error).__name__} {error}; run `scrapy verify`") from error

    def _run_started(self, event: Event) -> None:
        runs.begin(self.connection, event.run, event.outlet, event.fields.get("started_at") or event.at.isoformat())
        self.made.runs += 1

    def _run_ended(self, event: Event) -> None:
        runs.end(self.connection, runs.receipt_of(event.run, event.outlet, event.fields))

    def _lead(self, event: Event) -> None:
        announced_at = dt.datetime.fromisoformat(event.fields["announced_at"])
        self.made.leads += leads.enter(self.connection, read_lead(event.outlet, event.fields), announced_at)

    def _taken(self, event: Event) -> None:
        leads.put_back(self.connection, event.fields["url"])

    def _forget(self, event: Event) -> None:
        enter_forgotten(self.connection, event.fields["urls"])

    def _forgotten(self, _event: Event) -> None:
        """What is left of a line whose content was taken away: nothing to enter."""

    def _refused(self, event: Event) -> None:
        leads.enter_refusal(self.connection, event.fields["url"])

    def _ruled(self, event: Event) -> None:
        rule(self.connection, event.event, event.fields)

    def _outcome(self, ending: Ending, text: Text) -> None:
        ending = self._numbered(ending)
        found: str | None = ""
        if ending.outcome in captures.HAS_ARTICLE:
            kept = captures.kept_text(self.connection, ending)
            found = kept if kept is not None else text()
            if found is None:
                self.made.missing += 1
                self.made.first_missing += [ending.clean_key or ""][: _NAMED - len(self.made.first_missing)]
            self.made.articles += 1
        captures.enter(self.connection, ending, found or "", settled=True)
        captures.settle_lead(self.connection, ending)
        if ending.outcome in captures.HAS_ARTICLE:
            self.index(self.connection, ending, found)
        self.made.captures += 1

    def _numbered(self, ending: Ending) -> Ending:
        """An ending with a number that is free here, and that of the one it supersedes here.

        Numbers are of one catalogue: an archive that was written through two (two machines, or one that was lost) has
        some of them twice.
        """
        query = "select 1 from captures where id = ?"
        if self.connection.execute(query, (ending.sequence,)).fetchone():
            self.made.renumbered += 1
            ending = replace(ending, sequence=captures.next_sequence(self.connection))
        if ending.supersedes is None:
            return ending
        record = ending.address.record_id if ending.address else None
        row = self.connection.execute(
            """select id from captures where lead = ? and superseded_by is null and (id = ? or record_id = ?)
               order by id = ? desc, id desc limit 1""",
            (ending.lead.url, ending.supersedes, record, ending.supersedes),
        ).fetchone()
        return replace(ending, supersedes=row[0]) if row else ending
