"""Mutants: one thing in a function is changed at a time, and the tests of its module have to notice.

    python -m benchmarks.mutation [MODULE ...] [--keep FOLDER]

MODULE: classify, boilerplate, fingerprint, dedupe, ledger; all of them without one. mutmut makes the mutants (numbers, strings,
operators, arguments, conditions, assignments of functions; what stands outside functions and below a decorator other than
staticmethod it leaves alone) and forks a process for each from one that has imported the tests. It works on a copy in a
temporary folder, on all cores at low priority. Only the tests in TESTS are run, without those that need ../shared, and those
that draw their input draw the same in every run. A mutant that makes the tests run for ever counts as killed and is told
apart (`timeouts`); one that no test reaches counts as survived.
`equivalent` are survivors that no test can tell from the module, each with its reason in benchmarks/equivalent.txt; `score` is
killed by all, `score_without_equivalent` leaves those out. Prints each survivor with file, line and difference. --keep: copies
mutmut's folders of the mutants there, for `mutmut show`. The last line is JSON, by module.

It needs what the tests need, and mutmut: `make mutation` installs both, or `pip install -e '.[mutation]'`.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
EQUIVALENT = ROOT / "benchmarks" / "equivalent.txt"
NEEDED = ("crawler", "pipelines", "storage", "tests", "benchmarks")
MODULES = {
    "classify": "pipelines/classify.py",
    "boilerplate": "pipelines/boilerplate.py",
    "fingerprint": "pipelines/fingerprint.py",
    "dedupe": "pipelines/dedupe.py",
    "ledger": "storage/archive/ledger.py",
}
TESTS = {
    "classify": ("tests/test_classify.py",),
    "boilerplate": ("tests/test_boilerplate.py",),
    "fingerprint": ("tests/test_fingerprint.py",),
    "dedupe": ("tests/test_dedupe.py",),
    "ledger": ("tests/test_ledger.py",),
}
SLOW = "thirty_megabytes or every_process"
"""Tests that are left out: seconds each, or a process of their own."""
KILLED, TIMEOUT, SURVIVED = (1, 3), (24, -24, 152, 36, 255, -9), (0, 5, 33)
"""Exit statuses of mutmut's processes: a test failed; ended for taking too long; all tests passed, or none reaches the mutant."""
SETTINGS = """
[tool.mutmut]
source_paths = ["crawler", "pipelines", "storage"]
only_mutate = ["{module}"]
also_copy = ["benchmarks", "scrapy.cfg"]
process_isolation = "forkserver"
timeout_constant = 4.0
pytest_add_cli_args_test_selection = {tests}
pytest_add_cli_args = ["-p", "no:cacheprovider", "--hypothesis-profile=mutation", "-k", "not ({slow})", "-o", "{plain_ids}=true"]
"""
PLAIN_IDS = "disable_test_id_escaping_and_forfeit_all_rights_to_community_support"
"""pytest escapes the names of parametrized tests once more each time that a process collects them; mutmut asks for them by name."""
MUTMUT = "from mutmut.__main__ import cli; cli()"


class Survivor(NamedTuple):
    """A mutant that no test noticed: where, and the lines that differ, `-` and `+`."""

    path: str
    line: int
    change: str
    reached: bool


