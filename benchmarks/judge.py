"""Benchmark 7: the crawl's own read and classify on labelled answers, and on pages that are all articles.

    python -m benchmarks.judge [--pages FOLDER] [--lofo SCORES.json] [--wrong]

FOLDER (default ../shared/pages) holds judge/ (labels.json) and real-news/, news-2008/, web-articles/ (truth.json).
Two passes over judge/: status and headers as given, and hidden (as if every page had come with 200 and no header).
`caught`: non-articles called non-article. `refused`: articles called non-article; `refused_hard` only those that are
short, about errors, of odd status or of a small language. `kind`: kind right among the caught. The weights that ship
were trained on these pages: --lofo reads the figures of leave-one-family-out that benchmarks.train_judge wrote, and puts
them beside. url, family and origin of the labels never reach the judge. The last line is JSON.
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.refine import capture
from pipelines.classify import classify
from pipelines.document import Document, read
from storage.records import Capture, Kind, Page

PAGES = Path(__file__).resolve().parents[2] / "shared" / "pages"
ARTICLES = ("real-news", "news-2008", "web-articles")
COUNTED = ("forbidden", "not_found", "soft_error", "challenge", "listing", "empty", "paywall")
SHORT = 1_200


class Judged(NamedTuple):
    """One page: its id, what the label says, and the verdict. `hard`: an article of a kind that is easily refused."""

    key: str
    label: str
    language: str
    hard: bool
    page: Page


def index(folder: Path) -> dict[str, dict[str, Any]]:
    """Folder of saved pages -> what its truth.json or labels.json says, by id."""
    name = folder / "labels.json"
    said: dict[str, dict[str, Any]] = json.loads((name if name.exists() else folder / "truth.json").read_text("utf-8"))
    return said


def asked(folder: Path, hidden: bool = False) -> Iterator[tuple[str, dict[str, Any], Capture]]:
    """Folder -> (id, label, Capture): only status and headers of the label go in, and neither when `hidden`."""
    for key, about in index(folder).items():
        body = gzip.decompress((folder / f"{key}.html.gz").read_bytes())
        known = {} if hidden else {"status": about.get("status"), "headers": about.get("headers")}
        yield key, about, capture(body, known)


class Spent(NamedTuple):
    """CPU seconds: of the passages, which extraction reads too, and of the verdicts."""

    passages: float
    verdicts: float

    def per_page(self, pages: int) -> dict[str, float]:
        """Milliseconds a page: of both, and of the verdict alone."""
        both = 1000 * (self.passages + self.verdicts) / pages
        return {"cpu_ms_page": round(both, 2), "cpu_ms_verdict": round(1000 * self.verdicts / pages, 2)}


def judged(folder: Path, hidden: bool = False) -> tuple[list[Judged], Spent]:
    """-> the verdicts, and CPU time spent on them (the tree is parsed before)."""
    verdicts, walking, judging = [], 0.0, 0.0
    for key, about, one in asked(folder, hidden):
        document = read(one)
        started = time.process_time()
        if document is not None:
            _ = document.passages
        walked = time.process_time()
        page = classify(one, document)
        walking, judging = walking + walked - started, judging + time.process_time() - walked
        verdicts.append(Judged(key, about.get("label", "article"), about.get("language", "?"), _hard(about, document), page))
    return verdicts, Spent(walking, judging)


def _hard(about: dict[str, Any], document: Document | None) -> bool:
    """Whether an article is of a hard kind, by its label and the text it shows."""
    if (about.get("status") or 200) >= 400 or about.get("composed") or "httpguides" in about.get("family", ""):
        return True
    shown = sum(len(p.text) for p in document.passages if not p.hidden and len(p.text) > 80) if document else 0
    return shown < SHORT


def figures(verdicts: list[Judged]) -> dict[str, Any]:
    """Verdicts -> rates and counts."""
    against = [one for one in verdicts if one.label != "article"]
    caught = [one for one in against if one.page.kind is not Kind.ARTICLE]
    articles = [one for one in verdicts if one.label == "article"]
    refused = [one for one in articles if one.page.kind is not Kind.ARTICLE]
    kinds = [one for one in caught if one.label in COUNTED]
    right = sum(one.page.kind.value.lower() == one.label for one in kinds)
    return {
        "caught": round(len(caught) / max(len(against), 1), 4),
        "refused": round(len(refused) / max(len(articles), 1), 4),
        "refused_articles": len(refused),
        "refused_hard": f"{sum(one.hard for one in refused)} of {sum(one.hard for one in articles)}",
        "kind": round(right / max(len(kinds), 1), 4),
    }


def table(verdicts: list[Judged], by: str) -> str:
    """Verdicts -> lines `label or language: pages, called as: kinds by number`."""
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    for one in verdicts:
        rows[getattr(one, by)][one.page.kind.value.lower()] += 1
    lines = []
    for name, calls in sorted(rows.items(), key=lambda row: -sum(row[1].values())):
        called = ", ".join(f"{kind} {number}" for kind, number in calls.most_common())
        lines.append(f"  {name:12} {sum(calls.values()):4}  called {called}")
    return "\n".join(lines)


def language_table(verdicts: list[Judged]) -> str:
    """Verdicts -> lines `language: non-articles caught, kinds right, articles refused`."""
    groups: dict[str, list[Judged]] = defaultdict(list)
    for one in verdicts:
        groups[one.language].append(one)
    lines = []
    for language, group in sorted(groups.items(), key=lambda row: -len(row[1])):
        against = [one for one in group if one.label != "article"]
        caught = [one for one in against if one.page.kind is not Kind.ARTICLE]
        right = sum(one.page.kind.value.lower() == one.label for one in caught)
        refused = sum(one.label == "article" and one.page.kind is not Kind.ARTICLE for one in group)
        lines.append(
            f"  {language:4} caught {len(caught)} of {len(against)}, kind right {right}, "
            f"articles refused {refused} of {len(group) - len(against)}"
        )
    return "\n".join(lines)


def wrong(verdicts: list[Judged]) -> str:
    """Verdicts -> one line for each page on the wrong side."""
    lines = []
    for one in verdicts:
        if (one.label == "article") != (one.page.kind is Kind.ARTICLE):
            why = "; ".join(f"{e.rule} {e.weight:+.1f} {e.words[:40]!r}" for e in one.page.evidence)
            lines.append(f"  {one.key} {one.label} called {one.page.kind.value.lower()}: {why}")
    return "\n".join(lines)


def main() -> None:
    """Command line of the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=Path, default=PAGES, metavar="FOLDER")
    parser.add_argument("--lofo", type=Path, metavar="SCORES.json", help="figures written by benchmarks.train_judge")
    parser.add_argument("--wrong", action="store_true", help="print every page on the wrong side, with the evidence")
    given = parser.parse_args()
    out: dict[str, Any] = {}
    for name, hidden in (("given", False), ("hidden", True)):
        verdicts, spent = judged(given.pages / "judge", hidden)
        out[name] = figures(verdicts) | spent.per_page(len(verdicts))
        print(f"judge, status {name}:\n{table(verdicts, 'label')}\n{language_table(verdicts)}")
        if given.wrong:
            print(wrong(verdicts))
    for folder in ARTICLES:
        verdicts, spent = judged(given.pages / folder)
        said = figures(verdicts)
        out[folder] = {"pages": len(verdicts), "refused": said["refused_articles"], "refused_hard": said["refused_hard"]}
        out[folder] |= spent.per_page(len(verdicts))
        print(f"{folder}: {out[folder]}")
        if given.wrong:
            print(wrong(verdicts))
    if given.lofo:
        out["leave_one_family_out"] = json.loads(given.lofo.read_text("utf-8"))
    print(json.dumps(out, ensure_ascii=False))


if __name__ == "__main__":
    main()
