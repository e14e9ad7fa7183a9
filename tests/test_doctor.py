"""scrapy doctor: each fault is named with what to do, and only faults make the exit status 1."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from scrapy.settings import Settings

from crawler.commands.doctor import Check, State, checks, damaged
from storage.archive import open_archive
from storage.catalogue.schema import open_catalogue
from tests.conftest import ROOT, Scrapy

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def looked(archive: Path, root: Path = ROOT, now: dt.datetime = NOW, **settings: object) -> dict[str, Check]:
    values = {"NEWS_ARCHIVE_URI": str(archive), "NEWS_CONTACT": "me@example.org", **settings}
    return {check.name: check for check in checks(Settings(values), root, now)}


@pytest.fixture
def sound(archive: Path) -> Path:
    open_archive(str(archive))
    with closing(open_catalogue(archive / "catalogue.sqlite")) as database:
        at = (NOW - dt.timedelta(hours=1)).isoformat()
        database.conn.execute("insert into runs values ('r', 'menafn', ?, ?, 'finished', null)", (at, at))
        database.conn.execute(
            "insert into captures (run, lead, outlet, url, fetched_at, outcome, evidence) "
            "values ('r', 'l', 'menafn', 'u', ?, 'kept', '[]')",
            (at,),
        )
    return archive


def test_a_sound_archive_is_well(sound: Path) -> None:
    found = looked(sound)
    for name in ("python", "contact", "archive", "writing", "spool", "catalogue", "clock", "last run"):
        assert found[name].state is State.WELL, found[name]


def test_a_run_that_ended_badly_is_noted(sound: Path) -> None:
    with closing(sqlite3.connect(sound / "catalogue.sqlite", isolation_level=None)) as connection:
        connection.execute("update runs set reason = 'unreadable'")
    told = looked(sound)["last run"]
    assert (told.state, told.found, told.advice) == (
        State.NOTE, "menafn, 1 hour ago: unreadable", "It ended badly: scrapy status menafn",
    )  # fmt: skip


def test_all_is_well_only_where_nothing_is_noted(archive: Path, scrapy_command: Scrapy) -> None:
    assert scrapy_command("doctor").out.endswith("Nothing must be mended; look at what is noted.\n"), "there is no archive yet"


def test_no_archive_yet_is_a_note(archive: Path) -> None:
    found = looked(archive, NEWS_CONTACT="")
    assert {name for name, check in found.items() if check.state is State.NOTE} >= {"archive", "catalogue", "contact"}
    assert not archive.exists()


@pytest.mark.parametrize(
    ("name", "now", "settings"),
    [
        ("clock", NOW - dt.timedelta(days=3), {}),
        ("last run", NOW + dt.timedelta(days=3), {}),
        ("addresses", NOW, {"NEWS_ALLOW_ADDRESSES": ["10.0.0.0/99"]}),
        ("archive", NOW, {"NEWS_ARCHIVE_URI": "ftp://news"}),
        ("archive", NOW, {"NEWS_ARCHIVE_URI": str(ROOT / "pyproject.toml")}),
    ],
)
def test_a_fault_must_be_mended(sound: Path, name: str, now: dt.datetime, settings: dict[str, object]) -> None:
    found = looked(sound, now=now, **settings)
    assert found[name].state is State.MEND and found[name].advice, found


def test_a_newer_and_a_damaged_catalogue(sound: Path) -> None:
    path = sound / "catalogue.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma user_version = 99")
    assert "schema 99" in looked(sound)["catalogue"].found
    for beside in sound.glob("catalogue.sqlite-*"):
        beside.unlink()
    path.write_bytes(b"no catalogue" * 1000)
    assert "rebuild" in looked(sound)["catalogue"].advice


def test_a_catalogue_is_read_only_for_so_long(sound: Path) -> None:
    with closing(sqlite3.connect(sound / "catalogue.sqlite")) as connection:
        assert damaged(connection, patience=600) == ""
        assert damaged(connection, patience=-1) is None
        assert connection.execute("select count(*) from runs").fetchone() == (1,), "what comes next is not broken off"


def test_dependencies_are_compared_with_the_lock(sound: Path, tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text(
        'scrapy==0.1 \\\n    --hash=sha256:0\nnot-there-at-all==1.0 \\\nother-system==1 ; sys_platform == "win31"\n'
    )
    found = looked(sound, root=tmp_path)["dependencies"]
    assert found.state is State.MEND and found.found.endswith("instead of 0.1, not-there-at-all is missing")


def test_a_misspelt_setting_is_found_by_the_command(archive: Path, scrapy_command: Scrapy) -> None:
    done = scrapy_command("doctor", "--json", NEWS_ARCHIV_URI="/srv/news")
    told = json.loads(done.out)
    assert (done.status, told["well"]) == (1, False)
    assert [check["found"] for check in told["checks"] if check["name"] == "settings"] == ["not known: NEWS_ARCHIV_URI"]


def test_what_waits_in_the_spool_and_a_catalogue_that_is_damaged_or_empty(sound: Path) -> None:
    spool = open_archive(str(sound)).spool.folder / "ledger" / "menafn"
    spool.mkdir(parents=True)
    (spool / "20260301T120000Z-00000000.jsonl").write_text("{}")
    told = looked(sound)["spool"]
    assert told.state is State.NOTE and told.found.startswith("1 file, the first is ")
    path = sound / "catalogue.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("delete from runs")
        assert looked(sound)["last run"].found == "none"
    data = bytearray(path.read_bytes())
    data[36:40] = (7).to_bytes(4, "big")  # so many pages are said to be free
    path.write_bytes(data)
    damage = looked(sound)["catalogue"]
    assert (damage.state, damage.advice) == (State.MEND, "scrapy rebuild makes it again from the archive."), damage
    assert damage.found.startswith("damaged: ")
