"""The store in a folder: durable, create-only, and clear about what is wrong with a disk."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from storage.archive import open_archive
from storage.archive.local import LocalStore
from storage.archive.store import ArchiveError
from tests.store_contract import StoreContract


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "archive")


class TestLocalStore(StoreContract):
    pass


def test_nothing_is_written_before_it_is_asked_for(tmp_path: Path) -> None:
    LocalStore(tmp_path / "archive").size("clean/a")
    assert not (tmp_path / "archive").exists()


def test_scratch_files_and_the_neighbours_of_the_archive_are_no_objects(store: LocalStore) -> None:
    store.put_new("clean/a.json", b"1")
    (store.root / "catalogue.sqlite-wal").write_bytes(b"x")
    (store.root / "spool").mkdir()
    (store.root / "spool" / "x.jsonl").write_bytes(b"x")
    assert list(store.entries()) == [("clean/a.json", 1)]
    assert list((store.root / ".tmp").iterdir()) == []


def test_old_leavings_of_killed_writers_go_and_young_ones_stay(store: LocalStore) -> None:
    store.check_writable()
    old, young = store.root / ".tmp" / "1-2-3", store.root / ".tmp" / "1-2-4"
    for left in (old, young):
        left.write_bytes(b"half")
    os.utime(old, (0, 0))
    store.check_writable()
    assert (old.exists(), young.exists()) == (False, True)


def test_a_file_on_another_filesystem_is_copied_in(store: LocalStore) -> None:
    shm = Path("/dev/shm")
    if not shm.is_dir() or shm.stat().st_dev == store.root.parent.stat().st_dev:
        pytest.skip("no second filesystem to copy from")
    file = shm / f"cleancopy-test-{os.getpid()}"
    try:
        file.write_bytes(b"segment")
        assert store.put_file("warc/x.warc.gz", file) is True
        assert store.put_file("warc/x.warc.gz", file) is False
        assert store.read("warc/x.warc.gz") == b"segment"
        file.write_bytes(b"another")
        with pytest.raises(ArchiveError, match="another content"):
            store.put_file("warc/x.warc.gz", file)
    finally:
        file.unlink()


def test_an_archive_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "archive").write_text("x")
    with pytest.raises(ArchiveError, match="is not a folder: set NEWS_ARCHIVE_URI"):
        open_archive(str(tmp_path / "archive"))


def test_an_archive_of_a_newer_version(tmp_path: Path) -> None:
    (tmp_path / "cleancopy.json").write_text('{"archive": "cleancopy", "format": 99}')
    with pytest.raises(ArchiveError, match="format 99, this version reads 1: upgrade"):
        open_archive(str(tmp_path))


@pytest.mark.parametrize("content", ["", "[]", "{}", "\xff", "null"])
def test_a_damaged_marker(tmp_path: Path, content: str) -> None:
    (tmp_path / "cleancopy.json").write_text(content, "latin-1")
    with pytest.raises(ArchiveError, match="damaged"):
        open_archive(str(tmp_path))


@pytest.mark.parametrize("uri", ["", "ftp://host/x", "file://host/x", "s3://", "s3:///prefix"])
def test_a_uri_that_names_no_archive(uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ArchiveError, match=r"NEWS_ARCHIVE_URI|three slashes"):
        open_archive(uri)
    assert list(tmp_path.iterdir()) == []


def test_reading_alone_needs_an_archive_and_changes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="holds no archive"):
        open_archive(str(tmp_path), write=False)
    assert list(tmp_path.iterdir()) == []
    open_archive(str(tmp_path)).store.put_new("clean/a.json", b"1")
    before = sorted(tmp_path.rglob("*"))
    assert open_archive(str(tmp_path), write=False).read("clean/a.json") == b"1"
    assert sorted(tmp_path.rglob("*")) == before


def test_a_path_with_blanks_and_other_letters(tmp_path: Path) -> None:
    folder = tmp_path / "my archive é"
    open_archive(folder.as_uri()).store.put_new("clean/a.json", b"1")
    assert open_archive(str(folder), write=False).read("clean/a.json") == b"1"


def test_an_unwritable_archive(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root writes everywhere")
    tmp_path.chmod(0o555)
    with pytest.raises(ArchiveError, match="cannot be written"):
        open_archive(str(tmp_path / "archive"))


_ON_A_SMALL_DISK = """
import sys
from storage.archive.local import LocalStore
from storage.archive.store import ArchiveError
from pathlib import Path
store = LocalStore(Path(sys.argv[1]))
for number in range(100):
    try:
        store.put_new(f"clean/{number:03d}.json", b"x" * 4096 * (number + 1))
    except ArchiveError as error:
        print(error)
        break
"""


def test_a_disk_that_runs_full(tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk: the same error of the system, without the rights of root."""
    done = subprocess.run(
        [sys.executable, "-c", _ON_A_SMALL_DISK, str(tmp_path / "archive")],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "the file grew too large" in done.stdout
    assert "nothing is half written" in done.stdout
    store = LocalStore(tmp_path / "archive")
    assert [(key, size) for key, size in store.entries()] == [(f"clean/{n:03d}.json", 4096 * (n + 1)) for n in range(4)]
    assert list((store.root / ".tmp").iterdir()) == []
