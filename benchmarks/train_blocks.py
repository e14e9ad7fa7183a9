"""Trains the block model on the pages of ../shared/pages and writes pipelines/block_model.json.

    pip install -e '.[train]'
    python -m benchmarks.train_blocks [--pages ../shared/pages] [--halves] [--out pipelines/block_model.json]

--halves trains on each half of the sites and writes block_model.0.json and .1.json beside --out instead: model N has
not seen the sites of half N (`half_of` below), so `benchmarks.extraction` can report pages of unseen sites.
A unit is positive when the ordered alignment finds most of its words in the true text. List items, quotes and table
rows inside the story that the truth leaves out are not punished where the truth is known to under-count them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from benchmarks.refine import captures
from pipelines.blocks import segment
from pipelines.document import read
from pipelines.extract import said_elsewhere
from pipelines.features import NAMES, features
from pipelines.wording import tokens

# Set -> (weight of a page, whether its truth under-counts lists and quotes).
SETS = {"real-news": (2.0, True), "news-2008": (1.0, False), "web-articles": (0.7, False)}
TREES, DEPTH, RATE = 240, 6, 0.08


@dataclass(frozen=True, slots=True)
class Lesson:
    """One page: `rows` of features, `right` 0 or 1 a unit, `weight` of each unit, `half` of its site."""

    rows: NDArray[np.float32]
    right: NDArray[np.int64]
    weight: NDArray[np.float64]
    half: int


def half_of(url: str) -> int:
    """URL -> 0 or 1, the same for all pages of a site."""
    labels = (urlsplit(url).hostname or "").split(".")
    site = ".".join(labels[-3:] if len(labels) > 2 and len(labels[-2]) <= 3 else labels[-2:])
    return int(hashlib.md5(site.encode(), usedforsecurity=False).hexdigest(), 16) % 2


def lessons(pages: Path) -> tuple[list[Lesson], tuple[str, ...]]:
    """Folder of the sets -> (lessons, names of the features)."""
    found: list[Lesson] = []
    names: tuple[str, ...] = ()
    for name, (worth, undercounts) in SETS.items():
        truth: dict[str, dict[str, Any]] = json.loads((pages / name / "truth.json").read_text("utf-8"))
        for key, capture in captures(pages / name):
            document = read(capture)
            units, boxes = segment(document.passages) if document else ([], [])
            if document is None or not units:
                continue
            names, rows = NAMES, features(units, boxes, said_elsewhere(document)).table.T
            share = aligned([unit.text for unit in units], truth[key]["text"])
            words = np.array([len(unit.text.split()) for unit in units], dtype=float)
            weight = (words + 2) / max(float(words[share > 0.5].sum()), 50) * worth
            weight[[unit.hidden for unit in units]] = 0
            if undercounts:
                weight[_forgiven(rows, names) & (share <= 0.5)] = 0
            found.append(Lesson(rows, (share > 0.5).astype(np.int64), weight, half_of(capture.url)))
    return found, names


def aligned(units: Sequence[str], truth: str) -> NDArray[np.float64]:
    """Texts of units in page order and the true text -> the share of each unit's words found in order."""
    words = [tokens(unit) for unit in units]
    flat = [word for unit in words for word in unit]
    covered = np.zeros(len(flat))
    for match in SequenceMatcher(None, flat, tokens(truth), autojunk=False).get_matching_blocks():
        covered[match.a : match.a + match.size] = 1
    ends = np.cumsum([0, *map(len, words)])
    sums = np.concatenate(([0.0], np.cumsum(covered)))
    counts = np.maximum(np.diff(ends), 1)
    return np.asarray((sums[ends[1:]] - sums[ends[:-1]]) / counts)


def _forgiven(rows: NDArray[np.float32], names: Sequence[str]) -> NDArray[np.bool_]:
    column = {name: rows[:, index] for index, name in enumerate(names)}
    listed = (column["listed_size"] >= 0) | (column["quoted_size"] >= 0) | (column["row_size"] >= 0)
    return np.asarray(listed & (column["best_up"] <= 1) & (column["link_density"] < 0.5))


def train(given: Iterable[Lesson], names: Sequence[str]) -> dict[str, Any]:
    """Lessons and the names of their features -> the weights file as a JSON object."""
    # Only training needs it: pip install -e '.[train]'
    from catboost import CatBoostClassifier

    chosen = list(given)
    weight = np.concatenate([lesson.weight for lesson in chosen])
    used = weight > 0
    model = CatBoostClassifier(
        iterations=TREES, depth=DEPTH, learning_rate=RATE, rsm=0.3, l2_leaf_reg=5, border_count=64, random_seed=1,
        verbose=0, thread_count=2, allow_writing_files=False,
    )  # fmt: skip
    model.fit(
        np.concatenate([lesson.rows for lesson in chosen])[used],
        np.concatenate([lesson.right for lesson in chosen])[used],
        sample_weight=weight[used] / weight[used].mean(),
    )
    return _readable(model, names)


def _readable(model: Any, names: Sequence[str]) -> dict[str, Any]:
    scratch = Path("/tmp") / f"block_model.{id(model)}.json"
    model.save_model(str(scratch), format="json")
    said = json.loads(scratch.read_text("utf-8"))
    scratch.unlink()
    scale, (bias,) = said["scale_and_bias"]
    trees = []
    for tree in said["oblivious_trees"]:
        asks = [[names[split["float_feature_index"]], float(f"{split['border']:.6g}")] for split in tree["splits"]]
        leaves = [round(scale * leaf, 4) for leaf in tree["leaf_values"]]
        # A tree with fewer questions asks one that is never true, so that all trees are of one depth.
        leaves += [0.0] * (2**DEPTH - len(leaves))
        asks += [[names[0], 1e30]] * (DEPTH - len(asks))
        trees.append({"asks": asks, "leaves": leaves})
    used = {name for tree in trees for name, _ in tree["asks"]}
    return {"features": [name for name in names if name in used], "bias": round(bias, 4), "trees": trees}


def write(said: dict[str, Any], out: Path) -> None:
    """The JSON object -> a file with one tree a line."""
    trees = ",\n".join(json.dumps(tree, separators=(",", ":")) for tree in said["trees"])
    head = json.dumps({"features": said["features"], "bias": said["bias"]}, indent=1)[:-2]
    out.write_text(f'{head},\n "trees": [\n{trees}\n]}}\n', "utf-8")


def main() -> None:
    """Command line of the training."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=Path, default=Path("../shared/pages"))
    parser.add_argument("--halves", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("pipelines/block_model.json"))
    given = parser.parse_args()
    found, names = lessons(given.pages)
    print(f"{len(found)} pages, {sum(len(lesson.right) for lesson in found)} units, {len(names)} features")
    if not given.halves:
        write(train(found, names), given.out)
        return
    for half in (0, 1):
        unseen = given.out.with_suffix(f".{half}.json")
        write(train((lesson for lesson in found if lesson.half != half), names), unseen)


if __name__ == "__main__":
    main()
