"""What every store must do: tests/test_local.py and tests/test_s3.py run these against a folder and a real S3 server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from storage.archive.store import ArchiveError, Conflict, Missing, Store

BAD_KEYS = {
    "empty": "",
    "absolute": "/etc/passwd",
    "traversal": "clean/../../etc/passwd",
    "dot": "clean/./a",
    "hidden": "clean/.a",
    "double slash": "clean//a",
    "folder": "clean/a/",
    "overlong part": "clean/" + "a" * 201,
    "overlong": "/".join(["abcdefghij"] * 60),
    "device of Windows": "clean/con.json",
    "backslash": "clean\\a",
    "control": "clean/a\n",
    "nul": "clean/a\0b",
    "unicode form": "clean/e\u0301.json",
    "space": "clean/a b",
    "trailing dot": "clean/a.",
    "the spool": "spool/a",
    "the catalogue": "catalogue.sqlite",
}


class StoreContract:
    """Subclasses bring a fixture `store`: an empty one."""

    def test_what_was_put_comes_back(self, store: Store) -> None:
        assert store.put_new("clean/a/x.json", b"one") is True
        assert store.read("clean/a/x.json") == b"one"
        assert store.size("clean/a/x.json") == 3

    def test_an_empty_object_is_an_object(self, store: Store) -> None:
        store.put_new("clean/a/empty.json", b"")
        assert store.read("clean/a/empty.json") == b""
        assert store.size("clean/a/empty.json") == 0

    def test_the_same_again_is_fine_and_another_content_is_refused(self, store: Store) -> None:
        store.put_new("clean/a/x.json", b"one")
        assert store.put_new("clean/a/x.json", b"one") is False
        for other in (b"two", b"longer", b""):
            with pytest.raises(Conflict, match=r"clean/a/x\.json"):
                store.put_new("clean/a/x.json", other)
        assert store.read("clean/a/x.json") == b"one"

    def test_of_many_writers_one_wins_and_the_others_are_told(self, store: Store) -> None:
        def put(writer: int) -> bool:
            try:
                return store.put_new("clean/a/raced.json", b"%d" % writer)
            except Conflict:
                return False

        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(put, range(8)))
        assert sum(won) == 1
        assert store.read("clean/a/raced.json") == b"%d" % won.index(True)

    def test_put_all_says_how_many_were_new(self, store: Store) -> None:
        store.put_new("clean/a/1.json", b"1")
        assert store.put_all([("clean/a/1.json", b"1"), ("clean/a/2.json", b"2"), ("clean/b/3.json", b"3")]) == 2
        assert list(store.keys("clean/")) == ["clean/a/1.json", "clean/a/2.json", "clean/b/3.json"]

    def test_a_conflict_among_many_raises(self, store: Store) -> None:
        store.put_new("clean/a/1.json", b"1")
        with pytest.raises(Conflict):
            store.put_all([("clean/a/1.json", b"other"), ("clean/a/2.json", b"2")])
        assert store.read("clean/a/1.json") == b"1"

    def test_files_go_in_whole_and_stay_where_they_were(self, store: Store, tmp_path: Path) -> None:
        file = tmp_path / "segment"
        file.write_bytes(b"segment" * 1000)
        assert store.put_file("warc/a/2026/x.warc.gz", file) is True
        assert store.put_file("warc/a/2026/x.warc.gz", file) is False
        assert store.read("warc/a/2026/x.warc.gz") == file.read_bytes()
        other = tmp_path / "other"
        other.write_bytes(b"SEGMENT" * 1000)
        with pytest.raises(Conflict):
            store.put_file("warc/a/2026/x.warc.gz", other)
        assert store.read("warc/a/2026/x.warc.gz") == file.read_bytes()

    def test_replace_puts_another_content_in_its_place(self, store: Store, tmp_path: Path) -> None:
        store.put_new("warc/a/2026/x.warc.gz", b"old")
        file = tmp_path / "new"
        file.write_bytes(b"newer")
        store.replace("warc/a/2026/x.warc.gz", file)
        assert store.read("warc/a/2026/x.warc.gz") == b"newer"

    def test_ranges(self, store: Store) -> None:
        store.put_new("warc/a/x.warc.gz", b"0123456789")
        assert store.read_range("warc/a/x.warc.gz", 3, 4) == b"3456"
        assert store.read_range("warc/a/x.warc.gz", 8, 100) == b"89"
        assert store.read_range("warc/a/x.warc.gz", 10, 5) == b""
        assert store.read_range("warc/a/x.warc.gz", 99, 5) == b""
        assert store.read_range("warc/a/x.warc.gz", 3, 0) == b""

    def test_streams(self, store: Store) -> None:
        data = bytes(range(256)) * 3000
        store.put_new("warc/a/x.warc.gz", data)
        with store.open_stream("warc/a/x.warc.gz") as stream:
            assert stream.read(10) == data[:10]
            assert stream.readline(5) == data[10:11]
            assert stream.read() == data[11:]

    def test_what_is_not_there(self, store: Store) -> None:
        assert store.size("clean/a/x.json") is None
        assert store.delete("clean/a/x.json") is False
        for read in (store.read, store.open_stream, lambda key: store.read_range(key, 0, 1)):
            with pytest.raises(Missing, match=r"clean/a/x\.json"):
                read("clean/a/x.json")
        assert list(store.keys("clean/")) == []

    def test_a_folder_is_no_object(self, store: Store) -> None:
        store.put_new("clean/a/x.json", b"1")
        assert store.size("clean/a") is None
        with pytest.raises(Missing):
            store.read("clean/a")

    def test_digests(self, store: Store) -> None:
        store.put_new("clean/a/x.json", b"1")
        assert store.digest("clean/a/x.json") == "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
        assert store.digest("clean/a/y.json") is None

    def test_delete(self, store: Store) -> None:
        store.put_new("clean/a/x.json", b"1")
        assert store.delete("clean/a/x.json") is True
        assert store.size("clean/a/x.json") is None
        assert store.put_new("clean/a/x.json", b"2") is True

    def test_keys_come_in_the_order_of_their_bytes(self, store: Store) -> None:
        keys = ["a", "a-b/c", "a/b", "a/b-c", "a/b.json", "a/bc", "a/b0/z", "a.json", "b/A", "b/a", "b/_"]
        store.put_all([(f"clean/{key}", key.encode()) for key in keys if key != "a"])
        wanted = sorted(f"clean/{key}" for key in keys if key != "a")
        # A name cannot be a file and a folder at once on a disk; S3 would allow it.
        assert list(store.keys("clean/")) == wanted
        assert [size for _key, size in store.entries("clean/")] == [len(key) - len("clean/") for key in wanted]
        assert list(store.keys("clean/a/b")) == [key for key in wanted if key.startswith("clean/a/b")]
        assert list(store.keys("clean/a")) == [key for key in wanted if key.startswith("clean/a")]
        assert list(store.keys("warc/")) == []

    @pytest.mark.parametrize("key", BAD_KEYS.values(), ids=BAD_KEYS)
    def test_keys_that_lead_elsewhere_are_refused(self, store: Store, key: str) -> None:
        with pytest.raises(ArchiveError, match="cannot be a key"):
            store.put_new(key, b"1")
        with pytest.raises(ArchiveError, match="cannot be a key"):
            store.read(key)
