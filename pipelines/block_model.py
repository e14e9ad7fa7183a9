"""Rows of features -> how likely each unit belongs to the story: boosted trees, read from block_model.json.

Every tree asks the same six questions of all units, so all trees are answered by three array operations. The file is
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

Array = NDArray[np.float64]
_AT_ONCE = 2_000  # units scored together: a page of twenty megabytes has a hundred thousand


@dataclass(frozen=True, slots=True)
class BlockModel:
    """`asked`: depth x trees, index into `features`; `borders`: a bit is set above it; `leaves`: trees x 2^depth."""

    features: tuple[str, ...]
    asked: NDArray[np.int64]
    borders: NDArray[np.float32]
    leaves: Array
    bias: float

    def scores(self, columns: Mapping[str, NDArray[Any]], rows: NDArray[np.int64]) -> Array:
        """Columns of features and the indexes of the units to judge -> probabilities, one an index."""
        if len(rows) > _AT_ONCE:
            parts = [rows[start : start + _AT_ONCE] for start in range(0, len(rows), _AT_ONCE)]
            return np.concatenate([self.scores(columns, part) for part in parts])
        matrix = np.empty((len(self.features), len(rows)), dtype=np.float32)
        for index, name in enumerate(self.features):
            matrix[index] = columns[name][rows]
        depth, trees = self.asked.shape
        leaf = np.zeros((trees, len(rows)), dtype=np.int64)
        for level in range(depth):
            leaf |= (matrix[self.asked[level]] > self.borders[level][:, None]).astype(np.int64) << level
        raw = self.leaves[np.arange(trees)[:, None], leaf].sum(axis=0) + self.bias
        return np.asarray(1 / (1 + np.exp(-raw)))


def from_json(said: Mapping[str, Any]) -> BlockModel:
    """The parsed weights file -> BlockModel."""
    features = tuple(said["features"])
    place = {name: index for index, name in enumerate(features)}
    trees = said["trees"]
    return BlockModel(
        features=features,
        asked=np.array([[place[name] for name, _ in tree["asks"]] for tree in trees], dtype=np.int64).T,
        borders=np.array([[border for _, border in tree["asks"]] for tree in trees], dtype=np.float32).T,
        leaves=np.array([tree["leaves"] for tree in trees], dtype=float),
        bias=float(said["bias"]),
    )


@cache
def block_model() -> BlockModel:
    """The model that ships with the package."""
    return from_json(json.loads(files("pipelines").joinpath("block_model.json").read_text("utf-8")))
