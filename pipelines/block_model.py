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


@dataclass(frozen=True, slots=True)
class BlockModel:
    """`asked`: trees x depth, index into `features`; `borders`: a bit is set above it; `leaves`: trees x 2^depth."""

    features: tuple[str, ...]
    asked: NDArray[np.int64]
    borders: Array
    leaves: Array
    bias: float

    def scores(self, columns: Mapping[str, NDArray[Any]], rows: NDArray[np.int64]) -> Array:
        """Columns of features and the indexes of the units to judge -> probabilities, one an index."""
        matrix = np.empty((len(rows), len(self.features)))
        for index, name in enumerate(self.features):
            matrix[:, index] = columns[name][rows]
        trees, depth = self.asked.shape
        bits = matrix[:, self.asked.ravel()] > self.borders.ravel()
        leaf = bits.reshape(len(rows), trees, depth) @ (1 << np.arange(depth))
        raw = self.leaves[np.arange(trees), leaf].sum(axis=1) + self.bias
        return np.asarray(1 / (1 + np.exp(-raw)))


def from_json(said: Mapping[str, Any]) -> BlockModel:
    """The parsed weights file -> BlockModel."""
    features = tuple(said["features"])
    place = {name: index for index, name in enumerate(features)}
    trees = said["trees"]
    return BlockModel(
        features=features,
        asked=np.array([[place[name] for name, _ in tree["asks"]] for tree in trees], dtype=np.int64),
        borders=np.array([[border for _, border in tree["asks"]] for tree in trees], dtype=float),
        leaves=np.array([tree["leaves"] for tree in trees], dtype=float),
        bias=float(said["bias"]),
    )


@cache
def block_model() -> BlockModel:
    """The model that ships with the package."""
    return from_json(json.loads(files("pipelines").joinpath("block_model.json").read_text("utf-8")))
