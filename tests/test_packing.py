"""Texts packed in the catalogue: they come back whole, and a catalogue from before holds them alike once it is opened."""

from __future__ import annotations

import datetime as dt
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.catalogue.leads import heard_before
from storage.catalogue.rows import PACKED_TEXTS, packed, unpacked
from storage.catalogue.schema import MIGRATIONS, open_catalogue
from storage.catalogue.stories import text_of

BEFORE = MIGRATIONS.index(PACKED_TEXTS)


@given(st.text())
def test_a_text_comes_back_as_it_was(text: str) -> None:
    assert unpacked(packed(text)) == text


def test_prose_takes_less_room() -> None:
    prose = "The council of the harbour district voted for the bridge, which will carry trams and bicycles. " * 20
    assert len(packed(prose)) < len(prose.encode()) / 2


@pytest.mark.parametrize("damage", [b"", b"plain words", packed("a story")[:-5], packed("a story")[:6] + b"\xff" * 8])
def test_a_damaged_text_says_what_to_do(damage: bytes) -> None:
    with pytest.raises(ValueError, match="scrapy rebuild"):
        unpacked(damage)


def test_a_catalogue_from_before_is_packed_when_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    old = sqlite3.connect(path, isolation_level=None)
    for statement in (statement for step in MIGRATIONS[:BEFORE] for statement in step):
        old.execute(statement)
    old.execute(f"pragma user_version = {BEFORE}")
    texts = {"a1": "First paragraph.\nSecond, with an ü and 日本.", "a2": ""}
    for number, (article, text) in enumerate(texts.items(), start=1):
        old.execute(
            """insert into articles (article, content_digest, capture, outlet, url, canonical, authors, text, clean_key, relation,
                 cluster, fetched_at) values (?, 'd', ?, 'o', 'u', 'u', '[]', ?, 'k', 'NEW', ?, '2026-01-01T00:00:00+00:00')""",
            (article, number, text, article),
        )
    old.execute(
        """insert into leads (url, key, outlet, source, announced_at, state)
           values ('https://o.example/a?utm_source=x', 'o.example/a', 'o', 's', '2026-01-01T00:00:00+00:00', 'captured')"""
    )
    old.close()
    database = open_catalogue(path)
    assert heard_before(database, ["https://o.example/a"], dt.datetime(2026, 2, 1, tzinfo=dt.UTC))
    assert {article: text_of(database.conn, article) for article in texts} == texts
    lengths = database.conn.execute("select article, characters from articles order by article").fetchall()
    assert lengths == [(article, len(text)) for article, text in texts.items()]
    database.close()


def test_waiting_leads_are_found_by_their_index(tmp_path: Path) -> None:
    database = open_catalogue(tmp_path / "catalogue.sqlite")
    query = "explain query plan select count(*) from leads where outlet = ? and state in ('announced', 'leased')"
    plan = " ".join(str(row) for row in database.conn.execute(query, ("outlet",)))
    assert "leads_waiting" in plan
    database.close()
