"""What a reader asks for -> the articles that answer, read lazily; one a story, however many outlets carried it.

Whoever asks hands in `choose`, the rule by which one member stands for a story (pipelines.dedupe.canonical). It is
applied to the members that were asked for: a reader of one outlet gets that outlet's copy of a wire story.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from storage.catalogue.rows import unpacked
from storage.catalogue.search import match_expression
from storage.records import Relation
from storage.views.figures import languages, providers

FEW = 50_000
"""Articles that a filter leaves at most to be worth a set of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed:
    """Sub-selects of ids with how many they give, fewest first, and the values that they name."""

    sets: tuple[tuple[int, str], ...] = ()
    values: Mapping[str, object] = field(default_factory=dict)


def narrowed(connection: sqlite3.Connection, values: Mapping[str, object], relations: Iterable[Relation]) -> Narrowed:
    """Values of a selection (outlet, since, until, language, provider, each None where nothing is asked; language and
    provider in lower case) and relations -> the sets worth having."""
    named: dict[str, object] = {}
    conditions = []
    span = [f"fetched_at {sign} :{name}" for name, sign in (("since", ">="), ("until", "<")) if values[name] is not None]
    if values["outlet"] is not None:
        conditions.append(" and ".join(["outlet = :outlet", *span]))
    elif span:
        conditions.append(" and ".join(span))
    if values["language"] is not None:
        wanted = str(values["language"])
        known = [name for name in languages(connection) if name.lower() == wanted or name.lower().startswith(f"{wanted}-")]
        conditions.append(_among("language", known, named))
    if values["provider"] is not None:
        known = [name for name in providers(connection) if name.lower() == values["provider"]]
        conditions.append(_among("provider", known, named))
    if asked := list(relations):
        conditions.append(_among("relation", asked, named))
    every = {**values, **named}
    counted = sorted((_count(connection, condition, every), condition) for condition in conditions)
    sets = tuple((count, f"select id from articles where {condition}") for count, condition in counted if count <= FEW)
    return Narrowed(sets=sets, values=named)


def _among(column: str, names: Iterable[str], named: dict[str, object]) -> str:
    marks = {f"{column}_{number}": name for number, name in enumerate(names)}
    named.update(marks)
    return f"{column} in ({', '.join(f':{mark}' for mark in marks)})"


def _count(connection: sqlite3.Connection, condition: str, values: Mapping[str, object]) -> int:
    query = f"select count(*) from (select 1 from articles where {condition} limit {FEW + 1})"
    return int(connection.execute(query, dict(values)).fetchone()[0])


