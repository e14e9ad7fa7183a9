"""Captures and articles as rows: how each capture ended, and the revisions of every article.

An ending is entered unsettled, made durable in the archive, then settled. What a killed run left unsettled is either
in the ledger (then it is settled) or it is not (then its rows are taken back and the lead is fetched again).
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Callable, Iterable
from typing import Any

import sqlite_utils

from storage.catalogue import lessons
from storage.catalogue.leads import retry_time
from storage.catalogue.rows import address_of, change_each, insert, packed, unpacked
from storage.catalogue.schema import writing
from storage.catalogue.search import fold
from storage.endings import evidence_fields
from storage.records import Earlier, Ending, Kind, Lead, Outcome, Relation, WarcAddress

_ADDRESS = "warc_file, warc_offset, warc_length, record_id, payload_digest"
# Kinds that say nothing of the story: the outlet refused or was out of order, so the lead is asked for again later.
PASSING = frozenset({Kind.FORBIDDEN, Kind.CHALLENGE, Kind.MAINTENANCE, Kind.SOFT_ERROR, Kind.EMPTY})
GONE = frozenset({404, 410})
_OF_A_CAPTURE = ("run", "url", "status", "outcome", "kind", "error", "article", "content_digest", "clean_key")
_OF_AN_ARTICLE = (
    "article", "content_digest", "url", "canonical", "headline", "published", "modified", "language", "provider", "section",
    "clean_key",
)  # fmt: skip
HAS_ARTICLE = frozenset({Outcome.KEPT, Outcome.DUPLICATE, Outcome.REVISION})


def last_look(connection: sqlite3.Connection, url: str) -> dt.datetime | None:
    """URL of a lead -> when its newest capture was fetched; None when there is none."""
    found = connection.execute("select max(fetched_at) from captures where lead = ?", (url,)).fetchone()[0]
    return dt.datetime.fromisoformat(found) if found else None


def next_sequence(connection: sqlite3.Connection) -> int:
    """The number of the next ending."""
    return int(connection.execute("select coalesce(max(id), 0) + 1 from captures").fetchone()[0])


def first_copy(connection: sqlite3.Connection, content_digest: str, run: str) -> str | None:
    """Content digest -> the key of the first clean copy with this text that is durable, or becomes so before what the
    run enters next; None when none is. What another run has not settled may be taken back yet."""
    row = connection.execute(
        """select a.clean_key from articles a join captures c on c.id = a.capture
           where a.content_digest = ? and (c.settled = 1 or c.run = ?) order by a.id limit 1""",
        (content_digest, run),
    ).fetchone()
    return row[0] if row else None


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
    query = f"select url, fetched_at, {_ADDRESS} from captures where payload_digest = ? and settled = 1 order by id limit 1"
    row = connection.execute(query, (digest,)).fetchone()
    return _earlier(*row) if row else None


def newest_story(database: sqlite_utils.Database, lead: str) -> Earlier | None:
    """URL of a lead -> the newest answer that came from this very address and brought its story, and that no other URL's
    answer has led away from; None when there is none."""
    row = database.conn.execute(
        f"""select outcome, url, fetched_at, {_ADDRESS} from captures
            where lead = ? and settled = 1 and superseded_by is null and warc_file is not null order by id desc limit 1""",
        (lead,),
    ).fetchone()
    if row is None or row[1] != lead or row[0] not in ("kept", "duplicate", "revision", "unchanged"):
        return None
    return _earlier(*row[1:])


def _earlier(url: str, fetched: str, *where: Any) -> Earlier:
    return Earlier(url=url, fetched_at=dt.datetime.fromisoformat(fetched), address=address_of(*where))


def enter(connection: sqlite3.Connection, ending: Ending, text: str, *, settled: bool = False) -> None:
    """Enter an ending, and its revision with `text` when it has one. Inside the caller's transaction."""
    address = ending.address
    _supersede(connection, ending)
    row = {
        **{name: getattr(ending, name) for name in _OF_A_CAPTURE},
        "id": ending.sequence,
        "lead": ending.lead.url,
        "outlet": ending.lead.outlet,
        "fetched_at": ending.fetched_at.isoformat(),
        "evidence": json.dumps([evidence_fields(each) for each in ending.evidence], ensure_ascii=False),
        "settled": settled,
    }
    if address is not None:
        row |= {"warc_file": address.file, "warc_offset": address.offset, "warc_length": address.length}
        row |= {"record_id": address.record_id, "payload_digest": address.payload_digest}
    insert(connection, "captures", row)
    if ending.outcome in HAS_ARTICLE:
        _enter_article(connection, ending, text)
        lessons.enter(connection, ending)


def _supersede(connection: sqlite3.Connection, ending: Ending) -> None:
    """The capture that an ending takes the place of says so: the one with that number, or else, where it has another number
    here or was superseded meanwhile, the last of the same record."""
    if ending.supersedes is not None:
        record = ending.address.record_id if ending.address else None
        connection.execute(
            """update captures set superseded_by = ? where id = (
                 select id from captures where lead = ? and superseded_by is null and (id = ? or record_id = ?)
                 order by id = ? desc, id desc limit 1)""",
            (ending.sequence, ending.lead.url, ending.supersedes, record, ending.supersedes),
        )


def _enter_article(connection: sqlite3.Connection, ending: Ending, text: str) -> None:
    placement = ending.placement
    if placement is None:
        raise ValueError(f"{ending.outcome} without a placement: {ending.url}")
    before = connection.execute("select id from articles where article = ? and current = 1", (ending.article,))
    change_each(connection, "update articles set current = 0 where id = ?", before)
    values = {
        **{name: getattr(ending, name) for name in _OF_AN_ARTICLE},
        **{name: getattr(placement, name) for name in ("relation", "cluster", "match", "share_of_match", "share_of_self")},
        "capture": ending.sequence,
        "outlet": ending.lead.outlet,
        "authors": json.dumps(ending.authors, ensure_ascii=False),
        "text_zlib": packed(text),
        "characters": len(text),
        "fetched_at": ending.fetched_at.isoformat(),
    }
    row = insert(connection, "articles", values)
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
        f"""select lead, outlet, {_ADDRESS} from captures where (lead = ?1 or url = ?1) and warc_file is not null
            order by outcome = 'unchanged', id desc limit 1""",
        (url,),
    ).fetchone()
    return (address_of(*row[2:]), Lead(url=row[0], outlet=row[1], source="archive")) if row else None
