"""Texts that went to a newcomer's cluster: they go back when it is taken away, and stay where a person put them."""

from __future__ import annotations

import sqlite3

import pytest

from storage.catalogue.placements import forget
from storage.catalogue.rulings import merge, split
from tests.test_dedupe import FERRY, LETTER, ORCHESTRA
from tests.test_placements import clusters, opened, put

STUB = [" ".join(FERRY[0].split()[:28]) + " …"]
UPDATE = [ORCHESTRA[0], *FERRY]


@pytest.fixture
def connection() -> sqlite3.Connection:
    made = opened()
    for article, text in (("stub", STUB), ("update", UPDATE)):
        made.execute("insert into articles values (?, ?)", (article, put(made, article, text).cluster))
    assert clusters(made) == {"stub": "stub", "update": "update"}, "an update is not like the beginning of what it grew from"
    return made


def told(connection: sqlite3.Connection) -> dict[str, str]:
    return dict(connection.execute("select article, cluster from articles").fetchall())


def test_what_went_with_a_newcomer_goes_back_when_that_is_lost(connection: sqlite3.Connection) -> None:
    assert put(connection, "whole", FERRY).adopted == ("stub",)
    assert clusters(connection) == {"stub": "update", "update": "update", "whole": "update"}
    assert told(connection) == {"stub": "update", "update": "update"}
    forget(connection, "whole")
    assert clusters(connection) == told(connection) == {"stub": "stub", "update": "update"}
    assert connection.execute("select count(*) from moves").fetchone()[0] == 0
    assert put(connection, "whole", FERRY).adopted == ("stub",)


def test_a_text_that_went_and_is_lost_leaves_nothing(connection: sqlite3.Connection) -> None:
    put(connection, "whole", FERRY)
    forget(connection, "stub")
    assert clusters(connection) == {"update": "update", "whole": "update"}
    assert connection.execute("select count(*) from moves").fetchone()[0] == 0
    forget(connection, "whole")
    assert put(connection, "stub", STUB).cluster == "stub"


def test_the_cluster_that_a_text_would_go_back_to_is_kept() -> None:
    connection = opened()
    roundup = [FERRY[0], ORCHESTRA[1], ORCHESTRA[2], *(f"{number} " + ORCHESTRA[0][::-1] for number in range(4))]
    assert put(connection, "roundup", roundup).cluster == "roundup"
    assert put(connection, "stub", STUB).cluster == "roundup"
    put(connection, "whole", FERRY)
    assert put(connection, "copy", FERRY[:-1]).adopted or clusters(connection)["stub"] == "whole"
    forget(connection, "roundup")
    for article in ("copy", "whole"):
        forget(connection, article)
    assert clusters(connection) == {"stub": "roundup"}, "the cluster keeps its name without its first article"


def test_a_persons_word_stands_above_it(connection: sqlite3.Connection) -> None:
    put(connection, "whole", FERRY)
    split(connection, "stub")
    assert clusters(connection) == {"stub": "stub", "update": "update", "whole": "update"}
    assert put(connection, "copy", FERRY[:-1]).adopted == ()
    forget(connection, "copy")
    forget(connection, "whole")
    merge(connection, "stub", "update")
    assert clusters(connection) == {"stub": "stub", "update": "stub"}
    assert put(connection, "whole", FERRY).adopted == ()
    forget(connection, "whole")
    assert clusters(connection) == {"stub": "stub", "update": "stub"}


def test_a_cluster_that_became_part_of_another_takes_its_texts_back_there() -> None:
    roundup = [FERRY[0], ORCHESTRA[1], ORCHESTRA[2], *(f"{number} " + ORCHESTRA[0][::-1] for number in range(4))]
    connection = opened()
    for article, text in (("letter", LETTER), ("roundup", roundup), ("teaser", STUB), ("whole", FERRY), ("copy", FERRY[:-1])):
        put(connection, article, text)
    assert clusters(connection)["teaser"] == "whole", "it was in the roundup before"
    merge(connection, "letter", "roundup")
    forget(connection, "copy")
    forget(connection, "whole")
    assert clusters(connection) == {"letter": "letter", "roundup": "letter", "teaser": "letter"}
