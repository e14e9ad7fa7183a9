"""People find words in every script, whatever they type."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.catalogue.search import fold, match_expression


@pytest.fixture(scope="module")
def index() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute("create virtual table words using fts5 (text, tokenize='unicode61')")
    texts = [
        "The Harbour of Zürich reopened after the storm",
        "قالت الوزارة إنّ الميناء سيُفتح غدًا",
        "東京電力は今日の記者会見で発表した",
        "การประชุมคณะรัฐมนตรีเมื่อวานนี้",
        "C++ and the price of foo: up 3.5 %",
    ]
    connection.executemany("insert into words values (?)", [(fold(text),) for text in texts])
    return connection


@pytest.mark.parametrize(
    ("typed", "row"),
    [
        ("harbour", 1), ("ZÜRICH storm", 1), ('"after the storm"', 1), ("الميناء", 2), ("ان", 2), ("الوزاره", None),
        ("東京", 3), ("記者会見", 3), ("คณะรัฐมนตรี", 4), ("c++", 5), ("foo:", 5), ("-xyz", None), ('storm "', 1),
        ("harb* stor*", 1), ("ha*", None), ("الوز*", 2),
    ],
)  # fmt: skip
def test_words_are_found(index: sqlite3.Connection, typed: str, row: int | None) -> None:
    found = [r[0] for r in index.execute("select rowid from words where words match ?", (match_expression(typed),))]
    assert found == ([row] if row else [])


@given(st.text(max_size=60))
def test_whatever_is_typed_is_no_error(index: sqlite3.Connection, typed: str) -> None:
    expression = match_expression(typed)
    if expression:
        index.execute("select rowid from words where words match ?", (expression,)).fetchall()


@given(st.text(alphabet=st.characters(max_codepoint=0x0DFF), max_size=200))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)).split() == fold(text).split()


@pytest.mark.parametrize("typed", ["a " * 5000, " ".join(f"word{n}" for n in range(5000)), '"' + "long " * 5000 + '"', "東" * 9000])
def test_a_pasted_page_is_no_error(index: sqlite3.Connection, typed: str) -> None:
    assert index.execute("select rowid from words where words match ?", (match_expression(typed),)).fetchall() == []
