"""WARC files of others, written by warcio, come into the archive as if they had been crawled, and the archive stays whole."""

from __future__ import annotations

import argparse
import gzip
import io
import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import boto3
import pytest
from scrapy.utils.project import get_project_settings
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawler.commands.ingest import Command, _misuse
from storage.archive.local import LocalStore
from storage.archive.warcread import Record, records
from tests.conftest import Scrapy
from tests.s3_server import BUCKET, S3Server, s3_server
from tests.test_crawl import FORBIDDEN, story

__all__ = ["s3_server"]

REQUEST = b"GET /1 HTTP/1.1\r\nHost: paper.example\r\n\r\n"


def warc(
    answers: Sequence[tuple[str, str, str, bytes]], *, coded: str = "", packed: bool = True, requests: bool = True
) -> bytes:
    """(URL, WARC-Date, content type, body) of each answer -> a file as another crawler writes it."""
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=packed)
    writer.write_record(writer.create_warcinfo_record("news.warc.gz", {"software": "another crawler"}))
    for url, date, kind, body in answers:
        fields = [("Content-Type", kind)] + ([("Content-Encoding", coded)] if coded else [])
        sent = gzip.compress(body) if coded else body
        answer = writer.create_warc_record(
            url, "response", payload=io.BytesIO(sent), warc_headers_dict={"WARC-Date": date},
            http_headers=StatusAndHeaders("200 OK", [*fields, ("Content-Length", str(len(sent)))], protocol="HTTP/1.1"),
        )  # fmt: skip
        if requests:
            asked = writer.create_warc_record(
                url, "request", payload=io.BytesIO(),
                http_headers=StatusAndHeaders("GET /1 HTTP/1.1", [("Host", "paper.example")], is_http_request=True),
                warc_headers_dict={"WARC-Date": date, "WARC-Concurrent-To": answer.rec_headers["WARC-Record-ID"]},
            )  # fmt: skip
            writer.write_record(asked)
            asked.raw_stream.close()
        writer.write_record(answer)
        answer.raw_stream.close()
    return out.getvalue()


def page(number: int, host: str = "paper", day: int = 1, **other: bytes) -> tuple[str, str, str, bytes]:
    return (f"https://{host}.example/{number}", f"2019-03-{day:02}T10:00:00Z", "text/html", other.get("body", story(number)))


SOME = (
    page(1),
    page(2),
    page(2, host="other"),
    ("https://paper.example/robots.txt", "2019-03-01T10:00:00Z", "text/plain", b"User-agent: *\nDisallow:"),
    ("https://paper.example/p.pdf", "2019-03-01T10:00:00Z", "application/pdf", b"%PDF-1.4"),
    ("https://paper.example/no", "2019-03-01T10:00:00Z", "text/html", FORBIDDEN),
    page(1, day=9, body=story(1).replace(b"said on Tuesday", b"said on Wednesday, not on Tuesday as was reported at first,")),
)


def taken_in(scrapy_command: Scrapy, *words: str) -> dict[str, object]:
    done = scrapy_command("ingest", "--json", *words)
    assert "Traceback" not in done.err
    receipt: dict[str, object] = json.loads(done.out)
    return {**receipt, "status": done.status, "err": done.err}


def whole(scrapy_command: Scrapy) -> None:
    """The archive proves itself, and the catalogue is what it says."""
    verified = scrapy_command("verify", "--deep")
    assert verified.status == 0, verified.out
    checked = scrapy_command("rebuild", "--check")
    assert checked.status == 0, checked.out


