"""The download handler: every exchange is recorded as its bytes crossed the wire, before anything looks at it.

Scrapy hands on a response whose header case, order, repeats and framing are gone; an archive needs them. So the
connection is tapped. This stands on private names of Scrapy 2.19 (`_ScrapyAgent`, `_LenientHTTP11ClientProtocol`):
Scrapy is pinned exactly, and tests/test_wire.py compares the bytes with what a raw server sent and received.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
    _LenientHTTPClientParser,
    _ScrapyAgent,
)
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
)
from scrapy.http import Response
from scrapy.utils._download_handlers import wrap_twisted_exceptions
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.defer import Deferred, fail
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.http_headers import InvalidHeaderName

from crawler.network.addresses import Network, networks, refused, refused_address
from storage.records import Exchange

HEAD_LIMIT = 256 * 1024  # bytes of status line and headers; a browser stops at about as much
_HEAD_END = re.compile(rb"\n\r?\n")
_NOT_MODIFIED = re.compile(rb"HTTP/1\.[01] 304\b")


class Postponed(IgnoreRequest):
    """We may not ask now; the lead waits for another run."""


class AddressRefused(Exception):
    """The host is, or the connection reached, an address that no outlet lives on; nothing was sent."""


class Tap:
    """Bytes of one exchange: `sent` and `received`, at most `limit` bytes of each, and the `peer` that answered."""

    def __init__(self, limit: int, networks: tuple[Network, ...]) -> None:
        self.limit = limit
        self.networks = networks
        self.sent = bytearray()
        self.received = bytearray()
        self.peer: str | None = None
        self.head_ended = False
        self.head_too_large = False
        self.reset = False


class _TappedTransport:
    """A transport that keeps what is written through it; all else goes to the real one."""

    def __init__(self, transport: Any, protocol: _TappedProtocol) -> None:
        self._transport = transport
        self._protocol = protocol

    def write(self, data: bytes) -> None:
        self._protocol.tap.sent += data
        self._transport.write(data)

    def writeSequence(self, parts: list[bytes]) -> None:
        self.write(b"".join(parts))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class _Parser(_LenientHTTPClientParser):
    """Takes what a browser takes: long header lines, and names that are none are passed over."""

    MAX_LENGTH = HEAD_LIMIT  # of one line; Twisted's 16 KiB are less than some Content-Security-Policy

    def headerReceived(self, name: bytes, value: bytes) -> None:
        with contextlib.suppress(InvalidHeaderName):
            super().headerReceived(name, value)  # type: ignore[no-untyped-call]


class _TappedProtocol(_LenientHTTP11ClientProtocol):
    tap: Tap
    transport: Any

    def makeConnection(self, transport: Any) -> None:
        super().makeConnection(_TappedTransport(transport, self))  # type: ignore[no-untyped-call]

    def request(self, request: Any) -> Deferred[Any]:
        # Here and not in connectionMade: an error raised there hangs the request until its time is up.
        self.tap.peer = str(self.transport.getPeer().host)
        reason = refused_address(self.tap.peer, self.tap.networks)
        if reason:
            self.transport.abortConnection()
            return fail(AddressRefused(f"{self.tap.peer}: {reason}"))
        answer = super().request(request)
        self._parser.__class__ = _Parser  # as Scrapy puts its own in the place of Twisted's
        return answer

    def dataReceived(self, data: bytes) -> None:
        tap = self.tap
        if len(tap.received) <= tap.limit:
            tap.received += data
        if not tap.head_ended:
            tap.head_ended = _HEAD_END.search(tap.received, max(0, len(tap.received) - len(data) - 2)) is not None
            if not tap.head_ended and len(tap.received) > HEAD_LIMIT:
                tap.head_too_large = True
                self.transport.abortConnection()
                return
        super().dataReceived(data)  # type: ignore[no-untyped-call]

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        # A body without a length ends with its connection; one that was reset is not whole (RFC 9112 8).
        self.tap.reset = not reason.check(ConnectionDone)
        super().connectionLost(reason)  # type: ignore[no-untyped-call]


class _TappedFactory(_LenientHTTP11ClientFactory):
    noisy = False

    def buildProtocol(self, addr: Any) -> _TappedProtocol:
        return _TappedProtocol(self._quiescentCallback)  # type: ignore[no-untyped-call]


class _TappedPool:
    """The view that one request has of the connection pool: the connection that it gets writes into its tap."""

    def __init__(self, pool: Any, tap: Tap) -> None:
        self._pool = pool
        self._tap = tap

    def getConnection(self, key: Any, endpoint: Any) -> Deferred[Any]:
        def attach(protocol: _TappedProtocol) -> _TappedProtocol:
            protocol.tap = self._tap
            return protocol

        return self._pool.getConnection(key, endpoint).addCallback(attach)  # type: ignore[no-any-return]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)


class WireDownloadHandler(HTTP11DownloadHandler):
    """Request -> Response; the exchange goes to the run's WARC first.

    Sets in `request.meta`: `exchange` (Exchange), `address` (WarcAddress of its response) and `fetched_at` (UTC). The
    same holds when the download fails after bytes of an answer came; before that, `address` is None.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._pool._factory = _TappedFactory
        self._pool.retryAutomatically = False  # retries are made in manners.py, where they are counted
        self._networks = networks(crawler.settings.getlist("NEWS_ALLOW_ADDRESSES"))

    async def download_request(self, request: Request) -> Response:
        host = urlsplit(request.url).hostname or ""
        if not self._crawler.crawling:
            # It waited for its turn when the run was told to end; another machine may be asking the same host already.
            raise Postponed("the run is ending")
        if reason := refused(host, self._networks):
            raise AddressRefused(f"{host}: {reason}")
        maxsize = request.meta.get("download_maxsize", self._default_maxsize)
        tap = Tap(maxsize + HEAD_LIMIT, self._networks)
        agent = self._agent(tap, maxsize)
        started, truncated = dt.datetime.now(dt.UTC), None
        try:
            with wrap_twisted_exceptions():
                response = await maybe_deferred_to_future(agent.download_request(request))
            if "partial" in response.flags and tap.reset:
                response.flags.append("dataloss")
            truncated = "disconnect" if "dataloss" in response.flags else None
            return response
        except DownloadTimeoutError:
            truncated = "time"
            raise
        except DownloadCancelledError as error:
            truncated = "length"
            raise DownloadCancelledError(f"the answer is larger than {maxsize} bytes") from error
        except CannotResolveHostError as error:
            self._say_why(host, error)
            raise
        except DownloadFailedError as error:
            truncated = "disconnect"
            if tap.head_too_large:
                raise DownloadCancelledError(f"the headers are larger than {HEAD_LIMIT} bytes") from error
            raise
        finally:
            self._record(request, tap, started, truncated)

    def _agent(self, tap: Tap, maxsize: int) -> _ScrapyAgent:
        """Scrapy's own way to ask, over connections that `tap` listens to."""
        return _ScrapyAgent(
            contextFactory=self._contextFactory,
            bindAddress=self._bind_address,
            pool=_TappedPool(self._pool, tap),  # type: ignore[arg-type]
            maxsize=maxsize,
            warnsize=0,
            fail_on_dataloss=False,  # a body cut short is kept and flagged, not lost
            crawler=self._crawler,
        )

    def _say_why(self, host: str, error: CannotResolveHostError) -> None:
        """A name that has refused addresses alone looks like one that does not resolve; raises AddressRefused for it."""
        from twisted.internet import reactor  # not at the top: it is installed when a crawl starts

        reason = getattr(reactor.nameResolver, "reasons", {}).get(host)
        if reason:
            raise AddressRefused(f"{host}: {reason}") from error

    def _record(self, request: Request, tap: Tap, started: dt.datetime, truncated: str | None) -> None:
        ended = dt.datetime.now(dt.UTC)
        request.meta.update(exchange=None, address=None, fetched_at=ended)
        if not tap.head_ended:
            return  # no answer came: nothing to archive but the failure, which the ledger has
        exchange = Exchange(
            url=request.url,
            request=bytes(tap.sent),
            response=bytes(tap.received),
            started_at=started,
            ended_at=ended,
            peer=tap.peer,
            truncated=truncated,
        )
        known = request.meta.get("known_answer") if _NOT_MODIFIED.match(exchange.response) else None
        address = self._crawler.spider.run.record(exchange, known.earlier if known else None)  # type: ignore[union-attr]
        request.meta.update(exchange=exchange, address=address)
