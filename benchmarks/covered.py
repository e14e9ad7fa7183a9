"""Coverage of the three rooms by the whole test suite: lines and branches, in every process that the tests start.

    python -m benchmarks.covered [--processes 2] [--tests WORD …] [--keep FOLDER]

Measured are the tests' own processes, the commands that they run (also those that tests/starter.py forks), worker processes and
the machines of the fleet (coverage's `patch` in pyproject.toml). Not measurable is what a process did that was killed with
SIGKILL, as the tests of kills do it, and what a test starts with an environment that it made itself. --tests: pytest's words
instead of the whole suite. --keep: coverage's data and its HTML pages go there. Prints the modules with less than 90 % of their
branches, with the lines that none ran, and the rooms. The last line is JSON: by room and in total, lines and branches in percent,
statements and branches in numbers; and how the tests ended (some that look at memory or time may fail under measurement).

It needs what the tests need, and coverage: `make coverage` installs both, or `pip install -e '.[dev,coverage]'`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("crawler", "pipelines", "storage")
LEAST = 90


def run(folder: Path, *words: str) -> list[str]:
    """coverage's words -> the lines that it printed; its data lie in the folder."""
    code = [sys.executable, "-m", "coverage", *words]
    environment = os.environ | {"COVERAGE_FILE": str(folder / "data")}
    done = subprocess.run(
        code, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return [line for line in done.stdout.splitlines() if line.strip()]


def measured(folder: Path, processes: int, tests: list[str]) -> tuple[dict[str, Any], str]:
    """An empty folder -> coverage's report of the whole suite, by file, and how the tests ended."""
    spread = ["-n", str(processes), "--dist", "loadfile", "--no-loadscope-reorder"]
    said = run(folder, "run", "-m", "pytest", "--durations=0", "--no-header", "-p", "no:cacheprovider", *spread, *tests)
    (folder / "pytest.txt").write_text("\n".join(said))
    for line in said:
        if line.startswith(("FAILED", "ERROR")):
            print(line, flush=True)
    run(folder, "combine")
    told = run(folder, "json", "-o", str(folder / "coverage.json"))
    if not (folder / "coverage.json").exists():
        raise SystemExit("\n".join(["coverage found nothing:", *said[-20:], *told[-5:]]))
    run(folder, "html", "-d", str(folder / "html"))
    ended = next((line.strip("= ") for line in reversed(said) if re.search(r"\d+ (?:passed|failed|error)", line)), "not at all")
    return json.loads((folder / "coverage.json").read_text())["files"], ended


def figures(summaries: Iterable[dict[str, int]]) -> dict[str, Any]:
    """coverage's summaries of files -> lines and branches of them all, in percent and in numbers."""
    names = ("covered_lines", "num_statements", "covered_branches", "num_branches")
    total = dict.fromkeys(names, 0)
    for summary in summaries:
        for name in names:
            total[name] += summary[name]
    return {
        "lines": percent(total["covered_lines"], total["num_statements"]),
        "branches": percent(total["covered_branches"], total["num_branches"]),
        "statements": total["num_statements"],
        "branches_counted": total["num_branches"],
    }


def percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 100.0


def main() -> None:
    """Command line of the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--tests", nargs="+", default=[], metavar="WORD")
    parser.add_argument("--keep", type=Path, metavar="FOLDER")
    given = parser.parse_args()
    missing = [name for name in ("coverage", "pytest", "xdist") if find_spec(name) is None]
    if missing:
        raise SystemExit(f"{', '.join(missing)} is missing: `make coverage`, or pip install -e '.[dev,coverage]'")
    os.nice(10)
    with tempfile.TemporaryDirectory() as made:
        folder = given.keep.resolve() if given.keep else Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        files, ended = measured(folder, given.processes, given.tests)
    found = {path: said for path, said in sorted(files.items()) if path.startswith(ROOMS)}
    for path, said in found.items():
        one = figures([said["summary"]])
        if one["branches"] < LEAST or one["lines"] < LEAST:
            print(f"{path}: lines {one['lines']} %, branches {one['branches']} %, not run: {said['missing_lines']}")
    out = {room: figures(said["summary"] for path, said in found.items() if path.startswith(f"{room}/")) for room in ROOMS}
    out["total"] = figures(said["summary"] for said in found.values())
    print(json.dumps(out | {"tests": ended}))


if __name__ == "__main__":
    main()
