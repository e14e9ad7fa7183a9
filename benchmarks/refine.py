"""Benchmark 1: the crawl's own refine on every page of a folder, without any outlet profile.

    python -m benchmarks.refine DIR --out OUT.json [--limit N] [--beside]

DIR holds <id>.html.gz and truth.json or labels.json ({id: {"url"?, "status"?, "headers"?}}; no status: 200).
OUT: {id: {kind, evidence, headline, text, authors, published_at, language, removed}}. The last line is CPU ms
a page and pages/s; reading and writing files is not counted. With --beside, the line before it says what
trafilatura with metadata costs on the same pages, turn by turn, and the ratio: machines differ, the ratio hardly.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gzip
import json
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipelines.chain import refine
from storage.records import Article, Capture, Lead, Outlet, Page

_OUTLET = Outlet(name="benchmark")


def captures(folder: Path, limit: int | None = None) -> Iterator[tuple[str, Capture]]:
    """Folder of saved pages -> (id, Capture) in the order of its truth.json or labels.json."""
    names = [folder / "truth.json", folder / "labels.json"]
    index = next((name for name in names if name.exists()), None)
    if index is None:
        sys.exit(f"{folder}: neither truth.json nor labels.json in it; give a folder of ../shared/pages")
    said: dict[str, dict[str, Any]] = json.loads(index.read_text("utf-8"))
    for key, about in list(said.items())[:limit]:
        body = gzip.decompress((folder / f"{key}.html.gz").read_bytes())
        yield key, capture(body, about)


def capture(body: bytes, about: Mapping[str, Any]) -> Capture:
    """Saved body and what is known of its exchange -> Capture, fetched at its crawl date or now."""
    url = about.get("url") or "http://example.invalid/"
    headers = about.get("headers") or {}
    pairs = tuple(headers.items()) if isinstance(headers, Mapping) else tuple((k, v) for k, v in headers)
    fetched = dt.datetime.now(dt.UTC)
    if about.get("crawl_date"):
        fetched = dt.datetime.fromisoformat(about["crawl_date"]).replace(tzinfo=dt.UTC)
    lead = Lead(url=url, outlet=_OUTLET.name, source="by hand")
    return Capture(lead=lead, url=url, status=about.get("status") or 200, headers=pairs, body=body, fetched_at=fetched)


def report(refined: Page | Article) -> dict[str, Any]:
    """Page or Article -> the JSON object of one page of OUT."""
    article = refined if isinstance(refined, Article) else None
    page = refined.page if isinstance(refined, Article) else refined
    return {
        "kind": page.kind.value,
        "evidence": [{"rule": e.rule, "words": e.words, "weight": e.weight} for e in page.evidence],
        "headline": article.headline if article else None,
        "text": article.text if article else "",
        "authors": list(article.authors) if article else [],
        "published_at": article.published.value if article and article.published else None,
        "language": article.language if article else page.language,
        "removed": [{"rule": r.rule, "words": r.words} for r in article.removed] if article else [],
    }


def trafilatura_seconds(one: Capture, first: bool = False) -> float:
    """Capture -> CPU seconds of trafilatura with metadata on its body; `first`: once before, so that imports do not count."""
    from trafilatura import bare_extraction
    from trafilatura.meta import reset_caches

    if first:
        bare_extraction(one.body, url=one.url, with_metadata=True)
    started = time.process_time()
    bare_extraction(one.body, url=one.url, with_metadata=True)
    spent = time.process_time() - started
    reset_caches()  # they grow by a megabyte a page (trafilatura's issue 216)
    return spent


def main() -> None:
    """Command line of the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--beside", action="store_true", help="time trafilatura with metadata on the same pages too")
    given = parser.parse_args()
    out: dict[str, dict[str, Any]] = {}
    cpu = wall = beside = 0.0
    for key, one in captures(given.folder, given.limit):
        started, clock = time.process_time(), time.perf_counter()
        refined = refine(one, _OUTLET)
        cpu += time.process_time() - started
        wall += time.perf_counter() - clock
        out[key] = report(refined)
        if given.beside:
            beside += trafilatura_seconds(one, first=len(out) == 1)
    given.out.write_text(json.dumps(out, ensure_ascii=False), "utf-8")
    pages = max(len(out), 1)
    if given.beside:
        print(
            f"trafilatura with metadata: {1000 * beside / pages:.1f} ms CPU a page; ours/theirs {cpu / max(beside, 1e-9):.3f}"
        )
    print(f"{len(out)} pages: {1000 * cpu / pages:.1f} ms CPU a page, {pages / max(wall, 1e-9):.1f} pages/s")


if __name__ == "__main__":
    main()
