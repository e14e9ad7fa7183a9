"""What writing, verifying and rebuilding an archive costs: `python -m benchmarks.archive [DIR] [--cut BYTES | --most BYTES] [--rounds N]`.

Pages of DIR (`<id>.html.gz`) are judged and extracted once, which is not counted, then written as a crawl makes them durable
(exchange, row of the catalogue, metadata record, clean copy, ledger line, settled row), in a folder that is removed again, then
verified, and its catalogue made again (by the clock, all cores, start of the processes included). CPU is process time; beside
it the gzip of the decoded pages alone.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gzip
import json
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import sqlite_utils

from benchmarks.refine import captures as pages_of
from crawler.indexing import index
from pipelines.chain import refine
from pipelines.endings import placed, unkept
from pipelines.fingerprint import fingerprint
from storage.archive import Archive, open_archive
from storage.archive.clean import clean_copy
from storage.archive.finding import Tally
from storage.archive.keys import article_id, clean_key, run_id, usage
from storage.archive.ledger import Ledger
from storage.archive.verify import verify
from storage.archive.warc import WarcWriter
from storage.catalogue import captures
from storage.catalogue.readers import cores
from storage.catalogue.rebuild import build
from storage.catalogue.schema import open_catalogue, writing
from storage.endings import write_ending
from storage.records import (
    Article,
    Ending,
    Exchange,
    Fingerprint,
    Lead,
    Outcome,
    Outlet,
    Page,
    Placement,
    Relation,
    WarcAddress,
)
from storage.settler import fetch_fields, verdict_fields

_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nServer: nginx\r\nVary: Accept-Encoding\r\n"
    b"Cache-Control: public, max-age=60\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
)
_REQUEST = b"GET / HTTP/1.1\r\nHost: news.example\r\nUser-Agent: Cleancopy\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n\r\n"
_AT_ONCE = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A page as it is received (gzip), the length of it decoded, and what the chain made of it."""

    received: bytes
    decoded: bytes
    item: Page | Article
    fingerprint: Fingerprint | None


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def samples(folder: Path, cut: int | None, most: int | None) -> Iterator[Sample]:
    """The pages of a folder, cut at so many bytes, or those of at most so many bytes alone."""
    for _key, capture in pages_of(folder):
        body = capture.body[:cut]
        if most is not None and len(body) > most:
            continue
        item = refine(replace(capture, body=body), Outlet(name="bench"))
        printed = fingerprint(item.text) if isinstance(item, Article) else None
        yield Sample(received=gzip.compress(body, 6, mtime=0), decoded=body, item=item, fingerprint=printed)


def exchange(url: str, body: bytes) -> Exchange:
    """A page as it was received, with bytes of its own at its end so that it is no revisit."""
    body = body[:-8] + os.urandom(8)
    framed = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    return Exchange(url=url, request=_REQUEST, response=_HEAD + framed, started_at=now(), ended_at=now(), peer="192.0.2.1")


def ending_of(sample: Sample, number: int, run: str, url: str, address: WarcAddress) -> tuple[Ending, bytes | None]:
    """How the capture of a sample ends, and its clean copy."""
    item = sample.item
    page = item.page if isinstance(item, Article) else item
    lead = Lead(url=url, outlet="bench", source="https://news.example/feed", title=page.title)
    capture = replace(page.capture, url=url, lead=lead, body=b"", address=address)
    if not isinstance(item, Article) or sample.fingerprint is None:
        return unkept(run, replace(page, capture=capture), number), None
    article = replace(item, page=replace(page, capture=capture), canonical=url)
    own, digest = article_id(url), sample.fingerprint.digest
    placement = Placement(relation=Relation.NEW, cluster=own, canonical=own)
    kept = placed(run, article, number, Outcome.KEPT, placement, digest=digest, key=clean_key("bench", own, digest))
    return kept, clean_copy(article, sample.fingerprint, placement, extractor="bench")


