"""Makes pipelines/judge_weights.json: weights of the judge's figures, learned from labelled and composed pages.

    python -m benchmarks.train_judge [--pages FOLDER] [--lofo SCORES.json] [--write]

Steps over the figures of pipelines/judge_features.py (benchmarks/steps.py). Every labelled page goes in twice, with its
status and headers and without. Families, hosts and languages are left out by the twentieth, each page is judged by steps
made without its own (composed pages follow the host they were made of), and the border between article and none is chosen
on the pages of the other nineteen; --lofo writes those figures.
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
from benchmarks.steps import Learned, Numbers, learn
from benchmarks.told import Teller, front
from pipelines.classify import WEIGHTS, kind_of, status_figures
from pipelines.document import read
from pipelines.judge_features import Signs, signs

TOLD, FRONTS = 10, 200  # pages made of every text of told.txt; front pages
PARTS = 20  # families are left out by the twentieth
REFUSED = 0.01  # a story refused is worse than an error page kept
# How much a page of each sort counts: the labelled ones of judge/ more than composed ones.
COUNTS = {"judge": 8.0, "told": 0.6, "composed": 0.3, "other": 1.0}


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
    yield from _told(stories, chance, seed)


def _told(stories: list[tuple[str, list[str]]], chance: random.Random, seed: int) -> Iterator[Row]:
    """Rows of pages around texts written for this, left out by language, and of front pages."""
    teller = Teller(_phrases(), [headline for headline, _ in stories if len(headline.split()) > 2], seed)
    for number, made in enumerate(teller.pages(TOLD)):
        label = "article" if made.article else made.name
        figures = signs(made.document).figures
        yield Row(
            "told", f"{made.language}{number}/{made.name}", f"told-{made.language}", label, made.status, figures, ("", ""), True
        )
    for number in range(FRONTS):
        figures = signs(front(stories, chance)).figures
        yield Row("told", f"{number}/front", f"front-{number}", "front", 200, figures, ("", ""), True)


def _phrases() -> dict[str, list[str]]:
    """Phrases of error_words.txt that name an error or a refusal, by language."""
    found: dict[str, list[str]] = {}
    for line in (WEIGHTS.parent / "error_words.txt").read_text("utf-8").splitlines():
        name, *phrases = line.split("|")
        if name.split()[:1] and name.split()[0] in ("forbidden", "notfound", "error", "maintenance"):
            found.setdefault(name.split()[1], []).extend(phrase.strip() for phrase in phrases)
    return found


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

    names: tuple[str, ...]
    given: Numbers
    hidden: Numbers
    against: Numbers
    counts: Numbers


def _counts(row: Row) -> float:
    """How much a page counts."""
    return COUNTS[row.folder if row.folder in COUNTS else "composed" if row.composed else "other"]


def sample(rows: list[Row]) -> Sample:
    """Rows -> Sample."""

    def numbers(row: Row, status: int) -> list[float]:
        return [*row.figures.values(), *status_figures(status, (), row.figures["thin"]).values()]

    names = (*rows[0].figures, *status_figures(200, (), 0.0))
    given = np.array([numbers(row, row.status) for row in rows])
    hidden = np.array([numbers(row, 200) for row in rows])
    against = np.array([float(row.label != "article") for row in rows])
    return Sample(names, given, hidden, against, np.array([_counts(row) for row in rows]))


def _fit(taken: Sample, chosen: NDArray[np.bool_]) -> Learned:
    figures = np.vstack([taken.given[chosen], taken.hidden[chosen]])
    return learn(taken.names, figures, np.tile(taken.against[chosen], 2), np.tile(taken.counts[chosen], 2))


def parts_of(rows: list[Row]) -> NDArray[np.int64]:
    """Rows -> the part, of PARTS, in which each is left out: families, hosts and languages stay whole."""
    groups = sorted({row.group for row in rows})
    random.Random(PARTS).shuffle(groups)
    part = {group: number % PARTS for number, group in enumerate(groups)}
    return np.array([part[row.group] for row in rows])


def left_out(rows: list[Row], taken: Sample) -> tuple[Numbers, Numbers, Numbers]:
    """-> sums of every page, status given and hidden, by steps made without its part; the border chosen without it."""
    parts = parts_of(rows)
    given, hidden, borders = np.zeros(len(rows)), np.zeros(len(rows)), np.zeros(len(rows))
    for part in range(PARTS):
        held = parts == part
        learned = _fit(taken, ~held)
        given[held], hidden[held] = learned.sums(taken.given[held]), learned.sums(taken.hidden[held])
    for part in range(PARTS):
        held = parts == part
        borders[held] = border(rows, np.where(held, np.nan, given), np.where(held, np.nan, hidden))
    return given, hidden, borders


def border(rows: list[Row], given: Numbers, hidden: Numbers) -> float:
    """Sums by steps made without each page (nan: not to be looked at) -> the sum above which a page is no article: the least
    at which of the real articles, hard ones of judge/ and those of the wide folders alike, REFUSED is passed by none."""
    known = ~np.isnan(given)
    real = np.array([not row.composed and row.label == "article" for row in rows]) & known
    judge = np.array([row.folder == "judge" for row in rows])
    most = np.maximum(given, hidden)
    for step in np.arange(-1.0, 3.0, 0.05):
        share = np.mean([np.mean(most[real & judge] > step), np.mean(most[real & ~judge] > step)])
        if share <= REFUSED:
            return float(step)
    return 3.0


def scores(rows: list[Row], sums: Numbers, borders: Numbers | float, which: int) -> dict[str, Any]:
    """Rows, their sums and the border -> caught, refused, kinds right among the caught, refused on the folders of articles."""
    said = sums > borders
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
    known, unknown, borders = left_out(rows, taken)
    out = {"given": scores(rows, known, borders, 0), "hidden": scores(rows, unknown, borders, 1)}
    chosen = border(rows, known, unknown)
    plain = {
        "given": scores(rows, whole.sums(taken.given), chosen, 0),
        "hidden": scores(rows, whole.sums(taken.hidden), chosen, 1),
    }
    print(f"border {chosen:.2f}, borders of the parts {borders.min():.2f} to {borders.max():.2f}")
    print("plain", json.dumps(plain))
    print("leave-one-family-out", json.dumps(out))
    if given.lofo:
        given.lofo.write_text(json.dumps(out, indent=1), "utf-8")
    if given.write:
        WEIGHTS.write_text(json.dumps(whole.said(chosen), indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
