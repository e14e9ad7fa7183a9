"""The ledger: lines that cannot break, an order over overlapping runs, torn ends that are no events."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.archive import Archive, open_archive
from storage.archive.keys import ledger_key, published_key, run_id
from storage.archive.ledger import Event, Ledger, crc_of, events, segment_events, segment_keys, whole_length
from storage.archive.packed import packed
from storage.archive.store import ArchiveError, Missing
from tests.exchanges import RUN, START, ticking


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return open_archive(str(tmp_path / "archive"))


def at(seconds: float) -> dt.datetime:
    return START + dt.timedelta(seconds=seconds)


def test_events_come_back_from_the_spool_and_from_the_archive(archive: Archive) -> None:
    ledger = Ledger(archive, "daily", RUN, clock=ticking())
    written = [ledger.append("run-started", {}), ledger.append("outcome", {"url": "http://x/", "evidence": [{"words": "é\n"}]})]
    ledger.sync()
    assert list(events(archive)) == written
    ledger.close()
    assert list(events(archive)) == list(events(archive, "daily")) == written
    assert list(events(archive, "weekly")) == []
    assert written[1] == Event(
        event="outcome", run=RUN, outlet="daily", seq=1, at=at(1), fields={"url": "http://x/", "evidence": [{"words": "é\n"}]}
    )


def test_a_line_is_plain_json(archive: Archive) -> None:
    ledger = Ledger(archive, "daily", RUN, clock=ticking())
    ledger.append("outcome", {"url": "http://x/"})
    line = archive.read(ledger_key("daily", RUN)).decode()
    ledger.close()
    assert gzip.decompress(archive.read(published_key(ledger_key("daily", RUN)))).decode() == line
    assert line.startswith(
        f'{{"seq":0,"at":"2026-11-24T21:00:00.000250Z","event":"outcome","run":"{RUN}","outlet":"daily","url":"http://x/","crc":"'
    )
    assert line.endswith('"}\n')
    assert json.loads(line)["url"] == "http://x/"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.dictionaries(st.text(min_size=1, max_size=6).map("x".__add__), JSON, max_size=3), max_size=5), st.integers(0)
)
def test_any_fields_come_back_and_any_line_is_one_line(archive: Archive, given: list[dict[str, object]], number: int) -> None:
    run = run_id(START, (number % 2**64).to_bytes(8, "big"))
    ledger = Ledger(archive, "daily", run, clock=ticking())
    for fields in given:
        ledger.append("outcome", fields)
    path = archive.spool.path(ledger_key("daily", run))
    assert path.read_bytes().count(b"\n") == len(path.read_bytes().splitlines()) == len(given)
    assert [event.fields for event in segment_events(archive, ledger_key("daily", run))] == given
    path.unlink()


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"seq": 1}, "the ledger writes 'seq' itself"),
        ({"url": "x", "run": "x"}, "the ledger writes 'run' itself"),
        ({"x": float("nan")}, "not JSON compliant"),
        ({"x": b"bytes"}, "bytes is not JSON"),
        ({"x": {1, 2}}, "set is not JSON"),
    ],
)
def test_what_is_no_json_is_refused_and_leaves_no_half_line(archive: Archive, fields: dict[str, object], told: str) -> None:
    ledger = Ledger(archive, "daily", RUN, clock=ticking())
    with pytest.raises((ValueError, TypeError), match=told):
        ledger.append("outcome", fields)
    ledger.append("outcome", {})
    assert [event.seq for event in events(archive)] == [0]


def test_a_clock_that_goes_back_is_held_still(archive: Archive) -> None:
    times = iter([at(5), at(3), at(6)])
    ledger = Ledger(archive, "daily", RUN, clock=lambda: next(times))
    assert [ledger.append("outcome", {}).at for _ in range(3)] == [at(5), at(5), at(6)]


def test_times_are_utc_whatever_the_zone_of_the_clock_and_of_the_machine(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as machine:
        machine.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        ledger = Ledger(archive, "daily", RUN, clock=lambda: at(5).astimezone(dt.timezone(dt.timedelta(hours=-8))))
        written = ledger.append("outcome", {})
    time.tzset()
    assert b'"at":"2026-11-24T21:00:05.000250Z"' in archive.read(ledger_key("daily", RUN))
    assert [event.at for event in events(archive)] == [written.at] == [at(5)]


def test_every_line_carries_the_checksum_of_all_before_it(archive: Archive) -> None:
    ledger = Ledger(archive, "daily", RUN, clock=ticking())
    for number in range(3):
        ledger.append("lead", {"crc32": number})
    first, second, third = archive.read(ledger_key("daily", RUN)).splitlines(keepends=True)
    begun = crc_of(first, 0)
    assert begun == zlib.crc32(first[: -len(b',"crc":"01234567"}\n')])
    assert crc_of(third, crc_of(second, begun)) is not None
    assert crc_of(third, begun) is crc_of(second, 0) is None, "a line is missing between"
    assert crc_of(second, None) == crc_of(second, begun), "where the one before cannot be read"
    assert crc_of(first.replace(b'"crc32":0', b'"crc32":1'), 0) is None
    assert crc_of(b'{"seq":0}\n', None) is None, "none of the first versions has one"
    assert crc_of(first[:-1], 0) is None


def test_runs_that_overlap_come_in_the_order_of_time(archive: Archive) -> None:
    plan = {
        ("daily", 0): [0, 10, 20, 300],
        ("weekly", 5): [5, 10, 15, 40],
        ("evening", 30): [30, 31],
        ("daily", 400): [400],
    }
    for (outlet, start), times in plan.items():
        clock = iter([at(seconds) for seconds in times])
        ledger = Ledger(archive, outlet, run_id(at(start), b"%06d" % start), clock=lambda clock=clock: next(clock))
        for _ in times:
            ledger.append("outcome", {})
        if outlet != "evening":  # that one is still going
            ledger.close()
    found = list(events(archive))
    assert [(event.at - START).total_seconds() for event in found] == sorted(t for times in plan.values() for t in times)
    assert [event.seq for event in found if event.outlet == "weekly"] == [0, 1, 2, 3]
    weekly = [key for key in segment_keys(archive) if "/weekly/" in key]
    assert [event.outlet for event in events(archive, keys=weekly)] == ["weekly"] * 4, "of these segments alone"


def test_a_line_without_its_end_is_no_event(archive: Archive) -> None:
    ledger = Ledger(archive, "daily", RUN, clock=ticking())
    for _ in range(3):
        ledger.append("outcome", {"url": "http://x/"})
    path = archive.spool.path(ledger_key("daily", RUN))
    data = path.read_bytes()
    line = len(data) // 3
    for length in range(0, len(data), 5):
        path.write_bytes(data[:length])
        assert whole_length(path) == length // line * line
        assert len(list(events(archive))) == length // line


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (b"{}", "no event of a ledger ('event')"),
        (b"[]", "no event of a ledger (list"),
        (b"null", "no event of a ledger ('NoneType'"),
        (b"\xff\xfe", "no event of a ledger ('utf-"),
        (b"{", "Expecting property name"),
        (b'{"event": 1}', "no event of a ledger ('run')"),
        (b"", "Expecting value"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",  # a name of bytes stops the run of mutants
)
def test_a_damaged_line_is_told_or_passed_over(archive: Archive, damage: bytes, why: str) -> None:
    ledger = Ledger(archive, "daily", RUN, clock=ticking())
    ledger.append("one", {})
    ledger.append("two", {})
    key = ledger_key("daily", RUN)
    path = archive.spool.path(key)
    first, second = path.read_bytes().splitlines()
    path.write_bytes(first + b"\n" + damage + b"\n" + second + b"\n")
    with pytest.raises(ArchiveError, match=r"line 2: .*run `scrapy verify ledger/daily/"):
        list(events(archive))
    told: list[tuple[str, int, str]] = []
    found = list(events(archive, damaged=lambda *fault: told.append(fault)))
    assert [event.event for event in found] == ["one", "two"]
    assert [fault[:2] for fault in told] == [(key, 2)]
    assert told[0][2].startswith(why)
    assert whole_length(path) == path.stat().st_size, "nothing behind a damaged line is cut off"


def test_a_file_that_is_no_segment_is_told_before_any_event(archive: Archive) -> None:
    Ledger(archive, "daily", RUN, clock=ticking()).append("one", {})
    archive.store.put_new("ledger/daily/notes.jsonl", json.dumps({"a": 1}).encode())
    with pytest.raises(ArchiveError, match="no segment of a ledger: move it"):
        next(events(archive))


def test_a_segment_that_is_not_packed_is_read_as_well(archive: Archive) -> None:
    """Archives of the first versions have them; a run that was killed while it published one is not told twice."""
    ledger = Ledger(archive, "daily", RUN, clock=ticking())
    written = [ledger.append("lead", {"number": number}) for number in range(3)]
    archive.store.put_file(ledger_key("daily", RUN), archive.spool.path(ledger_key("daily", RUN)))
    assert list(events(archive)) == written
    ledger.close()
    assert list(archive.store.keys("ledger/")) == [ledger_key("daily", RUN)]
    assert list(events(archive)) == list(segment_events(archive, ledger_key("daily", RUN))) == written


def test_a_segment_is_found_by_either_name_while_it_grows_and_afterwards(archive: Archive) -> None:
    """A reader lists the keys, and the run ends before it comes to this one; or is killed while it publishes."""
    ledger = Ledger(archive, "daily", RUN, clock=ticking())
    written = [ledger.append("lead", {"number": number}) for number in range(3)]
    growing, published = ledger_key("daily", RUN), published_key(ledger_key("daily", RUN))
    assert list(segment_events(archive, growing)) == list(segment_events(archive, published)) == written
    archive.store.put_new(published, packed(archive.read(growing)))
    assert list(events(archive)) == written, "it lies in the archive and still in the spool"
    assert len(segment_keys(archive)) == 1
    ledger.close()
    assert list(segment_events(archive, growing)) == list(segment_events(archive, published)) == written
    other = published_key(ledger_key("weekly", RUN))
    with pytest.raises(Missing, match=f"{other} is not in the archive {archive.uri}"):
        list(segment_events(archive, other))


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-9], lambda data: data[:60] + b"\0\0\0\0" + data[64:]], ids=["cut", "changed"]
)
def test_a_packed_segment_that_is_damaged_is_told(archive: Archive, damage: Callable[[bytes], bytes]) -> None:
    ledger = Ledger(archive, "daily", RUN, clock=ticking())
    for number in range(500):
        ledger.append("lead", {"number": number, "word": f"{number * 7919:x}"})
    ledger.close()
    assert archive.folder is not None
    path = archive.folder / published_key(ledger_key("daily", RUN))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ArchiveError, match=r"gzip.*run `scrapy verify ledger/daily/"):
        list(events(archive))
    told: list[str] = []
    whole = list(events(archive, damaged=lambda _key, _line, fault: told.append(fault)))
    assert len(told) == 1 and "gzip" in told[0]
    assert [event.seq for event in whole] == list(range(len(whole)))
