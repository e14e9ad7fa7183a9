"""Processes that read clean copies for a catalogue that is made again."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler.indexing import index
from pipelines.fingerprint import fingerprint
from storage.archive import open_archive
from storage.catalogue import texts
from storage.catalogue.compare import differences
from storage.catalogue.readers import Reader, readings
from storage.catalogue.rebuild import build
from storage.catalogue.schema import open_catalogue
from tests.test_run import NOW, begin, fetched, keep, story


def test_a_catalogue_made_with_processes_is_that_which_grew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = begin(tmp_path)
    for number in (1, 2, 3, 4, 5):
        keep(run, fetched(run, number, story(number % 4)))
    run.finish("finished", NOW)
    archive = open_archive(str(tmp_path))
    copies = [archive.store.read(key) for key in archive.store.keys("clean/")]
    gone = sorted(archive.store.keys("clean/"))[0]
    monkeypatch.setattr(texts, "_ALONE", 1)
    monkeypatch.setattr(texts, "_A_BLOCK", 2)

    made = build(archive, tmp_path / "again", index, look=fingerprint, count=2)
    live, again = open_catalogue(tmp_path / "catalogue.sqlite"), open_catalogue(tmp_path / "again")
    assert list(differences(live.conn, again.conn)) == []
    assert (made.captures, made.missing) == (5, 0)
    live.close()
    again.close()

    (tmp_path / gone).unlink()
    assert build(archive, tmp_path / "third", index, look=fingerprint).missing >= 1
    with Reader(fingerprint) as reader:
        reader.send([*copies, None, b"damaged"])
        found = reader.receive()
        assert found == readings([*copies, None, b"damaged"], fingerprint)
        assert [each.printed is None for each in found[-2:]] == [True, True]
        reader._process.kill()
        reader.send(copies)
        assert reader.receive() == readings(copies, fingerprint), "a process that was killed costs no text"
