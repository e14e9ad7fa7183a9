"""The reference points of `python -m benchmarks.crawl`: Scrapy alone, and with trafilatura. They store and judge nothing."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import scrapy
import trafilatura

SETTINGS = {
    "CONCURRENT_REQUESTS": 16,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 8,
    "LOG_LEVEL": "ERROR",
    "TELNETCONSOLE_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
}


def extract(body: str, url: str) -> int:
    """Page -> how many characters trafilatura finds, with metadata."""
    found = trafilatura.bare_extraction(body, url=url, with_metadata=True)
    return len(found.text or "") if found else 0


class Bare(scrapy.Spider):
    """Scrapy alone: nothing is done with the page."""

    name = "bare"
    custom_settings = SETTINGS

    async def start(self) -> Any:
        for number in range(int(os.environ["BENCH_PAGES"])):
            yield scrapy.Request(f"{os.environ['BENCH_ORIGIN']}/{number + 1000000}/story")

    async def parse(self, response: Any) -> None:
        """Drop it."""


class Inline(Bare):
    """Scrapy and trafilatura in one process."""

    name = "inline"

    async def parse(self, response: Any) -> None:
        extract(response.text, response.url)


class Pool(Bare):
    """Scrapy and trafilatura in a pool of two processes."""

    name = "pool"
    pool: ProcessPoolExecutor | None = None

    async def parse(self, response: Any) -> None:
        if self.pool is None:
            self.pool = ProcessPoolExecutor(2)
        await asyncio.get_running_loop().run_in_executor(self.pool, extract, response.text, response.url)

    def closed(self, reason: str) -> None:
        if self.pool is not None:
            self.pool.shutdown()
