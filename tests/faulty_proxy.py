"""A proxy on loopback that does to HTTP what networks and overloaded servers do. For the S3 tests."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urlsplit


class Fault(StrEnum):
    """What happens to one request: asked to slow down, an error, the connection cut before the request is through, the
    request done and its answer lost, the answer cut in its middle."""

    SLOW_DOWN = "503 SlowDown"
    ERROR_500 = "500 InternalError"
    CUT = "cut"
    LOSE_ANSWER = "lose answer"
    CUT_ANSWER = "cut answer"


class FaultyProxy:
    """`faults`: words that the request line must hold -> faults for the next such requests, in order, until used up.
    `seen`: the request lines so far."""

    def __init__(self, server: str) -> None:
        self.faults: dict[str, list[Fault]] = {}
        self.seen: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, urlsplit(server).netloc))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def fault(self, line: str) -> Fault | None:
        """The fault for this request, taken off the list."""
        for words, faults in self.faults.items():
            if faults and all(word in line for word in words.split()):
                return faults.pop(0)
        return None


def _handler(proxy: FaultyProxy, server: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            line = f"{self.command} {self.path}"
            proxy.seen.append(line)
            fault = proxy.fault(line)
            if fault is Fault.CUT:
                self.hang_up()
                return
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if fault in (Fault.SLOW_DOWN, Fault.ERROR_500):
                status, code = fault.value.split()
                answer = f"<Error><Code>{code}</Code><Message>told to</Message></Error>".encode()
                self.answer(int(status), [], answer)
                return
            connection = http.client.HTTPConnection(server)
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() != "expect":
                    connection.putheader(name, value)
            connection.endheaders(body)
            came = connection.getresponse()
            data, headers = came.read(), came.getheaders()
            connection.close()
            if fault is Fault.LOSE_ANSWER:
                self.hang_up()
            else:
                self.answer(came.status, headers, data, cut=fault is Fault.CUT_ANSWER)

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_any

        def answer(self, status: int, headers: list[tuple[str, str]], body: bytes, *, cut: bool = False) -> None:
            self.send_response_only(status)
            framing = ("content-length", "transfer-encoding", "connection")
            length = {name.lower(): value for name, value in headers}.get("content-length", str(len(body)))
            for name, value in headers:
                if name.lower() not in framing:
                    self.send_header(name, value)
            self.send_header("Content-Length", length if self.command == "HEAD" else str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body[: len(body) // 2] if cut else body)
            if cut:
                self.close_connection = True

        def hang_up(self) -> None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

        def log_message(self, *_: object) -> None:
            pass

        def handle(self) -> None:
            with contextlib.suppress(ConnectionError, ValueError):  # a cut connection
                super().handle()

    return Handler
