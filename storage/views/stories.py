"""An article -> all that a reader's page says of it: text, provenance, versions, and the story on its other addresses."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, fields
from typing import Any

from storage.catalogue.rows import records, unpacked
from storage.catalogue.rulings import UnknownArticle
from storage.catalogue.stories import Member, members
from storage.records import Evidence
from storage.views.selection import COLUMNS, Choice, Row, row_fields

SHOWN = 200
"""Members of a cluster that are listed, the earliest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A revision of an article: the capture that brought it, when, its headline, digest, and length of text."""

    capture: int
    fetched_at: str
    headline: str | None
    relation: str
    content_digest: str
    length: int
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a text comes from: what announced it, the run and the WARC record that hold the exchange, why it was judged
    an article, and how it stood to its match."""

    source: str | None
    run: str
    status: int | None
    warc_file: str | None
    warc_offset: int | None
    warc_length: int | None
    record_id: str | None
    payload_digest: str | None
    match: str | None
    share_of_match: float
    share_of_self: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story(Row):
    """An article in its newest revision, `capture` what brought that. `members` are those of its cluster, `stands` the one that
    stands for it; `more`: how many members are not listed."""

    capture: int
    provenance: Provenance
    versions: tuple[Version, ...]
    members: tuple[Member, ...]
    stands: str
    more: int


_QUERY = f"""select {", ".join(f"a.{name}" for name in COLUMNS)}, a.capture, l.source, c.run, c.status, c.warc_file, c.warc_offset,
    c.warc_length, c.record_id, c.payload_digest, a.match, a.share_of_match, a.share_of_self, c.evidence
  from articles a join captures c on c.id = a.capture left join leads l on l.url = c.lead
  where a.article = ? and a.current = 1"""


def story(connection: sqlite3.Connection, article: str, choose: Choice) -> Story:
    """Article id and the rule by which one member stands for a story -> the story. UnknownArticle."""
    found = connection.execute(_QUERY, (article,)).fetchone()
    if found is None:
        raise UnknownArticle(f"There is no article {article!r} in the catalogue.")
    capture, *origin = found[len(COLUMNS) :]
    together = _members(connection, article)
    return Story(
        **row_fields(found[: len(COLUMNS)]),
        capture=capture,
        provenance=_provenance(origin),
        versions=versions(connection, article),
        members=together[:SHOWN],
        stands=choose([(m.seen, m.order, m.length, m.article) for m in together]) if together else article,
        more=max(0, len(together) - SHOWN),
    )


def _members(connection: sqlite3.Connection, article: str) -> tuple[Member, ...]:
    try:
        return members(connection, article)[1]
    except UnknownArticle:  # not in the index of copies: it stands alone until the next rebuild
        return ()


def _provenance(row: list[Any]) -> Provenance:
    *told, evidence = row
    names = (field.name for field in fields(Provenance))
    return Provenance(**dict(zip(names, (*told, tuple(Evidence(**each) for each in json.loads(evidence))), strict=True)))


def versions(connection: sqlite3.Connection, article: str) -> tuple[Version, ...]:
    """Article id -> its revisions, first one first."""
    query = """select capture, fetched_at, headline, relation, content_digest, characters, current from articles
               where article = ? order by id"""
    return tuple(records(Version, connection.execute(query, (article,))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """The text that a capture brought, and whose it is."""

    capture: int
    article: str
    outlet: str
    headline: str | None
    fetched_at: str
    language: str | None
    text: str


def text_at(connection: sqlite3.Connection, capture: int) -> Text:
    """Number of a capture -> the text of the revision that it brought. UnknownArticle."""
    row = connection.execute(
        """select a.article, a.outlet, a.headline, a.fetched_at, a.language, a.text_zlib from captures c
           join articles a on a.article = c.article and a.capture = c.id where c.id = ?""",
        (capture,),
    ).fetchone()
    if row is None:
        raise UnknownArticle(f"Capture {capture} brought no text.")
    *about, stored = row
    names = (field.name for field in fields(Text))
    return Text(**dict(zip(names, (capture, *about, unpacked(stored)), strict=True)))
