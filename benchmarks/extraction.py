"""Clean text and metadata of pages whose sites the block model has not seen, set by set, with the spread.

    python -m benchmarks.train_blocks --halves --out /tmp/block_model.json
    python -m benchmarks.extraction --models /tmp/block_model.json [--pages ../shared/pages] [--sets NAME …] [--worst N]

Model N of --models has not seen the sites of half N, so every page is judged by a model that does not know its site;
without --models the shipped model reads them all, which tells nothing about unseen sites. Scorer:
../shared/bench/score_extraction.py (4-gram shingles; precision and recall averaged over pages). Spread: bootstrap
over pages, 2.5 and 97.5 %. Of the list items and block quotes of a page whose words stand in the true text, the share that
stands in ours; for web-articles beside what trafilatura keeps of the same ones.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import re
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.refine import captures
from benchmarks.train_blocks import SETS, half_of
from pipelines.classify import classify
from pipelines.document import read
from pipelines.extract import extract
from pipelines.story import BlockModel, from_json
from storage.records import Article, Outlet

Row = tuple[float, float, bool]
_OUTLET = Outlet(name="benchmark")


def scorer(bench: Path) -> Callable[[str, str], Row]:
    """Folder of the scorer -> function (true text, our text) -> (precision, recall, whether precision counts)."""
    spec = importlib.util.spec_from_file_location("score_extraction", bench / "score_extraction.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def score(true: str, ours: str) -> Row:
        hit, extra, lost = module.one(true, ours)
        if extra == lost == 0:
            return 1.0, 1.0, hit > 0
        return (hit / (hit + extra) if hit else 0.0), (hit / (hit + lost) if hit else 0.0), hit + extra > 0

    return score


def f1(rows: Sequence[Row]) -> float:
    """Rows of pages -> F1 of the mean precision and the mean recall, as the scorer has it."""
    precision = statistics.mean([p for p, _, counts in rows if counts] or [0.0])
    recall = statistics.mean(r for _, r, _ in rows)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def spread(rows: Sequence[Row], rounds: int = 500) -> tuple[float, float]:
    """Rows -> 2.5 and 97.5 % of F1 over resampled pages."""
    luck = random.Random(1)
    values = sorted(f1(luck.choices(rows, k=len(rows))) for _ in range(rounds))
    return values[rounds // 40], values[-rounds // 40]


def article_of(capture: Any, model: BlockModel | None) -> Article | None:
    """Capture -> its Article, whatever the judge says; None when the body is no markup."""
    document = read(capture)
    if document is None:
        return None
    return extract(classify(capture, document), document, _OUTLET, model=model)


def items_kept(texts: Sequence[str], truth: str, body: str) -> tuple[int, ...]:
    """Texts that were extracted, the true text, and all list items and quotes of the page, one a line -> how many stand in
    the true text, and of these how many in each of the texts."""
    true, *found = (" ".join(re.findall(r"\w+", text)) for text in (truth, *texts))
    wanted = [words for line in body.split("\n") if len(words := " ".join(re.findall(r"\w+", line))) > 20]
    standing = [words for words in wanted if words in true]
    return len(standing), *(sum(words in text for words in standing) for text in found)


def by_trafilatura(capture: Any) -> str:
    """Capture -> the text that trafilatura takes out of it."""
    import trafilatura

    document = read(capture)
    return (trafilatura.extract(document.text, include_comments=False) or "") if document else ""


def listed_lines(capture: Any) -> str:
    """Capture -> the text of its list items and block quotes, one a line."""
    document = read(capture)
    if document is None:
        return ""
    from pipelines.blocks import segment

    units, boxes = segment(document.passages)
    return "\n".join(unit.text for unit in units if boxes[unit.box].item >= 0 or boxes[unit.box].quoted >= 0)


def main() -> None:
    """Command line of the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=Path, default=Path("../shared/pages"))
    parser.add_argument("--models", type=Path)
    parser.add_argument("--sets", nargs="*", default=list(SETS), choices=list(SETS))
    parser.add_argument("--worst", type=int, default=0)
    given = parser.parse_args()
    models: list[BlockModel | None] = [None, None]
    if given.models:
        names = [given.models.with_suffix(f".{half}.json") for half in (0, 1)]
        models = [from_json(json.loads(name.read_text("utf-8"))) for name in names]
    score = scorer(given.pages.parent / "bench")
    for name in given.sets:
        truth: dict[str, dict[str, Any]] = json.loads((given.pages / name / "truth.json").read_text("utf-8"))
        rows: dict[str, Row] = {}
        items, beside = [0, 0, 0], name == "web-articles"
        halves: dict[int, list[Row]] = {0: [], 1: []}
        for key, capture in captures(given.pages / name):
            half = half_of(capture.url)
            article = article_of(capture, models[half])
            rows[key] = score(truth[key]["text"], article.text if article else "")
            halves[half].append(rows[key])
            texts = [article.text if article else "", by_trafilatura(capture) if beside else ""]
            counted = items_kept(texts, truth[key]["text"], listed_lines(capture))
            items = [sum_ + count for sum_, count in zip(items, counted, strict=True)]
        low, high = spread(list(rows.values()))
        precision = statistics.mean(p for p, _, counts in rows.values() if counts)
        recall = statistics.mean(r for _, r, _ in rows.values())
        parts = " ".join(f"half {half}: {f1(found):.4f} ({len(found)})" for half, found in halves.items())
        print(
            f"{name}: F1 {f1(list(rows.values())):.4f} [{low:.4f}, {high:.4f}] P {precision:.4f} R {recall:.4f} "
            f"{parts} list items and quotes kept {items[1]}/{items[0]} = {items[1] / max(items[0], 1):.3f}"
            + (f", by trafilatura {items[2] / max(items[0], 1):.3f}" if beside else "")
        )
        worst = sorted(rows, key=lambda key: f1([rows[key]]))[: given.worst]
        for key in worst:
            print(f"   {key} P {rows[key][0]:.2f} R {rows[key][1]:.2f}")


if __name__ == "__main__":
    main()
