"""Exchanges, articles and clocks for the tests of the archive."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

from storage.archive import Archive
from storage.archive.keys import run_id
from storage.archive.reading import address_of, read_capture
from storage.archive.warc import WarcWriter
from storage.archive.warcread import records
from storage.records import (
    Article,
    Block,
    BlockKind,
    Capture,
    Evidence,
    Exchange,
    Fingerprint,
    Kind,
    Lead,
    Page,
    Picture,
    Placement,
    Relation,
    Removed,
    Stamp,
    WarcAddress,
)

START = dt.datetime(2026, 11, 24, 21, 0, 0, 250, tzinfo=dt.UTC)
RUN = run_id(START, b"\x01\x02\x03\x04\x05\x06")


def captures(archive: Archive, outlet: str | None = None) -> Iterator[Capture]:
    """Every capture of the archive or of one outlet, published and in the spool, file by file in order of the keys."""
    prefix = f"warc/{outlet}/" if outlet else "warc/"
    for key in sorted({*archive.store.keys(prefix), *archive.spool.keys(prefix)}):
        if key.endswith(".warc.gz"):
            with archive.open_stream(key) as stream:
                for record in records(stream):
                    if record.kind in ("response", "revisit", "resource"):
                        yield read_capture(archive, address_of(key, record))


def ticking(start: dt.datetime = START) -> Callable[[], dt.datetime]:
    """A clock that goes on a second at each look."""
    seconds = itertools.count()
    return lambda: start + dt.timedelta(seconds=next(seconds))


def page(number: int = 1, size: int = 3000) -> bytes:
    """A page of its own for each number, of about `size` bytes, that does not compress to nothing."""
    start, made = f"<html><h1>Story {number}</h1>\n".encode(), 0
    pieces = [start]
    while made < size:
        words = hashlib.sha256(b"%d %d" % (number, made)).hexdigest()
        pieces.append(f"<p>The council met and voted on item {words[:40]}.</p>\n".encode())
        made += len(pieces[-1])
    return b"".join(pieces)


def exchange(
    url: str = "http://news.example/1",
    body: bytes | None = None,
    *,
    status: bytes = b"200 OK",
    headers: bytes = b"Content-Type: text/html; charset=utf-8\r\n",
    packed: bool = True,
    at: dt.datetime = START,
    truncated: str | None = None,
) -> Exchange:
    """An exchange as its bytes crossed the wire: gzip, chunked, when `packed`; as it is otherwise."""
    body = page() if body is None else body
    head = b"HTTP/1.1 %s\r\n%s" % (status, headers)
    if packed:
        body = gzip.compress(body, mtime=0)
        head += b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
    else:
        head += b"Content-Length: %d\r\n" % len(body)
    return Exchange(
        url=url,
        request=b"GET /%s HTTP/1.1\r\nHost: news.example\r\nUser-Agent: Cleancopy\r\n\r\n" % url.rpartition("/")[2].encode(),
        response=head + b"\r\n" + body,
        started_at=at,
        ended_at=at + dt.timedelta(seconds=0.2),
        peer="192.0.2.1",
        truncated=truncated,
    )


def writer(archive: Archive, run: str = RUN, outlet: str = "daily", **how: object) -> WarcWriter:
    """A WARC writer for a test."""
    return WarcWriter(archive, outlet, run, clock=ticking(), about={"software": "cleancopy"}, **how)  # type: ignore[arg-type]


def lead(url: str = "http://news.example/1", outlet: str = "daily") -> Lead:
    return Lead(url=url, outlet=outlet, source="http://news.example/feed", title="Heard of", published=START)


def capture(url: str = "http://news.example/1", address: WarcAddress | None = None) -> Capture:
    """A capture without its body, as a clean copy gives it back."""
    return Capture(lead=lead(url), url=url, status=200, headers=(), body=b"", fetched_at=START, address=address)


def article(canonical: str = "http://news.example/1", text: str = "The bridge opens.", **fields: object) -> Article:
    """An article with every field filled."""
    address = fields.pop("address", None)
    assert address is None or isinstance(address, WarcAddress)
    return Article(
        page=Page(
            capture=capture(canonical, address),
            kind=Kind.ARTICLE,
            evidence=(Evidence(rule="words", words="Forbidden", weight=0.5),),
            title="The bridge opens - Daily",
            language="en",
            encoding="utf-8",
            flags=("odd-status",),
        ),
        **{  # type: ignore[arg-type]
            "canonical": canonical,
            "headline": "The bridge opens",
            "blocks": (
                Block(kind=BlockKind.PARAGRAPH, text=text),
                Block(kind=BlockKind.HEADING, text="What comes next"),
                Block(kind=BlockKind.LIST, text="one\ntwo"),
                Block(kind=BlockKind.QUOTE, text="“At last”, said the mayor."),
            ),
            "removed": (Removed(rule="share", words="Share this"),),
            "authors": ("Ann Lee", "Bo Öst"),
            "published": Stamp(value="2026-11-24T20:00:00Z", source="json-ld"),
            "modified": Stamp(value="2026-11-24", source="meta"),
            "language": "en",
            "provider": "Agency",
            "section": "City",
            "tags": ("bridge", "traffic"),
            "description": "In short.",
            "picture": Picture(url="http://news.example/p.jpg", caption="The bridge"),
            "sources": {"headline": "json-ld"},
            **fields,
        },
    )


def placement(relation: Relation = Relation.NEW, canonical: str = "c") -> Placement:
    return Placement(relation=relation, cluster="c1", canonical=canonical, match="m", share_of_match=0.5, score=0.25)


FINGERPRINT = Fingerprint(digest="ab" * 32, length=100)


def warcs(archive: Archive) -> list[Path]:
    """The published WARC files of a local archive."""
    assert archive.folder is not None
    return sorted(archive.folder.rglob("warc/**/*.warc.gz"))
