"""Which of the headlines that a page offers is the story's."""

from __future__ import annotations

import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.headline import Candidate, choose, headings, named_by_host

SHOWN, SHARED = "Quay opens to ships after a year of work", "Harbour: what the new quay means for you"


def chosen(*offered: tuple[str, str], title: str | None = None, site: tuple[str, ...] = ("The Harbour Post",)) -> str | None:
    found = choose([Candidate(text=text, source=source) for source, text in offered], title, site)
    return found.text if found else None


def test_what_is_shown_and_shared_stands_above_json_ld() -> None:
    assert chosen(("visible", SHOWN), ("json-ld", "Quay opens to ships"), ("meta", SHOWN)) == SHOWN


def test_json_ld_stands_above_what_is_only_shared() -> None:
    assert chosen(("visible", SHOWN), ("json-ld", SHOWN), ("meta", SHARED)) == SHOWN
    assert chosen(("visible", "Quay opens"), ("json-ld", SHOWN), ("meta", SHARED), title=f"{SHOWN} | The Post") == SHOWN


def test_without_json_ld_a_heading_that_says_the_same_stands_above_what_is_shared() -> None:
    shared = "Harbour: quay opens to first ships"
    assert chosen(("visible", SHOWN), ("meta", shared), title=shared) == SHOWN
    assert chosen(("visible", "Quay opens"), ("meta", shared), title=shared) == shared, "too short to be told from a label"
    assert chosen(("visible", "Get our free guide to boats"), ("meta", shared), title=shared) == shared, "of something else"
    assert chosen(("visible", "新碼頭今日啟用，首艘貨輪靠泊"), ("meta", "港口新碼頭今日啟用")) == "新碼頭今日啟用，首艘貨輪靠泊"


def test_quotes_and_hyphens_make_no_other_headline() -> None:
    offered = ("visible", "“Quay opens,” says the mayor"), ("json-ld", "Quay opens, says the mayor")
    assert chosen(*offered, ("meta", "'Quay opens', says the mayor")) == "Quay opens, says the mayor"


@pytest.mark.parametrize("kicker", ["Port of Sabel: ", "Port of Sabel - ", "Port of Sabel | ", "«The Quay»: "])
def test_a_kicker_that_is_not_shared_is_no_part_of_it(kicker: str) -> None:
    assert chosen(("visible", kicker + SHOWN), ("json-ld", kicker + SHOWN), ("meta", SHOWN)) == SHOWN


def test_the_end_of_a_sentence_is_no_headline() -> None:
    assert (
        chosen(("visible", f"Mayor says {SHOWN}"), ("json-ld", f"Mayor says {SHOWN}"), ("meta", SHOWN)) == f"Mayor says {SHOWN}"
    )


@pytest.mark.parametrize("behind", [" - Neue Hafenzeitung", " | Sport | HP", " – HP – 13.06.2026"])
def test_what_stands_behind_it_in_title_and_meta_is_the_site(behind: str) -> None:
    assert chosen(("visible", SHOWN), ("meta", SHOWN + behind), title=SHOWN + behind, site=()) == SHOWN


def test_a_heading_of_the_site_is_not_it() -> None:
    assert chosen(("visible", "The Harbour Post"), ("visible", SHOWN), ("meta", SHOWN)) == SHOWN
    assert chosen(("visible", "Latest news"), ("meta", SHOWN), title=SHOWN) == SHOWN


@pytest.mark.parametrize(
    ("title", "url", "names"),
    [
        ("Quay opens to all ships - Hafenamt Sabel", "https://www.hafenamt.gv.example/1", ["Hafenamt Sabel"]),
        ("Quay opens to all ships | Post", "https://harbour-post.example/1", ["Post"]),
        ("Hafenamt: quay opens to ships - News", "https://hafenamt.example/1", []),
        ("Quay opens to all ships | HP", "https://hp.example/1", []),
        (None, "about:blank", []),
    ],
)
def test_parts_of_the_title_that_the_host_is_called(title: str | None, url: str, names: list[str]) -> None:
    assert named_by_host(title, url) == names


def test_without_any_source_the_longest_part_of_the_title() -> None:
    assert chosen(title=f"HP | {SHOWN} | News") == SHOWN
    assert chosen() is None


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("<h1><span>Port of Sabel</span><span>Quay opens</span></h1>", "Port of Sabel Quay opens"),
        ("<h1>Quay<br>opens</h1>", "Quay opens"),
        ("<h1><span class='drop'>Q</span>uay opens</h1>", "Quay opens"),
        ("<h1>Quay <em>O</em>PENS</h1>", "Quay OPENS"),
        ("<h1 hidden>No</h1><h1>Quay opens</h1>", "Quay opens"),
    ],
)
def test_words_of_a_heading(markup: str, words: str) -> None:
    assert list(headings(lxml.html.fromstring(f"<div>{markup}</div>"))) == [words]


@given(
    st.lists(st.tuples(st.sampled_from(["visible", "json-ld", "meta", "feed"]), st.text(max_size=30)), max_size=6),
    st.none() | st.text(max_size=40),
)
def test_it_is_one_of_what_was_offered(offered: list[tuple[str, str]], title: str | None) -> None:
    found = chosen(*offered, title=title, site=())
    assert found is None or any(found in text for text in [*(text for _, text in offered), title or ""])
