"""The numbers that the block model looks at: what is counted at once for a page is what a reader would count unit by unit."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.blocks import Unit, segment
from pipelines.features import NAMES, PLACE, Table, features, framed
from pipelines.story import from_json
from pipelines.wording import Said, worded
from tests.pages_for_judge import document

STORY = "The ferry to Lindby stays in the harbour, said the captain; 40 boats wait. Why? Nobody knows (yet)."
PAGE = f"""<html><head><title>The ferry stays</title></head><body>
<nav><ul><li><a href=/a>Sport</a></li><li><a href=/b>Culture</a></li></ul></nav>
<div class="article-body"><h1>The ferry stays</h1><p>{STORY}</p><p>{STORY.replace("ferry", "boat")}</p>
<blockquote>“It will sail on 12.5.2026”</blockquote></div>
<footer class="footer">© The Lindby Courier</footer></body></html>"""
_STOPS = re.compile(r"[.!?؟।۔](?=\s|$|[\"”»])|[。！？]")
_DATE = re.compile(r"\d(?:\d{0,3}[./-]\d{1,2}[./-]\d\d|\d?:\d\d|年)|(?:19|20)\d\d(?!\d)")


def table(markup: str, said: Said | None = None) -> tuple[list[Unit], Table]:
    units, boxes = segment(document(markup).passages)
    return units, features(units, boxes, said or Said(titles=("The ferry stays",))).table


def values(found: Table, name: str) -> list[float]:
    return [round(float(value), 4) for value in found[PLACE[name]]]


def test_a_page_in_numbers() -> None:
    units, found = table(PAGE)
    assert [unit.text for unit in units][:3] == ["Sport", "Culture", "The ferry stays"]
    assert values(found, "link_density") == [1, 1, 0, 0, 0, 0, 0]
    assert values(found, "under_nav") == [1, 1, 0, 0, 0, 0, 0]
    assert values(found, "any_body") == [0, 0, 1, 1, 1, 1, 0]
    assert values(found, "own_footer") == [0, 0, 0, 0, 0, 0, 1]
    assert values(found, "running") == [0, 0, 0, len(STORY), len(STORY) - 1, 0, 0]
    assert values(found, "title_in")[2] == 1
    assert values(found, "after_h1") == [-2, -1, 0, 1, 2, 3, 4]
    assert values(found, "core_up") == [1, 1, 0, 0, 0, 0, 1]
    assert values(found, "quoted_units") == [-1, -1, -1, -1, -1, 1, -1]
    assert values(found, "path_count") == [2, 2, 1, 2, 2, 1, 1]
    assert values(found, "has_date") == [0, 0, 0, 0, 0, 1, 0]
    assert values(found, "running_next_5")[0] == 2 * len(STORY) - 1
    assert values(found, "running_prev1") == [-1, 0, 0, 0, len(STORY), len(STORY) - 1, 0]
    assert values(found, "up1_share")[3] == values(found, "up1_share")[2]


def test_what_is_said_twice_is_counted() -> None:
    _, found = table("<body><p>Read the paper</p><p>Something else</p><p>Read the paper</p></body>")
    assert values(found, "copies") == [2, 1, 2]
    assert values(found, "earlier_copies") == [0, 0, 1]


_TEXTS = st.lists(
    st.text(st.sampled_from("aB9 .!?…。！？,，、:：\"”»'|•-–“«年5/@ǅßé中ก한\U0001d400\ud800"), min_size=1).map(
        lambda text: " ".join(text.split())
    ).filter(bool),
    min_size=1, max_size=6,
)  # fmt: skip


@given(_TEXTS)
def test_counted_at_once_as_unit_by_unit(texts: list[str]) -> None:
    _, boxes = segment(document("<p>x</p>").passages)
    rows = worded([Unit(text, 0, 0, False) for text in texts], boxes, Said()).rows
    told = {name: rows[PLACE[name]].tolist() for name in NAMES[: len(rows)]}
    for index, text in enumerate(texts):
        words = re.findall(r"\w+", text.casefold())
        count, head = max(len(words), 1), text[:60].replace("\U0001d400", "-")
        assert told["words"][index] == len(words)
        assert told["sentences"][index] == len(_STOPS.findall(text))
        assert told["questions"][index] == sum(text.count(mark) for mark in "?？")
        assert told["commas"][index] == pytest.approx(sum(text.count(mark) for mark in ",，、،") / count)
        assert told["uppers"][index] == pytest.approx(sum(map(str.isupper, head)) / len(head))
        assert told["digits"][index] == pytest.approx(sum(map(str.isdigit, head)) / len(head))
        assert told["has_date"][index] == (_DATE.search(text, 0, 120) is not None)
        assert told["first_lower"][index] == text[0].islower()
    dense = sum(len(re.findall("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]", text)) for text in texts)
    whole = sum(map(len, texts))
    assert told["size"] == pytest.approx([len(text) * (1 + 1.5 * dense / whole) for text in texts])


def test_long_passages_are_looked_at_in_parts() -> None:
    _, boxes = segment(document("<p>x</p>").passages)
    long = "Words, and more words. " * 20_000
    rows = worded([Unit(text, 0, 0, False) for text in (STORY, long, STORY)], boxes, Said()).rows
    told = {name: rows[PLACE[name]].tolist() for name in ("size", "words", "commas", "questions")}
    assert told["size"] == [len(STORY), len(long), len(STORY)]
    assert told["words"][1] == 80_000 and told["commas"][1] > 0.1
    assert told["questions"] == [1, 0, 1] and told["commas"][0] == told["commas"][2]


def test_boxes_inside_a_box_follow_it() -> None:
    _, boxes = segment(document(PAGE).passages)
    frame = framed(boxes, [0])
    for index, end in enumerate(frame.end.tolist()):
        inside = [at for at in range(len(boxes)) if at == index or _is_in(at, index, [box.parent for box in boxes])]
        assert inside == list(range(index, end))


def _is_in(at: int, top: int, parents: list[int]) -> bool:
    while at >= 0 and at != top:
        at = parents[at]
    return at == top


def test_trees_are_asked_level_by_level() -> None:
    model = from_json({"bias": 0.0, "trees": [
        {"asks": [["size", 10.0], ["hidden", 0.5]], "leaves": [0.0, 1.0, 2.0, 3.0]},
        {"asks": [["size", 20.0], ["size", 30.0]], "leaves": [0.0, 4.0, 5.0, 6.0]},
    ]})  # fmt: skip
    rows = np.zeros((len(NAMES), 600), np.float32)
    rows[PLACE["size"], 1:3], rows[PLACE["hidden"], 2] = (15, 40), 1
    scores = model.scores(rows, np.array([2, 1, 0, *range(3, 600)]))
    logits = np.log(scores[:4] / (1 - scores[:4]))
    assert logits.tolist() == pytest.approx([9.0, 1.0, 0.0, 0.0])
    assert len(scores) == 599 + 1
    with pytest.raises(KeyError):
        from_json({"bias": 0.0, "trees": [{"asks": [["no such feature", 1.0]], "leaves": [0.0, 1.0]}]})
