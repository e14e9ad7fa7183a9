"""scrapy report: its figures add up, its page needs nothing beside it, and strangers' words stay words."""

from __future__ import annotations

import json
import re
from argparse import ArgumentParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from scrapy.exceptions import UsageError
from scrapy.settings import Settings

from crawler.commands.report import Command
from crawler.reporting import spark
from storage.views.plots import Dot, bars, timeline
from tests.browsed import HOSTILE, fill
from tests.conftest import Scrapy

NUMBERS = st.floats(0, 1e12, allow_nan=False)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    archive = tmp_path_factory.mktemp("report") / "archive"
    fill(archive)
    return archive


def reported(archive: Path, *words: str) -> int:
    """`scrapy report WORDS` in this process -> its exit status."""
    command = Command()
    command.settings = Settings(
        {"NEWS_ARCHIVE_URI": str(archive), "LOG_FILE": None, "LOG_LEVEL": "WARNING", "LOG_ENABLED": False}, priority="project"
    )
    parser = ArgumentParser()
    command.add_options(parser)
    opts, rest = parser.parse_known_args(words)
    command.run(rest, opts)
    return command.exitcode


def test_what_came_in_what_was_refused_and_who_copies_whom(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert reported(filled, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    gazette = told["sums"]["gazette"]
    assert (gazette["kept"], gazette["revision"], gazette["quarantined"], gazette["blocked"]) == (4, 1, 1, 1)
    assert sum(told["stories"].values()) == 5 and len(told["stories"]) == 7
    (refused,) = told["refusals"]
    assert (refused["outlet"], refused["kind"], refused["count"]) == ("gazette", "FORBIDDEN", 1)
    assert "403" in refused["words"]
    assert told["copying"]["counts"] == [{"first": "gazette", "later": "courier", "stories": 1}]
    assert told["runs"] == 2 and told["errors"] == []


def test_the_page_opens_from_a_file_and_holds_no_script(
    filled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "report.html"
    assert reported(filled, "--html", str(page)) == 0
    assert capsys.readouterr().out.startswith(f"{page}: ")
    text = page.read_text()
    assert not re.search(r"<script|\son\w+=|(?:src|href)=|url\(|@import", text)
    assert "default-src 'none'" in text and HOSTILE not in text
    assert "Stories that the outlet of the row carried" in text
    assert reported(filled, "--html", str(tmp_path / "no" / "report.html")) == 5


def test_a_person_reads_tables(filled: Path, scrapy_command: Scrapy) -> None:
    shown = scrapy_command("report", NEWS_ARCHIVE_URI=str(filled))
    assert "What was refused, and why" in shown.out and "Who copies whom" in shown.out and "\x1b" not in shown.out


def test_a_month_without_anything(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert reported(filled, "--month", "2020-02") == 0
    nothing = capsys.readouterr().out
    assert nothing.startswith("2020-02-01 to 2020-02-29") and "What was refused, and why: nothing" in nothing


@pytest.mark.parametrize(
    "words",
    [("--week", "2026-05"), ("--week", "2026-W60"), ("--month", "2026-13"), ("--month", "2026-01", "--since", "2026-01-01"),
     ("--since", "2026-02-01", "--until", "2026-01-01"), ("--since", "2026-02-01", "--week", "2026-W05")],
)  # fmt: skip
def test_days_that_are_none_are_told(filled: Path, words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        reported(filled, *words)


@given(st.dictionaries(st.text(max_size=12), NUMBERS, max_size=40), st.text(max_size=30), st.booleans())
def test_bars_are_well_formed_whatever_they_show(values: dict[str, float], says: str, percent: bool) -> None:
    drawn = _xml(bars(values, says, percent=percent))
    assert len(drawn.findall("rect")) == len(values)
    assert all(0 <= float(bar.get("height")) <= 40 for bar in drawn.findall("rect"))


@given(st.lists(st.builds(Dot, row=st.text(max_size=40), at=st.datetimes().map(str) | st.text(max_size=9), says=st.text())))
def test_a_timeline_is_well_formed_whatever_it_shows(dots: list[Dot]) -> None:
    drawn = timeline(dots, "who carried it")
    if drawn:
        assert 1 <= len(_xml(drawn).findall("circle")) <= len(dots)


@given(st.lists(st.integers(0, 10**9), max_size=40))
def test_a_line_of_bars_has_one_for_each_number(values: list[int]) -> None:
    line = spark(values)
    assert len(line) == len(values)
    assert all((bar == " ") == (value == 0) for bar, value in zip(line, values, strict=True))


def _xml(drawn: str) -> etree._Element:
    """What a browser takes for text may hold characters that XML has not: they are no part of the form."""
    return etree.fromstring(re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "?", drawn))


def test_a_week_has_seven_days(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert reported(filled, "--week", "2026-W09", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["since"], told["last"]) == ("2026-02-23", "2026-03-01")
