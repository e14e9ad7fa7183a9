"""One story on many URLs, as rows: who carried it, when, under which headline, and how it was placed."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from storage.catalogue.packing import unpacked
from storage.catalogue.rows import records
from storage.catalogue.rulings import UnknownArticle


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
