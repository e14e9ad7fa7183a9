"""Units of a page -> pieces: which are the story, and for those that are not, a reason that a person understands.

The block model says how likely a unit is part of the story: boosted trees, read from block_model.json. Every tree asks the same
six questions of all units, so all trees are answered by a few array operations. The file is written by `python -m
benchmarks.train_blocks`; it names each question's feature and threshold in plain text. The reason for a unit that is not part of
the story is read from where it stands in the markup.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.blocks import ABOVE, BIT, Box, Unit
from pipelines.boilerplate import Piece
from pipelines.features import PLACE, Table, features
from pipelines.wording import Said
from storage.records import BlockKind

Array = NDArray[np.float64]
_AT_ONCE = 256  # units scored together, so that the answers of all trees stay in the cache


@dataclass(frozen=True, slots=True)
class BlockModel:
    """The questions of all trees, level by level: `asked`: rows of a table of features (`pipelines.features.PLACE`) by depth
    x trees; `borders`: a bit is set above it; `leaves`: 2^depth a tree, one tree after another; `starts` of these."""

    asked: NDArray[np.int64]
    borders: NDArray[np.float32]
    leaves: Array
    starts: NDArray[np.int64]
    bias: float

    def scores(self, table: Table, units: NDArray[np.int64]) -> Array:
        """Table of features and the indexes of the units to judge -> probabilities, one an index."""
        parts = [self._raw(table[:, units[start : start + _AT_ONCE]]) for start in range(0, len(units), _AT_ONCE)]
        raw = np.concatenate(parts) if parts else np.zeros(0)
        return np.asarray(1 / (1 + np.exp(-raw)))

    def _raw(self, table: Table) -> Array:
        depth, trees = self.asked.shape
        answers = np.take(table, self.asked.ravel(), axis=0) > self.borders.reshape(-1, 1)
        bits = answers.view(np.uint8).reshape(depth, trees, -1)
        leaf = bits[0].copy()
        for level in range(1, depth):
            leaf |= bits[level] << level
        return np.asarray(self.leaves[leaf + self.starts[:, None]].sum(axis=0) + self.bias)


def from_json(said: Mapping[str, Any]) -> BlockModel:
    """The parsed weights file -> BlockModel. KeyError names a feature that is not known."""
    trees = said["trees"]
    leaves = np.array([tree["leaves"] for tree in trees], dtype=float)
    return BlockModel(
        asked=np.array([[PLACE[name] for name, _ in tree["asks"]] for tree in trees], dtype=np.int64).T,
        borders=np.array([[border for _, border in tree["asks"]] for tree in trees], dtype=np.float32).T,
        leaves=leaves.ravel(),
        starts=np.arange(len(trees)) * leaves.shape[1],
        bias=float(said["bias"]),
    )


@cache
def block_model() -> BlockModel:
    """The model that ships with the package."""
    return from_json(json.loads(files("pipelines").joinpath("block_model.json").read_text("utf-8")))


_JUDGED_AT_ONCE = 20_000  # units judged together; only pages of many megabytes have more, and memory is bounded so
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
_ELEMENTS = sum(_UNDER[element] for element, _ in _BY_ELEMENT)
_NAMES = sum(BIT[group] for group, _ in _BY_NAMES)
_LIST, _PARAGRAPH = BlockKind.LIST, BlockKind.PARAGRAPH
_MADE = tuple.__new__  # half the cost of a named tuple's own
_CELL = 200  # characters; a cell that holds more is layout, not data


def pieces(units: Sequence[Unit], boxes: Sequence[Box], said: Said, model: BlockModel) -> tuple[list[Piece], Array]:
    """Units, boxes and what the page says elsewhere -> (one piece a unit, score of each unit)."""
    judged = [
        _judge(list(units[start : start + _JUDGED_AT_ONCE]), list(boxes), said, model) for start in range(0, len(units), _JUDGED_AT_ONCE)
    ]
    scores = np.concatenate([part.scores for part in judged] or [np.zeros(0)])
    inside = chain.from_iterable(part.inside for part in judged)
    words = chain.from_iterable(part.words for part in judged)
    held: dict[int, int] = {}  # characters of all units of a box
    for text, place, _, _ in units:
        held[place] = held.get(place, 0) + len(text)
    made = []
    for unit, score, near, said_by in zip(units, scores.tolist(), inside, words, strict=True):
        box = boxes[unit.box]
        kind, group = _form(unit.box, box, boxes, held[unit.box])
        rule = None if score >= KEEP and not unit.hidden else _reason(unit, box, boxes, near)
        made.append(_MADE(Piece, (unit.text, kind, group, box.row if kind is _LIST else -1, rule, said_by)))
    return made, scores


class _Judged(NamedTuple):
    """Of each unit: its score, whether it stands where the running text is, its words where they were read."""

    scores: Array
    inside: list[bool]
    words: Sequence[Sequence[str] | None]


def _judge(units: list[Unit], boxes: list[Box], said: Said, model: BlockModel) -> _Judged:
    table, words = features(units, boxes, said)
    core, best, density, size = (table[PLACE[name]] for name in ("core_up", "best_up", "link_density", "size"))
    inside = (core == 0) | (best <= 1)
    # Short links away from the running text need no model.
    asked = np.flatnonzero(inside | (density <= 0.8) | (size >= 100))
    scores = np.zeros(len(units))
    scores[asked] = model.scores(table, asked)
    return _Judged(scores, inside.tolist(), words)


def _reason(unit: Unit, box: Box, boxes: Sequence[Box], inside: bool) -> str:
    """Why a unit is not the story: the element that it stands in, what the four boxes around it are called, its links."""
    if unit.hidden:
        return "hidden"
    rule = _of_elements(box.above & _ELEMENTS)
    if rule is None:
        near, at = box.own, box.parent
        for _ in range(3):
            if at < 0:
                break
            near |= boxes[at].own
            at = boxes[at].parent
        rule = _of_names(near & _NAMES)
    if rule is not None:
        return rule
    if unit.linked * 2 > len(unit.text):
        return "links"
    return "unlike-the-story" if inside else "outside-the-story"


@lru_cache(maxsize=256)
def _of_elements(mask: int) -> str | None:
    return next((rule for element, rule in _BY_ELEMENT if mask & _UNDER[element]), None)


@lru_cache(maxsize=1 << 13)
def _of_names(mask: int) -> str | None:
    return next((rule for group, rule in _BY_NAMES if mask & BIT[group]), None)


def _form(index: int, box: Box, boxes: Sequence[Box], held: int) -> tuple[BlockKind, int]:
    """The form in the clean copy of a unit of the box at `index`, and the number of the block it is a line of (-1: its own).

    `held`: characters of all units of its box.
    """
    if box.tag in _HEADINGS:
        return BlockKind.HEADING, index
    if box.quoted >= 0:
        return BlockKind.QUOTE, box.quoted
    if box.listed >= 0 and (box.item >= 0 or box.tag in ("ul", "ol")):
        top = box.listed
        while boxes[top].parent >= 0 and boxes[boxes[top].parent].listed >= 0:
            top = boxes[boxes[top].parent].listed
        return _LIST, top
    if box.row >= 0 and held < _CELL and box.tag in ("td", "th"):
        return _LIST, boxes[box.row].parent
    return _PARAGRAPH, -1
