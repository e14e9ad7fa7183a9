"""A page is as like the outlet's answer for an impossible URL as its passages are in it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipelines.probe import fingerprint, likeness
from tests.pages_for_judge import document

FRAME = "<nav><a href=/>Home</a><a href=/n>News</a></nav><p>Harbour Gazette</p>{}<footer><p>Imprint</p><p>Privacy</p></footer>"
LOST = FRAME.format("<h1>That page has sailed</h1><p>Request 8812 of 3 May</p>")
STORY = FRAME.format("<h1>Ferry kept</h1>" + "".join(f"<p>Paragraph {word} of a story about the boat.</p>" for word in "abcdefgh"))

hashes = st.lists(st.integers(0, 50), max_size=30, unique=True)


def test_same_answer_with_another_request_number_is_wholly_alike() -> None:
    other = LOST.replace("8812", "977").replace("3 May", "4 May")
    assert likeness(fingerprint(document(other)), fingerprint(document(LOST))) == 1.0


def test_a_story_in_the_same_frame_is_not_alike() -> None:
    assert likeness(fingerprint(document(STORY)), fingerprint(document(LOST))) < 0.5


def test_pages_of_few_passages_must_be_the_same() -> None:
    one, other = document("<p>Loading</p>"), document("<p>Loading</p><p>A story</p>")
    assert likeness(fingerprint(one), fingerprint(other)) == 0.0
    assert likeness(fingerprint(one), fingerprint(one)) == 1.0


@given(hashes, hashes)
def test_likeness_stays_between_nothing_and_all(ours: list[int], theirs: list[int]) -> None:
    assert 0.0 <= likeness(ours, theirs) <= 1.0
    assert likeness(ours, ours) == 1.0
