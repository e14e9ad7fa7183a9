"""A loopback server of real pages, in a process of its own: feed, robots.txt, and each page of a folder as a story.

`python -m benchmarks.page_server DIR --pages N` prints its address and serves until it is stopped. With more pages
than the folder has, pages are served again under other addresses with their title and first figures changed, so that
they are other texts.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

BATCH = 500


class Pages:
    """The bodies of a folder, gzip-coded as they lie there, by number."""

    def __init__(self, folder: Path, count: int) -> None:
        names = "truth.json" if (folder / "truth.json").exists() else "labels.json"
        self.ids = sorted(json.loads((folder / names).read_text()))
        self.bodies = [(folder / f"{ident}.html.gz").read_bytes() for ident in self.ids]
        self.count = count

    def body(self, number: int) -> bytes:
        """The gzip-coded page of a number. Beyond the folder's size a copy with other words in every paragraph."""
        round_, index = divmod(number, len(self.bodies))
        if round_ == 0:
            return self.bodies[index]
        page = gzip.decompress(self.bodies[index])
        return gzip.compress(page.replace(b"<p>", f"<p>No {number}. ".encode()), 1, mtime=0)


def feed(pages: Pages, number: int, host: str) -> bytes:
    """The RSS feed of one batch of pages."""
    first, last = number * BATCH, min((number + 1) * BATCH, pages.count)
    entries = "".join(
        f"<item><title>Story {n}</title><link>http://{host}/{n + 1000000}/story</link></item>" for n in range(first, last)
    )
    return f"<?xml version='1.0'?><rss version='2.0'><channel><title>Pages</title>{entries}</channel></rss>".encode()


class Handler(BaseHTTPRequestHandler):
    """GET /robots.txt, /feed/N.xml, /<number>/story."""

    protocol_version = "HTTP/1.1"
    pages: Pages

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        if path.startswith("/feed/"):
            self.answer(feed(self.pages, int(path[6:-4]), self.headers["Host"]), "application/rss+xml", None)
        elif path.endswith("/story"):
            self.answer(self.pages.body(int(path.split("/")[1]) - 1000000), "text/html; charset=utf-8", "gzip")
        elif path == "/robots.txt":
            self.answer(b"User-agent: *\nAllow: /\n", "text/plain", None)
        else:
            self.send_error(404)

    def answer(self, body: bytes, kind: str, coding: str | None) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if coding:
            self.send_header("Content-Encoding", coding)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet: the crawler is what is measured."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pages", type=int, default=257)
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    Handler.pages = Pages(options.folder, options.pages)
    server = ThreadingHTTPServer(("127.0.0.1", options.port), Handler)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
