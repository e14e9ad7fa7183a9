"""What `python -m benchmarks.refine` wrote, scored against the truth of its folder.

python -m benchmarks.score DIR OUT.json [--only FILE]

Text: 4-gram shingle precision, recall and F1, averaged over pages (the scorer beside the data), with the spread of F1 by
bootstrap over pages. Where the truth has them: headline exactly right, day of publication right, authors right as a set.
`--only` names a file with ids, one a line. The last line is JSON.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

SCORER = Path(__file__).resolve().parent.parent.parent / "shared" / "bench" / "score_extraction.py"


def scorer() -> ModuleType:
    """The scorer that lies beside the data."""
    spec = importlib.util.spec_from_file_location("score_extraction", SCORER)
    if spec is None or spec.loader is None or not SCORER.exists():
        raise SystemExit(f"{SCORER} is not there: the folder ../shared must lie beside the project.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def spread(per_page: dict[str, float], rounds: int = 1000) -> tuple[float, float]:
    """F1 a page -> the middle 95 % of its mean over resampled sets."""
    rng, values = random.Random(7), list(per_page.values())
    means = sorted(sum(rng.choices(values, k=len(values))) / len(values) for _ in range(rounds))
    return round(means[int(0.025 * rounds)], 4), round(means[int(0.975 * rounds)], 4)


def share(right: list[bool]) -> float | None:
    """Share of true ones; None without any."""
    return round(sum(right) / len(right), 4) if right else None


def names(authors: Any) -> set[str]:
    """Authors as a set that ignores case and white space; the truth writes them as a list or its repr."""
    if isinstance(authors, str):
        authors = re.findall(r"['\"](.+?)['\"](?=[,\]])", authors)
    return {" ".join(str(name).split()).casefold() for name in authors or ()}


def score(truth: dict[str, Any], out: dict[str, Any]) -> dict[str, Any]:
    """Truth and output by id -> the figures."""
    text, per_page = scorer().score(truth, {key: (out.get(key) or {}).get("text") or "" for key in truth})
    titled = {key: each for key, each in truth.items() if each.get("title")}
    dated = {key: each for key, each in truth.items() if each.get("date")}
    signed = {key: each for key, each in truth.items() if each.get("authors") is not None}
    got = {key: out.get(key) or {} for key in truth}
    return {
        "pages": len(truth),
        "f1": round(text["f1"], 4),
        "precision": round(text["precision"], 4),
        "recall": round(text["recall"], 4),
        "mean_page_f1": round(text["mean_page_f1"], 4),
        "mean_page_f1_95": spread(per_page),
        "refused": sum(each.get("kind") != "ARTICLE" for each in got.values()),
        "headline": share(
            [" ".join((got[k].get("headline") or "").split()) == " ".join(t["title"].split()) for k, t in titled.items()]
        ),
        "day": share([str(got[k].get("published_at") or "")[:10] == str(t["date"])[:10] for k, t in dated.items()]),
        "authors": share([names(got[k].get("authors")) == names(t["authors"]) for k, t in signed.items()]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", type=Path, help="file with the ids to score, one a line")
    options = parser.parse_args()
    truth = json.loads((options.folder / "truth.json").read_text())
    if options.only:
        wanted = set(options.only.read_text().split())
        truth = {key: each for key, each in truth.items() if key in wanted}
    print(json.dumps(score(truth, json.loads(options.out.read_text()))))


if __name__ == "__main__":
    sys.exit(main())
