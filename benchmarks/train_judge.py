"""Makes pipelines/judge_weights.json: weights of the judge's figures, learned from labelled and composed pages.

    python -m benchmarks.train_judge [--pages FOLDER] [--lofo SCORES.json] [--write]

Logistic regression (weighted, ridge, Newton steps) over the figures of pipelines/judge_features.py. Every labelled page
goes in twice, with its status and headers and without. --lofo also judges every page of judge/ by weights that were made
without its family, and every other page by weights made without a twentieth of the hosts that holds its own (composed
pages follow the host they were made of), and writes those figures.
url, family and origin never become figures; they only say which pages belong together.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from benchmarks.composed import Composer
from benchmarks.judge import ARTICLES, COUNTED, PAGES, asked, index
from pipelines.classify import WEIGHTS, kind_of, status_figures
from pipelines.document import read
from pipelines.judge_features import Signs, signs

Numbers = NDArray[np.float64]
RIDGE = 2.0
THRESHOLD = 0.4  # taken off the bias: a story refused is worse than an error page kept
# How much a page of each sort counts: the labelled ones more than composed ones, articles of the wide folders for the rest.
COUNTS = {"article": 8.0, "judge": 6.0, "composed": 0.2, "other": 1.0}


class Row(NamedTuple):
    """A page's figures with status as given and hidden; `group`: pages that are judged without each other."""

    folder: str
    key: str
    group: str
    label: str
    status: int
    figures: dict[str, float]
    kinds: tuple[str, str]  # what it would be called, were it no article: status given, hidden
    composed: bool = False


def gather(pages: Path, seed: int = 7) -> Iterator[Row]:
    """Folder of folders -> a Row for every page, and for every page composed of those with known text."""
    stories = _stories(pages)
    composer = Composer(stories, seed)
    chance = random.Random(seed)
    for folder in ("judge", *ARTICLES):
        for key, about, capture in asked(pages / folder):
            document = read(capture)
            if document is None:
                continue
            label = about.get("label", "article")
            group = about.get("family") or urlsplit(about.get("url") or "").netloc.removeprefix("www.") or key
            seen = signs(document)
            kinds = (kind_of(seen, capture.status)[0].value.lower(), kind_of(seen, 200)[0].value.lower())
            yield Row(folder, key, group, label, capture.status, seen.figures, kinds)
            if folder == "judge" or not about.get("text"):
                continue
            for one in composer.compose(document, about["text"], about.get("title")):
                yield _composed(one.name, one.document, one.article, one.typed, folder, key, group, chance)


def _composed(
    name: str, document: Any, article: bool, typed: bool, folder: str, key: str, group: str, chance: random.Random
) -> Row:
    """A composed page -> its Row; a page that is not of the type its frame was loses what the head says of the type."""
    seen: Signs = signs(document)
    if not typed:
        seen.figures.update({sign: 0.0 for sign in ("says-article", "dated", "byline", "paid") if chance.random() < 0.8})
    status = chance.choice((200, 200, 200, 404, 403, 500)) if name in ("error", "bare-error", "below") else 200
    return Row(folder, f"{key}/{name}", group, "article" if article else name, status, seen.figures, ("", ""), True)


def _stories(pages: Path) -> list[tuple[str, list[str]]]:
    """(headline, paragraphs) of pages with known text."""
    stories = []
    for folder in ("real-news", "web-articles"):
        for about in index(pages / folder).values():
            paragraphs = [line for line in str(about.get("text", "")).splitlines() if len(line) > 60]
            if paragraphs:
                stories.append((str(about.get("title") or paragraphs[0][:70]), paragraphs))
    return stories


class Sample(NamedTuple):
    """Rows as numbers: figures with the status as given and hidden, whether each is no article, what each counts."""

    names: list[str]
    given: Numbers
    hidden: Numbers
    against: Numbers
    counts: Numbers


def _sort(row: Row) -> str:
    if row.composed or row.folder != "judge":
        return "composed" if row.composed else "other"
    return "article" if row.label == "article" else "judge"


def sample(rows: list[Row]) -> Sample:
    """Rows -> Sample."""
    names = [*rows[0].figures, *status_figures(200, ())]
    given = [[*row.figures.values(), *status_figures(row.status, ()).values()] for row in rows]
    hidden = [[*row.figures.values(), *status_figures(200, ()).values()] for row in rows]
    counts = [COUNTS[_sort(row)] for row in rows]
    against = [float(row.label != "article") for row in rows]
    return Sample(names, np.array(given), np.array(hidden), np.array(against), np.array(counts))


