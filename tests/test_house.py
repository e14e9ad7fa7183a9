"""The house stays in order: rooms, names, sizes, and a manual that knows every setting and command."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import crawler.settings

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("crawler", "pipelines", "storage")
MODULES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
NAMELESS = {"utils.py", "helpers.py", "helper.py", "common.py", "misc.py", "base.py", "managers.py", "constants.py"}


def names(paths: list[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in paths]


def test_no_room_without_a_name() -> None:
    assert [path for path in MODULES if path.name in NAMELESS] == []


@pytest.mark.parametrize("path", MODULES, ids=names(MODULES))
def test_modules_and_functions_stay_small(path: Path) -> None:
    source = path.read_text()
    most = 500 if path.name == "records.py" else 320  # every noun stands in one place
    assert source.count("\n") <= most, "a module of more than about 300 lines has a joint somewhere"
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (node.end_lineno or 0) - node.lineno > 50
    ]
    assert long == []


@pytest.mark.parametrize(
    "path", [p for p in MODULES if p.read_text().strip()], ids=names([p for p in MODULES if p.read_text().strip()])
)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text())), "the first line says what comes in and goes out"


def test_every_setting_is_in_the_manual() -> None:
    ours = {name for name in dir(crawler.settings) if name.startswith("NEWS_")}
    manual = (ROOT / "docs" / "settings.md").read_text()
    assert sorted(name for name in ours if f"`{name}`" not in manual) == []
    assert sorted(set(re.findall(r"^\| `(NEWS_\w+)`", manual, re.M)) - ours) == [], "the manual names settings that are gone"


def test_every_command_is_in_the_manual() -> None:
    commands = {path.stem for path in (ROOT / "crawler" / "commands").glob("*.py") if path.stem != "__init__"}
    manual = (ROOT / "docs" / "commands.md").read_text()
    assert sorted(name for name in commands if f"## scrapy {name}" not in manual) == []


def test_no_file_names_a_package_host() -> None:
    for name in ("requirements.lock", "pyproject.toml", "Makefile"):
        assert not re.search(r"https?://[^\s\"']*(simple|registry|packages|pypi)", (ROOT / name).read_text()), name


def test_every_benchmark_can_be_started() -> None:
    names = sorted(f"benchmarks.{path.stem}" for path in (ROOT / "benchmarks").glob("*.py") if path.stem != "__init__")
    subprocess.run([sys.executable, "-W", "ignore", "-c", f"import {', '.join(names)}"], cwd=ROOT, check=True)


def test_every_dependency_is_in_use_and_justified() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    reasons = (ROOT / "docs" / "decisions" / "0011-dependencies.md").read_text()
    lists = {"with the crawl": project["dependencies"], **project["optional-dependencies"]}
    named = {re.split(r"[^\w-]", each)[0] for some in lists.values() for each in some}
    rows = [row.split("|")[1] for row in reasons.splitlines() if row.startswith("| ")]
    told = {name.strip() for row in rows for name in row.split(",")}
    assert named <= told, f"no reason is given for {named - told}"

    imported = {
        name
        for room in ("crawler", "pipelines", "storage")
        for path in (ROOT / room).rglob("*.py")
        for name in re.findall(r"^\s*(?:import|from) (\w+)", path.read_text(), re.MULTILINE)
    }
    modules = {"backports-zstd": "backports", "ada-url": "ada_url", "sqlite-utils": "sqlite_utils"}
    running = {re.split(r"[^\w-]", each)[0] for each in project["dependencies"]}
    unused = {name for name in running if modules.get(name, name) not in imported}
    assert not unused, "nothing imports it"
