"""sync and du: an archive moves between disk and S3 and back, whole, again and again, and broken off."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.archive import Archive, open_archive
from storage.archive.clean import clean_copy
from storage.archive.finding import Severity, Tally
from storage.archive.keys import article_id, cdx_key, clean_key, run_id, usage
from storage.archive.ledger import Ledger, events
from storage.archive.store import ArchiveError
from storage.archive.sync import Synced, sync
from storage.archive.verify import verify
from storage.endings import write_ending
from storage.records import Ending, Fingerprint, Outcome
from tests.exchanges import START, article, captures, exchange, lead, page, placement, ticking, writer
from tests.faulty_proxy import Fault, FaultyProxy
from tests.s3_server import S3Server, s3_server
from tests.test_forget import SECRET, URLS, filled, forgets

__all__ = ["s3_server"]


@pytest.fixture
def source(tmp_path: Path) -> Archive:
    archive = open_archive(str(tmp_path / "source"))
    filled(archive)
    return archive


@pytest.fixture
def target(tmp_path: Path) -> Archive:
    return open_archive(str(tmp_path / "target"))


def done(source: Archive, target: Archive, *, check: bool = False) -> Synced:
    for tally in sync(source.store, target, check=check):
        last = tally
    return last


def content(archive: Archive) -> dict[str, bytes]:
    return {key: archive.store.read(key) for key in list(archive.store.keys())}


def sound(archive: Archive) -> bool:
    assert list(verify(archive, Tally())) == []
    return True


def test_to_another_disk_and_again(source: Archive, target: Archive) -> None:
    tally = done(source, target)
    assert content(target) == content(source)
    assert (tally.copied, tally.bytes) == (
        len(content(source)) - 1,
        sum(len(data) for key, data in content(source).items() if key != "cleancopy.json"),
    )
    again = done(source, target)
    assert (again.copied, again.bytes, again.same) == (0, 0, tally.copied)
    assert sound(target)


def test_to_s3_and_back(source: Archive, target: Archive, s3_server: S3Server, tmp_path: Path) -> None:
    bucket = open_archive(s3_server.prefix(), tmp_path / "spool")
    done(source, bucket)
    assert sound(bucket)
    assert done(source, bucket).copied == 0
    done(bucket, target)
    assert content(target) == content(source)
    assert [capture.url for capture in captures(target)] == [capture.url for capture in captures(source)]


def test_broken_off_anywhere_it_goes_on(source: Archive, target: Archive) -> None:
    """At every step what lies there is sound, and the ledger promises nothing that is not there."""
    for stop in range(1, 8):
        for number, _ in enumerate(sync(source.store, target), 1):
            if number == stop:
                break
        assert [each for each in verify(target, Tally()) if each.severity is not Severity.NOTE] == []
    done(source, target)
    assert content(target) == content(source)


def test_a_server_that_fails_in_the_middle(
    source: Archive, s3_server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with FaultyProxy(s3_server.endpoint) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", proxy.endpoint)
        bucket = open_archive(s3_server.prefix(), tmp_path / "spool")
        proxy.faults = {"PUT ledger": [Fault.ERROR_500]}
        with pytest.raises(ArchiveError, match="the server fails"):
            done(source, bucket)
        assert list(bucket.store.keys("ledger/")) == []
        tally = done(source, bucket)
        assert (tally.copied, content(bucket)) == (1, content(source))


def test_damage_there_is_mended_and_damage_here_is_not_spread(source: Archive, target: Archive) -> None:
    done(source, target)
    assert source.folder is not None and target.folder is not None
    for key, data in content(source).items():
        if key == "cleancopy.json":
            continue
        damaged = data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 0x55]) + data[len(data) // 2 + 1 :]
        (target.folder / key).write_bytes(damaged)
        tally = done(source, target, check=True)
        assert (tally.mended, content(target)[key]) == (1, data), key
        if not key.endswith(".cdxj"):
            (source.folder / key).write_bytes(damaged)
            tally = done(source, target, check=True)
            assert ([each.key for each in tally.findings], content(target)[key]) == ([key], data)
            assert "damaged in the source" in tally.findings[0].what
            (source.folder / key).write_bytes(data)
    assert done(source, target, check=True).findings == []


def test_what_is_forgotten_here_goes_there(source: Archive, target: Archive) -> None:
    done(source, target)
    forgets(source)
    tally = done(source, target)
    assert content(target) == content(source)
    assert (tally.removed, tally.mended) == (1, 3)
    assert sound(target)


def test_what_is_forgotten_there_does_not_come_back(source: Archive, target: Archive) -> None:
    done(source, target)
    forgets(target)
    before = content(target)
    tally = done(source, target)
    assert content(target) == before
    assert {each.severity for each in tally.findings} == {Severity.WARNING}
    assert all("more was forgotten there" in each.what for each in tally.findings)
    done(target, source)
    assert content(source) == before
    assert URLS["secret"].encode() not in content(source)[cdx_key(next(k for k in before if k.endswith(".warc.gz")))]


@pytest.mark.parametrize("lost", [False, True], ids=["damaged", "lost"])
@pytest.mark.parametrize("which", [".warc.gz", ".cdxj", ".jsonl.gz"])
def test_what_is_forgotten_there_does_not_come_back_with_what_is_mended(
    which: str, lost: bool, source: Archive, target: Archive
) -> None:
    done(source, target)
    forgets(target)
    before = told(target)
    assert target.folder is not None
    for key in [key for key in content(source) if key.endswith(which)]:
        path = target.folder / key
        path.unlink() if lost else path.write_bytes(path.read_bytes()[:-9])
    tally = done(source, target)
    assert tally.again == [URLS["secret"]]
    assert sound(target)
    assert told(target) == before
    assert done(source, target).again == []


def test_a_sync_that_ended_before_it_had_forgotten_again_does_so_the_next_time(
    source: Archive, target: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed there, or a run was going in the target, while which nothing is forgotten."""
    done(source, target)
    forgets(target)
    before = told(target)
    assert target.folder is not None
    for key in [key for key in content(source) if key.startswith(("warc/", "ledger/"))]:
        (target.folder / key).unlink()
    going = target.spool.open("ledger/other/20260101T000000Z-0102030405060708.jsonl")
    with pytest.raises(ArchiveError, match="a run is going"):
        done(source, target)
    going.release()
    going.path.unlink()
    assert done(source, target).again == [URLS["secret"]]
    assert sound(target)
    assert told(target) == before


