"""The catalogue over some days -> the figures that report and pages show: what came in, what was refused, who copies whom.

Days are days of capture in UTC; `until` is the first day that no longer counts. A capture that was judged again counts
once, as it was judged last.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from storage.catalogue.rows import records
from storage.catalogue.runs import BLOCKS
from storage.records import Evidence

ENOUGH_TEXT = 200
"""Characters below which a story has no text to speak of."""
_QUOTED = 160
_COPYING = 12  # outlets


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """An outlet's captures of a day by outcome; `blocked` are those of the quarantined that say we are not let in."""

    outlet: str
    day: str
    kept: int = 0
    duplicate: int = 0
    revision: int = 0
    unchanged: int = 0
    quarantined: int = 0
    failed: int = 0
    blocked: int = 0

    @property
    def captures(self) -> int:
        """All of them."""
        return self.kept + self.duplicate + self.revision + self.unchanged + self.quarantined + self.failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """Stories of an outlet on a day, and how many of them lack a date, an author, a text of some length."""

    outlet: str
    day: str
    stories: int
    date: int
    author: int
    text: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Captures of an outlet that were refused for one reason: how many, an example, and the words that decided there."""

    outlet: str
    kind: str
    count: int
    capture: int
    url: str
    rule: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Copying:
    """Who copies whom: (who had it first, who had it later) -> on how many addresses."""

    outlets: tuple[str, ...] = ()
    counts: Mapping[tuple[str, str], int] = field(default_factory=dict)


def outlets(connection: sqlite3.Connection) -> list[str]:
    """Every outlet with a capture. One look-up each: the index is walked from name to name."""
    return [row[0] for row in connection.execute(_walked("captures", "outlet"))]


def providers(connection: sqlite3.Connection) -> list[str]:
    """Every news agency that an outlet names."""
    return [row[0] for row in connection.execute(_walked("articles", "provider"))]


def languages(connection: sqlite3.Connection) -> list[str]:
    """Every language that a page declares."""
    return [row[0] for row in connection.execute(_walked("articles", "language"))]


def _walked(table: str, column: str) -> str:
    return f"""with recursive walked (name) as (
          select min({column}) from {table}
          union all select (select min({column}) from {table} where {column} > walked.name) from walked
            where walked.name is not null limit 2000)
        select name from walked where name is not null"""


def daily(connection: sqlite3.Connection, since: dt.date, until: dt.date, outlet: str | None = None) -> list[Day]:
    """Some days -> each outlet's days that have captures, in order of outlet and day."""
    query = f"""select outlet, substr(fetched_at, 1, 10), sum(outcome = 'kept'), sum(outcome = 'duplicate'),
          sum(outcome = 'revision'), sum(outcome = 'unchanged'), sum(outcome = 'quarantined'), sum(outcome = 'failed'),
          sum(outcome = 'quarantined' and kind in {tuple(kind.value for kind in BLOCKS)})
        from captures where outlet = ? and fetched_at >= ? and fetched_at < ? and superseded_by is null
        group by 2 order by 2"""
    span = (since.isoformat(), until.isoformat())
    return [day for name in _named(connection, outlet) for day in records(Day, connection.execute(query, (name, *span)))]


def missing(connection: sqlite3.Connection, since: dt.date, until: dt.date, outlet: str | None = None) -> list[Fields]:
    """Some days -> what each outlet's stories lack, in order of outlet and day."""
    query = f"""select outlet, substr(fetched_at, 1, 10), count(*), sum(published is null), sum(authors = '[]'),
          sum(characters < {ENOUGH_TEXT})
        from articles where outlet = ? and fetched_at >= ? and fetched_at < ? and current = 1 group by 2 order by 2"""
    span = (since.isoformat(), until.isoformat())
    return [day for name in _named(connection, outlet) for day in records(Fields, connection.execute(query, (name, *span)))]


def refusals(connection: sqlite3.Connection, since: dt.date, until: dt.date) -> list[Refusal]:
    """Some days -> what was refused, by outlet and kind, most first, with the newest example."""
    query = """select kind, count(*), max(id) from captures where outlet = ? and fetched_at >= ? and fetched_at < ?
        and outcome = 'quarantined' and superseded_by is null group by 1"""
    found = []
    for outlet in outlets(connection):
        for kind, count, capture in connection.execute(query, (outlet, since.isoformat(), until.isoformat())).fetchall():
            url, evidence = connection.execute("select url, evidence from captures where id = ?", (capture,)).fetchone()
            why = decided([Evidence(**each) for each in json.loads(evidence)])
            rule, words = (why.rule, why.words[:_QUOTED]) if why else ("", "")
            found.append(Refusal(outlet=outlet, kind=kind, count=count, capture=capture, url=url, rule=rule, words=words))
    return sorted(found, key=lambda refusal: (-refusal.count, refusal.outlet, refusal.kind))


def decided(evidence: Sequence[Evidence]) -> Evidence | None:
    """Evidence of a refused capture -> what a person is told first: the words by which its kind was named, else what
    spoke most against an article; None where nothing did."""
    named = (each for each in evidence if each.rule.startswith("kind-") and each.words)
    against = (each for each in evidence if each.weight > 0)
    return next(named, max(against, key=lambda each: each.weight, default=None))


def errors(connection: sqlite3.Connection, since: dt.date, until: dt.date) -> list[tuple[str, str, int]]:
    """Some days -> (outlet, error, how many) of the captures that failed, most first."""
    query = """select error, count(*) from captures where outlet = ? and fetched_at >= ? and fetched_at < ?
        and outcome = 'failed' and superseded_by is null group by 1"""
    found = [
        (outlet, str(error or "")[:_QUOTED], count)
        for outlet in outlets(connection)
        for error, count in connection.execute(query, (outlet, since.isoformat(), until.isoformat()))
    ]
    return sorted(found, key=lambda each: (-each[2], each[0], each[1]))


def copying(connection: sqlite3.Connection, since: dt.date, until: dt.date) -> Copying:
    """Some days -> for each copy captured in them, who had its story first and who carried it later, among the
    outlets that have most to do with it."""
    counts = Counter(_copies(connection, since, until))
    weights: Counter[str] = Counter()
    for pair, count in counts.items():
        weights.update(dict.fromkeys(pair, count))
    chosen = tuple(sorted(name for name, _ in weights.most_common(_COPYING)))
    kept = {pair: count for pair, count in sorted(counts.items()) if set(pair) <= set(chosen)}
    return Copying(outlets=chosen, counts=kept)


def _copies(connection: sqlite3.Connection, since: dt.date, until: dt.date) -> Iterator[tuple[str, str]]:
    origin = """select d.outlet from documents c join documents d on d.cluster = c.document
        where c.article = ? and c.document = c.cluster and d.digest <> x'' order by d.seen, d.document limit 1"""
    known: dict[str, str | None] = {}
    for outlet in outlets(connection):
        for (cluster,) in connection.execute(
            # Also of what came before its copies: who published first is not who was read first.
            """select cluster from articles a where outlet = ? and fetched_at >= ? and fetched_at < ? and current = 1
               and exists (select 1 from articles b where b.cluster = a.cluster and b.article <> a.article and b.current = 1)""",
            (outlet, since.isoformat(), until.isoformat()),
        ).fetchall():
            if cluster not in known:
                row = connection.execute(origin, (cluster,)).fetchone()
                known[cluster] = row[0] if row else None
            first = known[cluster]
            if first is not None and first != outlet:
                yield first, outlet


def _named(connection: sqlite3.Connection, outlet: str | None) -> list[str]:
    return [outlet] if outlet is not None else outlets(connection)
