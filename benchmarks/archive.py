"""What writing and verifying an archive costs: `python -m benchmarks.archive [DIR] [--cut BYTES] [--rounds N]`.

Pages of DIR (`<id>.html.gz`) are written as a crawl makes them durable (exchange, note, clean copy, ledger line), in a
folder that is removed again, then verified. CPU is process time; beside it the gzip of the decoded pages alone.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gzip
import json
import os
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from storage.archive import Archive, open_archive
from storage.archive.clean import clean_copy
from storage.archive.finding import Tally
from storage.archive.keys import article_id, clean_key, run_id
from storage.archive.ledger import Ledger
from storage.archive.verify import verify
from storage.archive.warc import WarcWriter
from storage.records import (
    Article,
    Block,
    BlockKind,
    Capture,
    Exchange,
    Fingerprint,
    Kind,
    Lead,
    Page,
    Placement,
    Relation,
    WarcAddress,
)

_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nServer: nginx\r\nVary: Accept-Encoding\r\n"
    b"Cache-Control: public, max-age=60\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
)
_REQUEST = b"GET / HTTP/1.1\r\nHost: news.example\r\nUser-Agent: Cleancopy\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n\r\n"
_PARAGRAPH = "The council of the city voted on Tuesday for the new bridge, which will carry trams before the year is out. " * 3
_AT_ONCE = 32


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def exchange(number: int, body: bytes) -> Exchange:
    """A page as it was received, with bytes of its own at its end so that it is no revisit."""
    body = body[:-8] + os.urandom(8)
    framed = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    url = f"https://news.example/2026/11/24/{number}"
    return Exchange(url=url, request=_REQUEST, response=_HEAD + framed, started_at=now(), ended_at=now(), peer="192.0.2.1")


def copy_of(url: str, address: WarcAddress, digest: str) -> bytes:
    lead = Lead(url=url, outlet="bench", source="https://news.example/feed", title="A story")
    capture = Capture(lead=lead, url=url, status=200, headers=(), body=b"", fetched_at=now(), address=address)
    article = Article(
        page=Page(capture=capture, kind=Kind.ARTICLE, evidence=()),
        canonical=url,
        headline="A story",
        blocks=tuple(Block(kind=BlockKind.PARAGRAPH, text=_PARAGRAPH) for _ in range(16)),
    )
    own = article_id(url)
    placement = Placement(relation=Relation.NEW, cluster=own, canonical=own)
    return clean_copy(article, Fingerprint(digest=digest, length=1), placement, extractor="bench")


def write(archive: Archive, bodies: list[bytes], rounds: int) -> int:
    """Write every page `rounds` times; how many."""
    run = run_id(now(), os.urandom(6))
    warc, ledger = (
        WarcWriter(archive, "bench", run, clock=now, about={"software": "bench"}),
        Ledger(archive, "bench", run, clock=now),
    )
    copies: list[tuple[str, bytes]] = []
    for number, body in enumerate(bodies * rounds):
        sent = exchange(number, body)
        address = warc.record(sent)
        warc.note(address, {"verdict": "ARTICLE"})
        digest = f"{number:064x}"
        key = clean_key("bench", article_id(sent.url), digest)
        copies.append((key, copy_of(sent.url, address, digest)))
        fields = {"outcome": "kept", "url": sent.url, "address": asdict(address), "clean_key": key, "content_digest": digest}
        ledger.append("outcome", fields)
        if len(copies) == _AT_ONCE:
            warc.sync()
            archive.store.put_all(copies)
            ledger.sync()
            copies = []
    archive.store.put_all(copies)
    warc.close()
    ledger.close()
    return len(bodies) * rounds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("../shared/pages/real-news"))
    parser.add_argument("--cut", type=int, help="cut the decoded pages at so many bytes")
    parser.add_argument("--rounds", type=int, default=4)
    opts = parser.parse_args()
    pages = [gzip.decompress(path.read_bytes())[: opts.cut] for path in sorted(opts.folder.glob("*.html.gz"))]
    if not pages:
        raise SystemExit(f"{opts.folder} holds no pages (*.html.gz); name a folder that does")
    bodies = [gzip.compress(page, 6, mtime=0) for page in pages]
    with tempfile.TemporaryDirectory(prefix="cleancopy-bench-") as folder:
        archive = open_archive(folder)
        begun, begun_wall = time.process_time(), time.perf_counter()
        written = write(archive, bodies, opts.rounds)
        wrote, wrote_wall = time.process_time() - begun, time.perf_counter() - begun_wall
        size = sum(size for _key, size in archive.store.entries())
        begun = time.process_time()
        findings = sum(each.severity == "error" for each in verify(archive, Tally()))
        verified = time.process_time() - begun
    begun = time.process_time()
    for page in pages:
        gzip.compress(page, 6)
    packed = time.process_time() - begun
    figures = {
        "pages": written,
        "decoded_kb": round(sum(map(len, pages)) / len(pages) / 1000, 1),
        "received_kb": round(sum(map(len, bodies)) / len(bodies) / 1000, 1),
        "write_cpu_ms": round(wrote / written * 1000, 2),
        "write_wall_ms": round(wrote_wall / written * 1000, 2),
        "gzip_of_decoded_cpu_ms": round(packed / len(pages) * 1000, 2),
        "bytes_by_received": round(size / (sum(map(len, bodies)) * opts.rounds), 3),
        "verify_pages_per_cpu_second": round(written / verified),
        "verify_errors": findings,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
