"""Raw HTTP bytes -> status, headers in wire order, de-chunked body, decoded body. Tolerant, pure, bounded.

The crawl (`capture_of`) and every reader of a WARC use the same functions, so a stored page reads as the live
one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from storage.archive.codings import LIMIT, decode_body
from storage.records import Capture, Exchange, Lead, WarcAddress

_STATUS_LINE = re.compile(rb"HTTP/\d(?:\.\d)? +(\d{3})(?: +([^\r\n]*))?\r?\n")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9a-fA-F]{1,16})[^\r\n]{0,4096}\r?\n")
_NO_BODY = {204, 304}
# What was wrong with the content coding -> the WARC-Truncated reason that says so of the capture.
_CUT_SHORT: dict[str | None, str] = {"cut": "unspecified", "limit": "length"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response taken apart. `head`: its bytes up to and with the empty line, the Transfer-Encoding that was
    undone left out; `body`: without chunk framing, its content coding not undone; `whole`: False when less
    came than said.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    head: bytes
    body: bytes
    whole: bool

    def header(self, name: str) -> str | None:
        """The first value of a header, by name in any case; None when it was not sent."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


class NotHttp(ValueError):
    """The bytes do not begin with the head of an HTTP response."""


def read_answer(raw: bytes, *, to_head: bool = False) -> Answer:
    """Bytes of a response as on the wire -> its Answer; interim 1xx answers before it are skipped.

    `to_head`: it answers a HEAD request, so no body is missing. NotHttp when there is no head of HTTP/1.
    """
    start = 0
    while True:
        line = _STATUS_LINE.match(raw, start)
        if line is None:
            raise NotHttp(f"no HTTP status line: {raw[start : start + 40]!r}")
        status = int(line.group(1))
        end = _HEAD_END.search(raw, line.end() - 2)
        if end is None:
            return Answer(status=status, headers=_headers(raw[line.end() :]), head=raw[start:], body=b"", whole=False)
        if not 100 <= status < 200 or status == 101:
            break
        start = end.end()
    head, body = raw[start : end.end()], raw[end.end() :]
    headers = _headers(raw[line.end() : end.end()])
    return _framed(status, headers, head, body, to_head or status in _NO_BODY)


def capture_of(exchange: Exchange, lead: Lead, address: WarcAddress | None = None, *, limit: int = LIMIT) -> Capture:
    """A fetched exchange -> the Capture that is judged; `limit` caps the decoded body in bytes. NotHttp as
    above.
    """
    answer = read_answer(exchange.response, to_head=exchange.request[:5] == b"HEAD ")
    body, fault = decode_body(answer.body, answer.header("Content-Encoding"), limit)
    return Capture(
        lead=lead,
        url=exchange.url,
        status=answer.status,
        headers=answer.headers,
        body=body,
        fetched_at=exchange.started_at,
        truncated=truncation(exchange, answer) or _CUT_SHORT.get(fault),
        address=address,
    )


def truncation(exchange: Exchange, answer: Answer) -> str | None:
    """The WARC-Truncated reason of an exchange; "disconnect" when less came than the answer itself said."""
    return exchange.truncated or (None if answer.whole else "disconnect")


def _framed(status: int, headers: tuple[tuple[str, str], ...], head: bytes, body: bytes, no_body: bool) -> Answer:
    """Undo the framing of the body: chunks, or the length that was said."""
    codings = [c.strip().lower() for key, value in headers if key.lower() == "transfer-encoding" for c in value.split(",")]
    if "chunked" in codings and not no_body:
        body, whole = _dechunk(body)
        head = _without_transfer_encoding(head)
        headers = tuple(each for each in headers if each[0].lower() != "transfer-encoding")
    else:
        lengths = [value for key, value in headers if key.lower() == "content-length"]
        said = int(lengths[0]) if lengths and lengths[0].isascii() and lengths[0].isdigit() and len(lengths[0]) < 16 else None
        whole = no_body or said is None or len(body) >= said
    return Answer(status=status, headers=headers, head=head, body=body, whole=whole)


def _dechunk(body: bytes) -> tuple[bytes, bool]:
    """A chunked body -> (the bytes in its chunks, whether the last chunk came). RFC 9112, 7.1; trailers are
    dropped.
    """
    pieces: list[bytes] = []
    at = 0
    while size_line := _CHUNK_SIZE.match(body, at):
        size = int(size_line.group(1), 16)
        at = size_line.end()
        if size == 0:
            return b"".join(pieces), True
        pieces.append(body[at : at + size])
        at += size
        if body[at : at + 2] == b"\r\n":
            at += 2
        elif body[at : at + 1] == b"\n":
            at += 1
        else:
            return b"".join(pieces), False
    if not pieces and body:
        return body, False  # said to be chunked, and is not: keep what came
    return b"".join(pieces), False


def _without_transfer_encoding(head: bytes) -> bytes:
    """The head without the framing that was undone, every other byte as it came."""
    return re.sub(rb"(?im)^transfer-encoding[ \t]*:[^\n]*\n(?:[ \t][^\n]*\n)*", b"", head)


def _headers(block: bytes) -> tuple[tuple[str, str], ...]:
    """Header lines -> (name, value) in order, latin-1, folded lines joined; lines without a colon are left
    out.
    """
    found: list[tuple[str, str]] = []
    for line in re.split(r"\r?\n", block.decode("latin-1")):
        if line[:1] in (" ", "\t") and found:
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}".strip())
        elif ":" in line:
            name, _, value = line.partition(":")
            found.append((name.strip(), value.strip()))
    return tuple(found)
