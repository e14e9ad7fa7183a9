"""A catalogue is made once, by whoever comes first, and what is none is left alone."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from crawler.command import explained
from storage.catalogue.schema import MIGRATIONS, CatalogueError, open_catalogue


def test_runs_that_make_a_catalogue_together_wait_for_each_other(tmp_path: Path) -> None:
    def opened(path: Path, together: threading.Barrier) -> int:
        together.wait()
        database = open_catalogue(path)
        try:
            return int(database.conn.execute("pragma user_version").fetchone()[0])
        finally:
            database.close()

    with ThreadPoolExecutor(4) as pool:
        for number in range(40):
            together = threading.Barrier(4)
            asked = [pool.submit(opened, tmp_path / f"{number}.sqlite", together) for _ in range(4)]
            assert [each.result() for each in asked] == [len(MIGRATIONS)] * 4


def test_somebody_elses_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "music.sqlite"
    with sqlite3.connect(path) as theirs:
        theirs.execute("create table songs (name text)")
    theirs.close()
    before = path.read_bytes()
    with pytest.raises(CatalogueError, match=r"music\.sqlite is a database of something else"):
        open_catalogue(path)
    assert path.read_bytes() == before


def test_a_full_disk_and_a_damaged_catalogue_are_told_apart(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "small.sqlite")) as connection:
        connection.execute("create table texts (text)")
        connection.execute("pragma max_page_count = 2")
        with pytest.raises(sqlite3.OperationalError) as full:
            connection.execute("insert into texts values (zeroblob(100000))")
    assert explained(full.value) == "database or disk is full; make room, nothing is half written"
    (tmp_path / "text.sqlite").write_text("no catalogue" * 100)
    with closing(sqlite3.connect(tmp_path / "text.sqlite")) as connection, pytest.raises(sqlite3.DatabaseError) as damaged:
        connection.execute("select * from runs")
    assert explained(damaged.value).endswith("; `scrapy doctor` looks at it, `scrapy rebuild` makes it again")
