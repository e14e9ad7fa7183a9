"""Real sockets on 127.0.0.1 for the tests: an asyncio loop in a thread, one listening socket a door.

The newsstand and the hostile server stand on it. What they say is their business; this module accepts connections,
reads request heads, keeps the log of requests, and leaves nothing open behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

HEAD_LIMIT = 256 * 1024
LOOPBACK = "127.0.0.1"

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter, int], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it came: `door` is the name of the listening socket, `target` path and query as sent.

    `headers` are in wire order with repeats; `at` is time.monotonic() in seconds; `raw` the bytes of the head;
    `connection` numbers the connections of the server, so that two requests over one are seen to be.
    """

    door: str
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    at: float
    raw: bytes
    connection: int = 0

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.split("?", 1)[0]

    def header(self, name: str) -> str | None:
        """The first value of a header, by name in any case; None when it was not sent."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


async def read_request(reader: asyncio.StreamReader, door: str, connection: int = 0) -> Request | None:
    """The next request head on a connection; None at its end or when it is not HTTP."""
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
        line, *rest = raw.decode("latin-1").split("\r\n")
        method, target, _version = line.split(" ", 2)
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError):
        return None
    pairs = [text.partition(":") for text in rest if text]
    headers = tuple((name, value.strip()) for name, _colon, value in pairs)
    now = time.monotonic()
    return Request(door=door, method=method, target=target, headers=headers, at=now, raw=raw, connection=connection)


class Loopback:
    """Listening sockets with a thread behind them. `with Loopback(doors=…, talk=…) as server: server.url("name")`.

    `doors` maps a name to a port (0: any free one). `talk(reader, writer, index of the door)` holds one connection.
    `hosts` gives doors an address of their own: 127.0.1.7, ::1 (127.0.0.1 where it says nothing).
    """

    def __init__(self, *, doors: dict[str, int], talk: Talk, hosts: Mapping[str, str] | None = None) -> None:
        self.names: tuple[str, ...] = tuple(doors)
        self._ports = tuple(doors.values())
        self._hosts = tuple((hosts or {}).get(name, LOOPBACK) for name in doors)
        self._talk = talk
        self._sockets: list[socket.socket] = []
        self._connections: set[asyncio.Task[None]] = set()
        self._log: list[Request] = []
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closing: asyncio.Event | None = None

    def __enter__(self) -> Loopback:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Bind every door, then answer in a thread. Raises OSError, with nothing left open, when a port is taken."""
        try:
            for host, port in zip(self._hosts, self._ports, strict=True):
                family = socket.AF_INET6 if ":" in host else socket.AF_INET
                self._sockets.append(socket.create_server((host, port), family=family, backlog=128))
        except OSError:
            for bound in self._sockets:
                bound.close()
            self._sockets.clear()
            raise
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="loopback", daemon=True)
        self._thread.start()
        ready.wait()

    def stop(self) -> None:
        """Drop all connections, close the doors, join the thread. Safe to call twice."""
        if self._thread is None or self._loop is None or self._closing is None:
            return
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()
        self._thread = None

    def port(self, name: str) -> int:
        """The port behind a door."""
        number: int = self._sockets[self.names.index(name)].getsockname()[1]
        return number

    def url(self, name: str) -> str:
        """The base URL of a door, without a slash at its end."""
        host = self._hosts[self.names.index(name)]
        return f"http://[{host}]:{self.port(name)}" if ":" in host else f"http://{host}:{self.port(name)}"

    @property
    def requests(self) -> tuple[Request, ...]:
        """Every request so far, oldest first: a copy, safe to read while the server runs."""
        with self._lock:
            return tuple(self._log)

    def log(self, request: Request) -> None:
        """Note a request; called by the talk."""
        with self._lock:
            self._log.append(request)

    def forget(self) -> None:
        """Empty the log."""
        with self._lock:
            self._log.clear()

    def _run(self, ready: threading.Event) -> None:
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            runner.run(self._serve(ready))

    async def _serve(self, ready: threading.Event) -> None:
        self._closing = asyncio.Event()
        servers = [
            await asyncio.start_server(self._accept(index), sock=bound, limit=HEAD_LIMIT)
            for index, bound in enumerate(self._sockets)
        ]
        ready.set()
        await self._closing.wait()
        for server in servers:
            server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _accept(self, index: int) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
        async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._connections.add(task)
            try:
                # A client that went away, or our own stop, ends a connection and is no fault of the test.
                with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                    await self._talk(reader, writer, index)
            finally:
                self._connections.discard(task)
                if not writer.is_closing():
                    with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                        await asyncio.wait_for(writer.drain(), 2)
                writer.transport.abort() if self._closing and self._closing.is_set() else writer.close()

        return hold


def doors(names: Sequence[str], port: int) -> dict[str, int]:
    """Names and a first port -> a port for each: consecutive ones, or 0 (any free one) for all."""
    return {name: port + index if port else 0 for index, name in enumerate(names)}
