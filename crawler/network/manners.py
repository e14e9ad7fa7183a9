"""How we ask: robots.txt, delays that the outlet names, bounded retries. Nobody's refusal is evaded.

robots.txt follows RFC 9309: a 4xx means no rules, a 5xx, 429 or silence means that nothing is fetched from that host
in this run. Retry-After is read in both forms of RFC 9110 10.2.3 and holds back every request to the host.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import email.utils
import logging
from typing import Self
from urllib.parse import urlsplit

from scrapy import Request, exceptions, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from crawler.console import complain
from crawler.network.robots import Robots
from crawler.network.wire import AddressRefused, Postponed
from storage.archive.codings import decode_body

logger = logging.getLogger(__name__)

ROBOTS_REDIRECTS = 5  # RFC 9309 2.3.1.2
RESERVED = "/.well-known/tdmrep.json"  # https://www.w3.org/community/reports/tdmrep/CG-FINAL-tdmrep-20240510/
MOST_RESERVED = 512 * 1024  # bytes of it
UNREACHABLE = (
    exceptions.CannotResolveHostError,
    exceptions.DownloadCancelledError,
    exceptions.DownloadConnectionRefusedError,
    exceptions.DownloadFailedError,
    exceptions.DownloadTimeoutError,
    exceptions.ResponseDataLossError,
    OSError,
)
FINAL = (IgnoreRequest, exceptions.DownloadCancelledError, exceptions.UnsupportedURLSchemeError, AddressRefused)


class Refused(IgnoreRequest):
    """We may not ask for this URL."""


class Manners:
    """Downloader middleware. Waits are kept by host and port; `request.meta["tries"]` counts what was tried."""

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self.crawler = crawler
        self.agent: str = settings["USER_AGENT"]
        self.obey = settings.getbool("NEWS_OBEY_ROBOTS")
        self.retries = settings.getint("NEWS_RETRIES")
        self.wait = settings.getfloat("NEWS_RETRY_WAIT")
        self.most = settings.getfloat("NEWS_RETRY_AFTER_MOST")
        self.patience = min(30.0, settings.getfloat("DOWNLOAD_TIMEOUT"))  # seconds for a robots.txt
        self.robots: dict[str, asyncio.Task[Robots | None]] = {}
        self.reserved: dict[str, asyncio.Task[bytes | None]] = {}
        self.held: dict[str, float] = {}
        self.given_up: dict[str, str] = {}
        self.delays: dict[str, float] = {}  # seconds that robots.txt asks for, by downloader slot
        # After AutoThrottle, which connected first and knows nothing of robots.txt.
        crawler.signals.connect(self._keep_delay, signals.response_downloaded)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Hold the request for as long as its host asked, and let it pass only where robots.txt does."""
        if not hasattr(self.crawler.spider, "run"):  # a command of Scrapy's own, as `scrapy fetch`
            complain("Nothing is fetched but by a run, which keeps it: scrapy crawl OUTLET -a url=URL")
            raise Refused("there is no run")
        if self.crawler.spider.run.is_forgotten(request.url):  # type: ignore[union-attr]
            self._note(f"{request.url} was forgotten on request; it is not fetched.")
            raise Refused("it was forgotten on request")
        host = urlsplit(request.url).netloc
        if host in self.given_up:
            raise Postponed(self.given_up[host])
        await self._hold(host)
        if "robots" in request.meta:
            request.meta["robots"].append(request.url)
            return
        if not self.obey:
            return
        robots = await self._robots(request.url, host)
        if robots is None:
            raise Postponed(self.given_up.setdefault(host, f"robots.txt of {host} cannot be read"))
        if not robots.allowed(self.agent, request.url):
            raise Refused("robots.txt disallows it")
        self._slow_down(request, robots.crawl_delay(self.agent))
        request.meta["rules"] = robots
        if "lead" in request.meta:  # a story; feeds and robots.txt are not archived for their text
            request.meta["tdm"] = await self._reserved(request.url, host, robots)

    def process_response(self, request: Request, response: Response) -> Request | Response:
        """A 429, 5xx or body cut short is asked for again, later; after the last try it is handed on as it is."""
        if "robots" in request.meta:
            return response
        host = urlsplit(request.url).netloc
        if response.status in (429, 503):
            named = header(response, "Retry-After")
            seconds = retry_after(named, _server_time(response)) if named else None
            if seconds is not None and seconds > self.most:
                self._note(f"{host} asks us to wait {seconds:.0f} s (Retry-After); it is left until the next run.")
                self.given_up[host] = "the host asked for a longer wait than a run has"
                return response
            return self._again(request, host, seconds) or response
        if response.status >= 500 or "dataloss" in response.flags:
            return self._again(request, host, None) or response
        return response

    def process_exception(self, request: Request, exception: Exception) -> Request | None:
        """A connection that broke is tried again; what we refuse ourselves, or an answer too large, is not."""
        if isinstance(exception, FINAL) or "robots" in request.meta:
            return None
        if isinstance(exception, exceptions.DownloadTimeoutError) and request.meta.get("exchange") is not None:
            return None  # a body that drips takes as long again; the lead waits for another run
        return self._again(request, urlsplit(request.url).netloc, None)

    def _again(self, request: Request, host: str, seconds: float | None) -> Request | None:
        tries = request.meta.get("tries", 0) + 1
        wait = seconds if seconds is not None else min(self.wait * 2 ** (tries - 1), self.most)
        self.held[host] = max(self.held.get(host, 0.0), _clock() + wait)
        if tries > self.retries:
            return None
        again = request.copy()
        again.meta["tries"] = tries
        again.meta.pop("exchange", None)  # its bytes lie in the WARC
        again.priority = request.priority - 1
        if self.crawler.stats:
            self.crawler.stats.inc_value("manners/retries")
        return again

    async def _hold(self, host: str) -> None:
        while (left := self.held.get(host, 0.0) - _clock()) > 0:
            await asyncio.sleep(left)

    async def _robots(self, url: str, host: str) -> Robots | None:
        if host not in self.robots:
            self.robots[host] = asyncio.ensure_future(self._read_robots(url, host))
        return await self.robots[host]

    async def _read_robots(self, url: str, host: str) -> Robots | None:
        address = f"{urlsplit(url).scheme}://{host}/robots.txt"
        trail: list[str] = []  # what was asked on the way; redirects share it
        meta = {"robots": trail, "redirect_ttl": ROBOTS_REDIRECTS, "download_timeout": self.patience}
        try:
            response = await self.crawler.engine.download_async(Request(address, meta=meta))
        except (AddressRefused, Postponed, *UNREACHABLE) as error:  # RFC 9309 2.3.1.4: fetch nothing
            if len(trail) == 1 and isinstance(error, AddressRefused | exceptions.CannotResolveHostError):
                raise  # it is the page's own failure: its host is forbidden, or is none
            self._note(f"{address} cannot be read ({type(error).__name__}); nothing is fetched from there in this run.")
            return None
        except IgnoreRequest:  # more redirects than RFC 9309 asks us to follow: may count as absent
            return Robots.parse(b"")
        if response.status == 429 or response.status >= 500:
            self._note(f"{address} answers {response.status}; nothing is fetched from there in this run.")
            return None
        if response.status >= 300:
            return Robots.parse(b"")
        return Robots.parse(decode_body(response.body, header(response, "Content-Encoding"), 1024 * 1024)[0])

    async def _reserved(self, url: str, host: str, robots: Robots) -> bytes | None:
        """The host's tdmrep.json, asked for once a run: what it reserves of its texts. None where it has none."""
        address = f"{urlsplit(url).scheme}://{host}{RESERVED}"
        if not robots.allowed(self.agent, address):
            return None
        if host not in self.reserved:
            self.reserved[host] = asyncio.ensure_future(self._read_reserved(address))
        return await self.reserved[host]

    async def _read_reserved(self, address: str) -> bytes | None:
        meta = {"robots": [], "dont_redirect": True, "download_timeout": self.patience, "download_maxsize": MOST_RESERVED}
        try:
            response = await self.crawler.engine.download_async(Request(address, meta=meta))
        except (*UNREACHABLE, *FINAL):
            return None
        if response.status != 200:
            return None
        return decode_body(response.body, header(response, "Content-Encoding"), MOST_RESERVED)[0]

    def _slow_down(self, request: Request, delay: float | None) -> None:
        """The host is asked no faster than its robots.txt says, whatever AutoThrottle finds; exactly, without jitter."""
        if not delay or self.crawler.engine is None:
            return
        key, slot = self.crawler.engine.downloader._get_slot(request)
        self.delays[key] = min(delay, self.most)
        slot.delay, slot.jitter = max(slot.delay, self.delays[key]), 0.0

    def _keep_delay(self, request: Request) -> None:
        key = request.meta.get("download_slot", "")
        slot = self.crawler.engine.downloader.slots.get(key) if self.crawler.engine else None
        if slot is not None:
            slot.delay = max(slot.delay, self.delays.get(key, 0.0))

    def _note(self, line: str) -> None:
        logger.warning(line)
        self.crawler.spider.run.notes.append(line)  # type: ignore[union-attr]


def retry_after(value: str, now: dt.datetime) -> float | None:
    """Retry-After header and the time -> seconds to wait; None for what is neither seconds nor an HTTP-date.

    A date in the past is 0. Source: RFC 9110 10.2.3.
    """
    value = value.strip()
    if value.isascii() and value.isdecimal():
        return float(value[:12])
    try:
        date = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=dt.UTC)
    return max(0.0, (date - now).total_seconds())


def header(response: Response, name: str) -> str | None:
    """The value of a header of Scrapy's response."""
    value = response.headers.get(name)
    return value.decode("latin-1") if value is not None else None


def _server_time(response: Response) -> dt.datetime:
    """The time by the server's own clock, against which it meant a date; ours when it does not say."""
    said = header(response, "Date")
    try:
        date = email.utils.parsedate_to_datetime(said) if said else None
    except ValueError:
        date = None
    now = dt.datetime.now(dt.UTC)
    return date if date is not None and date.tzinfo is not None else now


def _clock() -> float:
    return asyncio.get_running_loop().time()
