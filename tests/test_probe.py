"""A page is as like the outlet's answer for an impossible URL as its words are in it."""

from __future__ import annotations

from html import escape

from hypothesis import given
from hypothesis import strategies as st

from pipelines.probe import fingerprint, likeness
from tests.pages_for_judge import document

FRAME = "<nav><a href=/>Home</a><a href=/n>News</a></nav><p>Harbour Gazette</p>{}<footer><p>Imprint</p><p>Privacy</p></footer>"
LOST = FRAME.format("<h1>That page has sailed</h1><p>Request 8812 of 3 May</p>")
STORY = FRAME.format("<h1>Ferry kept</h1>" + "".join(f"<p>Paragraph {word} of a story about the boat.</p>" for word in "abcdefgh"))



def alike(page: str, impossible: str) -> float:
    return likeness(document(page), fingerprint(document(impossible)))


def test_same_answer_with_another_request_number_is_wholly_alike() -> None:
    assert alike(LOST.replace("8812", "977").replace("3 May", "4 May"), LOST) == 1.0


def test_an_answer_that_repeats_the_address_is_alike_but_for_that() -> None:
    told = FRAME.format("<p>There is nothing at /{} any more. Try the front page, or write to the editors of the gazette.</p>")
    assert alike(told.format("news/one-story"), told.format("news/bcdfgh")) > 0.6


def test_a_story_in_the_same_frame_is_not_alike() -> None:
    assert alike(STORY, LOST) < 0.5


def test_a_short_report_in_a_large_frame_is_not_alike() -> None:
    frame = FRAME + "".join(f"<p>Box number {word} of the frame, the same on every page of the gazette.</p>" for word in "abcdefghij")
    brief = "<h1>Ferry kept</h1><p>The council voted on Monday to keep the night ferry to the outer islands running through the "
    brief += "winter, by nine votes to four, and asked the operator to print the number of passengers on the board at the quay "
    brief += "each week until the end of March, when it will meet again to hear what the crews and the islanders think of it.</p>"
    assert alike(frame.format(brief), frame.format("<p>Nothing here.</p>")) < 0.5


def test_pages_of_few_words_must_be_the_same() -> None:
    assert alike("<p>Loading</p>", "<p>Loading</p><p>A story</p>") == 0.0
    assert alike("<p>Loading</p>", "<p>Loading</p>") == 1.0
    assert alike("<p></p>", "<p></p>") == 0.0


words = st.text(st.characters(categories=("L", "N", "P", "Zs")), max_size=30)


@given(st.lists(words, max_size=12), st.lists(st.integers(0, 2**32 - 1), max_size=30, unique=True))
def test_likeness_stays_between_nothing_and_all(texts: list[str], hashes: list[int]) -> None:
    shown = document("<h1>A page</h1>" + "".join(f"<p>{escape(text)}</p>" for text in texts))
    assert 0.0 <= likeness(shown, hashes) <= 1.0
    assert likeness(shown, fingerprint(shown)) in (0.0, 1.0)
