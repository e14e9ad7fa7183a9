"""verify: finds what is wrong in an archive and in single WARC files, and nothing where nothing is."""

from __future__ import annotations

import contextlib
import gc
import gzip
import io
import json
import random
import shutil
import warnings
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from warcio.checker import Checker
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from storage.archive import Archive, open_archive
from storage.archive.clean import clean_copy
from storage.archive.finding import Finding, Severity, Tally
from storage.archive.keys import article_id, cdx_key, clean_key, ledger_key, published_key, run_id
from storage.archive.ledger import Ledger
from storage.archive.packed import packed, plain
from storage.archive.verify import verify
from storage.archive.verify_warc import check_file, digest_matches
from storage.archive.warcread import Record, records
from storage.records import Earlier, Fingerprint
from tests.exchanges import RUN, START, article, captures, exchange, page, placement, ticking, warcs, writer
from tests.s3_server import S3Server, s3_server

__all__ = ["s3_server"]


def filled(archive: Archive, stories: int = 3) -> Archive:
    """A run as the crawl makes it: pages, one of them met again, clean copies, outcomes."""
    warc, ledger = writer(archive), Ledger(archive, "daily", RUN, clock=ticking())
    ledger.append("run-started", {})
    for number in [*range(stories), 0]:
        url = f"http://news.example/{number}"
        address = warc.record(exchange(url, page(number)))
        print_ = Fingerprint(digest=f"{number:064x}", length=1)
        copy = clean_copy(article(url, f"Story {number}.", address=address), print_, placement(), extractor="x")
        key = clean_key("daily", article_id(url), print_.digest)
        again = archive.store.size(key) is not None
        if not again:
            archive.store.put_new(key, copy)
        ledger.append(
            "outcome",
            {
                "sequence": number,
                "outcome": "unchanged" if again else "kept",
                "address": asdict(address),
                "clean_key": key,
                "content_digest": print_.digest,
            },
        )
    ledger.append("run-ended", {})
    warc.close()
    ledger.close()
    archive.store.put_new(f"receipts/daily/{RUN}.json", b"{}")
    return archive


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return filled(open_archive(str(tmp_path / "archive")))


def found(archive: Archive) -> list[Finding]:
    return list(verify(archive, Tally()))


def test_a_sound_archive_has_no_findings(archive: Archive) -> None:
    tally = Tally()
    assert list(verify(archive, tally)) == []
    assert (tally.captures, tally.copies, tally.events, tally.records) == (4, 3, 6, 9)
    assert tally.files == len(list(archive.store.keys())) - 1
    assert tally.bytes == sum(size for _key, size in archive.store.entries()) - archive.store.size("cleancopy.json")


def test_a_sound_archive_in_s3_has_no_findings(s3_server: S3Server, tmp_path: Path) -> None:
    assert found(filled(open_archive(s3_server.prefix(), tmp_path))) == []


def test_an_archive_of_a_run_that_is_going(tmp_path: Path) -> None:
    archive = open_archive(str(tmp_path / "archive"))
    warc, ledger = writer(archive), Ledger(archive, "daily", RUN, clock=ticking())
    ledger.append("outcome", {"outcome": "quarantined", "address": asdict(warc.record(exchange()))})
    with archive.spool.path(ledger_key("daily", RUN)).open("ab") as growing:
        growing.write(b'{"half a li')
    assert [(each.severity, each.what.partition(":")[0]) for each in found(archive)] == [(Severity.NOTE, "in the spool")] * 2


def test_a_run_that_goes_on_meanwhile_is_no_fault(archive: Archive) -> None:
    run = run_id(START, b"another")
    warc, ledger = writer(archive, run, max_size=4000), Ledger(archive, "daily", run, clock=ticking())

    def keep(number: int) -> None:
        url = f"http://news.example/more/{number}"
        address, digest = warc.record(exchange(url, page(100 + number))), f"{number:064x}"
        key = clean_key("daily", article_id(url), digest)
        copy = clean_copy(article(url, address=address), Fingerprint(digest=digest, length=1), placement(), extractor="x")
        archive.store.put_new(key, copy)
        fields = {"outcome": "kept", "address": asdict(address), "clean_key": key, "content_digest": digest}
        ledger.append("outcome", fields)

    keep(0)
    walk = verify(archive, Tally())
    seen = [next(walk)]  # the walk has come to the spool
    for number in range(1, 8):
        keep(number)
    warc.close()
    seen += walk
    assert {each.severity for each in seen} == {Severity.NOTE}
    ledger.close()


