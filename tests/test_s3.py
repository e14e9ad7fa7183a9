"""The store in S3, against a real server on loopback: create-only, checked, resumed, and clear about what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.archive import open_archive, open_store
from storage.archive.s3 import S3Store
from storage.archive.s3_parts import PART
from storage.archive.store import ArchiveError, Conflict
from tests.conftest import Scrapy
from tests.exchanges import captures, exchange, page, writer
from tests.faulty_proxy import Fault, FaultyProxy
from tests.s3_server import BUCKET, S3Server, s3_server
from tests.store_contract import StoreContract

__all__ = ["s3_server"]


def opened(uri: str) -> S3Store:
    store = open_store(uri)
    assert isinstance(store, S3Store)
    return store


@pytest.fixture
def store(s3_server: S3Server) -> S3Store:
    return opened(s3_server.prefix())


@pytest.fixture
def proxy(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyProxy]:
    """A proxy before the server, and a boto3 that goes through it."""
    proxy = FaultyProxy(s3_server.endpoint)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", proxy.endpoint)
    with proxy:
        yield proxy


class TestS3Store(StoreContract):
    pass


@pytest.mark.slow
def test_more_keys_than_one_listing_holds(store: S3Store) -> None:
    store.put_all((f"clean/a/{number:04d}.json", b"1") for number in range(1100))
    assert list(store.keys("clean/")) == [f"clean/a/{number:04d}.json" for number in range(1100)]


def test_archives_with_one_prefix_within_another_are_apart(s3_server: S3Server) -> None:
    uri = s3_server.prefix()
    inner, beside = opened(uri), opened(f"{uri}x")
    inner.put_new("clean/a.json", b"1")
    assert list(beside.keys()) == []


def test_objects_carry_the_digest_and_the_settings(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWS_S3_STORAGE_CLASS", "STANDARD_IA")
    uri = s3_server.prefix()
    opened(uri).put_new("clean/a.json", b"1")
    head = s3_server.client().head_object(Bucket=BUCKET, Key=f"{uri.rsplit('/', 1)[1]}/clean/a.json")
    assert head["StorageClass"] == "STANDARD_IA"
    assert head["Metadata"]["sha256"] == "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"


def test_an_object_that_another_tool_wrote_is_compared_by_its_content(store: S3Store, s3_server: S3Server) -> None:
    path = f"{store._above}clean/a.json"
    s3_server.client().put_object(Bucket=BUCKET, Key=path, Body=b"same")
    assert store.put_new("clean/a.json", b"same") is False
    with pytest.raises(Conflict):
        store.put_new("clean/a.json", b"else")


def test_a_large_file_goes_up_in_parts_and_is_create_only(store: S3Store, tmp_path: Path) -> None:
    file = large_file(tmp_path)
    assert store.put_file("warc/a/2026/x.warc.gz", file) is True
    assert store.put_file("warc/a/2026/x.warc.gz", file) is False
    with store.open_stream("warc/a/2026/x.warc.gz") as stream:
        assert stream.read() == file.read_bytes()
    other = tmp_path / "other"
    other.write_bytes(b"\0" + file.read_bytes()[1:])
    with pytest.raises(Conflict):
        store.put_file("warc/a/2026/x.warc.gz", other)


def test_a_broken_upload_goes_on_with_the_parts_that_are_there(proxy: FaultyProxy, s3_server: S3Server, tmp_path: Path) -> None:
    file, store = large_file(tmp_path), opened(s3_server.prefix())
    proxy.faults = {"partNumber=2": [Fault.CUT] * 6}
    with pytest.raises(ArchiveError, match="cannot be reached"):
        store.put_file("warc/a/2026/x.warc.gz", file)
    assert store.size("warc/a/2026/x.warc.gz") is None
    proxy.seen.clear()
    assert store.put_file("warc/a/2026/x.warc.gz", file) is True
    sent = [number for line in proxy.seen for number in re.findall(r"^PUT .*partNumber=(\d)", line)]
    assert sent == ["2", "3"], "the first part was there already"
    assert store.read("warc/a/2026/x.warc.gz") == file.read_bytes()


def test_a_put_whose_answer_was_lost_is_our_own(proxy: FaultyProxy, s3_server: S3Server) -> None:
    store = opened(s3_server.prefix())
    proxy.faults = {"clean/a.json": [Fault.LOSE_ANSWER]}
    assert store.put_new("clean/a.json", b"1") is False
    assert store.read("clean/a.json") == b"1"


def test_a_large_upload_whose_last_answer_was_lost_is_our_own(proxy: FaultyProxy, s3_server: S3Server, tmp_path: Path) -> None:
    file, store = large_file(tmp_path), opened(s3_server.prefix())
    proxy.faults = {"POST uploadId": [Fault.LOSE_ANSWER]}
    store.put_file("warc/a/2026/x.warc.gz", file)
    assert store.read("warc/a/2026/x.warc.gz") == file.read_bytes()


@pytest.mark.parametrize("fault", [Fault.SLOW_DOWN, Fault.ERROR_500, Fault.CUT])
def test_passing_trouble_is_waited_out(proxy: FaultyProxy, s3_server: S3Server, fault: Fault) -> None:
    store = opened(s3_server.prefix())
    proxy.faults = {"clean/a.json": [fault, fault]}
    store.put_new("clean/a.json", b"1")
    assert store.read("clean/a.json") == b"1"


def test_lasting_throttling_is_told_and_nothing_is_there(
    proxy: FaultyProxy, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    store = opened(s3_server.prefix())
    proxy.faults = {"PUT clean/a.json": [Fault.SLOW_DOWN] * 6}
    with pytest.raises(ArchiveError, match=r"throttles us.*start again later"):
        store.put_new("clean/a.json", b"1")
    assert store.size("clean/a.json") is None


def test_a_body_that_breaks_off_is_asked_for_again(proxy: FaultyProxy, s3_server: S3Server) -> None:
    store, data = opened(s3_server.prefix()), bytes(range(256)) * 1000
    store.put_new("clean/a.json", data)
    proxy.faults = {"GET clean/a.json": [Fault.CUT_ANSWER, Fault.CUT_ANSWER]}
    assert store.read("clean/a.json") == data


def test_a_bucket_that_does_not_exist(s3_server: S3Server, tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="no such bucket: make it, or set NEWS_ARCHIVE_URI"):
        open_archive("s3://no-such-bucket-here/x", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("keys", "says"),
    [(("unknown", "sk"), "access key is unknown"), (("ak", "wrong"), "secret key does not belong"), (("rk", "rs"), "denied")],
    ids=["unknown key", "wrong secret", "may only read"],
)
def test_keys_that_do_not_open(
    s3_server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: tuple[str, str], says: str
) -> None:
    uri = s3_server.prefix()
    open_archive(uri, tmp_path / "first")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys[0])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys[1])
    with pytest.raises(ArchiveError, match=says):
        open_archive(uri, tmp_path / "second")


def test_no_credentials(s3_server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    with pytest.raises(ArchiveError, match="no credentials: set AWS_ACCESS_KEY_ID"):
        open_archive(s3_server.prefix(), tmp_path)


def test_who_may_only_read_reads(s3_server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = s3_server.prefix()
    open_archive(uri, tmp_path).store.put_new("clean/a.json", b"1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "rk")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "rs")
    assert open_archive(uri, tmp_path, write=False).read("clean/a.json") == b"1"


def test_a_run_needs_no_right_to_delete(proxy: FaultyProxy, s3_server: S3Server, tmp_path: Path) -> None:
    archive = open_archive(s3_server.prefix(), tmp_path)
    warc = writer(archive, max_size=4000)
    for number in range(4):
        warc.record(exchange(f"http://news.example/{number}", page(number)))
    archive.store.put_all([("clean/daily/aa/x.json", b"{}")])
    warc.close()
    assert len(list(captures(archive))) == 4
    assert [line for line in proxy.seen if line.startswith("DELETE")] == []


def test_a_server_that_is_not_there(monkeypatch: pytest.MonkeyPatch, s3_server: S3Server, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    with pytest.raises(ArchiveError, match="cannot be reached: check AWS_ENDPOINT_URL_S3"):
        open_archive(s3_server.prefix(), tmp_path)


def test_two_archives_do_not_share_a_spool(s3_server: S3Server, tmp_path: Path) -> None:
    one, two = (open_archive(s3_server.prefix(), tmp_path) for _ in range(2))
    assert one.spool.folder != two.spool.folder


def test_deleting_leaves_no_older_version(s3_server: S3Server, tmp_path: Path) -> None:
    """A bucket with versions would keep what was to be forgotten."""
    client = s3_server.client()
    client.create_bucket(Bucket="with-versions")
    client.put_bucket_versioning(Bucket="with-versions", VersioningConfiguration={"Status": "Enabled"})
    store, file = opened("s3://with-versions/x"), tmp_path / "new"
    file.write_bytes(b"without")
    store.put_new("clean/a.json", b"secret")
    store.put_new("warc/a.warc.gz", b"secret")
    store.replace("warc/a.warc.gz", file)
    assert store.delete("clean/a.json") is True
    found = client.list_object_versions(Bucket="with-versions")
    assert [(each["Key"], each["Size"]) for each in found["Versions"]] == [("x/warc/a.warc.gz", 7)]
    assert found.get("DeleteMarkers", []) == []


def large_file(folder: Path) -> Path:
    """Three parts, each other than the next."""
    file = folder / "large"
    file.write_bytes(b"".join(bytes([number]) * size for number, size in enumerate((PART, PART, 1000), 1)))
    return file


def test_a_bucket_is_not_copied_into_itself_and_the_doctor_looks_at_its_rights(s3_server: S3Server, scrapy_command: Scrapy) -> None:
    one = s3_server.prefix()
    open_archive(one)
    for target, why in ((f"{one}/", "SRC and DST are the same place"), (f"{one}/copy", "one of SRC and DST lies in the other")):
        done = scrapy_command("archive", "sync", one, target, **s3_server.environment)
        assert (done.status, why in done.err) == (2, True), done.err
    told = scrapy_command("doctor", NEWS_ARCHIVE_URI=one, **s3_server.environment).out
    assert re.search(r"S3 rights +objects can be written and listed", told), told
