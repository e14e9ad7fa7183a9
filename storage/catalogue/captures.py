"""Captures and articles as rows: how each capture ended, and the revisions of every article.

An ending is entered unsettled, made durable in the archive, then settled. What a killed run left unsettled is either
in the ledger (then it is settled) or it is not (then its rows are taken back and the lead is fetched again).
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import sqlite_utils

from storage.catalogue import lessons
from storage.catalogue.changes import change_each
from storage.catalogue.leads import retry_time
from storage.catalogue.packing import packed, unpacked
from storage.catalogue.schema import writing
from storage.catalogue.search import fold
from storage.endings import evidence_fields
from storage.records import Earlier, Ending, Kind, Lead, Outcome, Relation, WarcAddress

# Kinds that say nothing of the story: the outlet refused or was out of order, so the lead is asked for again later.
PASSING = frozenset({Kind.FORBIDDEN, Kind.CHALLENGE, Kind.MAINTENANCE, Kind.SOFT_ERROR, Kind.EMPTY})
GONE = frozenset({404, 410})
HAS_ARTICLE = frozenset({Outcome.KEPT, Outcome.DUPLICATE, Outcome.REVISION})


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """The newest revision of an article, as far as placing needs it."""

    article: str
    content_digest: str
    clean_key: str
    cluster: str


def last_look(connection: sqlite3.Connection, url: str) -> dt.datetime | None:
    """URL of a lead -> when its newest capture was fetched; None when there is none."""
    found = connection.execute("select max(fetched_at) from captures where lead = ?", (url,)).fetchone()[0]
    return dt.datetime.fromisoformat(found) if found else None


def next_sequence(connection: sqlite3.Connection) -> int:
    """The number of the next ending."""
    return int(connection.execute("select coalesce(max(id), 0) + 1 from captures").fetchone()[0])


def first_copy(connection: sqlite3.Connection, content_digest: str, run: str) -> Version | None:
    """Content digest -> the first article whose clean copy with this text is durable, or becomes so before what the
    run enters next; None when nobody's is. What another run has not settled may be taken back yet."""
    row = connection.execute(
        """select a.article, a.content_digest, a.clean_key, a.cluster from articles a join captures c on c.id = a.capture
           where a.content_digest = ? and (c.settled = 1 or c.run = ?) order by a.id limit 1""",
        (content_digest, run),
    ).fetchone()
    return Version(article=row[0], content_digest=row[1], clean_key=row[2], cluster=row[3]) if row else None


def kept_text(connection: sqlite3.Connection, ending: Ending) -> str | None:
    """The text that lies under the ending's clean copy already; None when the ending is the first to use that key.

    A duplicate's own text may be set in other quotes and spaces; the catalogue shows the one that is kept."""
    row = connection.execute(
        "select text_zlib from articles where content_digest = ? and clean_key = ? order by id limit 1",
        (ending.content_digest, ending.clean_key),
    ).fetchone()
    return unpacked(row[0]) if row else None


def payload_seen(connection: sqlite3.Connection, digest: str) -> Earlier | None:
    """Payload digest -> the first response that had it (for WARC revisit records)."""
    row = connection.execute(
        """select url, fetched_at, warc_file, warc_offset, warc_length, record_id from captures
           where payload_digest = ? and settled = 1 order by id limit 1""",
        (digest,),
    ).fetchone()
    if row is None:
        return None
    url, fetched, file, offset, length, record = row
    address = WarcAddress(file=file, offset=offset, length=length, record_id=record, payload_digest=digest)
    return Earlier(url=url, fetched_at=dt.datetime.fromisoformat(fetched), address=address)


