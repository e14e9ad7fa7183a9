"""The index of copies on SQLite: what goes in comes out, what was lost leaves no trace, and a person's word stands."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.dedupe import Arrival, place_arrival
from pipelines.fingerprint import fingerprint
from storage.catalogue.moves import JOIN_TABLES, MOVE_TABLES
from storage.catalogue.placements import HOT, PLACEMENT_STANDING, PLACEMENT_TABLES, Placements, forget
from storage.catalogue.rulings import RULING_TABLES, UnknownArticle, merge, split
from storage.catalogue.schema import open_catalogue, writing
from storage.records import Placement, Relation
from tests.test_dedupe import FERRY, LETTER, ORCHESTRA


@pytest.fixture
def connection() -> sqlite3.Connection:
    return opened()


def opened() -> sqlite3.Connection:
    made = sqlite3.connect(":memory:")
    for statement in PLACEMENT_TABLES + PLACEMENT_STANDING + MOVE_TABLES + JOIN_TABLES + RULING_TABLES:
        made.execute(statement)
    made.execute("create table articles (article text, cluster text)")
    return made


def put(connection: sqlite3.Connection, article: str, paragraphs: list[str]) -> Placement:
    arrival = Arrival(
        article=article,
        outlet=article.rstrip("0123456789"),
        url=f"https://{article}.example/",
        fingerprint=fingerprint("\n".join(paragraphs)),
    )
    return place_arrival(arrival, Placements(connection))


def clusters(connection: sqlite3.Connection) -> dict[str, str]:
    index = Placements(connection)
    articles = [row[0] for row in connection.execute("select distinct article from documents where digest <> x''")]
    return {article: found.cluster for article in articles if (found := index.newest(article))}


@given(
    st.text(max_size=300),
    st.text(min_size=1, max_size=40).filter(lambda text: "\0" not in text and text.isprintable()),
    st.text(max_size=20).filter(str.isprintable),
)
def test_what_goes_in_comes_out(text: str, article: str, outlet: str) -> None:
    connection = opened()
    index, made = Placements(connection), fingerprint(text)
    placement = Placement(relation=Relation.NEW, cluster=article, canonical=article)
    document = index.insert(made, placement, article=article, outlet=outlet, seen="2026-01-01", story="123456")
    found = index.newest(article)
    assert found is not None
    assert (found.document, found.article, found.cluster, found.outlet) == (document, article, article, outlet)
    assert (found.digest, found.length, found.words, found.unspaced, found.seen) == (
        *(made.digest, made.length, made.words, made.unspaced),
        "2026-01-01",
    )
    assert index.same_story(outlet, "123456") == found
    assert index.same_text(made.digest) == [found]
    if made.words:
        assert index.sharing(made).neighbours == (found,)


def test_the_score_and_the_match_are_kept(connection: sqlite3.Connection) -> None:
    put(connection, "a", FERRY)
    placed = put(connection, "b", FERRY[:-1])
    row = connection.execute(
        "select m.article, d.share_of_match, d.share_of_self, d.score from documents d join documents m on m.document = d.match"
    ).fetchone()
    assert row == ("a", placed.share_of_match, placed.share_of_self, placed.score)


def test_a_passage_that_stands_in_many_documents_is_kept_a_few_times(connection: sqlite3.Connection) -> None:
    for number in range(HOT + 20):
        put(connection, f"a{number}", [f"{number} " * 30, *LETTER])
    most = connection.execute("select max(n) from (select count(*) n from postings group by shingle)").fetchone()[0]
    assert most == HOT


def test_nothing_is_committed_here(tmp_path: Path) -> None:
    catalogue = open_catalogue(tmp_path / "catalogue.sqlite")
    with pytest.raises(KeyboardInterrupt), writing(catalogue) as connection:
        put(connection, "a", FERRY)
        raise KeyboardInterrupt
    assert catalogue.conn.execute("select count(*) from documents").fetchone()[0] == 0
    assert catalogue.conn.execute("select count(*) from postings").fetchone()[0] == 0
    catalogue.close()


def test_an_index_goes_on_where_it_was_left(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    for article, text in (("a", FERRY), ("b", FERRY[:-1]), ("c", [*FERRY, ORCHESTRA[0]])):
        catalogue = open_catalogue(path)
        with writing(catalogue) as connection:
            put(connection, article, text)
        catalogue.close()
    catalogue = open_catalogue(path)
    assert set(clusters(catalogue.conn).values()) == {"a"}
    catalogue.close()


def test_a_lost_document_is_forgotten_and_its_cluster_keeps_its_name(connection: sqlite3.Connection) -> None:
    put(connection, "a", FERRY)
    put(connection, "b", FERRY[:-1])
    forget(connection, "a")
    forget(connection, "never seen")
    index = Placements(connection)
    assert index.newest("a") is None
    assert [member.article for member in index.members("a")] == ["b"]
    again = put(connection, "a", FERRY)
    assert again.cluster == "a" and again.relation is Relation.NEAR_DUPLICATE and again.match == "b"
    assert clusters(connection) == {"a": "a", "b": "a"}


def test_a_forgotten_revision_gives_way_to_the_one_before(connection: sqlite3.Connection) -> None:
    put(connection, "a", FERRY)
    put(connection, "a", FERRY[:-1])
    forget(connection, "a")
    assert put(connection, "a", FERRY).relation is Relation.UNCHANGED
    forget(connection, "a")
    assert put(connection, "b", FERRY).relation is Relation.NEW


def test_placements_of_the_ledger_can_be_entered_as_they_were(connection: sqlite3.Connection) -> None:
    index = Placements(connection)
    recorded = Placement(relation=Relation.NEAR_DUPLICATE, cluster="lost", canonical="lost", match="lost")
    index.insert(fingerprint("\n".join(FERRY)), recorded, article="b", outlet="b", seen="")
    assert clusters(connection) == {"b": "lost"}
    assert put(connection, "c", FERRY).cluster == "lost"


def test_a_person_can_make_two_stories_one(connection: sqlite3.Connection) -> None:
    for article, text in (("a", FERRY), ("b", ORCHESTRA), ("c", ORCHESTRA[:2]), ("d", LETTER)):
        put(connection, article, text)
    connection.execute("insert into articles values ('b', 'b'), ('c', 'b'), ('d', 'd')")
    ruling = merge(connection, "c", "a")
    assert connection.execute("select * from articles").fetchall() == [("b", "a"), ("c", "a"), ("d", "d")]
    assert (ruling.cluster, ruling.articles) == ("a", ("b", "c"))
    assert clusters(connection) == {"a": "a", "b": "a", "c": "a", "d": "d"}
    assert put(connection, "e", [*ORCHESTRA, FERRY[4]]).cluster == "a", "what comes later goes by it"
    assert merge(connection, "a", "e").articles == ()


def test_a_person_can_take_an_article_out(connection: sqlite3.Connection) -> None:
    for article, text in (("a", FERRY), ("b", FERRY[:-1]), ("c", [FERRY[0], *FERRY[2:]])):
        put(connection, article, text)
    put(connection, "b", [*FERRY[:-1], "Corrected on Tuesday."])
    assert [(r.cluster, r.articles) for r in split(connection, "b")] == [("b", ("b",))]
    assert clusters(connection) == {"a": "a", "b": "b", "c": "a"}
    assert put(connection, "b", FERRY[:-2]).cluster == "b", "its revisions stay with it"
    assert split(connection, "b") == []


def test_when_the_first_is_taken_out_the_others_go_under_the_next(connection: sqlite3.Connection) -> None:
    for article, text in (("a", FERRY), ("b", FERRY[:-1]), ("c", [FERRY[0], *FERRY[2:]])):
        put(connection, article, text)
    assert [(r.cluster, r.articles) for r in split(connection, "a")] == [("b", ("b", "c"))]
    assert clusters(connection) == {"a": "a", "b": "b", "c": "b"}
    merge(connection, "a", "c")
    assert set(clusters(connection).values()) == {"a"}


def test_a_ruling_about_nothing_says_what_to_do(connection: sqlite3.Connection) -> None:
    put(connection, "a", FERRY)
    with pytest.raises(UnknownArticle, match="scrapy story"):
        merge(connection, "a", "nobody")
    with pytest.raises(UnknownArticle):
        split(connection, "nobody")


def test_the_same_ledger_gives_the_same_index() -> None:
    def grown() -> list[tuple[object, ...]]:
        connection = opened()
        for article, text in (("a", FERRY), ("b", FERRY[:-1]), ("a", FERRY[:-2]), ("c", ORCHESTRA), ("d", LETTER)):
            put(connection, article, text)
        merge(connection, "c", "d")
        split(connection, "b")
        put(connection, "e", [*LETTER, ORCHESTRA[0]])
        tables = ("select * from documents order by document", "select * from postings")
        return [row for query in tables for row in connection.execute(query)]

    assert grown() == grown()