class Writing:
    """Samples -> an archive, and its catalogue when there is one."""

    def __init__(self, archive: Archive, catalogue: sqlite_utils.Database | None) -> None:
        self.archive, self.catalogue = archive, catalogue
        self.run = run_id(now(), os.urandom(6))
        self.warc = WarcWriter(archive, "bench", self.run, clock=now, about={"software": "bench"})
        self.ledger = Ledger(archive, "bench", self.run, clock=now)
        self.waiting: list[tuple[Ending, bytes | None]] = []

    def keep(self, sample: Sample, number: int) -> None:
        """One page; it is durable when `settle` has been called."""
        url = f"https://news.example/2026/11/24/{number}/{article_id(str(number))[:24]}"
        sent = exchange(url, sample.received)
        address = self.warc.record(sent)
        ending, clean = ending_of(sample, number, self.run, url, address)
        if self.catalogue is not None:
            with writing(self.catalogue) as connection:
                captures.enter(connection, ending, sample.item.text)
        self.warc.note(address, {**fetch_fields(sent), **verdict_fields(ending)})
        self.waiting.append((ending, clean))
        if len(self.waiting) == _AT_ONCE:
            self.settle()

    def settle(self) -> None:
        """Make what waits durable."""
        self.warc.sync()
        self.archive.store.put_all([(each.clean_key or "", clean) for each, clean in self.waiting if clean is not None])
        for ending, _ in self.waiting:
            self.ledger.append("outcome", write_ending(ending))
        self.ledger.sync()
        if self.catalogue is not None:
            for ending, _ in self.waiting:
                captures.settle(self.catalogue, [ending])
        self.waiting = []

    def close(self) -> None:
        """Publish everything."""
        self.settle()
        self.warc.close()
        self.ledger.close()


def write(found: list[Sample], rounds: int, archive: Archive, catalogue: sqlite_utils.Database | None) -> tuple[float, float]:
    """Write the samples -> milliseconds of CPU and of the clock a page."""
    begun, begun_wall = time.process_time(), time.perf_counter()
    work, pages = Writing(archive, catalogue), len(found) * rounds
    for number, sample in enumerate(found * rounds, 1):
        work.keep(sample, number)
    work.close()
    return (
        round((time.process_time() - begun) / pages * 1000, 2),
        round((time.perf_counter() - begun_wall) / pages * 1000, 2),
    )


def measure(found: list[Sample], rounds: int, folder: Path) -> dict[str, object]:
    """Write the samples, verify what was written -> the figures."""
    archive = open_archive(str(folder / "archive"))
    catalogue = open_catalogue(folder / "catalogue.sqlite")
    without, _ = write(found, rounds, open_archive(str(folder / "another")), None)
    cpu, wall = write(found, rounds, archive, catalogue)
    catalogue.close()
    written = len(found) * rounds
    by_kind = {each.kind: each.bytes for each in usage(archive.store.entries())}
    received = sum(len(each.received) for each in found) * rounds
    begun = time.process_time()
    findings = sum(each.severity == "error" for each in verify(archive, Tally()))
    verified = time.process_time() - begun
    begun = time.perf_counter()
    made = build(archive, folder / "again.sqlite", index, look=fingerprint, count=cores())
    rebuilt = time.perf_counter() - begun
    if made.captures != written:
        raise SystemExit(f"{made.captures} of {written} captures came again")
    return {
        "pages": written,
        "articles": sum(isinstance(each.item, Article) for each in found) * rounds,
        "received_kb": round(received / written / 1000, 1),
        "bytes_by_received": round(sum(by_kind.values()) / received, 3),
        "bytes_a_page": {kind: round(size / written) for kind, size in by_kind.items()},
        "write_cpu_ms": cpu,
        "write_cpu_ms_without_catalogue": without,
        "write_wall_ms": wall,
        "verify_pages_per_cpu_second": round(written / verified),
        "verify_errors": findings,
        "rebuild_pages_per_second": round(written / rebuilt),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("../shared/pages/real-news"))
    parser.add_argument("--cut", type=int, help="cut the decoded pages at so many bytes")
    parser.add_argument("--most", type=int, help="take only pages of at most so many bytes, decoded")
    parser.add_argument("--rounds", type=int, default=4)
    opts = parser.parse_args()
    found = list(samples(opts.folder, opts.cut, opts.most))
    if not found:
        raise SystemExit(f"{opts.folder} holds no such pages (*.html.gz); name a folder that does")
    begun = time.process_time()
    for each in found:
        gzip.compress(each.decoded, 6)
    packed = time.process_time() - begun
    with tempfile.TemporaryDirectory(prefix="cleancopy-bench-") as folder:
        figures = measure(found, opts.rounds, Path(folder))
    decoded = sum(len(each.decoded) for each in found) / len(found)
    alone = {"decoded_kb": round(decoded / 1000, 1), "gzip_of_decoded_cpu_ms": round(packed / len(found) * 1000, 2)}
    print(json.dumps({**figures, **alone}))


if __name__ == "__main__":
    main()
