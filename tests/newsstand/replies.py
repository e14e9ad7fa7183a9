"""A reply and its way onto the wire: validators, 304, gzip, HEAD, bodies that end too early."""

from __future__ import annotations

import datetime as dt
import email.utils
import gzip
import hashlib
from dataclasses import dataclass, replace
from functools import cache

from tests.loopback import Request
from tests.newsstand.plan import Fault, Printing
from tests.newsstand.wire_stories import BASE

REASONS = {
    200: "OK", 301: "Moved Permanently", 304: "Not Modified", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 410: "Gone", 500: "Internal Server Error",
}  # fmt: skip
SERVED = email.utils.format_datetime(BASE, usegmt=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer before it is written. `promised`: bytes that Content-Length claims beyond the body."""

    status: int = 200
    body: bytes = b""
    kind: str = "text/html; charset=utf-8"
    modified: dt.datetime | None = None
    location: str | None = None
    promised: int = 0


def text() -> str:
    """The content type of a page that says what it is."""
    return "text/html; charset=utf-8"


def _error(status: int, words: str) -> Reply:
    title = f"{status} {REASONS[status]}"
    body = f"<html><head><title>{title}</title></head><body><center><h1>{title}</h1></center><p>{words}</p></body></html>"
    return Reply(status=status, body=body.encode())


FORBIDDEN = _error(403, "You don't have permission to access this resource.")
ABSENT = _error(404, "The requested URL was not found on this server.")
GONE = _error(410, "This story was withdrawn by the editors.")
BROKEN = _error(500, "The server encountered an internal error and was unable to complete your request.")


def faulty(page: Printing, reply: Reply) -> Reply:
    """A page's good reply -> the reply with the page's fault."""
    match page.fault:
        case Fault.FORBIDDEN:
            return FORBIDDEN
        case Fault.ABSENT:
            return ABSENT
        case Fault.BROKEN:
            return BROKEN
        case Fault.NO_BYTES:
            return replace(reply, body=b"")
        case Fault.BINARY:
            return replace(reply, body=b"\x89PNG\r\n\x1a\n" + b"".join(hashlib.sha256(bytes([n])).digest() for n in range(200)))
        case Fault.CUT_SHORT:
            half = len(reply.body) // 2
            return replace(reply, body=reply.body[:half], promised=len(reply.body) - half)
    return reply


HARD = {
    "/1110530001/Nested": "100,000 nested tags around a sentence",
    "/1110530002/Twenty-Megabytes": "a page of 20 MB",
    "/1110530003/Control-Characters": "control characters, ANSI escapes and a script in the headline",
    "/1110530004/One-Line": "two million characters without a space or a tag",
}


@cache
def hard(path: str) -> Reply:
    """A page of HARD."""
    number = path[:11]
    if number == "/1110530001":
        body = b"<html><body>" + b"<div><span>" * 50_000 + b"Deep down there is a sentence." + b"</span></div>" * 50_000
    elif number == "/1110530002":
        row = "<p>The same line of a very long protocol of a very long sitting, number {}, was read into the record.</p>\n"
        lines = "".join(row.format(n) for n in range(185_000))
        body = f"<html><head><title>Protocol</title></head><body><h1>Protocol</h1>{lines}</body></html>".encode()
    elif number == "/1110530003":
        story = "<p>The harbour master said on Monday that the buoy had been found again.</p>" * 2
        body = f"<title>\x1b[31m<script>alert(1)</script>\x00\x07</title><h1>\x1b[2JBuoy</h1>{story}\x08".encode()
    else:
        body = b"<html><body><p>" + b"x" * 2_000_000 + b"</p></body></html>"
    return Reply(body=body, modified=BASE)


def on_the_wire(request: Request, reply: Reply) -> tuple[bytes, bool]:
    """A request and the reply to it -> the bytes to send, and whether the connection ends after them."""
    if request.method not in ("GET", "HEAD"):
        reply = _error(405, "This stand can only be read.")
    headers = [("Date", SERVED), ("Server", "newsstand"), ("Content-Type", reply.kind)]
    if reply.location:
        headers.append(("Location", reply.location))
    body = reply.body
    if reply.status == 200 and reply.modified and not reply.promised:
        etag = f'W/"{hashlib.sha256(body).hexdigest()[:16]}"'
        modified = email.utils.format_datetime(reply.modified, usegmt=True)
        headers += [("ETag", etag), ("Last-Modified", modified), ("Vary", "Accept-Encoding")]
        if _unchanged(request, etag, reply.modified):
            return _head(304, [each for each in headers if each[0] != "Content-Type"]), _closes(request)
        if body and "gzip" in (request.header("Accept-Encoding") or ""):
            body = gzip.compress(body, 6, mtime=0)
            headers.append(("Content-Encoding", "gzip"))
    headers.append(("Content-Length", str(len(body) + reply.promised)))
    last = _closes(request) or bool(reply.promised)
    if last:
        headers.append(("Connection", "close"))
    return _head(reply.status, headers) + (b"" if request.method == "HEAD" else body), last


def _closes(request: Request) -> bool:
    return (request.header("Connection") or "").lower() == "close" or b"HTTP/1.0\r\n" in request.raw[:4096]


def _unchanged(request: Request, etag: str, modified: dt.datetime) -> bool:
    """RFC 9110 13.2.2: If-None-Match decides when it is there, compared weakly; else If-Modified-Since."""
    tags = request.header("If-None-Match")
    if tags is not None:
        return tags.strip() == "*" or etag.removeprefix("W/") in [tag.strip().removeprefix("W/") for tag in tags.split(",")]
    since = request.header("If-Modified-Since")
    if since is None:
        return False
    try:
        return modified <= email.utils.parsedate_to_datetime(since)
    except ValueError:
        return False


def _head(status: int, headers: list[tuple[str, str]]) -> bytes:
    lines = [f"HTTP/1.1 {status} {REASONS[status]}", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
