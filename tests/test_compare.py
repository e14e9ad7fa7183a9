"""Comparing two texts: what is common, which figures were replaced, and the word diff that people read."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipelines.compare import changed_figures, common, word_diff
from pipelines.fingerprint import fingerprint, normalise

OLD = (
    "The bank provided the market with 206 million of help in the afternoon. This brings its help to 237 million today, "
    "beside an expected shortage of 300 million."
)
NEW = OLD.replace("206", "94").replace("237", "331")


def test_what_is_common_is_found_in_whatever_order() -> None:
    first = "one two three four five six seven eight"
    second = "nine ten eleven twelve thirteen fourteen fifteen sixteen"
    mine, theirs = fingerprint(f"{first} {second}").words, fingerprint(f"{second} {first}").words
    both = common(mine, theirs)
    assert both.mine.all() and both.theirs.all()


def test_an_insertion_is_not_common() -> None:
    mine = fingerprint("one two three four five six seven and here is new seven eight nine ten eleven twelve").words
    theirs = fingerprint("one two three four five six seven eight nine ten eleven twelve").words
    both = common(mine, theirs)
    assert both.theirs.all()
    assert both.mine.sum() == 13


def test_replaced_figures_are_counted_and_added_ones_are_not() -> None:
    def figures(one: str, other: str) -> tuple[int, int]:
        mine, theirs = fingerprint(one).words, fingerprint(other).words
        return changed_figures(mine, theirs, common(mine, theirs))

    assert figures(OLD, NEW)[0] == 2
    assert figures(OLD, OLD) == (0, 3)
    assert figures(OLD, OLD + " It had given 12 million on Monday and 14 million on Tuesday.")[0] == 0


def test_a_correction_is_shown_word_by_word() -> None:
    diff = word_diff(OLD, OLD.replace("206 million", "602 million"))
    assert [(change.op, change.words) for change in diff.changes if change.op != "equal"] == [
        ("delete", "206"),
        ("insert", "602"),
    ]
    assert 0.9 < diff.share_of_old < 1 and 0.9 < diff.share_of_new < 1


def test_words_that_are_only_set_otherwise_are_equal() -> None:
    diff = word_diff("“Yes”, the Minister said — twice", '"Yes", the minister said – twice')
    assert [change.op for change in diff.changes] == ["equal"]
    assert diff.share_of_old == diff.share_of_new == 1


def test_japanese_is_compared_by_character() -> None:
    diff = word_diff("市長は三人を任命した", "市長は五人を任命した")
    assert [(c.op, c.words) for c in diff.changes] == [
        ("equal", "市長は"),
        ("delete", "三"),
        ("insert", "五"),
        ("equal", "人を任命した"),
    ]


def test_an_empty_text_against_another() -> None:
    assert [c.op for c in word_diff("", "new words").changes] == ["insert"]
    assert [c.op for c in word_diff("old words", "").changes] == ["delete"]
    assert word_diff("", "").changes == ()


@given(
    st.lists(st.sampled_from(("a", "b", "c", "d.", "e", "5", "東", "京")), max_size=60),
    st.lists(st.sampled_from(("a", "b", "c", "d.", "e", "6", "東", "京")), max_size=60),
)
def test_a_diff_holds_all_words_of_both_texts(old: list[str], new: list[str]) -> None:
    changes = word_diff(" ".join(old), " ".join(new)).changes

    def told(*ops: str) -> str:
        return normalise("".join("".join(c.words.split()) for c in changes if c.op in ops))

    assert told("equal", "delete") == "".join(old)
    assert told("equal", "insert") == "".join(new)
    assert all(one.op != other.op for one, other in pairwise(changes))


def test_texts_of_strangers_do_not_take_for_ever() -> None:
    # A quadratic diff would need hours for these.
    assert len(word_diff("a b " * 50_000, "b c " * 50_000).changes) >= 2
    turned = word_diff(" ".join(map(str, range(50_000))), " ".join(map(str, range(50_000, 0, -1))))
    assert turned.share_of_old < 0.01
