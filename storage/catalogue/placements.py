"""The index of copies: which passages stand in which document, which documents are one story.

Everything runs on a connection that the caller opened, inside the caller's transaction; nothing is committed here.
The index grows on disk, not in memory: a document costs one row of about a kilobyte (a byte a word), and some forty
postings of its anchors.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from storage.catalogue import moves
from storage.catalogue.rows import insert
from storage.records import Fingerprint, Neighbour, Placement, Sharing, Standing

PLACEMENT_TABLES: tuple[str, ...] = (
    # `cluster` is the document that the cluster began with; its article is the cluster's id. A document with an empty
    # digest was taken back and only holds the place of its cluster. `ruled`: a person put the document there.
    """create table documents (
        document integer primary key autoincrement, cluster integer not null, length integer not null, seen text not null,
        article text not null, outlet text not null, story text, digest blob not null, match integer,
        share_of_match real, share_of_self real, score real, ruled integer not null default 0,
        unspaced integer not null, words blob not null)""",
    "create index documents_article on documents (article)",
    "create index documents_story on documents (story, outlet) where story is not null",
    "create index documents_digest on documents (substr(digest, 1, 6))",
    "create index documents_cluster on documents (cluster)",
    "create index documents_ruled on documents (cluster) where ruled = 1",
    # 48 bits of the shingle: a row is two bytes shorter, and a chance match is one in millions.
    """create table postings (
        shingle integer not null, document integer not null, primary key (shingle, document)) without rowid""",
)
PLACEMENT_STANDING: tuple[str, ...] = (
    # A document's row is a kilobyte: where hundreds are asked only for their cluster, each would be a page of its own.
    "create index documents_standing on documents (document, cluster, length)",
)
HOT = 32
"""Documents that one shingle leads to at most: what stands in more of them is no sign of a copy."""
COMPARED = 10
"""Neighbours that are handed out for comparison."""
CACHE = 65_536
"""KiB of pages that a connection keeps, unless its owner said how many. The inner pages of a million documents' postings take
3 MB: with the 2 MB that SQLite keeps by itself, every look-up would read them anew."""
_SQLITE_S_OWN = -2000
_COUNTED = 400
_FEW, _MANY = 0.1, 0.3  # shares of a text's anchors
_COLUMNS = "d.document, d.article, c.article, d.digest, d.length, d.seen, d.words, d.unspaced, d.outlet"
_FROM = f"select {_COLUMNS} from documents d join documents c on c.document = d.cluster"
_NEWEST = "and d.digest <> x'' order by d.document desc limit 1"


class Placements:
    """The index over one connection. Holds no state of its own."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        if connection.execute("pragma cache_size").fetchone()[0] == _SQLITE_S_OWN:
            connection.execute(f"pragma cache_size = -{CACHE}")

    def newest(self, article: str) -> Neighbour | None:
        """Article id -> its newest revision in the index."""
        return self._one(f"{_FROM} where d.article = ? {_NEWEST}", (article,))

    def same_story(self, outlet: str, story: str) -> Neighbour | None:
        """An outlet's own id of a story -> the newest document that it published under it."""
        return self._one(f"{_FROM} where d.story = ? and d.outlet = ? {_NEWEST}", (story, outlet))

    def same_text(self, digest: str) -> list[Neighbour]:
        """Content digest -> the documents with this text, first come first, at most HOT."""
        key = bytes.fromhex(digest)
        query = f"{_FROM} where substr(d.digest, 1, 6) = ? and d.digest = ? order by d.document limit {HOT}"
        return [_neighbour(row) for row in self.connection.execute(query, (key[:6], key))]

    def sharing(self, fingerprint: Fingerprint) -> Sharing:
        """Fingerprint -> the neighbours that share anchors with it, and how far each of its passages is spread."""
        places: dict[int, int] = {}
        for position, shingle in zip(fingerprint.positions, fingerprint.shingles, strict=True):
            places.setdefault(shingle >> 16, position)
        found = self._leading(list(places))
        # Shares are added up in one order, whatever that of the rows.
        return self._ranked(fingerprint, places, dict(sorted(found.items()))) if found else Sharing()

    def _leading(self, asked: Sequence[int]) -> dict[int, list[int]]:
        """48 bits of shingles -> the documents that each leads to, in order of arrival; without those that lead nowhere."""
        found: defaultdict[int, list[int]] = defaultdict(list)
        for start in range(0, len(asked), 250):
            part = asked[start : start + 250]
            marks = ",".join("?" * len(part))
            for shingle, document in self.connection.execute(
                f"select shingle, document from postings where shingle in ({marks})", part
            ):
                found[shingle].append(document)
        return found

    def _ranked(self, fingerprint: Fingerprint, places: dict[int, int], found: Mapping[int, list[int]]) -> Sharing:
        hits: defaultdict[int, float] = defaultdict(float)
        for documents in found.values():
            for document in documents:
                hits[document] += 1 / len(documents)
        likely = sorted(hits, key=lambda document: (-hits[document], document))[:_COUNTED]
        clusters, lengths = self._standing(likely)
        spread: list[tuple[int, int]] = []
        scores: defaultdict[int, float] = defaultdict(float)
        shared: defaultdict[int, int] = defaultdict(int)
        own = float(len(places) - len(found))
        lost = set(likely) - set(clusters)
        for shingle, documents in found.items():
            apart = len({clusters.get(document, -document) for document in documents if document not in lost})
            if not apart:
                continue
            spread.append((places[shingle], apart))
            for document in documents:
                scores[document] += 1 / apart
                shared[document] += 1
            own += 1 / apart
        # A copy shares about half of the anchors that the shorter text has, a report of the same series many of those
        # that all reports have; one notice under two texts is no reason to compare them.
        anchors = len(fingerprint.anchors)
        few, many = _FEW * own * anchors / len(places), _MANY * anchors
        enough = []
        for document, length in lengths.items():
            shorter = min(1.0, length / (fingerprint.length or 1))
            if scores[document] >= few * shorter or shared[document] >= many * shorter:
                enough.append(document)
        best = self._chosen(sorted(enough, key=lambda document: (-scores[document], document)), clusters)
        marks = ",".join("?" * len(best))
        rows = {row[0]: _neighbour(row) for row in self.connection.execute(f"{_FROM} where d.document in ({marks})", best)}
        return Sharing(neighbours=tuple(rows[d] for d in best), spread=tuple(sorted(spread)))

    def _chosen(self, ranked: list[int], clusters: dict[int, int]) -> list[int]:
        """Documents, likeliest first -> those to compare: at most two of a cluster."""
        taken: defaultdict[int, int] = defaultdict(int)
        best = []
        for document in ranked:
            if taken[clusters[document]] < 2:
                taken[clusters[document]] += 1
                best.append(document)
            if len(best) == COMPARED:
                break
        return best

    def _standing(self, documents: Sequence[int]) -> tuple[dict[int, int], dict[int, int]]:
        """Documents -> their clusters, their lengths in characters."""
        marks = ",".join("?" * len(documents))
        query = f"select document, cluster, length from documents indexed by documents_standing where document in ({marks})"
        rows = self.connection.execute(query, documents).fetchall()
        return {row[0]: row[1] for row in rows}, {row[0]: row[2] for row in rows}

    def members(self, cluster: str) -> list[Neighbour]:
        """Cluster id -> its documents without their words, in order of arrival."""
        query = f"""select {_COLUMNS.replace("d.words", "x''")} from documents c join documents d on d.cluster = c.document
                    where c.article = ? and c.document = c.cluster and d.digest <> x'' order by d.document"""
        return [_neighbour(row) for row in self.connection.execute(query, (cluster,))]

    def standing(self, cluster: str) -> list[Standing]:
        """Cluster id -> what its documents are, in order of arrival."""
        query = """select d.article, d.digest, length(d.words), d.length, d.ruled from documents c
                   join documents d on d.cluster = c.document
                   where c.article = ? and c.document = c.cluster and d.digest <> x'' order by d.document"""
        return [
            Standing(article=article, digest=bytes(digest).hex(), words=words, length=length, ruled=bool(ruled))
            for article, digest, words, length, ruled in self.connection.execute(query, (cluster,))
        ]

    def fullest(self, cluster: str) -> Neighbour | None:
        """Cluster id -> the longest of its documents that others are compared with. None where a person has put the
        cluster together: then its members need not be like each other."""
        first = self._first(cluster)
        ruled = self.connection.execute("select 1 from documents where cluster = ? and ruled = 1 limit 1", (first,)).fetchone()
        if ruled:
            return None
        return self._one(f"{_FROM} where d.cluster = ? and d.words <> x'' order by d.length desc, d.document limit 1", (first,))

    def insert(
        self,
        fingerprint: Fingerprint,
        placement: Placement,
        *,
        article: str,
        outlet: str,
        seen: str,
        story: str | None = None,
        match: Neighbour | None = None,
        indexed: bool = True,
    ) -> int:
        """Enter a placed document -> its number. `indexed`: whether other texts are to be compared with it."""
        first = self._first(placement.cluster) if placement.cluster == article else self.first(placement.cluster)
        document = self._enter(
            {
                "cluster": first or 0,
                "seen": seen,
                "article": article,
                "outlet": outlet,
                "story": story,
                "match": match.document if match else None,
                "words": fingerprint.words if indexed else b"",
                **_columns(fingerprint, placement),
            }
        )
        if first is None:
            self.connection.execute("update documents set cluster = document where document = ?", (document,))
        moves.move(self.connection, placement.adopted, document, first or document)
        if indexed:
            self.post((key, document) for key in {anchor >> 16 for anchor in fingerprint.anchors})
        return document

    def post(self, postings: Iterable[tuple[int, int]]) -> None:
        """Enter postings (48 bits of a shingle, document). A shingle that has HOT documents takes no more."""
        self.connection.executemany(
            f"""insert or ignore into postings select ?1, ?2
                where (select count(*) from (select 1 from postings where shingle = ?1 limit {HOT})) < {HOT}""",
            sorted(postings),
        )

    def first(self, cluster: str) -> int:
        """Cluster id -> the document that it began with; a row that only holds its place where that was lost."""
        if (found := self._first(cluster)) is not None:
            return found
        empty = {"cluster": 0, "length": 0, "seen": "", "outlet": "", "digest": b"", "unspaced": 0, "words": b""}
        document = self._enter({**empty, "article": cluster})
        self.connection.execute("update documents set cluster = document where document = ?", (document,))
        return document

    def _first(self, cluster: str) -> int | None:
        query = "select document from documents where article = ? and document = cluster"
        found = self.connection.execute(query, (cluster,)).fetchone()
        return int(found[0]) if found else None

    def _enter(self, row: Mapping[str, object]) -> int:
        return insert(self.connection, "documents", row)

    def _one(self, query: str, values: tuple[object, ...]) -> Neighbour | None:
        row = self.connection.execute(query, values).fetchone()
        return _neighbour(row) if row else None


