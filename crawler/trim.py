"""Free memory goes back to the system while a crawl is going.

Bodies of a hundred kilobytes come and go between small things that stay; glibc keeps the holes, and a crawl of twenty thousand
pages grew by a hundred megabytes of which its records had none (`benchmarks.crawl --growth 20000`).
"""

from __future__ import annotations

import ctypes
from typing import Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from twisted.internet.task import LoopingCall

EVERY = 5.0
"""Seconds between two times; each takes 2 to 13 ms."""


def give_back() -> bool:
    """Free memory of this process -> the system's (malloc_trim(3)); False where the C library has no such call."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is None:
        return False
    trim(0)
    return True


class Trim:
    """Calls `give_back` from the start of a crawl to its end."""

    def __init__(self) -> None:
        if not give_back():
            raise NotConfigured("the C library keeps its memory")
        self._calls = LoopingCall(give_back)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        made = cls()
        crawler.signals.connect(made.begin, signal=signals.spider_opened)
        crawler.signals.connect(made.end, signal=signals.spider_closed)
        return made

    def begin(self) -> None:
        """The crawl begins."""
        self._calls.start(EVERY, now=False)

    def end(self) -> None:
        """The crawl is over."""
        if self._calls.running:
            self._calls.stop()
