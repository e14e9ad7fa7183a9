"""Units of a page -> pieces: which are the story, and for those that are not, a reason that a person understands.

The block model says how likely a unit is part of the story; the reason for one that is not is read from where it
stands in the markup.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from pipelines.block_model import Array, BlockModel
from pipelines.blocks import ABOVE, Box, Unit
from pipelines.boilerplate import Piece
from pipelines.classwords import BIT
from pipelines.features import features
from pipelines.said import Said
from storage.records import BlockKind

_AT_ONCE = 20_000  # units judged together; only pages of many megabytes have more, and memory is bounded so
KEEP = 0.45  # score from which a unit is part of the story (benchmarks.extraction)
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_UNDER = {name: 1 << index for index, name in enumerate(ABOVE)}
# Where a unit stands -> why it is not the story; the first that holds.
_BY_ELEMENT = (
    ("nav", "menu"), ("footer", "footer"), ("form", "form"), ("button", "button"), ("figcaption", "caption"),
)  # fmt: skip
_BY_NAMES = (
    ("comment", "comments"), ("consent", "consent"), ("overlay", "overlay"), ("newsletter", "newsletter"), ("paywall", "paywall"),
    ("share", "share"), ("ad", "advertisement"), ("related", "related"), ("caption", "caption"), ("byline", "byline"),
    ("tags", "tags"), ("date", "date"), ("nav", "menu"), ("footer", "footer"), ("infobox", "infobox"),
    ("teaser", "teaser"), ("disclaimer", "disclaimer"),
)  # fmt: skip
_CELL = 200  # characters; a cell that holds more is layout, not data


def pieces(units: Sequence[Unit], boxes: Sequence[Box], said: Said, model: BlockModel) -> tuple[list[Piece], Array]:
    """Units, boxes and what the page says elsewhere -> (one piece a unit, score of each unit)."""
    judged = [
        _judge(list(units[start : start + _AT_ONCE]), list(boxes), said, model) for start in range(0, len(units), _AT_ONCE)
    ]
    scores = np.concatenate([score for score, _ in judged] or [np.zeros(0)])
    inside = [near for _, part in judged for near in part]
    cells: Counter[int] = Counter()
    for unit in units:
        cells[unit.box] += len(unit.text)
    made = [
        Piece(
            text=unit.text,
            kind=kind,
            group=group,
            row=boxes[unit.box].row if kind == BlockKind.LIST else -1,
            rule=None if score >= KEEP and not unit.hidden else _reason(unit, boxes, near),
        )
        for unit, score, near in zip(units, scores.tolist(), inside, strict=True)
        for kind, group in [_form(unit, boxes, cells[unit.box])]
    ]
    return made, scores


def _judge(units: list[Unit], boxes: list[Box], said: Said, model: BlockModel) -> tuple[Array, list[bool]]:
    """Units -> (score of each, whether it stands where the running text is)."""
    columns = features(units, boxes, said)
    inside = (columns["core_up"] == 0) | (columns["best_up"] <= 1)
    # Short links away from the running text need no model.
    asked = np.flatnonzero(inside | (columns["link_density"] <= 0.8) | (columns["size"] >= 100))
    scores = np.zeros(len(units))
    scores[asked] = model.scores(columns, asked)
    return scores, inside.tolist()


def _reason(unit: Unit, boxes: Sequence[Box], inside: bool) -> str:
    if unit.hidden:
        return "hidden"
    box = boxes[unit.box]
    for element, rule in _BY_ELEMENT:
        if box.above & _UNDER[element]:
            return rule
    near, at = 0, unit.box
    for _ in range(4):
        if at >= 0:
            near |= boxes[at].own
            at = boxes[at].parent
    for group, rule in _BY_NAMES:
        if near & BIT[group]:
            return rule
    if unit.linked * 2 > len(unit.text):
        return "links"
    return "unlike-the-story" if inside else "outside-the-story"


def _form(unit: Unit, boxes: Sequence[Box], held: int) -> tuple[BlockKind, int]:
    """The form of a unit in the clean copy, and the number of the block it is a line of (-1: its own).

    `held`: characters of all units of its box.
    """
    box = boxes[unit.box]
    if box.tag in _HEADINGS:
        return BlockKind.HEADING, unit.box
    if box.quoted >= 0:
        return BlockKind.QUOTE, box.quoted
    if box.listed >= 0 and (box.item >= 0 or box.tag in ("ul", "ol")):
        top = box.listed
        while boxes[top].parent >= 0 and boxes[boxes[top].parent].listed >= 0:
            top = boxes[boxes[top].parent].listed
        return BlockKind.LIST, top
    if box.row >= 0 and held < _CELL and box.tag in ("td", "th"):
        return BlockKind.LIST, boxes[box.row].parent
    return BlockKind.PARAGRAPH, -1
