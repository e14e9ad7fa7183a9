"""An outlet's overrides say which passages are looked at, for as long as they are valid."""

from __future__ import annotations

import datetime as dt

import pytest

from pipelines.chain import refine
from storage.records import Article, Capture, Lead, Outlet, Override

STORY = [
    "The lighthouse at Marram Point will be lit again in June, its keepers said on Tuesday after two years of repairs.",
    "Masons from three villages replaced 412 stones and the iron stair, at a cost that the county puts at 1.3 million.",
    "The lamp of 1887 was found in a barn; it will turn again, though an electric motor now moves it instead of weights.",
]
ODD = "Marram Point in figures: the tower is 34 metres high, its light is seen from 19 sea miles, and 212 steps lead up."


def extracted(*overrides: Override, day: int = 10) -> Article:
    paragraphs = "".join(f"<p>{text}</p>" for text in STORY)
    page = f"<html><body><h1>Light returns</h1><div id='story'>{paragraphs}<p class='figures'>{ODD}</p></div></body></html>"
    capture = Capture(
        lead=Lead(url="https://coast.example/1", outlet="coast", source="by hand"), url="https://coast.example/1", status=200,
        headers=(), body=page.encode(), fetched_at=dt.datetime(2026, 1, day, tzinfo=dt.UTC),
    )  # fmt: skip
    found = refine(capture, Outlet(name="coast", overrides=overrides))
    assert isinstance(found, Article)
    return found


def test_what_is_selected_away_is_removed_with_its_rule() -> None:
    assert ODD in extracted().text
    article = extracted(Override(remove=(".figures",)))
    assert [block.text for block in article.blocks] == STORY
    assert [each.words for each in article.removed if each.rule == "override"] == [ODD]


def test_only_what_is_selected_is_looked_at() -> None:
    article = extracted(Override(select=("#story p:not(.figures)",)))
    assert [block.text for block in article.blocks] == STORY


def test_an_override_that_has_run_out_changes_nothing() -> None:
    old = Override(remove=(".figures",), valid_until=dt.date(2026, 1, 9))
    assert extracted(old, day=9).text != extracted(old, day=10).text == extracted().text


def test_a_selector_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match="div\\[\\["):
        extracted(Override(remove=("div[[",)))
