"""What the tests of every room share: the shared folder, and a crawl as a person would start it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import Phase, settings

from tests.starter import ROOT, Finished, Starter

SHARED = ROOT.parent / "shared"

settings.register_profile("cleancopy", deadline=None)  # how long a thing takes is measured by benchmarks, not by tests
settings.register_profile(  # benchmarks/mutation.py: the same input in every run, and the first that fails is enough
    "mutation", deadline=None, derandomize=True, database=None, max_examples=25, phases=(Phase.explicit, Phase.generate)
)
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


Scrapy = Callable[..., Finished]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """The folder in which `scrapy_command` keeps its archive."""
    return tmp_path / "archive"


@pytest.fixture(scope="session")
def starter() -> Iterator[Starter]:
    """What runs the commands of this test process."""
    starter = Starter()
    yield starter
    starter.close()


@pytest.fixture
def scrapy_command(archive: Path, starter: Starter) -> Scrapy:
    """Run `scrapy …` in a process of its own, as a person or cron would, against the archive of this test."""

    def run(*words: str, stdin: bytes = b"", terminal: bool = False, **environment: str) -> Finished:
        usual = {
            "NEWS_ARCHIVE_URI": str(archive),
            "NEWS_ALLOW_ADDRESSES": "127.0.0.0/8",
            "NEWS_DELAY": "0",
            "NEWS_RETRY_WAIT": "0.05",
        }
        return starter.run(words, stdin, usual | environment, terminal=terminal)

    return run
