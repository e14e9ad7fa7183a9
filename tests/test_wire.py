"""What lies in the WARC is what crossed the wire, byte for byte."""

from __future__ import annotations

import gzip
from pathlib import Path

from warcio.archiveiterator import ArchiveIterator

from storage.archive.codings import decode_body
from tests.conftest import Finished, Scrapy
from tests.hostile import ALLOWED, BEHAVIOURS, Hostile, Pace
from tests.raw_server import RawServer

STORY = (
    "<html><head><title>Harbour opens after the storm</title></head><body><h1>Harbour opens after the storm</h1>"
    + "".join(
        f"<p>Paragraph {n}: the harbour master said that the northern basin would take ships again from Monday, after "
        f"divers had looked at quay {n} and found it sound, as he told reporters in the old customs house.</p>"
        for n in range(1, 7)
    )
    + "</body></html>"
).encode()


def fetch(server: RawServer, scrapy_command: Scrapy) -> Finished:
    return scrapy_command("crawl", "menafn", "--json", "-a", f"origin={server.url}", "-a", f"url={server.url}/1234567890/Story")


def records(archive: Path, path: str) -> dict[str, tuple[bytes, bytes, dict[str, str]]]:
    """WARC records of one path by type: (HTTP head, body, WARC headers)."""
    found = {}
    for file in archive.rglob("*.warc.gz"):
        with file.open("rb") as stream:
            for record in ArchiveIterator(stream, no_record_parse=True):
                if (record.rec_headers.get_header("WARC-Target-URI") or "").endswith(path):
                    head, _, body = record.raw_stream.read().partition(b"\r\n\r\n")
                    found[record.rec_type] = (head + b"\r\n\r\n", body, dict(record.rec_headers.headers))
    return found


def test_request_and_response_are_kept_as_they_crossed_the_wire(archive: Path, scrapy_command: Scrapy) -> None:
    body = gzip.compress(STORY, mtime=0)
    head = (
        b"HTTP/1.1 200 Fine By Me\r\nserver: odd CASE\r\nX-Twice: one\r\nContent-TYPE: text/html; charset=utf-8\r\n"
        b"X-Twice: two\r\nX-Latin: caf\xe9\r\nContent-Encoding: gzip\r\n"
    )
    framing = b"Content-Length: " + str(len(body)).encode() + b"\r\nConnection: close\r\n\r\n"
    with RawServer({"/1234567890/Story": head + framing + body}) as server:
        done = fetch(server, scrapy_command)
    assert done.status == 0, done.err
    assert done.receipt["outcomes"]["kept"] == 1, done.out
    kept = records(archive, "/1234567890/Story")
    asked = next(got for got in server.received if got.startswith(b"GET /1234567890/Story"))
    assert kept["request"][0] + kept["request"][1] == asked
    assert kept["response"][0] == head + framing
    assert kept["response"][1] == body


def test_chunk_framing_is_undone_and_the_rest_of_the_head_stays(archive: Path, scrapy_command: Scrapy) -> None:
    chunks = b"".join(
        f"{len(piece):x};note=1\r\n".encode() + piece + b"\r\n" for piece in (STORY[:100], STORY[100:1111], STORY[1111:])
    )
    answer = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/html\r\nX-ODD: yes\r\nConnection: close\r\n\r\n"
        + chunks + b"0\r\n\r\n"
    )  # fmt: skip
    with RawServer({"/1234567890/Story": answer}) as server:
        done = fetch(server, scrapy_command)
    assert done.status == 0, done.err
    head, body, _ = records(archive, "/1234567890/Story")["response"]
    assert body == STORY
    assert head == b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-ODD: yes\r\nConnection: close\r\n\r\n"


def test_a_body_cut_short_is_kept_and_flagged(archive: Path, scrapy_command: Scrapy) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 999999\r\n\r\n" + STORY
    with RawServer({"/1234567890/Story": answer}) as server:
        done = fetch(server, scrapy_command)
    assert done.receipt["captures"] == 1
    _, body, headers = records(archive, "/1234567890/Story")["response"]
    assert body == STORY
    assert headers["WARC-Truncated"] == "disconnect"


def test_a_gzip_body_with_a_wrong_checksum_is_read_all_the_same() -> None:
    packed = bytearray(gzip.compress(STORY))
    packed[-6] ^= 0xFF
    assert decode_body(bytes(packed), "gzip") == (STORY, "cut")
    assert decode_body(STORY, "gzip") == (STORY, "coding")


def test_a_body_without_length_that_ends_in_a_reset_is_not_whole(archive: Path, scrapy_command: Scrapy) -> None:
    with Hostile(Pace(hold=2)) as hostile:
        behaviour = next(each for each in BEHAVIOURS if each.name == "until-reset")
        origin, url = hostile.origin(behaviour), hostile.url(behaviour)
        done = scrapy_command(
            "crawl", "menafn", "--json", "-a", f"origin={origin}", "-a", f"url={url}", NEWS_ALLOW_ADDRESSES=ALLOWED
        )  # fmt: skip
    assert done.receipt["captures"] == 1, done.err
    _, _, headers = records(archive, url)["response"]
    assert headers["WARC-Truncated"] == "disconnect"