def test_a_flipped_bit_anywhere_is_found(archive: Archive) -> None:
    assert archive.folder is not None
    draw = random.Random(4)
    for key in list(archive.store.keys()):
        path = archive.folder / key
        data = path.read_bytes()
        before = list(captures(archive))
        for place in draw.sample(range(len(data)), min(25, len(data))):
            path.write_bytes(data[:place] + bytes([data[place] ^ 1 << draw.randrange(8)]) + data[place + 1 :])
            severe = [each for each in found(archive) if each.severity is not Severity.NOTE]
            if not severe:  # a time stamp in the head of a gzip member, white space: the content is the same
                same = False
                with contextlib.suppress(Exception):
                    same = list(captures(archive)) == before
                    same = same and (key.endswith("warc.gz") or plain(path.read_bytes()) == plain(data))
                assert same or key.startswith("receipts/"), f"{key} at {place}"
        path.write_bytes(data)
    assert found(archive) == []


def test_a_file_cut_anywhere_is_found(archive: Archive) -> None:
    assert archive.folder is not None
    for key in list(archive.store.keys()):
        path = archive.folder / key
        data = path.read_bytes()
        for length in {0, 1, len(data) // 3, len(data) // 2, len(data) - 9, len(data) - 1}:
            path.write_bytes(data[:length])
            assert found(archive) or data[length:] == b"\n", f"{key} cut to {length}"
        path.write_bytes(data)


@pytest.mark.parametrize(
    ("pick", "severity", "says", "mend"),
    [
        (lambda a: "cleancopy.json", Severity.ERROR, "marker", "archive sync"),
        (lambda a: first(a, "warc/", ".warc.gz"), Severity.ERROR, "an index without its WARC file", "archive sync"),
        (lambda a: first(a, "warc/", ".cdxj"), Severity.WARNING, "index beside this file is missing", "--mend"),
        (lambda a: first(a, "clean/"), Severity.ERROR, "is missing", "--mend"),
        (lambda a: first(a, "ledger/"), Severity.NOTE, "does not speak of this clean copy", ""),
    ],
    ids=["marker", "warc", "index", "clean copy", "ledger"],
)
def test_a_missing_object_is_found(
    archive: Archive, pick: Callable[[Archive], str], severity: Severity, says: str, mend: str
) -> None:
    archive.store.delete(pick(archive))
    each = next(each for each in found(archive) if says in each.what)
    assert each.severity is severity
    assert mend in each.mend
    assert says in str(each)


def first(archive: Archive, prefix: str, end: str = "") -> str:
    return next(key for key in archive.store.keys(prefix) if key.endswith(end))


def test_a_line_that_was_taken_out_or_moved_is_found(archive: Archive) -> None:
    assert archive.folder is not None
    path = archive.folder / published_key(ledger_key("daily", RUN))
    lines = plain(path.read_bytes()).splitlines(keepends=True)
    for changed in (lines[:2] + lines[3:], [lines[0], lines[2], lines[1], *lines[3:]], lines[1:]):
        path.write_bytes(packed(b"".join(changed)))
        assert any("crc" in each.what for each in found(archive))
        assert any("is off" in each.what for each in found(archive))


def test_a_killed_run_is_a_note(archive: Archive) -> None:
    assert archive.folder is not None
    path = archive.folder / published_key(ledger_key("daily", RUN))
    path.write_bytes(packed(b"".join(plain(path.read_bytes()).splitlines(keepends=True)[:-1])))
    (each,) = found(archive)
    assert (each.severity, each.what) == (Severity.NOTE, "the run was killed: its end is not in the ledger")


def test_a_clean_copy_under_the_name_of_another(archive: Archive) -> None:
    assert archive.folder is not None
    one, two, _three = archive.store.keys("clean/")
    shutil.copy(archive.folder / one, archive.folder / two)
    whats = [each.what for each in found(archive)]
    assert any("should be" in what for what in whats)
    assert any("holds another text" in what for what in whats)


def test_strange_files_are_told(archive: Archive) -> None:
    assert archive.folder is not None
    for name in ("warc/daily/2026/notes.txt", "ledger/daily/x.bak", "desktop.ini", "catalogue.sqlite", "receipts/daily/x.json"):
        (archive.folder / name).write_bytes(b"\xff")
    told = sorted(each.key for each in found(archive))
    assert told == ["desktop.ini", "ledger/daily/x.bak", "receipts/daily/x.json", "warc/daily/2026/notes.txt"]


def test_a_deeper_check_is_asked_of_every_copy(archive: Archive) -> None:
    asked = []

    def deep(copy: object) -> str | None:
        asked.append(copy)
        return "another text comes out" if len(asked) == 2 else None

    (each,) = verify(archive, Tally(), deep)
    assert (len(asked), each.what, each.mend) == (3, "another text comes out", "scrapy reextract")


def of_file(data: bytes) -> list[Finding]:
    return [each for each in check_file(io.BytesIO(data), "x.warc.gz") if isinstance(each, Finding)]


def test_a_single_file_that_others_wrote_is_sound() -> None:
    for gzipped in (True, False):
        out = io.BytesIO()
        warc = WARCWriter(out, gzip=gzipped)
        head = StatusAndHeaders("200 OK", [("Transfer-Encoding", "chunked")], protocol="HTTP/1.1")
        warc.write_record(warc.create_warcinfo_record("x", {"software": "other"}))
        record = warc.create_warc_record(
            "http://news.example/", "response", payload=io.BytesIO(b"3\r\nabc\r\n0\r\n\r\n"), http_headers=head
        )
        warc.write_record(record)
        warc.write_record(
            warc.create_revisit_record(
                "http://news.example/2", "sha1:AAA", "http://news.example/", record.rec_headers["WARC-Date"]
            )
        )
        assert of_file(out.getvalue()) == []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)  # warcio leaves a temporary file to the collector
            del warc, record
            gc.collect()