def enter(connection: sqlite3.Connection, ending: Ending, text: str, *, settled: bool = False) -> None:
    """Enter an ending, and its revision with `text` when it has one. Inside the caller's transaction."""
    address = ending.address
    _supersede(connection, ending)
    connection.execute(
        """insert into captures (id, run, lead, outlet, url, status, fetched_at, outcome, kind, evidence, error,
             warc_file, warc_offset, warc_length, record_id, payload_digest, article, content_digest, clean_key, settled)
           values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            ending.sequence,
            ending.run,
            ending.lead.url,
            ending.lead.outlet,
            ending.url,
            ending.status,
            ending.fetched_at.isoformat(),
            ending.outcome,
            ending.kind,
            json.dumps([evidence_fields(each) for each in ending.evidence], ensure_ascii=False),
            ending.error,
            *(
                (address.file, address.offset, address.length, address.record_id, address.payload_digest)
                if address
                else [None] * 5
            ),
            ending.article,
            ending.content_digest,
            ending.clean_key,
            settled,
        ),
    )
    if ending.outcome in HAS_ARTICLE:
        _enter_article(connection, ending, text)
        lessons.enter(connection, ending)


def _supersede(connection: sqlite3.Connection, ending: Ending) -> None:
    """The capture that an ending takes the place of says so: the one with that number, or else, where it has another number
    here or was superseded meanwhile, the last of the same record."""
    if ending.supersedes is not None:
        connection.execute(
            """update captures set superseded_by = ? where id = (
                 select id from captures where lead = ? and superseded_by is null and (id = ? or record_id = ?)
                 order by id = ? desc, id desc limit 1)""",
            (
                ending.sequence,
                ending.lead.url,
                ending.supersedes,
                ending.address.record_id if ending.address else None,
                ending.supersedes,
            ),
        )


def _enter_article(connection: sqlite3.Connection, ending: Ending, text: str) -> None:
    placement = ending.placement
    if placement is None:
        raise ValueError(f"{ending.outcome} without a placement: {ending.url}")
    before = connection.execute("select id from articles where article = ? and current = 1", (ending.article,))
    change_each(connection, "update articles set current = 0 where id = ?", before)
    row = connection.execute(
        """insert into articles (article, content_digest, capture, outlet, url, canonical, headline, published, modified,
             language, provider, authors, section, text_zlib, characters, clean_key, relation, cluster, match, share_of_match,
             share_of_self, fetched_at)
           values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            ending.article,
            ending.content_digest,
            ending.sequence,
            ending.lead.outlet,
            ending.url,
            ending.canonical,
            ending.headline,
            ending.published,
            ending.modified,
            ending.language,
            ending.provider,
            json.dumps(ending.authors, ensure_ascii=False),
            ending.section,
            packed(text),
            len(text),
            ending.clean_key,
            placement.relation,
            placement.cluster,
            placement.match,
            placement.share_of_match,
            placement.share_of_self,
            ending.fetched_at.isoformat(),
        ),
    ).lastrowid
    connection.execute(
        "insert into articles_fts (rowid, headline, text) values (?, ?, ?)",
        (row, fold(ending.headline or ""), fold(text)),
    )


def settle(database: sqlite_utils.Database, endings: Iterable[Ending]) -> int:
    """The endings are durable: mark their captures, and put their leads to rest or back in line. How many known stories are
    gone."""
    with writing(database) as connection:
        return sum(enter_settled(connection, ending) for ending in endings)


def enter_settled(connection: sqlite3.Connection, ending: Ending) -> bool:
    """`settle` of one ending, inside the caller's transaction."""
    connection.execute("update captures set settled = 1 where id = ?", (ending.sequence,))
    return settle_lead(connection, ending)


def holds(connection: sqlite3.Connection, sequence: int, run: str) -> bool:
    """Whether the run's capture with this number is in the catalogue."""
    return connection.execute("select 1 from captures where id = ? and run = ?", (sequence, run)).fetchone() is not None


