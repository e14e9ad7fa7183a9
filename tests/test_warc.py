"""WARC files: what is written is read back the same by us, by warcio and by fastwarc."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from fastwarc.warc import ArchiveIterator as FastIterator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator
from warcio.checker import Checker

from storage.archive import Archive, open_archive
from storage.archive.cdx import search_key
from storage.archive.exchange import capture_of, read_answer
from storage.archive.keys import cdx_key, run_id
from storage.archive.reading import Unreadable, index_lines, read_capture
from storage.archive.store import ArchiveError
from storage.archive.warcread import BadRecord, records, whole_length
from storage.records import Earlier, Exchange, Lead, WarcAddress
from tests.exchanges import RUN, START, captures, exchange, page, warcs, writer


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return open_archive(str(tmp_path / "archive"))


def accepted(path: Path) -> None:
    """Both other readers find every digest right."""
    assert Checker(SimpleNamespace(inputs=[str(path)], verbose=False)).process_all() == 0
    with path.open("rb") as stream:
        for record in FastIterator(stream, parse_http=False):
            assert record.verify_block_digest(False), record.record_id
    with path.open("rb") as stream:
        for record in FastIterator(stream, parse_http=True):
            if record.is_http and "response" in str(record.record_type):
                assert record.verify_payload_digest(False), record.record_id


def kinds(path: Path) -> list[str]:
    with path.open("rb") as stream:
        return [record.kind for record in records(stream)]


def test_an_exchange_becomes_records_that_others_read(archive: Archive) -> None:
    warc, sent = writer(archive), exchange()
    address = warc.record(sent)
    warc.note(address, {"verdict": "ARTICLE", "words\nsplit": "over\r\ntwo lines: é"})
    warc.close()
    (path,) = warcs(archive)
    assert path == archive.folder / address.file
    accepted(path)
    with path.open("rb") as stream:
        seen = [
            (r.rec_type, dict(r.rec_headers.headers), r.raw_stream.read())
            for r in ArchiveIterator(stream, no_record_parse=True)
        ]
    assert [kind for kind, _, _ in seen] == ["warcinfo", "request", "response", "metadata"]
    (_, info, told), (_, asked, request), (_, answered, response), (_, noted, verdict) = seen
    assert b"software: cleancopy\r\n" in told
    assert info["WARC-Filename"] == path.name
    assert request == sent.request
    assert response == sent.response.replace(b"Transfer-Encoding: chunked\r\n", b"").partition(b"\r\n\r\n")[
        0
    ] + b"\r\n\r\n" + gzip.compress(page(), mtime=0)
    assert asked["WARC-Concurrent-To"] == answered["WARC-Record-ID"] == noted["WARC-Refers-To"] == address.record_id
    assert answered["WARC-Target-URI"] == "http://news.example/1"
    assert answered["WARC-Date"] == "2026-11-24T21:00:00.000250Z"
    assert answered["WARC-IP-Address"] == "192.0.2.1"
    assert answered["WARC-Payload-Digest"] == address.payload_digest
    assert verdict == "verdict: ARTICLE\r\nwords split: over two lines: é\r\n".encode()


def test_the_same_inputs_give_the_same_bytes(archive: Archive, tmp_path: Path) -> None:
    other = open_archive(str(tmp_path / "other"))
    for each in (archive, other):
        warc = writer(each)
        warc.note(warc.record(exchange()), {"verdict": "ARTICLE"})
        warc.close()
    assert warcs(archive)[0].read_bytes() == warcs(other)[0].read_bytes()


def test_a_capture_reads_the_same_live_from_the_spool_and_from_the_archive(archive: Archive) -> None:
    warc, sent = writer(archive), exchange(headers=b"Content-Type: text/html\r\nset-cookie: a\r\nSet-Cookie: \xe9\r\n")
    address = warc.record(sent)
    lead = Lead(url="http://news.example/lead", outlet="daily", source="by hand")
    live = capture_of(sent, lead, address)
    assert archive.spool.holds(address.file)
    # The framing that was undone is gone from the headers of both.
    assert read_capture(archive, address, lead) == live
    warc.close()
    assert not archive.spool.holds(address.file)
    assert read_capture(archive, address, lead) == live
    (found,) = captures(archive)
    assert found.lead == Lead(url="http://news.example/1", outlet="daily", source="archive")
    assert (found.body, found.headers, found.address) == (live.body, live.headers, address)


BODIES = st.one_of(st.binary(max_size=2000), st.binary(min_size=600, max_size=700).map(lambda b: b * 2))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sent=st.lists(st.tuples(BODIES, st.booleans(), st.sampled_from([b"200 OK", b"404 ", b"503 Nope"])), min_size=1, max_size=6),
    urls=st.lists(st.text(max_size=20), min_size=6, max_size=6),
)
def test_any_exchanges_come_back_and_satisfy_other_readers(
    tmp_path: Path, sent: list[tuple[bytes, bool, bytes]], urls: list[str]
) -> None:
    shutil.rmtree(tmp_path / "any", ignore_errors=True)
    archive = open_archive(str(tmp_path / "any"))
    warc = writer(archive)
    kept = []
    for (body, packed, status), url in zip(sent, urls, strict=False):
        each = exchange("http://news.example/" + url.encode("ascii", "ignore").decode(), body, packed=packed, status=status)
        odd = Exchange(
            url="http://news.example/" + url,
            request=each.request if url.isalnum() and url.isascii() else b"",
            response=each.response,
            started_at=START,
            ended_at=START,
        )
        kept.append((odd, warc.record(odd)))
    warc.close()
    for odd, address in kept:
        lead = Lead(url="http://x.example/", outlet="daily", source="s")
        found, live = read_capture(archive, address, lead), capture_of(odd, lead, address)
        assert (found.status, found.headers, found.body) == (live.status, live.headers, live.body)
    (path,) = warcs(archive)
    accepted(path)
    with path.open("rb") as stream:
        again = sorted(index_lines(kept[0][1].file, stream))
    assert archive.read(cdx_key(kept[0][1].file)).decode().splitlines() == again


def test_the_same_body_again_becomes_a_revisit(archive: Archive) -> None:
    warc = writer(archive)
    first = warc.record(exchange("http://news.example/1"))
    second = warc.record(exchange("http://news.example/2", at=START + dt.timedelta(hours=1)))
    warc.close()
    (path,) = warcs(archive)
    accepted(path)
    assert kinds(path) == ["warcinfo", "request", "response", "request", "revisit"]
    with path.open("rb") as stream:
        revisit = list(records(stream))[-1]
    assert revisit.field("WARC-Profile") == "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
    assert revisit.field("WARC-Refers-To-Target-URI") == "http://news.example/1"
    assert revisit.field("WARC-Refers-To-Date") == "2026-11-24T21:00:00.000250Z"
    assert revisit.field("WARC-Refers-To") == first.record_id
    assert second.length < first.length
    assert read_capture(archive, second).body == read_capture(archive, first).body == page()


def test_a_body_of_an_earlier_run_is_found_by_its_digest(archive: Archive) -> None:
    warc = writer(archive)
    first = warc.record(exchange())
    warc.close()
    known = {first.payload_digest: Earlier(url="http://news.example/1", fetched_at=START, address=first)}
    later = writer(archive, run_id(START, b"later run"), earlier=known.get)
    again = later.record(exchange("http://news.example/again"))
    later.close()
    assert again.payload_digest == first.payload_digest
    assert read_capture(archive, again).body == page()
    assert kinds(archive.folder / again.file) == ["warcinfo", "request", "revisit"]


def test_small_and_cut_bodies_are_no_ground_for_a_revisit(archive: Archive) -> None:
    warc = writer(archive)
    for _ in range(2):
        warc.record(exchange(body=b"short", packed=False))
        warc.record(exchange(truncated="length"))
    warc.close()
    assert "revisit" not in kinds(warcs(archive)[0])


def test_not_modified_refers_to_what_was_not_modified(archive: Archive) -> None:
    warc = writer(archive)
    first = warc.record(exchange())
    earlier = Earlier(url="http://news.example/1", fetched_at=START, address=first)
    address = warc.record(exchange(status=b"304 Not Modified", body=b"", packed=False), not_modified=earlier)
    warc.close()
    accepted(warcs(archive)[0])
    found = read_capture(archive, address)
    assert (found.status, found.body) == (304, b"")
    with warcs(archive)[0].open("rb") as stream:
        revisit = list(records(stream))[-1]
    assert revisit.field("WARC-Profile") == "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
    assert revisit.field("WARC-Refers-To") == first.record_id


def test_a_cut_body_is_flagged(archive: Archive) -> None:
    warc, sent = writer(archive), exchange()
    told = warc.record(exchange(truncated="time"))
    seen = Exchange(url=sent.url, request=b"", response=sent.response[:-20], started_at=START, ended_at=START)
    address = warc.record(seen)
    warc.close()
    accepted(warcs(archive)[0])
    assert read_capture(archive, told).truncated == "time"
    found = read_capture(archive, address)
    assert found.truncated == "disconnect"
    assert found.body == capture_of(seen, found.lead).body
    assert page().startswith(found.body[:1000])


def test_what_is_no_http_is_kept_as_it_came(archive: Archive) -> None:
    warc = writer(archive)
    sent = Exchange(
        url="http://news.example/", request=b"GET / HTTP/1.1\r\n\r\n", response=b"\x16\x03\0", started_at=START, ended_at=START
    )
    address = warc.record(sent)
    warc.close()
    accepted(warcs(archive)[0])
    found = read_capture(archive, address)
    assert (found.status, found.headers, found.body) == (0, (), b"\x16\x03\0")
    assert found.address == address


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("http://news.example/a b", "http://news.example/a%20b"),
        ("http://news.example/\r\nWARC-Type: x", "http://news.example/%0D%0AWARC-Type:%20x"),
        ("http://news.example/ü", "http://news.example/%C3%BC"),
        ("http://news.example/%C3%BC", "http://news.example/%C3%BC"),
        ("http://news.example/\ud800", "http://news.example/%ED%A0%80"),
        ("http://news.example/<script>", "http://news.example/%3Cscript%3E"),
    ],
)
def test_a_url_cannot_break_a_record(archive: Archive, url: str, kept: str) -> None:
    warc = writer(archive)
    address = warc.record(Exchange(url=url, request=b"", response=exchange().response, started_at=START, ended_at=START))
    warc.close()
    accepted(warcs(archive)[0])
    assert read_capture(archive, address).url == kept
    (line,) = archive.read(cdx_key(address.file)).decode().splitlines()
    assert json.loads(line.split(" ", 2)[2])["url"] == kept


def test_a_peer_that_is_no_address_is_left_out(archive: Archive) -> None:
    warc = writer(archive)
    for peer in ("2001:db8::1", "::1\r\nX: y", "localhost", ""):
        warc.record(
            Exchange(
                url="http://news.example/",
                request=b"",
                response=exchange(body=peer.encode()).response,
                started_at=START,
                ended_at=START,
                peer=peer,
            )
        )
    warc.close()
    with warcs(archive)[0].open("rb") as stream:
        peers = [record.field("WARC-IP-Address") for record in records(stream) if record.kind == "response"]
    assert peers == ["2001:db8::1", None, None, None]


def test_files_are_ended_at_their_size_and_each_has_its_index(archive: Archive) -> None:
    warc = writer(archive, max_size=4000)
    addresses = [warc.record(exchange(f"http://news.example/{n}", page(n))) for n in range(20)]
    warc.close()
    files = sorted({address.file for address in addresses})
    assert len(files) > 2
    assert [key for key in archive.store.keys("warc/") if key.endswith(".warc.gz")] == files
    lines = [line for file in files for line in archive.read(cdx_key(file)).decode().splitlines()]
    assert len(lines) == 20
    for line in lines:
        fields = json.loads(line.split(" ", 2)[2])
        file = next(file for file in files if file.endswith(fields["filename"]))
        data = archive.read_range(file, int(fields["offset"]), int(fields["length"]))
        assert f"WARC-Target-URI: {fields['url']}\r\n".encode() in gzip.decompress(data)
    for path in warcs(archive):
        assert kinds(path)[0] == "warcinfo"
        accepted(path)
    assert [c.url for c in captures(archive)] == [f"http://news.example/{n}" for n in range(20)]


def test_a_run_that_records_nothing_makes_no_file(archive: Archive) -> None:
    writer(archive).close()
    assert warcs(archive) == []
    assert archive.spool.keys() == []


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://www.News.Example/Path/?b=2&a=1#frag", "example,news)/path?a=1&b=2"),
        ("https://news.example:443/", "example,news)/"),
        ("http://news.example:8080", "example,news:8080)/"),
        ("http://[::1]:80/x", "::1)/x"),
        ("http://news.example:99999999/x", "http://news.example:99999999/x"),
        ("http://news.example/ü x", "example,news)/%C3%BC%20x"),
    ],
)
def test_search_keys(url: str, key: str) -> None:
    assert search_key(url) == key


def test_every_cut_of_a_file_is_seen_and_mended_to_its_whole_records(archive: Archive, tmp_path: Path) -> None:
    warc = writer(archive)
    for number in range(3):
        warc.record(exchange(f"http://news.example/{number}", page(number, 200)))
    warc.close()
    data = warcs(archive)[0].read_bytes()
    with warcs(archive)[0].open("rb") as stream:
        ends = [0] + [record.offset + record.length for record in records(stream)]
    cut = tmp_path / "cut.warc.gz"
    for length in range(0, len(data), 7):
        cut.write_bytes(data[:length])
        assert whole_length(cut) == max(end for end in ends if end <= length)
        if length not in ends:
            with cut.open("rb") as stream, pytest.raises(BadRecord):
                list(records(stream))


def test_damage_with_whole_records_behind_it_is_no_torn_end(archive: Archive, tmp_path: Path) -> None:
    warc = writer(archive)
    addresses = [warc.record(exchange(f"http://news.example/{n}", page(n))) for n in range(3)]
    warc.close()
    data = bytearray(warcs(archive)[0].read_bytes())
    data[addresses[1].offset + 60] ^= 0xFF
    damaged = tmp_path / "damaged.warc.gz"
    damaged.write_bytes(bytes(data))
    assert whole_length(damaged) == len(data)
    damaged.write_bytes(bytes(data) + b"\0" * 5000)
    assert whole_length(damaged) == len(data)


def test_an_address_that_does_not_lead_to_its_record(archive: Archive) -> None:
    warc = writer(archive)
    one, two = warc.record(exchange()), warc.record(exchange("http://news.example/2", page(2)))
    warc.close()
    wrong = [
        WarcAddress(file=one.file, offset=two.offset, length=two.length, record_id=one.record_id, payload_digest=""),
        WarcAddress(file=one.file, offset=one.offset + 1, length=one.length, record_id=one.record_id, payload_digest=""),
        WarcAddress(file=one.file, offset=one.offset, length=one.length - 9, record_id=one.record_id, payload_digest=""),
        WarcAddress(file=one.file, offset=10**9, length=9, record_id=one.record_id, payload_digest=""),
    ]
    for address in wrong:
        with pytest.raises(Unreadable, match="run `scrapy"):
            read_capture(archive, address)


def test_the_run_id_and_the_outlet_are_checked_before_anything_is_written(archive: Archive) -> None:
    for run, outlet in (("../x", "daily"), (RUN, "Daily News"), (RUN, "con"), (RUN, "..")):
        with pytest.raises(ArchiveError):
            writer(archive, run, outlet)
    assert archive.spool.keys() == []


def test_a_second_writer_of_the_same_run_is_refused(archive: Archive) -> None:
    first = writer(archive)
    first.record(exchange())
    with pytest.raises(ArchiveError, match="another run uses the same run id"):
        writer(archive).record(exchange())
    first.close()
    assert len(list(captures(archive))) == 1


def test_heads_of_redirects_and_empty_answers(archive: Archive) -> None:
    warc = writer(archive)
    address = warc.record(exchange(status=b"302 Found", headers=b"Location: /2\r\n", body=b"", packed=False))
    warc.close()
    accepted(warcs(archive)[0])
    found = read_capture(archive, address)
    assert (found.status, found.header("location"), found.body) == (302, "/2", b"")
    assert read_answer(exchange(body=b"", packed=False).response).whole