def test_what_comes_back_again_and_again_is_asked_for_once_each_time(source: Archive, target: Archive) -> None:
    done(source, target)
    forgets(target)
    assert target.folder is not None
    for times in (2, 3, 4):
        for key in [key for key in content(source) if key.endswith(".warc.gz")]:
            (target.folder / key).unlink()
        assert done(source, target).again == [URLS["secret"]]
        assert sum(each.event == "forget" for each in events(target)) == times


def test_what_was_forgotten_here_goes_there_also_from_runs_that_only_are_there(source: Archive, target: Archive) -> None:
    run = run_id(START, b"\5\6\7\10")
    warc, ledger = writer(target, run, "weekly"), Ledger(target, "weekly", run, clock=ticking())
    address = warc.record(exchange(URLS["secret"], page(3)))
    key = clean_key("weekly", article_id(URLS["secret"]), "7" * 64)
    story = article(URLS["secret"], SECRET, address=address)
    target.store.put_new(key, clean_copy(story, Fingerprint(digest="7" * 64, length=1), placement(), extractor="x"))
    ending = Ending(
        sequence=1, run=run, lead=lead(URLS["secret"], "weekly"), url=URLS["secret"], fetched_at=START, outcome=Outcome.KEPT, status=200,
        address=address, article=article_id(URLS["secret"]), content_digest="7" * 64, clean_key=key, placement=placement(),
    )  # fmt: skip
    ledger.append("outcome", write_ending(ending))
    ledger.append("run-ended", {})
    warc.close()
    ledger.close()
    forgets(source)
    assert done(source, target).again == [URLS["secret"]]
    assert sound(target)
    assert URLS["secret"] not in [capture.url for capture in captures(target)]
    assert target.store.size(key) is None
    assert done(source, target).again == []


def told(archive: Archive) -> tuple[object, ...]:
    """What stands in an archive, beside when something of it was forgotten."""
    indexes = {key: data for key, data in content(archive).items() if key.endswith(".cdxj")}
    said = [(each.event, each.fields) for each in events(archive) if each.event != "forget"]
    return [(each.url, each.body) for each in captures(archive)], indexes, said


def test_two_sound_objects_of_one_name_are_told(source: Archive, target: Archive) -> None:
    done(source, target)
    assert target.folder is not None
    run = run_id(START, b"\7\7\7\7")
    source.store.put_new(f"receipts/daily/{run}.json", b"{}")
    target.store.put_new(f"receipts/daily/{run}.json", b"[]")
    tally = done(source, target, check=True)
    assert [each.what for each in tally.findings] == ["both are sound and not the same; left as it is there"]
    assert target.store.read(f"receipts/daily/{run}.json") == b"[]"


def test_a_source_that_is_no_archive(tmp_path: Path, target: Archive) -> None:
    with pytest.raises(ArchiveError):
        list(sync(open_archive(str(tmp_path / "none"), write=False).store, target.store, target.spool))


def test_usage_adds_up(source: Archive) -> None:
    found = usage(source.store.entries())
    assert [(each.kind, each.outlet, each.objects) for each in found] == [
        ("clean", "daily", 3),
        ("index", "daily", 1),
        ("ledger", "daily", 1),
        ("warc", "daily", 1),
    ]
    assert sum(each.bytes for each in found) == sum(len(data) for data in content(source).values()) - source.store.size(
        "cleancopy.json"
    )
