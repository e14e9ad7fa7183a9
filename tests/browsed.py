"""An archive for the web view's tests, with what strangers put into pages, and `scrapy browse` on it as a person starts it."""

from __future__ import annotations

import contextlib
import datetime as dt
import html
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines.chain import refine
from storage.archive import open_archive
from storage.archive.exchange import capture_of
from storage.catalogue import leads
from storage.records import Exchange, Lead, Outlet
from storage.run import Run, start_run
from tests.conftest import ROOT
from tests.test_dedupe import FERRY, ORCHESTRA
from tests.test_run import keep

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
HOSTILE = '<script>window.owned=1</script><img src=x onerror="window.owned=1"> \u202eevil\u202c {{ 7*7 }}'
BODY = [
    "<svg onload=window.owned=1><a xlink:href='javascript:window.owned=1'>The council of Lindby met on Tuesday to speak of it</a>",
    "</p></article></main><script>window.owned=1</script> said the mayor, who had not been asked before and did not stay long.",
    "See data:text/html,<script>window.owned=1</script> and javascript:window.owned=1 for what the opposition had to say of it.",
    '"><iframe src=https://elsewhere.example/></iframe><link rel=stylesheet href=//elsewhere.example/x.css> was all she said.',
]
ARABIC = [
    "قالت وزارة النقل إن ميناء ليندبي سيُفتح غدًا أمام العبارات بعد أسبوعين من الإغلاق بسبب العاصفة التي ضربت الساحل.",
    "وأضافت الوزارة أن أربعين قاربًا عادت إلى المرسى سالمة، وأن الصيادين سيحصلون على تعويض عن الأيام التي لم يخرجوا فيها.",
]


def page(headline: str, paragraphs: list[str], language: str = "en") -> bytes:
    """A story's page; whatever the words are, they are words."""
    body = "".join(f"<p>{html.escape(paragraph)}</p>" for paragraph in paragraphs)
    head = f"<title>{html.escape(headline)}</title>"
    article = f"<article><h1>{html.escape(headline)}</h1>{body}</article>"
    return f'<html lang="{language}"><head><meta charset="utf-8">{head}</head><body>{article}</body></html>'.encode()


def begin(archive: Path, outlet: str) -> Run:
    """A run of an outlet, now."""
    return start_run(
        outlet=outlet,
        archive=open_archive(str(archive)),
        catalogue=archive / "catalogue.sqlite",
        clock=lambda: NOW,
        about={"software": "test"},
    )


def enter(run: Run, number: int, body: bytes, status: str = "200 OK", title: str | None = None) -> None:
    """A page of the run's outlet -> archived."""
    url = f"https://{run.outlet}.example/{number}"
    lead = Lead(url=url, outlet=run.outlet, source=f"https://{run.outlet}.example/feed", title=title)
    run.announce([lead], NOW)
    leads.take(run.catalogue, lead, run.id, NOW)
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    exchange = Exchange(
        url=url, request=b"GET / HTTP/1.1\r\n\r\n", response=head + body, started_at=NOW, ended_at=NOW, peer="192.0.2.1"
    )
    keep(run, refine(capture_of(exchange, lead, run.record(exchange)), Outlet(name=run.outlet)))


def fill(archive: Path) -> None:
    """Two outlets: a ferry that both carry and one corrects, an orchestra, Arabic, a hostile story, refused pages."""
    run = begin(archive, "gazette")
    enter(run, 1, page("Harbour of Lindby closes", FERRY))
    enter(run, 1, page("Harbour of Lindby closes", [p.replace("40 boats", "48 boats") for p in FERRY]))
    enter(run, 2, page("Music in the depot", ORCHESTRA))
    enter(run, 3, page("ميناء ليندبي يُفتح غدًا", ARABIC, "ar"))
    enter(run, 4, page(HOSTILE, BODY))
    refused = f"<html><title>403 Forbidden</title><body><h1>403 Forbidden</h1><p>{html.escape(HOSTILE)}</p></body></html>"
    enter(run, 5, refused.encode(), "403 Forbidden", title=HOSTILE)
    run.finish("finished", NOW)
    other = begin(archive, "courier")
    enter(other, 1, page("No way into Lindby", FERRY[:-1]))
    other.finish("finished", NOW)


@contextlib.contextmanager
def browsing(archive: Path) -> Iterator[str]:
    """An archive -> the address at which `scrapy browse` shows it."""
    env = {key: value for key, value in os.environ.items() if not key.startswith(("NEWS_", "AWS_"))}
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "scrapy", "browse", "--port", "0"],
        cwd=ROOT,
        env=env | {"NEWS_ARCHIVE_URI": str(archive), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().split()[0].rstrip("/")
    finally:
        process.terminate()
        process.communicate(timeout=20)


def fetched(url: str, method: str = "GET", host: str | None = None) -> tuple[int, dict[str, str], str]:
    """An address -> status, headers in lower case, body."""
    request = urllib.request.Request(url, method=method, headers={"Host": host} if host else {})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, {k.lower(): v for k, v in error.headers.items()}, error.read().decode()


def told(url: str) -> dict[str, Any]:
    """An address -> the JSON there."""
    status, _, body = fetched(url)
    assert status == 200, body
    return dict(json.loads(body))
