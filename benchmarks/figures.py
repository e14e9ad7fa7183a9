"""Runs the benchmarks at a size that ends in some forty minutes and writes docs/figures.md: figure, command, date, reference.

python -m benchmarks.figures [--only NAME …] [--out FILE] [--taken COMMAND FILE]

Names: text, cluster, judge, crawl, crash, archive, reading, bulk, fleet, recluster, sync, scale; measured only when they are
named: `million` and `kills`, which take an hour or so each, and `coverage` and `mutation` (docs/tests.md). With --only the
other sections of the file stay as they are.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.mutation import MODULES

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
OUT = ROOT / "docs" / "figures.md"
Row = tuple[str, str, str, str]  # figure, value, command, reference

REFERENCES = {
    "real-news f1": "trafilatura 2.3.1 0.948, readability 0.899",
    "news-2008 f1": "readability 0.932, trafilatura 0.903",
    "web-articles f1": "trafilatura 0.936, readability 0.890",
    "real-news headline": "trafilatura 0.68, JSON-LD first 0.80",
    "real-news day": "0.969",
    "real-news authors": "trafilatura 0.72, JSON-LD first 0.81",
    "real-news CPU": "trafilatura with metadata 32-35 ms",
    "cluster plain": "containment 0.992-0.999, MinHash 0.93-0.95",
    "cluster hard": "containment 0.86-0.87, MinHash 0.65-0.70",
    "judge": "status 0.40; text length 0.71 / 0.55; word list 0.70 / 0.59",
}


def run(*words: str, timeout: int = 4 * 3600) -> list[str]:
    """A module of the project with its words -> the lines that it printed, now or when it was run before (TAKEN)."""
    if taken := TAKEN.get(" ".join(words)):
        return [line for line in taken.read_text().splitlines() if line.strip()]
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False
    )
    if done.returncode:
        raise SystemExit(f"python -m {' '.join(words)} ended with status {done.returncode}:\n{done.stderr[-2000:]}")
    return [line for line in done.stdout.splitlines() if line.strip()]


def text(folder: Path) -> Iterator[Row]:
    """Clean text and metadata on the three sets."""
    for name in ("real-news", "news-2008", "web-articles"):
        out = folder / f"{name}.json"
        pages = SHARED / "pages" / name
        command = f"python -m benchmarks.refine ../shared/pages/{name} --out OUT.json"
        *_, theirs, last = run("benchmarks.refine", str(pages), "--out", str(out), "--beside")
        figures = json.loads(run("benchmarks.score", str(pages), str(out))[-1])
        scored = f"{command}; python -m benchmarks.score ../shared/pages/{name} OUT.json"
        spread = "-".join(str(bound) for bound in figures["mean_page_f1_95"])
        for key in ("f1", "precision", "recall"):
            yield f"{name} {key}", str(figures[key]), scored, REFERENCES.get(f"{name} {key}", "")
        yield f"{name} mean page F1, 95 %", f"{figures['mean_page_f1']} ({spread})", scored, ""
        yield f"{name} pages refused", f"{figures['refused']} of {figures['pages']}", scored, ""
        for key in ("headline", "day", "authors"):
            if figures[key] is not None:
                yield f"{name} {key} right", str(figures[key]), scored, REFERENCES.get(f"{name} {key}", "")
        yield f"{name} CPU", f"{last}; {theirs}", f"{command} --beside", REFERENCES.get(f"{name} CPU", "")


def cluster(folder: Path) -> Iterator[Row]:
    """Clusters on made syndication sets, in order of the file and shuffled."""
    maker, scorer = SHARED / "bench" / "make_syndication.py", SHARED / "bench" / "score_clusters.py"
    truth = SHARED / "pages" / "real-news" / "truth.json"
    for kind, flags in (("plain", []), ("hard", ["--hard"])):
        for seed in ("11", "12", "13"):
            documents, predicted = folder / f"{kind}{seed}.jsonl", folder / f"{kind}{seed}.json"
            subprocess.run(
                [sys.executable, maker, truth, "--seed", seed, "--out", documents, *flags], check=True, capture_output=True
            )
            shuffled = folder / "shuffled.jsonl"
            lines = documents.read_text().splitlines()
            random.Random(5).shuffle(lines)
            shuffled.write_text("\n".join(lines) + "\n")
            for order, source in (("stream", documents), ("shuffled", shuffled)):
                last = run("benchmarks.cluster", str(source), "--out", str(predicted))[-1]
                scored = subprocess.run(
                    [sys.executable, scorer, documents, predicted], check=True, capture_output=True, text=True
                )
                f1 = re.search(r"\bf1=([\d.]+)", scored.stdout)
                worst = min(map(float, re.findall(r": ([\d.]+)", scored.stdout)), default=0.0)
                value = f"F1 {f1.group(1) if f1 else '?'}, worst kind {worst}, {last}"
                command = (
                    f"make_syndication.py real-news --seed {seed} {' '.join(flags)}; python -m benchmarks.cluster SET --out P"
                )
                yield f"cluster {kind}, seed {seed}, {order}", value, command, REFERENCES[f"cluster {kind}"]


def from_json(name: str, *words: str, reference: str = "") -> Callable[[Path], Iterator[Row]]:
    """A benchmark whose last line is JSON -> its rows."""

    def rows(_: Path) -> Iterator[Row]:
        figures: dict[str, Any] = json.loads(run(f"benchmarks.{name}", *words)[-1])
        command = f"python -m benchmarks.{name} {' '.join(words)}".strip()
        for key, value in figures.items():
            yield f"{name}: {key}", json.dumps(value, ensure_ascii=False), command, reference

    return rows


def several(*parts: Callable[[Path], Iterator[Row]]) -> Callable[[Path], Iterator[Row]]:
    """The rows of one after the other."""
    return lambda folder: (row for part in parts for row in part(folder))


SECTIONS: dict[str, tuple[str, Callable[[Path], Iterator[Row]]]] = {
    "text": (
        "Clean text and metadata (no outlet profile; the shipped block model has seen these pages, "
        "docs/extraction.md has it on unseen sites)",
        text,
    ),
    "cluster": ("One story once", cluster),
    "judge": ("The judge", from_json("judge", reference=REFERENCES["judge"])),
    "crawl": (
        "The crawl, beside Scrapy alone and Scrapy with trafilatura",
        several(from_json("crawl", "--pages", "257", "--rounds", "3"), from_json("crawl", "--growth", "3000")),
    ),
    "crash": ("Killed at any moment", from_json("crash", "--rounds", "25")),
    "archive": (
        "What the archive costs: pages of 60 KB decoded, and short whole stories",
        several(
            from_json("archive", "../shared/pages/real-news", "--cut", "61440", reference="gzip of the decoded page alone 4.8 ms"),
            from_json("archive", "../shared/pages/news-2008", "--most", "65536", "--rounds", "4"),
        ),
    ),
    "reading": ("For readers", from_json("reading", "--articles", "20000")),
    "bulk": (
        "Bulk work: one process, plain multiprocessing, Dask",
        from_json("bulk", "--records", "400", "--rounds", "3", reference="2 shared cores: plain multiprocessing measured 1.3 once"),
    ),
    "fleet": (
        "A fleet that is killed at, beside one process",
        from_json("fleet", "--outlets", "30", "--workers", "4", "--kills", "20", "--pages", "4"),
    ),
    "recluster": ("All copies found anew, over cores and Dask", from_json("recluster", "--texts", "4000", "--rounds", "2")),
    "sync": ("One catalogue from everybody's runs", from_json("sync", "--outcomes", "2000", "--rounds", "2")),
    "scale": ("At size", from_json("scale", "--documents", "20000")),
    "million": ("At a million articles", from_json("reading", "--articles", "1000000")),
    "kills": (
        "Two hundred rounds of kills, and some on S3",
        several(from_json("crash", "--rounds", "200"), from_json("crash", "--rounds", "24", "--s3")),
    ),
    "coverage": ("What of the three rooms the tests run, in percent", from_json("covered")),
    "mutation": (
        "What of five modules cannot be changed without a test failing",
        several(*(from_json("mutation", name, reference="80 % killed") for name in MODULES)),
    ),
}
LONG = ("million", "kills", "coverage", "mutation")
"""Sections that are measured only when they are named: of hours, or with tools that .venv has not."""
TAKEN: dict[str, Path] = {}
"""Module and words of a benchmark that was run before -> the file that holds what it printed."""


def section(name: str, folder: Path) -> str:
    """Name of a section -> its Markdown."""
    title, measure = SECTIONS[name]
    lines = [f"## {title}", f"<!-- {name} -->", f"Measured {dt.date.today()} on {machine()}.", ""]
    lines += ["| figure | measured | reference | command |", "|---|---|---|---|"]
    for figure, value, command, reference in measure(folder):
        cells = [cell.replace("|", "\\|") for cell in (figure, value, reference, f"`{command}`")]
        lines.append("| " + " | ".join(cells) + " |")
        print(f"{figure}: {value}", flush=True)
    return "\n".join(lines)


def machine() -> str:
    """What the figures were taken on."""
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()} (a shared, noisy machine: read ratios)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    usual = [name for name in SECTIONS if name not in LONG]
    parser.add_argument("--only", nargs="+", choices=list(SECTIONS), default=usual)
    parser.add_argument(
        "--taken", nargs=2, action="append", default=[], metavar=("COMMAND", "FILE"),
        help="a command of a section, as 'benchmarks.crash --rounds 200', that was run already, and what it printed",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    TAKEN.update({command: Path(file) for command, file in options.taken})
    if not SHARED.is_dir():
        raise SystemExit(f"{SHARED} is not there: the data of the benchmarks must lie beside the project.")
    head = "# Figures\nEvery figure comes from the command beside it; `make bench` writes this file."
    old = options.out.read_text() if options.out.exists() else ""
    kept = {
        found.group(2): found.group(0).strip()
        for found in re.finditer(r"## [^\n]*\n(<!-- (\w+) -->).*?(?=\n## |\Z)", old, re.S)
    }
    kept = {re.sub(r"\W", "", key): value for key, value in kept.items()}
    with tempfile.TemporaryDirectory() as folder:
        for name in options.only:
            kept[name] = section(name, Path(folder))
            options.out.write_text("\n\n".join([head, *(kept[each] for each in SECTIONS if each in kept)]) + "\n")


if __name__ == "__main__":
    main()
