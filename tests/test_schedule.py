"""scrapy schedule: cron and systemd get back exactly what was in force, and every outlet keeps its minute."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.arguments import ArgumentError
from crawler.commands.schedule import Place, crontab, minute, units
from tests.conftest import ROOT, Scrapy

VALUES = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=40)


def place(**environment: str) -> Place:
    return Place(
        folder=PurePosixPath("/srv/news archive"), scrapy=PurePosixPath("/srv/venv/bin/scrapy"), environment=environment
    )


def test_the_minute_stays_and_outlets_are_spread() -> None:
    assert minute("menafn") == minute("menafn") < 60
    assert len({minute(f"outlet{n}") for n in range(600)}) == 60
    alone, together = crontab(["b"], place()), crontab(["a", "b", "c"], place())
    assert alone.splitlines()[0] in together


@given(VALUES)
def test_the_shell_of_cron_gets_the_value_back(value: str) -> None:
    (line, _) = crontab(["menafn"], place(NEWS_CONTACT=value)).removesuffix("\n").split("\n")
    command = re.match(r"[ \d]\d \* \* \* \*  (.*)", line)
    assert command is not None
    assert "%" not in command[1].replace(r"\%", "")
    words = shlex.split(command[1].replace(r"\%", "%"))
    assert words == [
        "cd", "/srv/news archive", "&&", f"NEWS_CONTACT={value}", "/srv/venv/bin/scrapy", "crawl", "menafn", ">/dev/null",
    ]  # fmt: skip


@pytest.mark.parametrize("value", ["a\nb", "a\x00b", "\x1b[2J"])
def test_what_a_line_cannot_carry_is_refused(value: str) -> None:
    with pytest.raises(ArgumentError, match="NEWS_CONTACT"):
        crontab(["menafn"], place(NEWS_CONTACT=value))
    with pytest.raises(ArgumentError):
        units(["bad name; rm -rf"], place())


def test_units_name_each_outlet_once() -> None:
    found = units(["menafn", "daily-news"], place(NEWS_CONTACT='me "100%" \\o/'))
    assert set(found) == {
        "cleancopy@.service", "cleancopy-status.service", "cleancopy-status.timer", "cleancopy@menafn.timer",
        r"cleancopy@daily\x2dnews.timer",
    }  # fmt: skip
    assert 'Environment="NEWS_CONTACT=me \\"100%%\\" \\\\o/"\n' in found["cleancopy@.service"]
    assert f"OnCalendar=*-*-* *:{minute('menafn'):02}:00" in found["cleancopy@menafn.timer"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not on this machine")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    there = Place(folder=tmp_path, scrapy=PurePosixPath("/bin/true"), environment={"NEWS_CONTACT": "me@example.org"})
    for name, text in units(["menafn", "daily-news"], there).items():
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, tmp_path.glob("*.timer"))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert [line for line in done.stderr.splitlines() if "cleancopy" in line] == []


def test_the_command_holds_the_paths_of_this_checkout(archive: Path, tmp_path: Path, scrapy_command: Scrapy) -> None:
    done = scrapy_command("schedule", NEWS_CONTACT="me@example.org")
    assert (done.status, done.err) == (0, "")
    first, *_, health = done.out.splitlines()
    assert f"cd {ROOT} && " in first and f"NEWS_ARCHIVE_URI={archive}" in first and "NEWS_CONTACT=me@example.org" in first
    assert "crawl menafn" in done.out and health.endswith("status --quiet")
    written = scrapy_command("schedule", "--systemd", "--out", str(tmp_path / "units"), "menafn")
    assert written.status == 0 and (tmp_path / "units" / "cleancopy@menafn.timer").exists()
    assert scrapy_command("schedule", "nowhere").status == 2


def test_places_are_written_so_that_they_hold_from_any_folder(scrapy_command: Scrapy) -> None:
    there = scrapy_command("schedule", "menafn", NEWS_CATALOGUE="c.sqlite", NEWS_SPOOL="waiting", NEWS_PROMETHEUS_FILE="news.prom")
    assert there.status == 0
    for said in (f"NEWS_CATALOGUE={ROOT}/c.sqlite", f"NEWS_SPOOL={ROOT}/waiting", f"NEWS_PROMETHEUS_FILE={ROOT}/news.prom"):
        assert said in there.out
    bucket = scrapy_command("schedule", "--systemd", "menafn", NEWS_ARCHIVE_URI="s3://news/archive").out
    assert "# cleancopy@menafn.timer\n" in bucket and 'Environment="NEWS_ARCHIVE_URI=s3://news/archive"' in bucket
    assert f'Environment="NEWS_SPOOL={ROOT}/spool"' in bucket and f'Environment="NEWS_CATALOGUE={ROOT}/' in bucket
