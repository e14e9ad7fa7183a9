"""Archives and catalogues of every released version open, agree with themselves, and go on."""

from __future__ import annotations

import json
import tarfile
import tomllib
from pathlib import Path

import pytest

from storage.software import VERSION
from tests.conftest import ROOT, Scrapy
from tests.newsstand import Newsstand
from tests.released import FOLDER

RELEASES = sorted(FOLDER.glob("*.tar.xz"))


def test_the_version_is_said_in_one_way_and_was_released() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION
    assert f"## {VERSION}" in (ROOT / "CHANGELOG.md").read_text()
    assert FOLDER / f"{VERSION}.tar.xz" in RELEASES, "python -m tests.released"


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name.removesuffix(".tar.xz"))
def test_what_a_release_wrote_opens_and_goes_on(release: Path, scrapy_command: Scrapy, archive: Path) -> None:
    with tarfile.open(release) as packed:
        packed.extractall(archive.parent, filter="data")
    told = json.loads((archive.parent / "exported.json").read_text())

    def exported() -> list[dict[str, object]]:
        done = scrapy_command("export", "jsonl", "--all")
        assert done.status == 0, done.err
        return [json.loads(line) for line in done.out.splitlines()]

    def known(articles: list[dict[str, object]]) -> list[dict[str, object]]:
        """The fields that the release had: a later version may tell more."""
        return [{name: each.get(name) for name in told[0]} for each in articles]

    assert known(exported()) == told, "read with the catalogue as the release left it"
    assert scrapy_command("verify", "--deep").status == 0
    (archive / "catalogue.sqlite").unlink()
    assert scrapy_command("rebuild").status == 0
    assert known(exported()) == told, "and with one that this version made of the archive"

    with Newsstand(port=0) as stand:
        modules = ("-s", "SPIDER_MODULES=crawler.spiders,tests.spiders")
        crawled = scrapy_command("crawl", "gazette", *modules, "-a", f"origin={stand.outlets['gazette']}", "--json")
    assert crawled.status == 0, crawled.err
    outcomes = crawled.receipt["outcomes"]
    assert outcomes["kept"] + outcomes["duplicate"] >= 15, "the same stories, at other addresses"
    assert len(exported()) == len(told) + outcomes["kept"] + outcomes["duplicate"]
    assert scrapy_command("rebuild", "--check").status == 0
