"""A catalogue is made once, by whoever comes first, and what is none is left alone."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

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
