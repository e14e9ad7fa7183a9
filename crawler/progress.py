"""What a run shows while it goes, when it ends early, the receipt at its end, and its log as lines of JSON.

And free memory goes back to the system meanwhile. Bodies of a hundred kilobytes come and go between small things that stay; glibc
keeps the holes, and a crawl of twenty thousand pages grew by a hundred megabytes of which its records had none (`benchmarks.crawl
--growth 20000`).
"""

from __future__ import annotations

import ctypes
import datetime as dt
import json
import logging
import sys
from typing import TYPE_CHECKING, Any, Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import create_looping_call
from scrapy.utils.defer import _schedule_coro
from twisted.python.failure import Failure

from crawler.console import clean, many
from crawler.network.wire import Postponed
from storage.archive import ArchiveError
from storage.records import Ending, Kind, Outcome

if TYPE_CHECKING:
    from rich.live import Live


class Progress:
    """Scrapy extension: counts endings, ends the run after a row of blocks, finishes the run with its receipt."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        if crawler.settings.getbool("NEWS_LOG_JSON"):
            log_as_json()
            # Scrapy makes its handler anew when all extensions are there, and that one would write plain lines.
            crawler._update_root_log_handler = log_as_json  # type: ignore[method-assign]
        self.most_blocks = crawler.settings.getint("NEWS_BLOCKS_IN_A_ROW")
        self.blocks = 0
        self.stopping = False
        self.started = dt.datetime.now(dt.UTC)
        self.receipt: dict[str, Any] | None = None
        self.live: Live | None = None
        self.tick, self.trim = create_looping_call(self._refresh), create_looping_call(give_back)
        crawler.signals.connect(self.spider_opened, signals.spider_opened)
        crawler.signals.connect(self.item_scraped, signals.item_scraped)
        crawler.signals.connect(self.item_error, signals.item_error)
        crawler.signals.connect(self.spider_closed, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not hasattr(crawler.spider, "run"):
            raise NotConfigured
        return cls(crawler)

    def spider_opened(self) -> None:
        self.tick.start(0.25, now=False)
        self.trim.start(EVERY, now=False)
        if sys.stderr.isatty():
            from rich.console import Console  # not at the top: cron has no terminal
            from rich.live import Live

            self.live = Live(self._line(), console=Console(stderr=True), transient=True, auto_refresh=False)
            self.live.start()

    def item_scraped(self, item: Ending) -> None:
        """An ending is settled: a run of blocks ends the run, so that nobody is pestered."""
        # Words of refusal under status 200 may stand for one missing story; a refusing status is meant for us.
        blocked = item.outcome is Outcome.QUARANTINED and (
            item.kind is Kind.CHALLENGE or (item.kind is Kind.FORBIDDEN and (item.status or 0) >= 400)
        )
        self.blocks = self.blocks + 1 if blocked else 0
        if blocked and self.blocks == self.most_blocks:
            self.crawler.spider.run.notes.append(  # type: ignore[union-attr]
                f"{self.blocks} pages in a row were blocked; the run ends and leaves the outlet in peace."
            )
            self.stop("blocked")

    def item_error(self, failure: Any) -> None:
        """An ending could not be kept: going on would only fetch what cannot be stored."""
        self.crawler.spider.run.notes.append(  # type: ignore[union-attr]
            f"The archive cannot be written: {failure.getErrorMessage()}"
        )
        self.stop("archive")

    def stop(self, reason: str) -> None:
        """End the crawl gently: what is under way is finished and kept."""
        engine = self.crawler.engine
        if engine is not None and not self.stopping:
            self.stopping = True
            _schedule_coro(engine.close_spider_async(reason=reason))
            self._let_go(engine)

    def spider_closed(self, reason: str) -> None:
        """Everything is published; the receipt is made."""
        for calls in (self.tick, self.trim):
            if calls.running:
                calls.stop()
        if self.live is not None:
            self.live.stop()
        run = self.crawler.spider.run  # type: ignore[union-attr]
        try:
            self.receipt = run.finish(reason, dt.datetime.now(dt.UTC))
        except ArchiveError as error:
            run.notes.append(f"The archive cannot be written: {error} What was fetched waits in {run.archive.spool.folder}.")
            self.receipt = run.receipt("archive", dt.datetime.now(dt.UTC))

    def _refresh(self) -> None:
        engine = self.crawler.engine
        if engine is not None and engine._slot is not None and engine._slot.closing is not None:
            self._let_go(engine)
        if self.live is not None:
            self.live.update(self._line(), refresh=True)

    def _let_go(self, engine: Any) -> None:
        """The run is ending: requests that still wait for their turn are left to the next run.

        Scrapy would first send them all, each after its delay.
        """
        for slot in engine.downloader.slots.values():
            while slot.queue:
                _, deferred = slot.queue.popleft()
                deferred.errback(Failure(Postponed("the run is ending")))

    def _line(self) -> str:
        run = getattr(self.crawler.spider, "run", None)
        if run is None:
            return "starting …"
        done = sum(run.counts.values())
        seconds = max((dt.datetime.now(dt.UTC) - self.started).total_seconds(), 0.001)
        shares = ", ".join(f"{run.counts[o]} {o.value}" for o in Outcome if run.counts[o])
        return clean(f"{run.outlet}: {many(done, 'page')} ({shares or 'none yet'}), {done / seconds:.1f}/s")


class JsonLines(logging.Formatter):
    """A record of the log -> one line: `at` (UTC), `level`, `logger`, `message`, and `error` with the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "at": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "error": self.formatException(record.exc_info) if record.exc_info else None,
        }
        # ASCII: no control character or line break of a page can forge a line.
        return json.dumps({name: value for name, value in fields.items() if value is not None}, ensure_ascii=True)


def log_as_json() -> None:
    """From now on every handler of the log writes JSON."""
    for handler in logging.getLogger().handlers:
        handler.setFormatter(JsonLines())


EVERY = 5.0
"""Seconds between two times; each takes 2 to 13 ms."""


def give_back() -> bool:
    """Free memory of this process -> the system's (malloc_trim(3)); False where the C library has no such call."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is None:
        return False
    trim(0)
    return True
