"""Raw HTTP bytes taken apart: framing and codings undone, whatever servers send."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import sys
import zlib

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.archive.codings import decode_body
from storage.archive.exchange import NotHttp, capture_of, read_answer
from storage.records import Exchange, Lead

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PAGE = b"<html><p>Officials said on Tuesday that the bridge will open.</p></html>" * 40
ENCODERS = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "x-gzip": lambda data: gzip.compress(data, mtime=0),
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
}


def chunked(body: bytes, sizes: list[int], end: bytes = b"0\r\n\r\n") -> bytes:
    pieces, at = [], 0
    for size in [*sizes, len(body)]:
        piece = body[at : at + size]
        at += len(piece)
        if piece:
            pieces.append(b"%X;ext=1\r\n%s\r\n" % (len(piece), piece))
    return b"".join(pieces) + end


def test_head_and_headers_stay_as_they_came() -> None:
    raw = b"HTTP/1.1 200 Very  OK\r\nsET-cOOKIE: a=1\r\nX-Odd:\tcaf\xe9 \r\nSet-Cookie: b=2\r\nContent-Length: 3\r\n\r\nabc"
    answer = read_answer(raw)
    assert answer.head + answer.body == raw
    assert answer.headers == (
        ("sET-cOOKIE", "a=1"),
        ("X-Odd", "café"),
        ("Set-Cookie", "b=2"),
        ("Content-Length", "3"),
    )
    assert (answer.status, answer.body, answer.whole) == (200, b"abc", True)
    assert answer.header("set-cookie") == "a=1"
    assert answer.header("Age") is None


@given(st.binary(max_size=300), st.lists(st.integers(1, 40), max_size=20))
def test_any_chunking_gives_the_same_body(body: bytes, sizes: list[int]) -> None:
    head = b"HTTP/1.1 200 OK\r\nA: 1\r\nTransfer-Encoding: chunked\r\nB: 2\r\n\r\n"
    answer = read_answer(head + chunked(body, sizes))
    assert (answer.body, answer.whole) == (body, True)
    assert answer.head == b"HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\n\r\n"
    assert answer.header("Transfer-Encoding") is None


@pytest.mark.parametrize(
    ("framed", "body"),
    [
        (b"5\r\nhello\r\n", b"hello"),
        (b"5\r\nhello\r\n0\r\nTrailer: x\r\n\r\n", b"hello"),
        (b"5\nhello\n0\n\n", b"hello"),
        (b"5\r\nhello\r\n5\r\nwo", b"hellowo"),
        (b"5\r\nhelloXX5\r\nworld", b"hello"),
        (b"5\r\nhello\r\nzz\r\n", b"hello"),
        (b"<html>not chunked at all</html>", b"<html>not chunked at all</html>"),
        (b"ffffffffffffffff\r\nhello", b"hello"),
        (b"", b""),
    ],
)
def test_broken_chunks_keep_what_came(framed: bytes, body: bytes) -> None:
    answer = read_answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + framed)
    assert answer.body == body
    assert answer.whole == (b"0\r\n" in framed or b"0\n" in framed)


@pytest.mark.parametrize("length", [b"9", b"0", b"1"])
def test_a_body_shorter_than_said_is_not_whole(length: bytes) -> None:
    answer = read_answer(b"HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\na" % length)
    assert answer.whole == (int(length) <= 1)


@pytest.mark.parametrize("said", [b"x", b"-1", b"1e3", b"9" * 40, b"\xb2"])
def test_a_length_that_is_no_number_says_nothing(said: bytes) -> None:
    assert read_answer(b"HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\na" % said).whole is True


def test_interim_answers_are_skipped() -> None:
    raw = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 404 \r\nA: 1\r\n\r\ngone"
    answer = read_answer(raw)
    assert (answer.status, answer.headers, answer.body) == (404, (("A", "1"),), b"gone")


def test_answers_without_a_body_are_whole() -> None:
    head = b"HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n"
    assert read_answer(head).whole
    assert read_answer(head.replace(b"304", b"200"), to_head=True).whole
    assert not read_answer(head.replace(b"304", b"200")).whole


def test_folded_header_lines_are_joined() -> None:
    answer = read_answer(b"HTTP/1.1 200 OK\r\nA: one\r\n two\r\n\tthree\r\nnonsense\r\nB:\r\n\r\n")
    assert answer.headers == (("A", "one two three"), ("B", ""))


def test_bare_line_feeds() -> None:
    answer = read_answer(b"HTTP/1.1 200 OK\nA: 1\n\nbody")
    assert (answer.headers, answer.body) == ((("A", "1"),), b"body")


@pytest.mark.parametrize("raw", [b"", b"\x16\x03\x01", b"<html>", b"HTTP/1.1 2000 x\r\n\r\n", b"HTTP/2 200\n"[:6], b"GET /"])
def test_what_is_no_http(raw: bytes) -> None:
    with pytest.raises(NotHttp):
        read_answer(raw)


def test_a_head_that_breaks_off() -> None:
    answer = read_answer(b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Ty")
    assert (answer.status, answer.body, answer.whole) == (200, b"", False)


@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"]),
)
def test_no_bytes_raise_anything_else(rest: bytes, start: bytes) -> None:
    try:
        answer = read_answer(start + rest)
    except NotHttp:
        return
    assert len(answer.head) + len(answer.body) <= len(start + rest)


@pytest.mark.parametrize("coding", ENCODERS)
def test_codings_are_undone(coding: str) -> None:
    packed = ENCODERS[coding](PAGE)
    assert decode_body(packed, coding.upper()) == (PAGE, None)
    assert decode_body(packed, f" {coding} ,") == (PAGE, None)


@pytest.mark.parametrize("coding", ENCODERS)
def test_a_cut_body_gives_what_came(coding: str) -> None:
    varied = b"".join(b"<p>%s</p>" % hashlib.sha256(b"%d" % n).hexdigest().encode() for n in range(8_000))
    packed = ENCODERS[coding](varied)
    body, fault = decode_body(packed[: len(packed) * 3 // 4], coding)
    assert fault == "cut"
    assert varied.startswith(body)
    assert len(body) > len(varied) // 3


@pytest.mark.parametrize("coding", [*ENCODERS, "compress", "sdch"])
def test_a_body_that_is_not_in_its_coding_stays(coding: str) -> None:
    assert decode_body(PAGE, coding) == (PAGE, "coding")


@pytest.mark.parametrize("coding", ENCODERS)
def test_a_bomb_ends_at_the_limit(coding: str) -> None:
    packed = ENCODERS[coding](b"\0" * 5_000_000)
    body, fault = decode_body(packed, coding, limit=100_000)
    assert (len(body), fault) == (100_000, "limit")


def test_codings_on_codings() -> None:
    twice = gzip.compress(gzip.compress(PAGE, mtime=0), mtime=0)
    assert decode_body(twice, "gzip, gzip") == (PAGE, None)
    assert decode_body(brotli.compress(gzip.compress(PAGE, mtime=0)), "gzip, br") == (PAGE, None)


def test_gzip_of_several_members_and_with_padding() -> None:
    two = gzip.compress(PAGE, mtime=0) + gzip.compress(b"more", mtime=0)
    assert decode_body(two, "gzip") == (PAGE + b"more", None)
    assert decode_body(two + b"\0" * 100, "gzip") == (PAGE + b"more", None)


def test_gzip_without_its_trailer() -> None:
    assert decode_body(gzip.compress(PAGE, mtime=0)[:-8], "gzip") == (PAGE, "cut")


def test_raw_deflate() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    assert decode_body(packer.compress(PAGE) + packer.flush(), "deflate") == (PAGE, None)


@pytest.mark.parametrize("codings", [None, "", "identity", ",", "none"])
def test_no_coding(codings: str | None) -> None:
    assert decode_body(PAGE, codings) == (PAGE, None)
    assert decode_body(PAGE, codings, limit=10) == (PAGE[:10], "limit")


@given(st.binary(max_size=400), st.sampled_from([*ENCODERS, "gzip, br", "deflate, zstd", "?"]))
def test_no_body_raises(body: bytes, codings: str) -> None:
    decoded, _fault = decode_body(body, codings, limit=10_000)
    assert len(decoded) <= 10_000


def test_a_capture_of_an_exchange() -> None:
    at = dt.datetime(2026, 11, 24, 21, 0, tzinfo=dt.UTC)
    body = gzip.compress(PAGE, mtime=0)
    raw = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(body, [7, 30])
    lead = Lead(url="http://a.example/1", outlet="a", source="by hand")
    exchange = Exchange(url="http://a.example/2", request=b"GET", response=raw, started_at=at, ended_at=at)
    capture = capture_of(exchange, lead)
    assert (capture.url, capture.status, capture.body, capture.fetched_at) == ("http://a.example/2", 200, PAGE, at)
    assert capture.truncated is None
    cut = Exchange(url="http://a.example/2", request=b"GET", response=raw[:-9], started_at=at, ended_at=at)
    assert capture_of(cut, lead).truncated == "disconnect"