def forget(connection: sqlite3.Connection, article: str) -> None:
    """Take the newest document of an article out of the index: its capture never became durable.

    One that others have joined stays as a row that only holds the place of the cluster.
    """
    row = connection.execute("select max(document) from documents where article = ? and digest <> x''", (article,)).fetchone()
    if row[0] is None:
        return
    connection.execute("delete from postings where document = ?", (row[0],))
    moves.undo(connection, row[0])
    joined = connection.execute(
        "select 1 from documents where cluster = ? and document <> cluster limit 1", (row[0],)
    ).fetchone()
    if joined is None and not moves.awaited(connection, row[0]):
        connection.execute("delete from documents where document = ?", (row[0],))
        return
    connection.execute(
        """update documents set length = 0, seen = '', outlet = '', story = null, digest = x'', match = null,
             share_of_match = null, share_of_self = null, score = null, unspaced = 0, words = x'' where document = ?""",
        (row[0],),
    )


def _neighbour(row: tuple[Any, ...]) -> Neighbour:
    document, article, cluster, digest, length, seen, words, unspaced, outlet = row
    return Neighbour(
        document=document, article=article, cluster=cluster, digest=digest.hex(), length=length, seen=seen, words=words,
        unspaced=bool(unspaced), outlet=outlet,
    )  # fmt: skip


def _columns(fingerprint: Fingerprint, placement: Placement) -> dict[str, object]:
    """What a document's row has of its fingerprint and its placement."""
    compared = placement.match is not None
    return {
        "length": fingerprint.length,
        "digest": bytes.fromhex(fingerprint.digest),
        "unspaced": fingerprint.unspaced,
        "share_of_match": placement.share_of_match if compared else None,
        "share_of_self": placement.share_of_self if compared else None,
        "score": placement.score if compared else None,
    }
