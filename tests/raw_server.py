"""A server of raw bytes on loopback: every connection gets one prepared answer; what it received is kept."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping, Sequence
from typing import Self

NOWHERE = b"HTTP/1.1 404 Nope\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def answer(body: bytes, status: str = "200 OK", *headers: str, kind: str = "text/html; charset=utf-8") -> bytes:
    """A whole response in bytes; the connection is closed after it."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


class RawServer:
    """Answers by path. A sequence of answers is given one after the other, the last for ever; paths not named get a 404.
    `held`: paths that are answered only once `release` is called."""

    def __init__(self, answers: Mapping[str, bytes | Sequence[bytes]], *, address: str = "127.0.0.1") -> None:
        self.answers = {path: [each] if isinstance(each, bytes) else list(each) for path, each in answers.items()}
        self.received: list[bytes] = []
        self.held: set[str] = set()
        self._released = threading.Event()
        self.socket = socket.create_server((address, 0))
        self.port = self.socket.getsockname()[1]
        self.url = f"http://{address}:{self.port}"
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def release(self) -> None:
        self._released.set()

    @property
    def paths(self) -> list[str]:
        """The paths that were asked for, in order."""
        return [request.split(b" ")[1].decode() for request in self.received]

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            got = b""
            while b"\r\n\r\n" not in got:
                piece = connection.recv(65536)
                if not piece:
                    return
                got += piece
            self.received.append(got)
            path = got.split(b" ")[1].decode()
            if path in self.held:
                self._released.wait(60)
            waiting = self.answers.get(path, [NOWHERE])
            connection.sendall(waiting.pop(0) if len(waiting) > 1 else waiting[0])