def settle_lead(connection: sqlite3.Connection, ending: Ending) -> bool:
    """Ending -> the state of its lead: captured, gone, refused, or announced again with a time to wait for. Whether a known
    story is gone now.

    Of a story that is known only 404 and 410 change anything: a block, a stump or an outage says nothing of it."""
    url = ending.lead.url
    found = connection.execute("select attempts, state from leads where url = ?", (url,)).fetchone()
    attempts, before = found or (0, "")
    refused = ending.outcome is Outcome.FAILED or ending.outcome is Outcome.QUARANTINED
    missing = ending.outcome is Outcome.QUARANTINED and ending.kind is Kind.NOT_FOUND
    known = refused and _is_known(connection, ending)
    attempts += ending.supersedes is None and not known
    state, not_before = "captured", ""
    if known:
        state = "gone" if before == "gone" or (missing and ending.status in GONE) else "captured"
    elif missing:
        state = "gone"
    elif ending.outcome is Outcome.FAILED or (ending.outcome is Outcome.QUARANTINED and ending.kind in PASSING):
        again = retry_time(attempts, ending.fetched_at)
        state, not_before = ("announced", again.isoformat(timespec="seconds")) if again else ("refused", "")
    connection.execute(
        "update leads set state = ?, run = null, attempts = ?, not_before = ?, outcome = ? where url = ?",
        (state, attempts, not_before, ending.outcome, url),
    )
    return known and missing and ending.status in GONE


def _is_known(connection: sqlite3.Connection, ending: Ending) -> bool:
    """Whether another capture of the same lead brought a story."""
    query = """select 1 from captures where lead = ? and id <> ? and superseded_by is null
                 and outcome in ('kept', 'duplicate', 'revision', 'unchanged') limit 1"""
    return connection.execute(query, (ending.lead.url, ending.sequence)).fetchone() is not None


def unsettled(database: sqlite_utils.Database, outlet: str) -> list[tuple[int, str]]:
    """Sequence numbers and runs of the outlet's captures that nobody settled."""
    query = "select id, run from captures where outlet = ? and settled = 0 order by id"
    return [(row[0], row[1]) for row in database.conn.execute(query, (outlet,))]


def take_back(database: sqlite_utils.Database, sequence: int, forget: Callable[[sqlite3.Connection, str], None]) -> None:
    """Remove the rows of a capture that never became durable. `forget` drops an article's newest document from the
    copies' index."""
    with writing(database) as connection:
        for row, headline, stored, article, relation in connection.execute(
            "select id, headline, text_zlib, article, relation from articles where capture = ?", (sequence,)
        ).fetchall():
            connection.execute(
                "insert into articles_fts (articles_fts, rowid, headline, text) values ('delete', ?, ?, ?)",
                (row, fold(headline or ""), fold(unpacked(stored))),
            )
            connection.execute("delete from articles where id = ?", (row,))
            connection.execute(
                "update articles set current = 1 where id = (select max(id) from articles where article = ?)", (article,)
            )
            # An article extracted again to the same text has no document of its own in the index.
            if relation != Relation.UNCHANGED:
                forget(connection, article)
        lessons.take_back(connection, sequence)
        connection.execute("update captures set superseded_by = null where superseded_by = ?", (sequence,))
        connection.execute("delete from captures where id = ?", (sequence,))


def last_address(database: sqlite_utils.Database, url: str) -> tuple[WarcAddress, Lead] | None:
    """URL of a lead or page -> where its newest answer lies that was not as before, and the lead; None when there is none."""
    row = database.conn.execute(
        """select warc_file, warc_offset, warc_length, record_id, payload_digest, lead, outlet from captures
           where (lead = ? or url = ?) and warc_file is not null
           order by outcome = 'unchanged', id desc limit 1""",
        (url, url),
    ).fetchone()
    if row is None:
        return None
    file, offset, length, record, digest, lead, outlet = row
    address = WarcAddress(file=file, offset=offset, length=length, record_id=record, payload_digest=digest)
    return address, Lead(url=lead, outlet=outlet, source="archive")
