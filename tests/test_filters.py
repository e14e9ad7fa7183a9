"""Filters that are answered from an index first find what a look at every row finds, in the same order."""

from __future__ import annotations

import datetime as dt
import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from pipelines.dedupe import canonical
from storage.catalogue.schema import open_catalogue
from storage.views import selection
from storage.views.selection import KINDS, Selection, select
from tests.browsed import NOW, fill

TODAY = NOW.date()
DAY = dt.timedelta(days=1)


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    archive = tmp_path_factory.mktemp("filters") / "archive"
    fill(archive)
    with closing(open_catalogue(archive / "catalogue.sqlite")) as database:
        database.conn.execute("update articles set provider = 'Meridian Wire' where outlet = 'courier'")
        yield database.conn


def asked() -> Iterator[Selection]:
    """Every filter with every order, with words and without."""
    wanted: list[dict[str, object]] = [
        {}, {"outlet": "gazette"}, {"outlet": "nobody"}, {"language": "ar"}, {"language": "EN"}, {"language": "xx"},
        {"provider": "meridian WIRE"}, {"since": TODAY}, {"since": TODAY + DAY}, {"until": TODAY}, {"until": TODAY - DAY},
        {"outlet": "courier", "language": "en", "since": TODAY, "until": TODAY, "kind": "copy"},
        *({"kind": kind} for kind in KINDS),
    ]  # fmt: skip
    for each, words, every, order in itertools.product(
        wanted, (None, "the", '"of the" boats'), (True, False), ({}, {"newest": True}, {"newest": True, "best": True})
    ):
        yield Selection(words=words, every=every, **each, **order)  # type: ignore[arg-type]


def test_an_index_finds_what_a_look_at_every_row_finds(catalogue: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    def found() -> list[list[str]]:
        return [[row.article for row in select(catalogue, wanted, canonical)] for wanted in asked()]

    answered = found()
    monkeypatch.setattr(selection, "FEW", -1)
    assert answered == found()
    assert sum(map(bool, answered)) > len(answered) / 3, "they find something"


def test_the_likeliest_are_looked_for_among_the_newest(catalogue: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = Selection(words="the", best=True, newest=True, every=True)
    everything = {row.article for row in select(catalogue, wanted, canonical)}
    monkeypatch.setattr(selection, "RANKED", 2)
    newest = [row.article for row in select(catalogue, Selection(words="the", newest=True, every=True), canonical)]
    assert {row.article for row in select(catalogue, wanted, canonical)} == set(newest[:2]) < everything
