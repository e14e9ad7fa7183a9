"""What the tests of every room share: the shared folder, and a crawl as a person would start it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"

settings.register_profile("cleancopy", deadline=None)  # how long a thing takes is measured by benchmarks, not by tests
settings.load_profile("cleancopy")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests begin first, so that no process is left with the longest one at the end; tests of real pages run
    where those pages lie beside the project."""
    slow = {item.path for item in items if "slow" in item.keywords}
    items.sort(key=lambda item: item.path not in slow)
    if SHARED.is_dir():
        return
    skip = pytest.mark.skip(reason="the folder ../shared with real pages is not beside the project")
    for item in items:
        if "shared" in item.keywords:
            item.add_marker(skip)


@dataclass(frozen=True)
class Finished:
    """A command that ended: exit status, both streams, and the receipt where --json printed one."""

    status: int
    out: str
    err: str

    @property
    def receipt(self) -> dict[str, Any]:
        return json.loads(self.out.strip().splitlines()[-1])


Scrapy = Callable[..., Finished]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """The folder in which `scrapy_command` keeps its archive."""
    return tmp_path / "archive"


@pytest.fixture
def scrapy_command(archive: Path) -> Scrapy:
    """Run `scrapy …` in a process of its own, as a person or cron would, against the archive of this test."""

    def run(*words: str, stdin: bytes = b"", **environment: str) -> Finished:
        env = {key: value for key, value in os.environ.items() if not key.startswith(("NEWS_", "AWS_"))}
        env |= {
            "NEWS_ARCHIVE_URI": str(archive),
            "NEWS_ALLOW_ADDRESSES": "127.0.0.0/8",
            "NEWS_DELAY": "0",
            "NEWS_RETRY_WAIT": "0.05",
            **environment,
        }
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "scrapy", *words],
            cwd=ROOT,
            env=env,
            input=stdin,
            capture_output=True,
            timeout=120,
            check=False,
        )
        return Finished(status=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())

    return run
