"""The weights of the judge's figures: each figure has steps, and what it weighs is read off the step it has reached.

`judge_weights.json` holds `bias` and, by the figure's name, the steps as [border, weight]: a figure above a border, and not
above the next one, has that weight; below the first border it weighs nothing. Weights above 0 speak against an article.
The sum of bias and weights decides, so every verdict is the sum of its evidence. `benchmarks/train_judge.py` makes the file.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

WEIGHTS = Path(str(files("pipelines").joinpath("judge_weights.json")))


class Steps(NamedTuple):
    """Rising borders of a figure; `weights` has one more: what the figure weighs up to the first border, then above each."""

    borders: tuple[float, ...]
    weights: tuple[float, ...]

    def weight(self, figure: float) -> float:
        """What a figure weighs."""
        return self.weights[bisect_left(self.borders, figure)]


class Model(NamedTuple):
    """Bias and steps by the figure's name."""

    bias: float
    steps: Mapping[str, Steps]

    def weights(self, figures: Mapping[str, float]) -> dict[str, float]:
        """Figures -> what each weighs; those that weigh nothing are left out."""
        found = {}
        for name, steps in self.steps.items():
            figure = figures.get(name, 0.0)
            if figure > steps.borders[0]:
                found[name] = steps.weight(figure)
        return found


def from_json(said: Mapping[str, Any]) -> Model:
    """The parsed weights file -> Model."""
    steps = {
        name: Steps(tuple(border for border, _ in pairs), (0.0, *(weight for _, weight in pairs)))
        for name, pairs in said["figures"].items()
    }
    return Model(float(said["bias"]), steps)


@cache
def judge_model() -> Model:
    """The model that ships with the package."""
    return from_json(json.loads(WEIGHTS.read_text("utf-8")))
