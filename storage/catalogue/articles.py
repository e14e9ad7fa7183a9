"""Articles as rows: their newest revision, for the commands that go over the whole archive."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import sqlite_utils

from storage.catalogue.rows import address_of, lead_of
from storage.records import Lead, WarcAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """The newest revision of an article that has a clean copy of its own, and the capture that it was taken from."""

    sequence: int
    article: str
    outlet: str
    lead: Lead
    clean_key: str
    address: WarcAddress


def newest_clean_copies(
    database: sqlite_utils.Database, *, outlet: str | None = None, since: dt.date | None = None
) -> Iterator[Extracted]:
    """Every article's newest revision, in the order of arrival. Read in steps, so writing meanwhile is safe; what is
    written meanwhile does not come."""
    last, end = 0, database.conn.execute("select max(id) from captures").fetchone()[0]
    while True:
        rows = database.conn.execute(
            """select c.id, a.article, a.outlet, a.clean_key, c.lead, l.source, l.title, l.published, c.warc_file, c.warc_offset,
                 c.warc_length, c.record_id, c.payload_digest
               from articles a join captures c on c.id = a.capture left join leads l on l.url = c.lead
               where a.current = 1 and c.id > :last and c.id <= :end and c.outcome in ('kept', 'revision') and c.warc_file is not null
                 and (:outlet is null or a.outlet = :outlet) and (:since is null or a.fetched_at >= :since)
               order by c.id limit 200""",
            {"last": last, "end": end, "outlet": outlet, "since": since.isoformat() if since else None},
        ).fetchall()
        if not rows:
            return
        last = rows[-1][0]
        for sequence, article, name, key, url, source, title, published, *where in rows:
            lead, address = lead_of(url, name, source, title, published), address_of(*where)
            yield Extracted(sequence=sequence, article=article, outlet=name, lead=lead, clean_key=key, address=address)


def current_pages(
    database: sqlite_utils.Database, *, outlet: str | None = None, since: dt.date | None = None
) -> Iterator[tuple[str, str, str, str | None]]:
    """Article id, URL that answered, time of the capture (ISO 8601) and headline of every article's newest revision, in
    the order of arrival."""
    yield from database.conn.execute(
        """select a.article, a.url, a.fetched_at, a.headline from articles a
           where a.current = 1 and (:outlet is null or a.outlet = :outlet) and (:since is null or a.fetched_at >= :since)
           order by a.capture""",
        {"outlet": outlet, "since": since.isoformat() if since else None},
    )