@pytest.mark.slow
def test_pages_of_others_are_judged_placed_and_kept_with_their_provenance(
    tmp_path: Path, archive: Path, scrapy_command: Scrapy
) -> None:
    (file := tmp_path / "theirs.warc.gz").write_bytes(warc(SOME))
    receipt = taken_in(scrapy_command, str(file))
    outcomes = {"kept": 2, "duplicate": 1, "revision": 1, "unchanged": 0, "quarantined": 1, "failed": 0}
    assert (receipt["status"], receipt["outcomes"]) == (0, outcomes)
    assert receipt["passed_over"] == {"not a page": 2}
    rows = sqlite3.connect(archive / "catalogue.sqlite").execute(
        "select c.url, c.fetched_at, l.source from captures c join leads l on l.url = c.lead order by c.id"
    )
    url, fetched, source = rows.fetchone()
    assert (url, fetched) == ("https://paper.example/1", "2019-03-01T10:00:00+00:00")
    assert source.startswith(f"{file}#")
    kept = [record for key in LocalStore(archive).keys("warc/") if key.endswith(".gz") for record in in_warc(archive, key)]
    assert next(record.block for record in kept if record.kind == "request") == REQUEST
    told = next(record.block for record in kept if record.kind == "metadata").decode()
    assert f"ingested-from: {file}#" in told and "ingested-record: <urn:uuid:" in told
    whole(scrapy_command)
    again = taken_in(scrapy_command, str(file))
    assert (again["captures"], again["passed_over"]) == (0, {"not a page": 2, "held already": 4, "older than what is held": 1})


def in_warc(archive: Path, key: str) -> list[Record]:
    with (archive / key).open("rb") as stream:
        return list(records(stream))


def test_forms_of_files(tmp_path: Path, archive: Path, scrapy_command: Scrapy) -> None:
    made = {
        "coded": warc([page(1)], coded="gzip"),
        "plain": warc([page(2)], packed=False),
        "without": warc([page(3)], requests=False),
    }
    for form, content in made.items():
        (tmp_path / form).write_bytes(content)
    receipt = taken_in(scrapy_command, *(str(tmp_path / form) for form in made), "--outlet", "theirs")
    assert (receipt["status"], receipt["captures"], receipt["outlet"]) == (0, 3, "theirs")
    whole(scrapy_command)


@pytest.mark.slow
def test_a_damaged_file_costs_what_is_damaged(tmp_path: Path, archive: Path, scrapy_command: Scrapy) -> None:
    whole_file = warc(SOME[:3])
    (cut := tmp_path / "cut.warc.gz").write_bytes(whole_file[:-200])
    receipt = taken_in(scrapy_command, str(cut))
    assert (receipt["status"], receipt["captures"]) == (1, 2)
    assert "cut.warc.gz: offset" in str(receipt["err"]) and "cut off" in str(receipt["err"])
    (cut).write_bytes(whole_file)
    assert taken_in(scrapy_command, str(cut))["captures"] == 1, "the rest, when the file is whole"
    whole(scrapy_command)


def test_what_was_forgotten_stays_away(tmp_path: Path, archive: Path, scrapy_command: Scrapy) -> None:
    (file := tmp_path / "theirs.warc.gz").write_bytes(warc(SOME[:2]))
    taken_in(scrapy_command, str(file))
    assert scrapy_command("forget", "https://paper.example/1", "--reason", "asked").status == 0
    (file := tmp_path / "more.warc.gz").write_bytes(warc([page(1, day=20), page(3)]))
    receipt = taken_in(scrapy_command, str(file))
    assert (receipt["captures"], receipt["passed_over"]) == (1, {"forgotten on request": 1})


def test_what_cannot_be_read_is_one_line_and_the_others_are_read(
    tmp_path: Path, archive: Path, scrapy_command: Scrapy
) -> None:
    for name, content in {"text": b"hello", "zstd": b"\x28\xb5\x2f\xfd....", "whole": warc([page(1)])}.items():
        (tmp_path / name).write_bytes(content)
    receipt = taken_in(scrapy_command, *(str(tmp_path / name) for name in ("missing", "text", "zstd", "whole")))
    assert (receipt["status"], receipt["captures"]) == (1, 1)
    assert str(receipt["err"]).splitlines() == [
        f"{tmp_path}/missing: No such file or directory",
        f"{tmp_path}/text: it is no WARC file: it begins neither with WARC/ nor as gzip",
        f"{tmp_path}/zstd: it is compressed with zstd; unpack it first: zstd -d {tmp_path}/zstd",
    ]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ([], "Name WARC files, as in:"),
        (["https://host.example/a.warc.gz"], "download it first"),
        (["a.warc.gz", "--outlet", "../x"], "--outlet: "),
    ],
)
def test_wrong_use(words: list[str], line: str) -> None:
    command, parser = Command(), argparse.ArgumentParser()
    command.settings = get_project_settings()
    command.add_options(parser)
    opts, args = parser.parse_known_args(words)
    assert line in (_misuse(args, opts) or "")


