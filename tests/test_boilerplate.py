"""Rules that need no model: repeats, the headline, labels, words of the site; and that what makes them quick changes nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.boilerplate import Piece, strip, words
from pipelines.legal import is_label, site_words
from pipelines.said import tokens
from storage.records import BlockKind

FERRY = "The ferry to Lindby stays in the harbour until the storm has passed."
BRIDGE = "The bridge of Lindby opens on Monday, and everybody may walk over it for free."


def rules(*texts: str, headline: str | None = None, known: bool = True) -> list[str | None]:
    """The rule of each text, all of them paragraphs of the story; with the words that somebody has read, or without."""
    pieces = [Piece(text, BlockKind.PARAGRAPH, words=tokens(text) if known else None) for text in texts]
    return [piece.rule for piece in strip(pieces, headline)]


def test_a_passage_that_is_said_twice_goes_once() -> None:
    assert rules(FERRY, BRIDGE, FERRY) == [None, None, "repeated"]
    assert rules(FERRY, f"{FERRY} {BRIDGE}") == ["repeated", None]
    assert rules("Read on", BRIDGE, "Read on") == [None, None, None]
    assert rules(FERRY, BRIDGE, "At the end of the day, it rains.") == [None, None, None]


def test_the_headline_goes_from_the_start() -> None:
    assert rules("The ferry stays", FERRY, headline="The Ferry Stays") == ["headline", None]


_PASSAGES = st.lists(st.lists(st.sampled_from("abcdefg新聞"), max_size=14).map(" ".join), min_size=1, max_size=8)


@given(_PASSAGES, st.data())
def test_words_read_before_are_the_same_words(passages: list[str], data: st.DataObject) -> None:
    passages.append(data.draw(st.sampled_from(passages)))
    assert rules(*passages) == rules(*passages, known=False)
    for text in passages:
        assert words(text, tokens(text)) == words(text)


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=8, max_size=12), min_size=2, max_size=6), st.data())
def test_no_repeat_is_overlooked(passages: list[list[str]], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(passages)))
    again = data.draw(st.sampled_from(passages))
    texts = [" ".join(each) for each in [*passages[:at], again, *passages[at:]]]
    assert "repeated" in rules(*texts)


@pytest.mark.parametrize("text", ["Legal disclaimer:", "disclaimer", "Haftungsausschluss", "Aviso legal:", "免责声明", "إخلاء مسؤولية"])
def test_labels_of_disclaimers(text: str) -> None:
    assert is_label(text)
    assert not is_label(f"{text} and more of it")


@pytest.mark.parametrize(
    ("text", "late", "rule"),
    [
        ("We provide this “as is” WITHOUT WARRANTY of any kind.", True, "disclaimer"),
        ("We provide this “as is” without warranty of any kind.", False, None),
        ("Alle Rechte vorbehalten.", True, "disclaimer"),
        ("Все права защищены", True, "disclaimer"),
        ("無断転載を禁じます", True, "disclaimer"),
        ("Reproduction in whole or in part without written permission is forbidden.", True, "disclaimer"),
        ("© 2026 The Lindby Courier", True, "disclaimer"),
        ("Sign up for our newsletter", False, "newsletter"),
        ("We and our 200 partners store data on your device.", False, "consent"),
        ("Мы используем файлы cookie", False, "consent"),
        (FERRY, True, None),
    ],
)
def test_words_of_the_site(text: str, late: bool, rule: str | None) -> None:
    assert site_words(text, late=late) == rule
