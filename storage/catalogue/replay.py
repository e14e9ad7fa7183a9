"""Events of the ledger -> rows of a catalogue, one after the other.

The functions that enter rows are those of the live way, so that a catalogue that was made again and one that grew cannot
differ. Nothing is judged or extracted anew.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from storage.archive.ledger import Event
from storage.archive.store import ArchiveError
from storage.catalogue import captures, leads, moves, runs, sources
from storage.catalogue.forgotten import enter_forgotten
from storage.catalogue.rulings import recluster, rule
from storage.endings import read_ending, read_lead
from storage.records import Ending, Fingerprint, Outcome, Relation

_NAMED = 20

Index = Callable[[sqlite3.Connection, Ending, str | None, Fingerprint | None], str | None]
"""Ending of an article, its text (None: its clean copy is gone or damaged), its fingerprint where that was made already -> a
document in the index of copies; the cluster to which it belongs as well, where that was looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a clean copy says: its text, None when it is gone or damaged; its fingerprint where that was made already."""

    text: str | None = None
    printed: Fingerprint | None = None


Text = Callable[[], Reading]


@dataclass(slots=True)
class Rebuilt:
    """What was made: rows by table. `missing`: clean copies that are gone or damaged, `first_missing` the first of
    them; `unknown`: events of other versions of Cleancopy, passed over; `renumbered`: captures whose number another one
    had already; `twice`: captures of what another run had kept already without this one knowing; `joined`: clusters that were
    found to be one with another."""

    runs: int = 0
    leads: int = 0
    captures: int = 0
    articles: int = 0
    renumbered: int = 0
    twice: int = 0
    joined: int = 0
    missing: int = 0
    first_missing: list[str] = field(default_factory=list)
    unknown: dict[str, int] = field(default_factory=dict)  # a Counter comes out of asdict another on Python 3.11


class Replay:
    """Enters events into a catalogue, one after the other, inside the caller's transaction.

    `recorded`: the clusters that those of endings were found to be one with, in an earlier sync; `found`: where what `index`
    finds of that kind now is noted.
    """

    def __init__(self, connection: sqlite3.Connection, index: Index, made: Rebuilt | None = None) -> None:
        self.connection = connection
        self.index = index
        self.made = made or Rebuilt()
        self.recorded: moves.Noted | None = None
        self.found: moves.Noted | None = None
        self._ways: dict[str, Callable[[Event], object]] = {
            "run-started": self._run_started,
            "run-ended": lambda event: runs.end(connection, runs.receipt_of(event.run, event.outlet, event.fields)),
            "lead": self._lead,
            "source": self._source,
            "taken": lambda event: leads.put_back(connection, event.fields["url"]),
            "refused": lambda event: leads.enter_refusal(connection, event.fields["url"]),
            "merged": lambda event: rule(connection, event.event, event.fields),
            "split": lambda event: rule(connection, event.event, event.fields),
            "reclustered": lambda event: recluster(connection, event.fields["articles"]),
            "forget": lambda event: enter_forgotten(connection, event.fields["urls"]),
            "forgotten": lambda event: None,  # what is left of a line whose content was taken away: nothing to enter
        }

    def apply(self, event: Event, text: Text) -> None:
        """One event and what gets its text. ArchiveError names an event that is not what it says."""
        try:
            if event.event == "outcome":
                self._outcome(read_ending(event.run, event.fields), text, event.seq)
            elif event.event in self._ways:
                self._ways[event.event](event)
            else:
                self.made.unknown[event.event] = self.made.unknown.get(event.event, 0) + 1
        except (LookupError, TypeError, ValueError) as error:
            where = f"ledger of run {event.run}, line {event.seq + 1} ({event.event})"
            raise ArchiveError(f"{where}: {type(error).__name__} {error}; run `scrapy verify`") from error

    def _run_started(self, event: Event) -> None:
        runs.begin(self.connection, event.run, event.outlet, event.fields.get("started_at") or event.at.isoformat())
        self.made.runs += 1

    def _lead(self, event: Event) -> None:
        announced_at = dt.datetime.fromisoformat(event.fields["announced_at"])
        self.made.leads += leads.enter(self.connection, read_lead(event.outlet, event.fields), announced_at)

    def _source(self, event: Event) -> None:
        sources.enter(self.connection, sources.read_source(event.outlet, event.fields), event.fields["fetched_at"])

    def _outcome(self, ending: Ending, text: Text, line: int) -> None:
        ending = self._once(self._resolved(self._numbered(ending)))
        reading = Reading(text="")
        if ending.outcome in captures.HAS_ARTICLE:
            kept = captures.kept_text(self.connection, ending)
            reading = Reading(text=kept) if kept is not None else text()
            if reading.text is None:
                self.made.missing += 1
                self.made.first_missing += [ending.clean_key or ""][: _NAMED - len(self.made.first_missing)]
            self.made.articles += 1
        captures.enter(self.connection, ending, reading.text or "", settled=True)
        captures.settle_lead(self.connection, ending)
        if ending.outcome in captures.HAS_ARTICLE:
            other = self.index(self.connection, ending, reading.text, reading.printed)
            if other is None and self.recorded is not None:
                other = self.recorded.get(ending.run, line)
            if other is not None:
                self._join(ending, line, other)
        self.made.captures += 1

    def _join(self, ending: Ending, line: int, other: str) -> None:
        assert ending.placement is not None
        if moves.join(self.connection, ending.placement.cluster, other):
            self.made.joined += 1
            if self.found is not None:
                self.found.add(ending.run, line, other)

    def _resolved(self, ending: Ending) -> Ending:
        """An ending with the cluster that its own has become part of, where its run did not know of it."""
        if ending.placement is None:
            return ending
        cluster = moves.resolved(self.connection, ending.placement.cluster)
        if cluster == ending.placement.cluster:
            return ending
        return replace(ending, placement=replace(ending.placement, cluster=cluster))

    def _once(self, ending: Ending) -> Ending:
        """A capture of the very text that its article has here already is unchanged: two runs fetched it without knowing of
        each other, and it is one story kept once."""
        if ending.outcome not in captures.HAS_ARTICLE or ending.supersedes is not None or ending.placement is None:
            return ending
        query = "select content_digest from articles where article = ? and current = 1"
        row = self.connection.execute(query, (ending.article,)).fetchone()
        if row is None or row[0] != ending.content_digest:
            return ending
        self.made.twice += 1
        placement = replace(ending.placement, relation=Relation.UNCHANGED, adopted=())
        return replace(ending, outcome=Outcome.UNCHANGED, placement=placement)

    def _numbered(self, ending: Ending) -> Ending:
        """An ending with a number that is free here.

        Numbers are of one catalogue: an archive that was written through two (two machines, or one that was lost) has
        some of them twice.
        """
        query = "select 1 from captures where id = ?"
        if not self.connection.execute(query, (ending.sequence,)).fetchone():
            return ending
        self.made.renumbered += 1
        return replace(ending, sequence=captures.next_sequence(self.connection))
