"""Rules that need no model: repeats, the headline, labels, words of the site; and that what makes them quick changes nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.boilerplate import Piece, is_label, site_words, strip, words
from pipelines.wording import tokens
from storage.records import BlockKind

FERRY = "The ferry to Lindby stays in the harbour until the storm has passed."
BRIDGE = "The bridge of Lindby opens on Monday, and everybody may walk over it for free."


def rules(*texts: str, headline: str | None = None, known: bool = True) -> list[str | None]:
    """The rule of each text, all of them paragraphs of the story; with the words that somebody has read, or without."""
    pieces = [Piece(text, BlockKind.PARAGRAPH, words=tokens(text) if known else None) for text in texts]
    return [piece.rule for piece in strip(pieces, headline)]


def kinds(*pieces: tuple[str, BlockKind], headline: str | None = None) -> list[str | None]:
    """The rule of each piece, of these kinds."""
    return [piece.rule for piece in strip([Piece(text, kind) for text, kind in pieces], headline)]


TEXT, HEADING = BlockKind.PARAGRAPH, BlockKind.HEADING
OTHERS = [
    "The tower of Marn is closed to visitors, because its stairs have to be mended before winter.",
    "Nine musicians of the old town band met on Friday and played until the lamps went out.",
    "A bakery in the lower street has made the same loaf, by its owner's word, for two centuries.",
    "Snow fell on the pass at dawn; the first buses of the day turned round at the customs house.",
    "Pupils of both schools have planted forty lime trees along the road that leads to the mill.",
    "The river carries less water than in any May since people began to write it down.",
    "At the market a woman from the valley sells cheese that her brother keeps in a cave.",
]


def test_a_piece_that_was_taken_out_before_stays_so_and_is_compared_with_none() -> None:
    pieces = [Piece(FERRY, TEXT, rule="hidden"), Piece(FERRY, TEXT), Piece("All rights reserved.", TEXT, rule="aside")]
    assert [piece.rule for piece in strip(pieces, None)] == ["hidden", None, "aside"]
    assert [piece.text for piece in strip(pieces, None)] == [piece.text for piece in pieces]
    assert strip(pieces[:1], "Storm") == pieces[:1]
    assert strip([], None) == []


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("…", "no-words"),
        (" – – – ", "no-words"),
        ("REF-2024010112345", "identifier"),
        ("urn:doc/20240101#z.9", "identifier"),
        ("20240101202401012", None),
        ("REF-2024-0101-1234", None),
        ("A-20240101.5", None),
        ("x" * 80 + "12345678", None),
        ("The file REF-2024010112345", None),
        ("Read more", "stub"),
        (" read MORE: …", "stub"),
        ("12 comments", "stub"),
        ("Share via mail", "stub"),
        ("Read more of the mayor's answer", None),
        ("X Tags X", None),
        ("More stories", "stub"),
        (f"Follow us on {'x' * 46}", "stub"),
        (f"Follow us on {'x' * 47}", None),
        ("Disclaimer: this is the opinion of its author.", "disclaimer"),
        ("LEGAL DISCLAIMER – this is the opinion of its author.", "disclaimer"),
        ("A disclaimer: this is the opinion of its author.", None),
        ("Sign up for our newsletter", "newsletter"),
        ("We use cookies", "consent"),
    ],
)
def test_what_one_piece_is(text: str, rule: str | None) -> None:
    assert rules(*OTHERS[:3], text, *OTHERS[3:])[3] == rule


def test_the_headline_is_no_part_of_the_story_above_it_nor_as_a_heading() -> None:
    headline = "Storm keeps the ferry in the harbour"
    shouted = headline.upper()
    said = [(text, TEXT) for text in OTHERS[:4]]
    for before in range(3):
        assert kinds(*said[:before], (shouted, TEXT), *said[before:], headline=headline)[before] == "headline"
    assert kinds(*said[:3], (shouted, TEXT), said[3], headline=headline)[3] is None, "further below it is quoted"
    assert kinds(*said[:3], (shouted, HEADING), said[3], headline=headline)[3] == "headline"
    crumbs = [("…", TEXT), ("Share", TEXT), ("Tags", TEXT), ("Print", TEXT)]
    assert kinds(*crumbs, (shouted, TEXT), *said, headline=headline)[4] == "headline", "what was taken out is not above it"
    assert kinds(*said[:2], (f"{headline} today", TEXT), *said[2:], headline=headline) == [None] * 5
    assert kinds(*said, headline=None) == [None] * 4


def test_what_stands_below_a_label_goes_up_to_the_next_heading() -> None:
    after = [("A new matter", HEADING), (OTHERS[2], TEXT)]
    label, first, second = ("Legal disclaimer:", TEXT), (OTHERS[0], TEXT), (OTHERS[1], TEXT)
    assert kinds((FERRY, TEXT), label, first, second, *after) == [None, *["disclaimer"] * 3, None, None]
    assert kinds((FERRY, TEXT), ("Disclaimer", HEADING), first) == [None] * 3, "a heading of that name heads a text"
    assert kinds(("Disclaimer: in art", HEADING), first, second) == [None] * 3
    assert kinds(("Sign up for our newsletter", HEADING), first, second) == [None] * 3


@pytest.mark.parametrize(
    ("count", "late"), [(1, 0), (2, 1), (3, 1), (4, 2), (6, 3), (8, 4), (9, 5), (11, 7)], ids=lambda value: str(value)
)
def test_the_last_four_pieces_of_the_last_half_are_late(count: int, late: int) -> None:
    """Words that every site prints at its end are the site's there, and may be the story's before."""
    texts = [f"{OTHERS[number % 7]} It was told {'again ' * number} so." for number in range(count)]
    for place in range(count):
        told = [*texts[:place], "No part of this page may be printed.", *texts[place + 1 :]]
        assert rules(*told)[place] == ("disclaimer" if place >= late else None), place
    crumbs = [Piece("Share", TEXT, rule="aside") for _ in range(5)]
    pieces = [*crumbs, *(Piece(text, TEXT) for text in texts[:-1]), Piece("All rights reserved.", TEXT), *crumbs]
    assert strip(pieces, None)[5 + count - 1].rule == "disclaimer", "what was taken out before is not counted"


def test_headings_under_which_nothing_is_left_go() -> None:
    text, gone = (FERRY, TEXT), ("Read more", TEXT)
    assert kinds(("One", HEADING), text, ("Two", HEADING), gone) == [None, None, "heading-of-nothing", "stub"]
    assert kinds(("One", HEADING), ("Two", HEADING), text) == [None, None, None]
    assert kinds(text, ("One", HEADING), ("Two", HEADING)) == [None, "heading-of-nothing", "heading-of-nothing"]
    pieces = [Piece("One", HEADING, rule="aside"), Piece("Read more", TEXT)]
    assert [piece.rule for piece in strip(pieces, None)] == ["aside", "stub"]


def told(start: int, count: int) -> str:
    """So many words, none of which comes twice."""
    return " ".join(f"w{chr(97 + number // 26)}{chr(97 + number % 26)}" for number in range(start, start + count))


@pytest.mark.parametrize(
    ("one", "other", "gone"),
    [
        (told(0, 8), told(0, 8), "second"),
        (told(0, 7), told(0, 7), ""),
        (told(0, 7), told(0, 8), ""),
        (told(0, 8), told(0, 9), "first"),
        (told(0, 9), told(0, 8), "second"),
        (told(0, 30), told(100, 20) + " " + told(0, 30), "first"),
        (told(0, 30), told(0, 29) + " " + told(100, 1), "second"),
        (told(0, 29) + " " + told(100, 1), told(0, 30), "second"),
        (told(0, 13), told(0, 12) + " " + told(100, 1), "second"),
        (told(0, 12), told(0, 11) + " " + told(100, 1), ""),
        (told(0, 30), told(0, 15) + " " + told(100, 1) + " " + told(16, 14), ""),
        (told(0, 45), told(0, 41), "second"),
        (told(0, 41), told(0, 45), "first"),
        (told(0, 45), told(0, 41) + " " + told(100, 1), "second"),
        (told(0, 41) + " " + told(100, 1), told(0, 45), "first"),
        (told(0, 8) + " in 5 days", told(0, 8) + " in 5 days", "second"),
        (told(0, 30) + " 5", told(0, 30) + " 6", ""),
        (told(0, 30) + " 5", told(0, 30), "second"),
        (told(0, 30), told(0, 30) + " 5", "first"),
        (told(0, 60) + " 5", told(0, 64), "second"),
        (told(0, 60) + " 5", told(0, 65), ""),
        (told(0, 13), told(100, 1) + " " + told(1, 12), "second"),
        (told(0, 33), told(0, 16) + " " + told(100, 1) + " " + told(17, 16), ""),
    ],
)
def test_which_of_two_passages_repeats_the_other(one: str, other: str, gone: str) -> None:
    """One that says all of the other but for a few words; the longer stays, of two as long the first; figures must be the same."""
    told = {"first": ["repeated", None], "second": [None, "repeated"], "": [None, None]}[gone]
    assert rules(one, other) == told
    assert rules(one, *OTHERS, other) == [told[0], *[None] * len(OTHERS), told[1]], "wherever they stand"


def test_a_passage_that_is_made_of_two_others_repeats_neither() -> None:
    assert rules(told(0, 12), told(50, 12), f"{told(0, 12)} {told(50, 12)}") == ["repeated", "repeated", None]
    assert rules(told(0, 24), told(50, 24), f"{told(12, 12)} {told(50, 12)}") == [None, None, None]
    assert rules(f"{told(0, 16)} {told(100, 9)}", f"{told(200, 9)} {told(9, 15)}", told(0, 24)) == [None, None, None]


def test_short_lines_go_with_the_passage_that_recurs_and_not_alone() -> None:
    """A box that is printed twice: its long line, and the short ones below it."""
    box = [FERRY, "By Ida Berg", "Lindby"]
    assert rules(*box, BRIDGE, *box) == [None, None, None, None, "repeated", "repeated", "repeated"]
    assert rules(*box, BRIDGE, FERRY, "By Arne Holm", "Lindby") == [None] * 4 + ["repeated", None, None]
    assert rules("Lindby", FERRY, BRIDGE, "Lindby", FERRY) == [None, None, None, None, "repeated"], "what stands above stays"
    assert rules("By Ida Berg", *OTHERS, "By Ida Berg") == [None] * 9


def test_a_line_that_stands_on_a_page_very_often_is_no_copy_of_each() -> None:
    """A log or a protocol; comparing each with each would take minutes."""
    line = told(0, 9)
    assert set(rules(*[line] * 49)[1:]) == {"repeated"}
    assert set(rules(*[line] * 50)) == {None}


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


def test_words_are_folded_and_are_characters_where_there_are_no_spaces() -> None:
    assert words("The FERRY’s 2 boats, Straße…") == ("the", "ferry", "s", "2", "boats", "strasse")
    assert words("東京タワー Tower 2") == ("東", "京", "タ", "ワ", "ー", "tower", "2")
    assert words("ราคา") == ("ร", "า", "ค", "า")
    assert words("The ferry", ["what", "was", "read"]) == ("what", "was", "read")
    assert words("Der Straße", ["what", "was", "read"]) == ("what", "was", "read")
    assert words("東京", ["東京"]) == ("東", "京")


@pytest.mark.parametrize(
    "text", ["Legal disclaimer:", "disclaimer", "Haftungsausschluss", "Aviso legal:", "免责声明", "إخلاء مسؤولية"]
)
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
