"""One story on many URLs, as rows: who carried it, when, under which headline, and how it was placed; and the newest revision of
every article, for the commands that go over the whole archive."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

import sqlite_utils

from storage.catalogue.rows import address_of, records, unpacked
from storage.catalogue.rulings import UnknownArticle
from storage.endings import lead_of
from storage.records import Lead, WarcAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An article of a cluster in its newest revision. `seen` is when its first revision was published or else fetched; the
    shares are those with `match` at the time of placing; `ruled`: a person put it where it is."""

    article: str
    outlet: str
    url: str
    headline: str | None
    seen: str
    relation: str
    match: str | None
    share_of_match: float
    share_of_self: float
    length: int
    order: int
    revisions: int
    ruled: bool


def find(connection: sqlite3.Connection, words: str) -> str:
    """The id of an article, its first six digits or more, or its URL -> the id. UnknownArticle when there is none, or
    more than one."""
    query = "select distinct article from articles where url = ?1 or canonical = ?1 limit 2"
    if "/" not in words:
        query = "select distinct article from articles where article >= ?1 and article < ?1 || 'g' limit 2"
    found = [row[0] for row in connection.execute(query, (words,))] if len(words) >= 6 else []
    if len(found) != 1:
        several = "more than one article" if found else "no article"
        advice = "give the id of an article, six digits of it at least, or its URL; `scrapy search` prints both"
        raise UnknownArticle(f"There is {several} {words!r} in the catalogue; {advice}.")
    return str(found[0])


def members(connection: sqlite3.Connection, article: str) -> tuple[str, tuple[Member, ...]]:
    """Article id -> the id of its cluster and its members, earliest first. UnknownArticle."""
    row = connection.execute(
        """select c.document, c.article from documents d join documents c on c.document = d.cluster
           where d.article = ? and d.digest <> x'' order by d.document desc limit 1""",
        (article,),
    ).fetchone()
    if row is None:
        raise UnknownArticle(f"There is no article {article!r} in the index of copies; run `scrapy rebuild`.")
    query = """
        select d.article, d.outlet, a.url, a.headline,
          (select f.seen from documents f where f.article = d.article and f.digest <> x''
           order by datetime(f.seen) is null, datetime(f.seen), f.document limit 1) as first,
          a.relation, a.match, a.share_of_match, a.share_of_self,
          d.length, (select min(f.document) from documents f where f.article = d.article) as came,
          (select count(*) from documents r where r.article = d.article), d.ruled
        from documents d join articles a on a.article = d.article and a.current = 1
        where d.cluster = ? and d.digest <> x''
          and d.document = (select max(n.document) from documents n where n.article = d.article and n.digest <> x'')
        order by datetime(first) is null, datetime(first), came"""
    return str(row[1]), tuple(records(Member, connection.execute(query, (row[0],))))


def text_of(connection: sqlite3.Connection, article: str) -> str:
    """Article id -> the text of its newest revision; '' when it has none."""
    row = connection.execute("select text_zlib from articles where article = ? and current = 1", (article,)).fetchone()
    return unpacked(row[0]) if row else ""


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
