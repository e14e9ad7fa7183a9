"""README and tutorial cannot lag: every shell example in them is run, in a copy of the project, in the order of the page.

What cannot be run is changed here, in the open: setting up is not repeated (`make` says what it would do), a live outlet is
the newsstand, ports are free ones, and what stays open until Ctrl-C is opened, looked at and closed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.conftest import ROOT

LEFT = {".git", ".venv", "demo", "archive", "my-archive", "build", ".hypothesis", "benchmarks"}


def examples(page: str) -> list[str]:
    """A page of the manual -> its shell examples, in order."""
    return re.findall(r"^```sh\n(.*?)^```$", (ROOT / page).read_text(), re.M | re.S)


def free_ports() -> int:
    """The first of three ports in a row that nobody has."""
    for base in range(20_000 + os.getpid() % 20_000, 60_000, 7):
        try:
            for port in (base, base + 1, base + 2):
                socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return base
    raise AssertionError("no free ports")


class Shell:
    """A shell in a copy of the project; what one example exports, the next one has."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.base, self.browsed = free_ports(), free_ports() + 100
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith(("NEWS_", "AWS_"))}

    def changed(self, words: str) -> str:
        words = words.replace("make ", "make -n ")
        words = re.sub(r"NEWS_CONTACT=\S+ \.venv/bin/scrapy crawl menafn", r"\g<0> -a origin=http://127.0.0.1:18050/", words)
        return words.replace("18050", str(self.base)).replace("18051", str(self.base + 1))

    def run(self, words: str) -> str:
        script = f"set -eo pipefail\n{self.changed(words)}\nexport -p > environment.sh\n"
        before = ". ./environment.sh\n" if (self.folder / "environment.sh").exists() else ""
        done = subprocess.run(
            ["bash", "-c", before + script],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{words}\n{done.stdout}"
        return done.stdout

    def open(self, words: str, lines: int) -> tuple[subprocess.Popen[str], str]:
        """What stays open -> it, and the first lines that it says."""
        command = self.changed(words).strip().replace("scrapy browse", f"scrapy browse --port {self.browsed}")
        before = ". ./environment.sh; " if (self.folder / "environment.sh").exists() else ""
        process = subprocess.Popen(
            ["bash", "-c", f"{before}exec {command}"],
            cwd=self.folder,
            env=self.environment | {"PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        return process, "".join(process.stdout.readline() for _ in range(lines))


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    folder = tmp_path / "cleancopy"
    shutil.copytree(ROOT, folder, ignore=lambda where, names: LEFT & set(names) if where == str(ROOT) else set())
    (folder / ".venv").symlink_to(sys.prefix)
    return Shell(folder)


@pytest.mark.slow
def test_the_tutorial_leads_from_a_clone_to_ten_stories(shell: Shell) -> None:
    stand: subprocess.Popen[str] | None = None
    said: dict[str, str] = {}
    try:
        for words in examples("docs/tutorial.md"):
            if "-m tests.newsstand" in words:
                stand, addresses = shell.open(words, 3)
                assert f"courier http://127.0.0.1:{shell.base + 1}" in addresses
            elif "scrapy browse" in words:
                server, line = shell.open(words, 1)
                try:
                    with urllib.request.urlopen(f"{line.split()[0]}search.json?q=port") as answer:
                        assert json.load(answer)["stories"]
                finally:
                    server.terminate()
                    server.communicate(timeout=20)
            else:
                said[words] = shell.run(words)
    finally:
        if stand is not None:
            stand.terminate()
            stand.communicate(timeout=20)
    whole = "".join(said.values())
    assert int(re.findall(r"(\d+)  kept", whole)[0]) >= 10, "the first crawl brings the ten"
    assert "class MyCourier(OutletSpider)" in whole and "the row carried it after the column" in " ".join(whole.split())
    assert "after the column: nothing" not in " ".join(whole.split()), "both outlets carry the wire's stories"
    assert {"stories.csv", "port.epub", "datapackage.json"} <= {path.name for path in shell.folder.iterdir()}


@pytest.mark.slow
def test_the_examples_of_the_readme_run(shell: Shell) -> None:
    stand, _ = shell.open(".venv/bin/python -m tests.newsstand --port 18050", 3)
    shell.environment |= {"NEWS_ALLOW_ADDRESSES": "127.0.0.0/8", "NEWS_DELAY": "0"}
    try:
        said = "".join(shell.run(words) for words in examples("README.md"))
    finally:
        stand.terminate()
        stand.communicate(timeout=20)
    assert re.search(r"[1-9]\d*  kept ", said), "the crawl of the README archived something"


@pytest.mark.parametrize("page", ["README.md", "docs/tutorial.md"])
def test_no_example_goes_without_being_run(page: str) -> None:
    text = (ROOT / page).read_text()
    fences = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S)
    commands = r"^(make|scrapy|\.venv/bin/|python|export|NEWS_\w+=)"
    assert [block for kind, block in fences if kind != "sh" and re.search(commands, block, re.M)] == []
    for picture in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text):
        assert ((ROOT / page).parent / picture).is_file(), picture
