"""Learns the judge's steps: boosted trees of one question each, which add up to steps for every figure.

    pip install -e '.[train]'

Where common sense knows whether more of a figure speaks for or against an article, the steps may only go that way
(`AGAINST`, `FOR`): what the pages of one folder happen to have must not turn a sign into its contrary.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
TREES, RATE, RIDGE = 400, 0.12, 5.0
SEEDS = 2  # what is learned with so many seeds is averaged
AGAINST = frozenset((
    "title-speaks", "title-speaks-thin", "title-speaks-alone", "heading-speaks", "heading-speaks-thin", "speaks-early-thin",
    "passages-speak-thin", "spoken-share", "wall-thin", "cut-off-thin", "listing-says", "listing-says-thin", "error-talk",
    "to-the-reader", "to-the-reader-thin", "of-the-page", "of-the-page-thin", "machine-words-thin", "little-shown",
    "nothing-shown", "vendor", "template-of-error", "noindex", "refresh", "points-home", "parted", "parted-thin", "teasers",
    "teasers-thin", "linked-headings", "linked-headings-thin", "says-listing", "password", "stretches", "scattered",
    "scattered-teasers", "scattered-headings", "h1-none", "status-wall", "status-gone", "status-server", "status-wall-thin",
    "status-gone-thin", "status-server-thin", "header-of-wall", "talk", "talk-undated", "talk-bare", "speaks-undated",
    "undated", "core-undated", "bare-undated",
))  # fmt: skip
FOR = frozenset((
    "date-above", "placed", "quoting", "described", "headline-told", "headline-shown", "says-article", "dated", "byline",
    "core", "core-over-150", "core-over-400", "core-over-800", "core-over-1600", "core-over-3000", "core-sentences",
    "silent-core", "box", "heading-is-title", "h1-long", "declared",
))  # fmt: skip


class Learned(NamedTuple):
    """Steps by figure, in the order of `names`: rising borders, and one weight more than borders, the first of them 0."""

    names: tuple[str, ...]
    bias: float
    borders: tuple[Numbers, ...]
    weights: tuple[Numbers, ...]

    def sums(self, figures: Numbers) -> Numbers:
        """Figures (pages x names) -> the sum of bias and weights, one a page."""
        total = np.full(len(figures), self.bias)
        for index, (borders, weights) in enumerate(zip(self.borders, self.weights, strict=True)):
            total += weights[np.searchsorted(borders, figures[:, index], side="left")]
        return total

    def said(self, off: float) -> dict[str, Any]:
        """The weights file as a JSON object, with `off` taken off the bias."""
        steps = {
            name: [
                [round(float(border), 4), round(float(weight), 3)] for border, weight in zip(borders, weights[1:], strict=True)
            ]
            for name, borders, weights in zip(self.names, self.borders, self.weights, strict=True)
            if len(borders)
        }
        return {"bias": round(self.bias - off, 3), "figures": steps}


def learn(names: tuple[str, ...], figures: Numbers, against: Numbers, counts: Numbers) -> Learned:
    """Figures (pages x names), 1 for no article, what each page counts -> Learned."""
    return _mean([_learn(names, figures, against, counts, seed) for seed in range(SEEDS)])


def _learn(names: tuple[str, ...], figures: Numbers, against: Numbers, counts: Numbers, seed: int) -> Learned:
    from catboost import CatBoostClassifier  # only training needs it

    model = CatBoostClassifier(
        iterations=TREES, depth=1, learning_rate=RATE, l2_leaf_reg=RIDGE, rsm=0.3, border_count=32, random_seed=seed, verbose=0,
        thread_count=1, allow_writing_files=False,
        monotone_constraints=[1 if name in AGAINST else -1 if name in FOR else 0 for name in names],
    )  # fmt: skip
    model.fit(figures, against, sample_weight=counts)
    with tempfile.TemporaryDirectory() as folder:
        model.save_model(str(Path(folder) / "model.json"), format="json")
        return _added_up(names, json.loads((Path(folder) / "model.json").read_text("utf-8")))


def _added_up(names: tuple[str, ...], said: dict[str, Any]) -> Learned:
    """What the learner wrote -> the steps that its trees add up to, each figure's against that of 0."""
    scale, (bias,) = said["scale_and_bias"]
    jumps: list[dict[float, float]] = [{} for _ in names]
    for tree in said["oblivious_trees"]:
        low, *high = (scale * leaf for leaf in tree["leaf_values"])
        bias += low
        for split in tree["splits"]:
            of, border = jumps[split["float_feature_index"]], float(split["border"])
            of[border] = of.get(border, 0.0) + high[0] - low
    borders, weights = [], []
    for jump in jumps:
        bias += sum(height for border, height in jump.items() if border < 0)  # passed by a figure of 0
        rising = sorted(border for border in jump if border >= 0)
        borders.append(np.array(rising))
        weights.append(np.cumsum([0.0, *(jump[border] for border in rising)]))
    return Learned(names, float(bias), tuple(borders), tuple(weights))


def _mean(several: list[Learned]) -> Learned:
    """Learned with several seeds -> the mean of their steps."""
    borders, weights = [], []
    for index in range(len(several[0].names)):
        rising = np.unique(np.concatenate([one.borders[index] for one in several]))
        points = np.append(rising, np.inf)  # one within each step
        reached = [one.weights[index][np.searchsorted(one.borders[index], points, side="left")] for one in several]
        borders.append(rising)
        weights.append(np.mean(reached, axis=0))
    return Learned(several[0].names, float(np.mean([one.bias for one in several])), tuple(borders), tuple(weights))