def test_a_file_in_s3(s3_server: S3Server, archive: Path, scrapy_command: Scrapy) -> None:
    name = f"crawl-data/CC-NEWS/{archive.parent.name}/CC-NEWS-20190301 (1).warc.gz"
    client = boto3.client("s3", endpoint_url=s3_server.endpoint)
    client.put_object(Bucket=BUCKET, Key=name, Body=warc([page(1)]))
    client.close()
    done = scrapy_command(
        "ingest", "--json", f"s3://{BUCKET}/crawl-data/none.warc.gz", f"s3://{BUCKET}/{name}", **s3_server.environment
    )
    assert (done.status, done.receipt["captures"]) == (1, 1), done.err
    assert done.err.startswith(f"s3://{BUCKET}/crawl-data/none.warc.gz: ") and "Traceback" not in done.err


def test_records_that_hold_no_page_are_passed_over_and_twenty_damaged_places_are_told(
    tmp_path: Path, archive: Path, scrapy_command: Scrapy
) -> None:
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True)
    date = "2019-03-01T10:00:00Z"
    writer.write_record(writer.create_revisit_record("https://paper.example/1", "sha1:AAA", "https://paper.example/1", date))
    note = writer.create_warc_record(
        "https://paper.example/note", "resource", payload=io.BytesIO(b"a note"), warc_content_type="text/plain"
    )
    writer.write_record(note)
    (file := tmp_path / "mixed.warc.gz").write_bytes(out.getvalue() + warc([("ftp://paper.example/9", date, "text/html", b"<p>x")]))
    done = scrapy_command("ingest", str(file))
    assert done.status == 0 and "Passed over:" in done.out, done.err
    told = done.out.partition("Passed over:\n")[2]
    assert "1  revisit record" in told and "1  resource record" in told and "1  no web address" in told, told

    cut = warc([page(1)])[:-40]
    for number in range(25):
        (tmp_path / f"cut{number:02}.warc.gz").write_bytes(cut)
    many = scrapy_command("ingest", *(str(tmp_path / f"cut{number:02}.warc.gz") for number in range(25)))
    lines = many.err.splitlines()
    assert many.status == 1 and sum("cut off" in line for line in lines) == 20, lines
    assert lines[-1] == "… and 5 more damaged places" and "25  damaged" in many.out
    (file := tmp_path / "whole.warc.gz").write_bytes(warc([page(1)]))
    sound = scrapy_command("ingest", str(file))
    assert (sound.status, "Passed over" in sound.out) == (0, False), sound.out


def test_a_request_belongs_to_the_answer_of_its_address_and_moment(tmp_path: Path, archive: Path, scrapy_command: Scrapy) -> None:
    out, date = io.BytesIO(), "2019-03-01T10:00:00Z"
    writer = WARCWriter(out, gzip=True)
    for number, moment in ((1, date), (2, "2019-03-02T10:00:00Z")):
        asked = writer.create_warc_record(
            f"https://paper.example/{number}", "request", payload=io.BytesIO(), warc_headers_dict={"WARC-Date": date},
            http_headers=StatusAndHeaders("GET /1 HTTP/1.1", [("Host", "paper.example")], is_http_request=True),
        )  # fmt: skip
        writer.write_record(asked)
        found = writer.create_warc_record(
            f"https://paper.example/{number}", "response", payload=io.BytesIO(story(number)), warc_headers_dict={"WARC-Date": moment},
            http_headers=StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1"),
        )  # fmt: skip
        writer.write_record(found)
    (file := tmp_path / "apart.warc.gz").write_bytes(out.getvalue())
    assert scrapy_command("ingest", str(file)).status == 0
    (kept,) = archive.rglob("*.warc.gz")
    blocks = {}
    with kept.open("rb") as stream:
        for record in records(stream):
            if record.kind == "request":
                blocks[record.field("WARC-Target-URI")] = record.block
    assert b"Host: paper.example" in blocks["https://paper.example/1"]
    assert "https://paper.example/2" not in blocks or b"Host" not in blocks["https://paper.example/2"]