def test_a_single_file_cut_in_the_middle_fails_where_warcio_passes_it(archive: Archive, tmp_path: Path) -> None:
    (path,) = warcs(archive)
    with path.open("rb") as stream:
        last = [record for record in records(stream) if record.kind == "response"][-1]
    cut = tmp_path / "cut_in_the_middle.warc.gz"
    cut.write_bytes(path.read_bytes()[: last.offset + last.length // 2])
    assert Checker(SimpleNamespace(inputs=[str(cut)], verbose=False)).process_all() == 0
    (each,) = of_file(cut.read_bytes())
    assert (each.severity, each.offset, each.what) == (Severity.ERROR, last.offset, "the file is cut off within this record")


def test_a_plain_file_cut_anywhere_fails(archive: Archive) -> None:
    data = b"".join(gzip.decompress(warcs(archive)[0].read_bytes()).splitlines(keepends=True))
    assert of_file(data) == []
    for length in range(1, len(data) - 1, len(data) // 40):
        assert any(each.severity is Severity.ERROR for each in of_file(data[:length])), length


def test_a_file_that_is_one_gzip_stream(archive: Archive) -> None:
    (each,) = of_file(gzip.compress(gzip.decompress(warcs(archive)[0].read_bytes())))
    assert each.what.startswith("several records in one gzip member")


def test_damage_is_told_once_and_what_lies_behind_it_is_read(archive: Archive) -> None:
    (path,) = warcs(archive)
    data = bytearray(path.read_bytes())
    with path.open("rb") as stream:
        wanted = [record for record in records(stream) if record.kind == "response"]
    data[wanted[0].offset + wanted[0].length // 2] ^= 0xFF
    seen = list(check_file(io.BytesIO(bytes(data)), "x"))
    errors = [each for each in seen if isinstance(each, Finding) and each.severity is Severity.ERROR]
    assert [each.offset for each in errors] == [wanted[0].offset]
    assert len([each for each in seen if not isinstance(each, Finding) and each.record.kind == "response"]) == 2


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>",
        b"\0" * 5000,
        b"\x1f\x8b\x08",
        gzip.compress(b"no record", mtime=0),
        b"WARC/1.1\r\n",
        b"WARC/1.0\r\n\r\n" * 3,
    ],
)
def test_what_is_no_warc_file_fails(data: bytes) -> None:
    assert any(each.severity is Severity.ERROR for each in of_file(data))


def test_a_record_without_its_fields_fails() -> None:
    bad = {
        b"WARC-Type: response\r\n": "no WARC-Record-ID",
        b"WARC-Type: story\r\nWARC-Record-ID: <a:b>\r\nWARC-Date: 2026-11-24T00:00:00Z\r\n": "none of WARC 1.1",
        b"WARC-Type: metadata\r\nWARC-Record-ID: <a:b>\r\nWARC-Date: yesterday\r\n": "is no time",
        b"WARC-Type: revisit\r\nWARC-Record-ID: <a:b>\r\nWARC-Date: 2026-11-24T00:00:00Z\r\n": "no WARC-Profile",
        b"WARC-Record-ID: <a:b>\r\nWARC-Date: 2026-11-24T00:00:00Z\r\nWARC-Block-Digest: sha1:AAAA\r\n": "its digest sha1:AAAA",
    }
    for head, says in bad.items():
        whats = [each.what for each in of_file(b"WARC/1.1\r\n" + head + b"Content-Length: 0\r\n\r\n\r\n\r\n")]
        assert any(says in what for what in whats), (says, whats)


@pytest.mark.parametrize(
    "said",
    [
        "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ",
        "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "SHA-1:3i42h3s6nnfq2msvx7xzkyayscx5qbyj",
        "md5:d41d8cd98f00b204e9800998ecf8427e",
        "sha256:4OYMIQUY7QOBJGX36TEJS35ZEQT24QPEMSNZGTFESWMRW6CSXBKQ====",
        "sha256:4OYMIQUY7QOBJGX36TEJS35ZEQT24QPEMSNZGTFESWMRW6CSXBKQ",
        "sha256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    ],
)
def test_digests_in_every_form(said: str) -> None:
    assert digest_matches(said, b"")
    assert not digest_matches(said, b"x")


@pytest.mark.parametrize("said", ["", "sha1", "sha1:", ":x", "none:abc", "shake_128:ab"])
def test_digests_that_are_none(said: str) -> None:
    assert not digest_matches(said, b"")


def test_an_index_of_another_file_is_found(archive: Archive) -> None:
    assert archive.folder is not None
    key = cdx_key(warcs(archive)[0].relative_to(archive.folder).as_posix())
    lines = archive.read(key).splitlines(keepends=True)
    (archive.folder / key).write_bytes(b"".join(lines[1:]))
    (each,) = found(archive)
    assert (each.severity, each.key, each.what) == (Severity.WARNING, key, "this index is not that of its file")


def test_a_304_leads_to_the_answer_that_it_speaks_of(tmp_path: Path) -> None:
    archive = open_archive(str(tmp_path / "archive"))
    assert archive.folder is not None
    warc = writer(archive)
    first = warc.record(exchange("http://news.example/1", page(1)))
    earlier = Earlier(url="http://news.example/1", fetched_at=START, address=first)
    warc.record(exchange("http://news.example/1", b"", status=b"304 Not Modified", packed=False), not_modified=earlier)
    lost = replace(earlier, address=replace(first, offset=first.offset + 1))
    warc.record(exchange("http://news.example/1", b"", status=b"304 Not Modified", packed=False), not_modified=lost)
    warc.close()
    errors = [each.what for each in found(archive) if each.severity is Severity.ERROR]
    assert errors == [f"this revisit refers to {first.record_id}, which is not where it says"]


def test_a_revisit_whose_response_is_gone_is_found(tmp_path: Path) -> None:
    archive = filled(open_archive(str(tmp_path / "archive")))
    assert archive.folder is not None
    (path,) = warcs(archive)
    with path.open("rb") as stream:
        kept: list[Record] = [record for record in records(stream) if record.kind != "response"]
    data = path.read_bytes()
    path.write_bytes(b"".join(data[record.offset : record.offset + record.length] for record in kept))
    whats = [each.what for each in found(archive)]
    assert any(what.startswith("this revisit refers to <urn:uuid:") for what in whats)
    assert any("its record <urn:uuid:" in what for what in whats)
    assert json.loads(archive.read(f"receipts/daily/{RUN}.json")) == {}
