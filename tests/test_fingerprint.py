"""Fingerprints: what is folded, what is not, and that the hashes never move."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.fingerprint import LONGEST, SHINGLE, fingerprint, normalise, words

STORY = (
    "The harbour of Lindby will be closed for two weeks from 3 May while divers clear the wreck of a ferry that sank in "
    "1961, the port authority said. Ships of more than 1,200 tonnes are to use the northern quay. Fishermen asked for a "
    "lower fee during the works; a decision is expected on Thursday. The last closure, in 2009, cost the town 40,000 "
    "crowns in lost dues, according to the treasurer, who added that the insurance would pay this time."
)


LETTERS = str.maketrans("01234567", "aeioultr")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("“Yes”, he said", '"Yes", he said'),
        ("it’s", "it's"),
        ("``quoted''", '"quoted"'),
        ("London — a city", "London - a city"),
        ("London—a city", "London – a city"),
        ("a\u00a0b\u2009c\td\r\ne", "a b c d e"),
        ("co\u00adoperate", "cooperate"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("TITLE Case", "title case"),
        ("Straße", "STRASSE"),
        ("ﬁnance", "finance"),
        ("１２３ＡＢＣ", "123abc"),
        ("double escaped&nbsp;space", "double escaped space"),
        ("كتاب", "کتاب"),
        ("علي", "علی"),
        ("العـــربية", "العربیة"),
        ("\u061cمرحبا\u200f", "مرحبا"),
        ("كَتَبَ", "كتب"),
        ("ﻣﺮﺣﺒﺎ", "مرحبا"),
        ("۱۴۰۳ و ٢٠٢٤", "1403 و 2024"),
        ("कीमत ५०", "कीमत 50"),
        ("\u1112\u1161\u11ab국", "한국"),
    ],
)
def test_texts_that_differ_only_in_how_they_are_set_are_equal(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)
    assert fingerprint(one) == fingerprint(other)


@given(st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=40))
def test_a_text_is_folded_alike_whatever_else_stands_on_the_page(text: str) -> None:
    """A combining mark anywhere makes every character of the text wait for its neighbours."""
    assert normalise(text + "|x\u0302|") == normalise(text + "|") + "x\u0302|"


def test_every_character_is_folded_alike_whatever_else_stands_on_the_page() -> None:
    for start in (*range(0x80, 0x4E20, 32), *range(0xD780, 0xD800, 32), *range(0xF900, 0x10000, 32)):
        text = "|".join(map(chr, range(start, start + 32)))
        assert normalise(f"{text}|x\u0302|") == normalise(f"{text}|") + "x\u0302|", hex(start)


@pytest.mark.parametrize(
    ("one", "other"),
    [("5 people", "6 people"), ("it rose", "it fell"), ("1.5", "15"), ("a-b", "ab"), ("کتاب", "کباب"), ("東京都", "京都")],
)
def test_texts_that_say_something_else_are_not_equal(one: str, other: str) -> None:
    assert fingerprint(one).digest != fingerprint(other).digest


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert once == once.strip() and "  " not in once


@given(st.text(alphabet="a -—\u00ad\u200b`'\"&nbsp;\u0301İﬀ٣ك", max_size=40))
def test_normalising_twice_changes_nothing_where_folds_meet(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.text())
def test_any_text_has_a_fingerprint(text: str) -> None:
    made = fingerprint(text)
    assert set(made.anchors) <= set(made.shingles)
    assert len(made.positions) == len(made.shingles)
    assert list(made.positions) == sorted(set(made.positions))
    assert all(position < max(1, len(made.words)) for position in made.positions)
    assert made.digest == fingerprint(normalise(text)).digest


def test_words_are_runs_of_letters_figures_and_single_characters_of_unspaced_scripts() -> None:
    assert words(normalise("The U.S. paid $1,234.50 on 5/6, it's 30%.")) == (
        ["the", "u", "s", "paid", "1,234.50", "on", "5/6", "it", "s", "30"]
    )
    assert words(normalise("東京で2人")) == ["東", "京", "で", "2", "人"]
    assert words(normalise("हिन्दी में")) == ["हिन्दी", "में"]


def test_figures_are_named_without_their_grouping() -> None:
    assert fingerprint("1,200 tonnes, 1.5 per cent, 40,000 crowns").numbers == ("1.5", "1200", "40000")


def test_scripts_without_spaces_are_compared_by_character() -> None:
    japanese = fingerprint("東京都は十四日、新しい図書館を来年四月に開くと発表した。")
    assert japanese.unspaced
    assert len(japanese.words) > 20
    assert not fingerprint(STORY).unspaced


@pytest.mark.parametrize(
    ("text", "unspaced"), [("京", True), ("a 京", False), ("a 東京", True), ("a b c 東京", False), ("", False)]
)
def test_a_text_is_without_spaces_when_most_of_it_is(text: str, unspaced: bool) -> None:
    assert fingerprint(text).unspaced is unspaced


@pytest.mark.parametrize(
    ("characters", "size"), [("東京都知事選挙投票日明後天気予報晴曇雨雪風雲星月火水木金土", 2 * SHINGLE), ("", SHINGLE)]
)
def test_a_shingle_is_six_words_or_twelve_characters(characters: str, size: int) -> None:
    """Texts that share so many in a row share a shingle; of one less, none."""
    listed = list(characters) or [chr(number) * 3 for number in range(97, 123)]
    glue = "" if characters else " "
    whole = fingerprint(glue.join(listed))
    for run, shared in ((size, 1), (size - 1, 0)):
        part = fingerprint(glue.join(listed[4 : 4 + run] + listed[:1] * 12))
        assert len(set(part.shingles) & set(whole.shingles)) == shared, run


def test_the_anchors_of_an_excerpt_are_found_in_the_whole() -> None:
    filler = " ".join(f"word{number} again{number * 7}" for number in range(600))
    whole = fingerprint(filler[:3000] + " " + STORY + " " + filler[3000:])
    assert set(fingerprint(STORY).shingles) & set(whole.anchors)


def test_hashes_are_the_same_in_every_process() -> None:
    code = f"from pipelines.fingerprint import fingerprint; print(fingerprint({STORY!r}))"
    environment = {"PYTHONHASHSEED": "7", "PYTHONPATH": ":".join(sys.path)}
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert other.stdout.strip() == str(fingerprint(STORY))


def test_hashes_are_those_that_lie_in_catalogues() -> None:
    # A change here means that every catalogue has to be rebuilt: raise its schema with it.
    made = fingerprint("The harbour of Lindby will be closed for 2 weeks")
    assert made.digest == "313cd732ac980e57b6dcdc6ff41c9f6e537d30d47b6af8a1aa62e35b513b49a9"
    assert made.anchors == (4260760112086599506, 3780165985161999210)
    assert made.words == b"Xx\xb8`\xa6\xcaJ\xbc=h"
    assert made.length == 48


SIZES = (5, 6, 7, 40, 101, 102, 107, 108, 160, 600, 1700, 5000)


@pytest.mark.parametrize(
    ("kind", "digest"),
    [
        ("plain", "0e3b6cbb00b0045414e46eff4adb660d61f56ab1e1d612a7795bae53b0e4b344"),
        ("repeats", "96843d22203f32219c7c868830f8591625cc82f4484a7b529215cf6047db63f6"),
        ("unspaced", "a72fe8622a3d9f0b722994cb0d9bc3f439073867fe6343aef063792ecf9db165"),
    ],
)
def test_fingerprints_of_every_length_are_those_that_lie_in_catalogues(kind: str, digest: str) -> None:
    """Texts shorter than a shingle, texts whose shingles are all asked for, the first that is longer, and long ones."""
    numbers = [number * 7919 % 5003 for number in range(5000)]
    if kind == "unspaced":
        texts = ["".join(chr(0x4E00 + number) for number in numbers[:size]) for size in SIZES]
    else:
        listed = [str(number) if number % 9 == 0 else f"{number:o}".translate(LETTERS) for number in numbers]
        listed = listed if kind == "plain" else (listed[:40] + listed[:90]) * 40
        texts = [" ".join(listed[:size]) for size in SIZES]
    printed = "\n".join(repr(fingerprint(text)) for text in texts)
    assert hashlib.sha256(printed.encode()).hexdigest() == digest


def test_half_a_surrogate_pair_costs_no_text_its_fingerprint() -> None:
    broken = fingerprint("The ferry \ud83d sails")
    assert broken.digest == hashlib.sha256("the ferry \ud83d sails".encode("utf-8", "surrogatepass")).hexdigest()
    assert fingerprint("x\ud83dy").words != fingerprint("xy").words


def test_a_huge_text_is_compared_by_its_first_words_only() -> None:
    made = fingerprint("rubbish " * (LONGEST * 2))
    assert len(made.words) == LONGEST
    assert len(made.shingles) < 2_000
    assert len(fingerprint("unreasonablylongword " * LONGEST).words) == LONGEST * 12 // 21 + 1, "or its first characters"


def test_a_text_shorter_than_a_shingle_has_one() -> None:
    assert len(fingerprint(" ".join("abcde"[: SHINGLE - 1])).shingles) == 1
    assert fingerprint("").shingles == ()
