"""What placing all articles anew needs on disk: a file beside the catalogue, so that memory does not grow with the archive.

Fingerprints stay in it when the work is interrupted; all else is made anew. The catalogue is attached and only read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from storage.catalogue import rulings
from storage.catalogue.placements import HOT, Placements
from storage.catalogue.rows import records
from storage.catalogue.schema import CatalogueError

ANCHORS, ASKED, LED = 0, 1, 2
"""Heaps of entries: what the index keeps, what texts ask it for, what came of it."""

_TABLES = (
    "create table if not exists words (words text not null)",
    # `print`: the packed fingerprint; null where the clean copy is gone or damaged.
    "create table if not exists prints (clean_key text primary key, print blob)",
    "drop table if exists heaps",
    """create table heaps (
        kind integer not null, bucket integer not null, part integer not null, entries blob not null,
        primary key (kind, bucket, part))""",
    # Texts that are in the index for certain: the first of each content digest.
    "drop table if exists firsts",
    "create table firsts (number integer primary key)",
    "drop table if exists lacking",
    "create table lacking (number integer primary key, clean_key text not null)",
    "delete from prints where print is null",
    "drop table if exists moved",
    """create table moved (
        article text primary key, url text not null, before text not null, after text not null, ruled integer not null)""",
)
# Of each article where its newest revision stands, and whether a person put one of them there.
_STANDING = """select d.document, d.article, c.article as cluster,
    (select max(r.ruled) from {of}.documents r where r.article = d.article) as ruled
  from {of}.documents d join {of}.documents c on c.document = d.cluster
  where d.document = (select max(n.document) from {of}.documents n where n.article = d.article and n.digest <> x'')"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A revision of an article as it came. `number`: its row, which gives the order of arrival; `printed`: its packed
    fingerprint, None where its clean copy cannot be read; `certain`: it is in the index for certain when it is placed."""

    number: int
    article: str
    outlet: str
    canonical: str
    published: str | None
    fetched: str
    printed: bytes | None
    certain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """An article, the cluster that it stood in and the one that it stands in now (ids); `ruled`: a person put it there."""

    article: str
    url: str
    before: str
    after: str
    ruled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """How many articles stand in the old and in the new index, in how many clusters; how many in another than before."""

    articles: int
    clusters_before: int
    clusters: int
    changed: int


def stamp(connection: sqlite3.Connection, schema: str = "main") -> tuple[object, ...]:
    """A catalogue -> what is another as soon as anything comes into it that placing goes by."""
    row: tuple[object, ...] = connection.execute(
        f"""select (select max(id) from {schema}.articles), (select count(*) from {schema}.articles),
            (select max(ruling) from {schema}.rulings), (select max(document) from {schema}.documents)"""
    ).fetchone()
    return row


class Reclustering:
    """The file. `words`: what fingerprints are made by; those of other words are made anew."""

    def __init__(self, path: Path, catalogue: Path, words: str) -> None:
        try:
            self.connection = sqlite3.connect(path, isolation_level=None)
            self._set_up(catalogue, words)
        except sqlite3.Error as error:
            raise CatalogueError(f"{path} cannot be used ({error}); remove it, and start again.") from error

    def _set_up(self, catalogue: Path, words: str) -> None:
        run = self.connection.execute
        run("pragma journal_mode = wal")
        run("pragma synchronous = normal")
        run("attach database ? as catalogue", (str(catalogue),))
        for statement in _TABLES:
            run(statement)
        if run("select words from words").fetchall() != [(words,)]:
            run("delete from words")
            run("delete from prints")
            run("insert into words values (?)", (words,))

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    def list_lacking(self) -> int:
        """List the clean copies without a fingerprint, in the order of arrival; how many they are."""
        return self.connection.execute(
            """insert into lacking select min(a.id), a.clean_key from catalogue.articles a
               where not exists (select 1 from prints p where p.clean_key = a.clean_key) group by a.clean_key"""
        ).rowcount

    def lacking(self, most: int) -> Iterator[tuple[str, ...]]:
        """The keys that are listed, so many at once. Rows may be entered meanwhile."""
        last = 0
        while rows := self.connection.execute(
            "select number, clean_key from lacking where number > ? order by number limit ?", (last, most)
        ).fetchall():
            last = rows[-1][0]
            yield tuple(key for _, key in rows)

    def enter(self, prints: Iterable[tuple[str, bytes | None]]) -> None:
        """Keep packed fingerprints under the keys of their clean copies."""
        self._all("insert or replace into prints values (?, ?)", prints)

    def find_firsts(self) -> None:
        """Find the texts that are in the index for certain; when all fingerprints are there."""
        self.connection.execute("delete from firsts")
        self.connection.execute(
            """insert into firsts select min(a.id) from catalogue.articles a join prints p on p.clean_key = a.clean_key
               where p.print is not null group by substr(p.print, 1, 32)"""
        )

    def count(self) -> int:
        """The number of the last text."""
        return int(self.connection.execute("select coalesce(max(id), 0) from catalogue.articles").fetchone()[0])

    def unread(self) -> list[str]:
        """Keys of the clean copies that are gone or damaged."""
        return [key for (key,) in self.connection.execute("select clean_key from prints where print is null order by 1")]

    def texts(self, start: int, end: int) -> list[Text]:
        """The texts from number `start` up to before `end`, in order."""
        rows = self.connection.execute(
            """select a.id, a.article, a.outlet, a.canonical, a.published, a.fetched_at, p.print, f.number is not null
               from catalogue.articles a left join prints p on p.clean_key = a.clean_key left join firsts f on f.number = a.id
               where a.id >= ? and a.id < ? order by a.id""",
            (start, end),
        )
        return list(records(Text, rows))

    def heap(self, kind: int, part: int, entries: Iterable[tuple[int, bytes]]) -> None:
        """Put entries onto the heaps of their buckets."""
        self._all("insert into heaps values (?, ?, ?, ?)", ((kind, bucket, part, data) for bucket, data in entries))

    def _all(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        self.connection.execute("begin")
        self.connection.executemany(statement, rows)
        self.connection.execute("commit")

    def heaped(self, kind: int, bucket: int) -> list[bytes]:
        """What lies on a heap, part by part."""
        query = "select entries from heaps where kind = ? and bucket = ? order by part"
        return [data for (data,) in self.connection.execute(query, (kind, bucket))]

    def clear(self, kind: int) -> None:
        """Take the heaps of a kind away."""
        self.connection.execute("delete from heaps where kind = ?", (kind,))

    def rulings(self) -> list[tuple[int, str, dict[str, str]]]:
        """What people ruled, as `storage.catalogue.rulings.said`. CatalogueError when the catalogue has only what came of it."""
        found = rulings.said(self.connection, "catalogue")
        if not found and self.connection.execute("select 1 from catalogue.documents where ruled = 1 limit 1").fetchone():
            raise CatalogueError(
                "This catalogue does not say when a person ruled on its clusters; run `scrapy rebuild`, then start again."
            )
        return found

    def compare(self, fresh: Path) -> Compared:
        """The path of a catalogue whose index has all texts placed anew -> how it differs from that of this one; the articles
        that stand elsewhere are listed."""
        run = self.connection.execute
        run("attach database ? as fresh", (str(fresh),))
        try:
            run("begin")
            run(
                f"""insert into moved
                    select o.article, a.url, o.cluster, n.cluster, n.ruled
                    from ({_STANDING.format(of="catalogue")}) o join ({_STANDING.format(of="fresh")}) n on n.article = o.article
                    join catalogue.articles a on a.article = o.article and a.current = 1
                    where o.cluster <> n.cluster or o.ruled <> n.ruled order by o.document"""
            )
            run("commit")
            count = "select count(distinct {what}) from {of}.documents where digest <> x''"
            old, new, articles = (
                int(run(count.format(what=what, of=of)).fetchone()[0])
                for what, of in (("cluster", "catalogue"), ("cluster", "fresh"), ("article", "fresh"))
            )
        finally:
            run("detach database fresh")
        changed = int(run("select count(*) from moved where before <> after").fetchone()[0])
        return Compared(articles=articles, clusters_before=old, clusters=new, changed=changed)

    def moved(self) -> Iterator[Moved]:
        """The articles that stand elsewhere, in the order in which they came."""
        return records(Moved, self.connection.execute("select article, url, before, after, ruled from moved order by rowid"))

    def outlet_of(self, article: str) -> str:
        """The outlet of an article that is listed."""
        query = "select outlet from catalogue.articles where article = ? and current = 1"
        return str(self.connection.execute(query, (article,)).fetchone()[0])


class Joined(Placements):
    """`come(number, leading)`, then place the text of that number; numbers go up."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self._number = 0
        self._leads: Mapping[int, Sequence[int]] = {}
        self._indexed = bytearray()

    def come(self, number: int, leading: Mapping[int, Sequence[int]]) -> None:
        """The number of the text that is placed next, and by 48 bits of a shingle the earlier ones that may be in the index
        under it: all of the first HOT that are."""
        self._number, self._leads = number, leading
        self._indexed.extend(bytes(number + 1 - len(self._indexed)))

    def _leading(self, asked: Sequence[int]) -> dict[int, list[int]]:
        found = {}
        for shingle, numbers in self._leads.items():
            if there := [number for number in numbers if self._indexed[number]][:HOT]:
                found[shingle] = there
        return found

    def _enter(self, row: Mapping[str, object]) -> int:
        return super()._enter({"document": self._number, **row} if row["digest"] else row)

    def post(self, postings: Iterable[tuple[int, int]]) -> None:
        """The text is in the index from now on."""
        self._indexed[self._number] = True