def fit(figures: Numbers, against: Numbers, counts: Numbers, start: Numbers | None = None, steps: int = 12) -> Numbers:
    """Figures (pages x signs), 1 for no article, what each counts -> weights, the last one the bias."""
    padded = np.hstack([figures, np.ones((len(figures), 1))])
    weights = np.zeros(padded.shape[1]) if start is None else start.copy()
    ridge = np.full(padded.shape[1], RIDGE)
    ridge[-1] = 1e-6
    for _ in range(steps):
        chance = 1 / (1 + np.exp(-np.clip(padded @ weights, -30, 30)))
        slope = padded.T @ (counts * (chance - against)) + ridge * weights
        curve = (padded * (counts * chance * (1 - chance) + 1e-9)[:, None]).T @ padded + np.diag(ridge)
        step = np.linalg.solve(curve, slope)
        weights = weights - step * min(1.0, 6.0 / max(np.abs(step).max(), 1e-9))
        if np.abs(step).max() < 1e-3:
            break
    return weights


def _fit(taken: Sample, chosen: NDArray[np.bool_], start: Numbers | None = None) -> Numbers:
    figures = np.vstack([taken.given[chosen], taken.hidden[chosen]])
    return fit(figures, np.tile(taken.against[chosen], 2), np.tile(taken.counts[chosen], 2), start)


def left_out(rows: list[Row], taken: Sample, whole: Numbers) -> tuple[Numbers, Numbers]:
    """-> sums of every page, status given and hidden, by weights made without its group."""
    groups = [row.group if row.folder == "judge" else f"{sum(map(ord, row.group)) % 20}" for row in rows]
    labels = np.array(groups)
    hosts = np.array([row.group for row in rows])
    given, hidden = np.zeros(len(rows)), np.zeros(len(rows))
    for group in sorted(set(groups)):
        held = labels == group
        weights = _fit(taken, ~held & ~np.isin(hosts, hosts[held]), whole)
        given[held] = taken.given[held] @ weights[:-1] + weights[-1]
        hidden[held] = taken.hidden[held] @ weights[:-1] + weights[-1]
    return given, hidden


def scores(rows: list[Row], sums: Numbers, which: int) -> dict[str, Any]:
    """Rows and their sums -> caught, refused, kinds right among the caught, refused on the folders of articles."""
    said = sums > THRESHOLD
    judge = [(row, bool(no)) for row, no in zip(rows, said, strict=True) if row.folder == "judge"]
    against = [(row, no) for row, no in judge if row.label != "article"]
    articles = [(row, no) for row, no in judge if row.label == "article"]
    kinds = [row for row, no in against if no and row.label in COUNTED]
    out: dict[str, Any] = {
        "caught": round((sum(no for _, no in against) + 1) / (len(against) + 1), 4),  # the empty body has no row
        "refused": round(sum(no for _, no in articles) / len(articles), 4),
        "refused_articles": sum(no for _, no in articles),
        "kind": round(sum(row.kinds[which] == row.label for row in kinds) / max(len(kinds), 1), 4),
    }
    for folder in ARTICLES:
        out[folder] = sum(bool(no) for row, no in zip(rows, said, strict=True) if row.folder == folder and not row.composed)
    for name in sorted({row.key.partition("/")[2] for row in rows if row.composed}):
        calls = [bool(no) for row, no in zip(rows, said, strict=True) if row.composed and row.key.endswith(f"/{name}")]
        out[f"composed {name} refused"] = round(sum(calls) / len(calls), 3)
    return out


def main() -> None:
    """Command line of the training."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=Path, default=PAGES, metavar="FOLDER")
    parser.add_argument("--lofo", type=Path, metavar="SCORES.json")
    parser.add_argument("--write", action="store_true", help=f"write the weights to {WEIGHTS}")
    given = parser.parse_args()
    rows = list(gather(given.pages))
    taken = sample(rows)
    whole = _fit(taken, np.ones(len(rows), dtype=bool))
    plain = {
        "given": scores(rows, taken.given @ whole[:-1] + whole[-1], 0),
        "hidden": scores(rows, taken.hidden @ whole[:-1] + whole[-1], 1),
    }
    print("plain", json.dumps(plain))
    if given.lofo:
        known, unknown = left_out(rows, taken, whole)
        out = {"given": scores(rows, known, 0), "hidden": scores(rows, unknown, 1)}
        print("leave-one-family-out", json.dumps(out))
        given.lofo.write_text(json.dumps(out, indent=1), "utf-8")
    if given.write:
        weights = {"bias": round(float(whole[-1]) - THRESHOLD, 3)}
        weights |= {name: round(float(weight), 3) for name, weight in zip(taken.names, whole[:-1], strict=True)}
        WEIGHTS.write_text(json.dumps(weights, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