def run(module: str, folder: Path) -> dict[str, int]:
    """Module and an empty folder -> exit status by mutant, after mutmut has run there."""
    for name in NEEDED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "scrapy.cfg", folder)
    settings = SETTINGS.format(module=MODULES[module], tests=json.dumps(TESTS[module]), slow=SLOW, plain_ids=PLAIN_IDS)
    (folder / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text() + settings)
    done = mutmut(folder, "run", "--max-children", str(os.cpu_count() or 1))
    said = folder / "mutants" / f"{MODULES[module]}.meta"
    found: dict[str, int | None] = json.loads(said.read_text())["exit_code_by_key"] if said.exists() else {}
    statuses = {name: status for name, status in found.items() if status in KILLED + TIMEOUT + SURVIVED}
    if done.returncode or not found or len(statuses) < len(found):
        odd = sorted({str(status) for status in found.values()} - {str(status) for status in statuses.values()})
        raise SystemExit(f"mutmut failed (statuses {odd}):\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return statuses


def mutmut(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """mutmut's words, in a folder -> how it ended."""
    code = [sys.executable, "-P", "-W", "ignore", "-c", MUTMUT, *words]
    environment = os.environ | {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(code, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def survivors(module: str, folder: Path, statuses: dict[str, int]) -> Iterator[Survivor]:
    """Those of the mutants that no test noticed, in the order of the file."""
    source = (folder / MODULES[module]).read_text()
    for name, status in statuses.items():
        if status in SURVIVED:
            shown = mutmut(folder, "show", name).stdout.splitlines()
            start = next(number for number, text in enumerate(shown) if text.startswith("@@"))
            changed = [text[0] + text[1:].strip() for text in shown[start + 1 :] if text[:1] in "+-"]
            yield Survivor(MODULES[module], line_of(source, name, shown[start:]), "\n".join(changed), reached=status == 0)


def line_of(source: str, name: str, shown: list[str]) -> int:
    """Source, a mutant's name and its difference within the function -> the line of the file at which it begins."""
    function, first = name.rpartition("__mutmut_")[0].split("ǁ")[-1].split(".x_")[-1], 0
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name == function:
            first = node.lineno
    lines = source.splitlines()
    while lines[first - 2].startswith("#"):  # a comment above belongs to the function
        first -= 1
    begins = re.match(r"@@ -(\d+)", shown[0])
    before = next(number for number, text in enumerate(shown[1:]) if text[:1] in "+-")
    return first + int(begins.group(1) if begins else 1) - 1 + before


def equivalent() -> dict[tuple[str, str], str]:
    """What benchmarks/equivalent.txt says: (path, lines that differ) -> the reason why no test can notice."""
    said = {}
    for part in EQUIVALENT.read_text().split("\n\n"):
        if part.startswith("#") or not part.strip():
            continue
        head, changes = part.strip().split("\n", 1)
        path, _, reason = head.partition(": ")
        for change in re.findall(r"(?:^-.*\n?)+(?:^\+.*\n?)+", changes, re.M):
            said[path, change.strip("\n")] = reason
    return said


def measured(module: str, folder: Path) -> dict[str, Any]:
    """Module and an empty folder -> its figures; prints the survivors."""
    statuses, known = run(module, folder), equivalent()
    lived = list(survivors(module, folder, statuses))
    excused = [one for one in lived if (one.path, one.change) in known]
    for one in lived:
        reason = known.get((one.path, one.change))
        print(f"{one.path}:{one.line}: survived{'' if one.reached else ', no test reaches it'}" + f" ({reason})" * bool(reason))
        print("    " + one.change.replace("\n", "\n    "), flush=True)
    for (path, change), _ in known.items():
        if path == MODULES[module] and not any(one.change == change for one in lived):
            print(f"{EQUIVALENT.name}: no such survivor, take it out: {path}\n    " + change.replace("\n", "\n    "))
    mutants, late = len(statuses), sum(status in TIMEOUT for status in statuses.values())
    killed = mutants - len(lived)
    return {
        "mutants": mutants,
        "killed": killed,
        "survived": len(lived),
        "timeouts": late,
        "equivalent": len(excused),
        "score": round(killed / mutants, 4),
        "score_without_equivalent": round(killed / (mutants - len(excused)), 4),
    }


def main() -> None:
    """Command line of the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", choices=[[], *MODULES], metavar="MODULE")
    parser.add_argument("--keep", type=Path, metavar="FOLDER")
    given = parser.parse_args()
    missing = [name for name in ("mutmut", "pytest", "hypothesis") if find_spec(name) is None]
    if missing:
        raise SystemExit(f"{', '.join(missing)} is missing: `make mutation`, or pip install -e '.[dev,mutation]'")
    os.nice(10)
    figures = {}
    for module in given.modules or MODULES:
        with tempfile.TemporaryDirectory() as folder:
            figures[module] = measured(module, Path(folder))
            if given.keep:
                shutil.copytree(folder, given.keep / module, dirs_exist_ok=True)
        print(f"{module}: {figures[module]}", flush=True)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
