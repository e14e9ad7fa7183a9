"""Features of units -> how likely each unit belongs to the story: boosted trees, read from block_model.json.

Every tree asks the same six questions of all units, so all trees are answered by a few array operations. The file is
written by `python -m benchmarks.train_blocks`; it names each question's feature and threshold in plain text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.features import PLACE, Table

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