Choice = Callable[[Sequence[tuple[str, int, int, str]]], str]
"""Members as (seen, order of arrival, length, article) -> the article that stands for them."""
KINDS: Mapping[str, tuple[Relation, ...]] = {
    "new": (Relation.NEW,),
    "copy": (Relation.EXACT_DUPLICATE, Relation.NEAR_DUPLICATE),
    "excerpt": (Relation.EXCERPT,),
    "revision": (Relation.REVISION, Relation.UNCHANGED),
}
"""How an article stood to what was archived before it, as a reader says it."""
RANKED = 10_000
"""Articles that are put in order by likelihood at most: the newest that have the words."""
_BATCH = 100
REMEMBERED = 4096
"""Clusters whose choice is remembered: copies of a story arrive close to each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is asked for. `words` as a person types them, `language` with or without its region, `since` and `until` the
    first and the last day of capture (UTC), `kind` one of KINDS, `every`: all members of a story, `best`: likeliest first
    instead of newest (with words)."""

    words: str | None = None
    outlet: str | None = None
    language: str | None = None
    provider: str | None = None
    since: dt.date | None = None
    until: dt.date | None = None
    kind: str | None = None
    every: bool = False
    best: bool = False
    newest: bool = False

    @property
    def filtered(self) -> bool:
        """Whether more than words is asked for."""
        return any((self.outlet, self.language, self.provider, self.since, self.until, self.kind))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An article in its newest revision. Times are ISO 8601 as the page gave them, `fetched_at` in UTC."""

    article: str
    outlet: str
    url: str
    canonical: str
    headline: str | None
    authors: tuple[str, ...]
    published: str | None
    modified: str | None
    fetched_at: str
    language: str | None
    provider: str | None
    section: str | None
    cluster: str
    relation: str
    content_digest: str
    clean_key: str
    text: str


@dataclass(slots=True)
class _Chosen:
    """Clusters -> the article that stands for each, as far as remembered."""

    known: OrderedDict[str, str] = field(default_factory=OrderedDict)

    def keep(self, cluster: str, article: str) -> str:
        self.known[cluster] = article
        if len(self.known) > REMEMBERED:
            self.known.popitem(last=False)
        return article


COLUMNS = (
    "article", "outlet", "url", "canonical", "headline", "authors", "published", "modified", "fetched_at", "language",
    "provider", "section", "cluster", "relation", "content_digest", "clean_key", "text_zlib",
)  # fmt: skip
_CLUSTER = COLUMNS.index("cluster")
_CONDITIONS = """a.current = 1 and (select c.settled from captures c where c.id = a.capture) = 1
    and (:outlet is null or a.outlet = :outlet) and (:since is null or a.fetched_at >= :since)
    and (:language is null or lower(a.language) = :language or lower(a.language) like :language || '-%')
    and (:provider is null or lower(a.provider) = :provider) and (:until is null or a.fetched_at < :until)
    and (:kinds is null or instr(:kinds, ' ' || a.relation || ' '))"""
_MEMBERS = f"""select a.article, a.id, d.document, iif(d.digest <> x'', d.seen, coalesce(a.published, a.fetched_at)),
      iif(d.digest <> x'', d.length, a.characters), d.digest <> x''
    from articles a left join documents d on d.article = a.article where a.cluster = :cluster and {_CONDITIONS}"""


def select(connection: sqlite3.Connection, wanted: Selection, choose: Choice) -> Generator[Row]:
    """A selection -> its articles: in order of arrival, or newest or best first. Nothing for words without a letter."""
    match = match_expression(wanted.words) if wanted.words is not None else None
    if match == "":
        return
    values = _values(wanted, match)
    sets = narrowed(connection, values, KINDS[wanted.kind] if wanted.kind else ())
    values |= sets.values
    chosen = _Chosen()
    for found in _found(connection, wanted, values, sets):
        if wanted.every or _stands(connection, str(found[0]), str(found[_CLUSTER]), values, choose, chosen):
            yield Row(**row_fields(found))


def _found(
    connection: sqlite3.Connection, wanted: Selection, values: dict[str, object], sets: Narrowed
) -> Iterator[Sequence[object]]:
    """The rows in the order asked for. None is sorted with its text: where an order must be made, it is one of ids."""
    columns = ", ".join(f"a.{name}" for name in COLUMNS)
    if wanted.best and values["match"] is not None:
        ids = _likeliest(connection, values, sets)
    elif sets.sets and values["match"] is None:
        ids = sorted((row[0] for row in connection.execute(sets.sets[0][1], values)), reverse=wanted.newest)
    else:
        yield from connection.execute(f"select {columns} from {_source(wanted, values, sets)}", values)
        return
    for start in range(0, len(ids), _BATCH):
        part = ids[start : start + _BATCH]
        query = f"select a.id, {columns} from articles a where a.id in ({', '.join(map(str, part))}) and {_CONDITIONS}"
        rows = {row[0]: row[1:] for row in connection.execute(query, values)}
        yield from (rows[number] for number in part if number in rows)


def _source(wanted: Selection, values: dict[str, object], sets: Narrowed) -> str:
    """Where rows lie in the order asked for: in the table, or in the index of words."""
    down = "desc" if wanted.newest else "asc"
    if values["match"] is None:
        return f"articles a where {_CONDITIONS} order by a.id {down}"
    # SQLite must not begin with `articles`: the index gives its rows in order.
    return (
        f"articles_fts cross join articles a on a.id = articles_fts.rowid "
        f"where articles_fts match :match {_inside(sets)} and {_CONDITIONS} order by articles_fts.rowid {down}"
    )


def _inside(sets: Narrowed) -> str:
    """Sets as conditions on the index of words. The plus keeps a set from being looked up in it row by row, which costs
    thousands of times what going through its rows does (0.1 µs each)."""
    return "".join(f"and +articles_fts.rowid in ({each}) " for _, each in sets.sets)


def _likeliest(connection: sqlite3.Connection, values: dict[str, object], sets: Narrowed) -> list[int]:
    """Ids of the articles that have the words, likeliest first; of many the newest RANKED, for a rank costs 15 µs."""
    source = f"from articles_fts where articles_fts match :match {_inside(sets)}"
    query = f"select rowid {source} order by rowid desc limit 1 offset {RANKED}"
    floor = connection.execute(query, values).fetchone()
    ranked = f"select rowid {source} and rowid > :floor order by bm25(articles_fts, 4.0, 1.0), rowid desc"
    return [row[0] for row in connection.execute(ranked, {**values, "floor": floor[0] if floor else 0})]


def _values(wanted: Selection, match: str | None) -> dict[str, object]:
    return {
        "match": match,
        "outlet": wanted.outlet,
        "since": wanted.since.isoformat() if wanted.since else None,
        "until": (wanted.until + dt.timedelta(days=1)).isoformat() if wanted.until else None,
        "kinds": f" {' '.join(KINDS[wanted.kind])} " if wanted.kind else None,
        "language": wanted.language.lower() if wanted.language else None,
        "provider": wanted.provider.lower() if wanted.provider else None,
    }


def _stands(
    connection: sqlite3.Connection, article: str, cluster: str, values: dict[str, object], choose: Choice, chosen: _Chosen
) -> bool:
    """Whether an article that was asked for stands for its story among those that were asked for."""
    known = chosen.known.get(cluster)
    if known is None:
        alone = "select 1 from articles where cluster = ? and article <> ? and current = 1 limit 1"
        if connection.execute(alone, (cluster, article)).fetchone() is None:
            return True
        members = _members(connection, cluster, values)
        known = chosen.keep(cluster, choose(members) if members else article)
    return known == article


def _members(connection: sqlite3.Connection, cluster: str, values: dict[str, object]) -> list[tuple[str, int, int, str]]:
    """A cluster -> its members that were asked for: seen and length as its newest document has them, and when it arrived
    first. An article without a document has its own."""
    query = _MEMBERS
    if values["match"] is not None:
        query += " and exists (select 1 from articles_fts where articles_fts match :match and rowid = a.id)"
    newest: dict[str, tuple[bool, int, str, int]] = {}
    arrived: dict[str, int] = {}
    for article, row, document, seen, length, sound in connection.execute(query, {**values, "cluster": cluster}):
        number = row if document is None else document
        arrived[article] = min(number, arrived.get(article, number))
        newest[article] = max((bool(sound), number, seen, length), newest.get(article, (False, -1, "", 0)))
    return [(seen, arrived[article], length, article) for article, (_, _, seen, length) in newest.items()]


def row_fields(found: Sequence[object]) -> dict[str, Any]:
    """Values of COLUMNS in their order -> the fields of a Row."""
    fields = dict(zip(COLUMNS, found, strict=True))
    fields["text"] = unpacked(fields.pop("text_zlib"))  # type: ignore[arg-type]
    fields["authors"] = tuple(json.loads(str(fields["authors"])))
    return fields
