"""Worker processes that refine: a capture goes to the next free one, a page or an article comes back.

Not a pool of the standard library, for four reasons. There, a page whose parser crashes breaks the whole pool; a page that
hangs holds it for ever; Ctrl-C and a service manager's SIGTERM, which reach every process of the group, kill the workers and
with them what they were about; and a run that was killed leaves them behind, with its locks. Here a page that takes its worker
down, or longer than `PATIENCE`, has failed and the others go on; the signals are the crawl's alone; a worker ends with the
crawl.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import pickle
import signal
import socket
import struct
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

PATIENCE = 300.0
"""Seconds that a worker may take for one page; the slowest page known takes 5."""
DEATHS = 3
"""Worker processes that die over one page before it has failed: the first may have died of something else, as short memory."""
_AHEAD = 2  # captures that a worker has at once: while it is at one, the next lies ready
_LENGTH = struct.Struct("<Q")
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

logger = logging.getLogger(__name__)


class WorkerLost(Exception):
    """The worker died over this task, or took too long; the message says which."""


class WorkerHung(WorkerLost):
    """It took longer than PATIENCE."""


class _Worker:
    """A process and the link to it. `waiting` are the tasks whose answers it owes, in order."""

    link: socket.socket

    def __init__(self, work: Callable[..., Any], others: list[_Worker]) -> None:
        ours, theirs = socket.socketpair()
        # Held back until the child has said that it ignores them.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        self.pid = os.fork()
        if self.pid == 0:
            _serve(theirs, work, [ours, *(each.link for each in others)])
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        ours.setblocking(False)
        self.link = ours
        self.waiting: deque[tuple[bytes, asyncio.Future[Any]]] = deque()
        self.sending = asyncio.Lock()
        self.reader: asyncio.Task[None] | None = None

    def end(self, *, at_once: bool = False) -> int:
        """End the process and its socket -> its wait status."""
        if self.reader is not None:
            self.reader.cancel()
        self.link.close()
        if at_once:
            os.kill(self.pid, signal.SIGKILL)
        return os.waitpid(self.pid, 0)[1]


class Workers:
    """`count` processes that call `work`, made by fork: begin before the first thread does. Not for use by two event loops."""

    def __init__(self, count: int, work: Callable[..., Any]) -> None:
        self._work = work
        self._workers: list[_Worker] = []
        self._free = asyncio.Semaphore(count * _AHEAD)
        for _ in range(count):
            self._workers.append(_Worker(work, self._workers))

    async def run(self, *arguments: Any) -> Any:
        """What `work(*arguments)` returns, in the least busy worker; waits while all have enough. WorkerLost when the task
        took DEATHS workers down, or one for too long."""
        task = pickle.dumps(arguments, pickle.HIGHEST_PROTOCOL)
        for left in reversed(range(DEATHS)):
            async with self._free:
                answer = asyncio.get_running_loop().create_future()
                await self._send(task, answer)
                try:
                    return await answer
                except WorkerHung:
                    raise
                except WorkerLost as error:
                    if not left:
                        raise WorkerLost(f"{error} ({DEATHS} of them)") from error
        raise AssertionError("the last try returns or raises")

    def close(self) -> None:
        """End the processes; nothing may be under way."""
        for worker in self._workers:
            worker.end(at_once=bool(worker.waiting))
        self._workers.clear()

    async def _send(self, task: bytes, answer: asyncio.Future[Any]) -> None:
        worker = min(self._workers, key=lambda each: len(each.waiting))
        worker.waiting.append((task, answer))
        if worker.reader is None:
            worker.reader = asyncio.ensure_future(self._read(worker))
        async with worker.sending:
            with contextlib.suppress(OSError):  # it died: the reader finds out, and says so of the right task
                await asyncio.get_running_loop().sock_sendall(worker.link, _LENGTH.pack(len(task)) + task)

    async def _read(self, worker: _Worker) -> None:
        """Hand out the answers of a worker while it owes any."""
        while worker.waiting:
            try:
                size = _LENGTH.unpack(await asyncio.wait_for(_exactly(worker.link, _LENGTH.size), PATIENCE))[0]
                answer = await _exactly(worker.link, size)
            except TimeoutError:
                await self._replace(worker, WorkerHung(f"it took longer than {PATIENCE:.0f} s"))
                return
            except (EOFError, OSError):
                await self._replace(worker, WorkerLost("its worker process died"))
                return
            _, future = worker.waiting.popleft()
            if not future.done():
                future.set_result(pickle.loads(answer))
        worker.reader = None

    async def _replace(self, worker: _Worker, reason: WorkerLost) -> None:
        """A new worker for one that is lost. The task it was about has failed; those behind it are done by others."""
        worker.reader = None
        status = worker.end(at_once=True)
        self._workers.remove(worker)
        self._workers.append(_Worker(self._work, self._workers))
        (_, failed), *rest = worker.waiting
        logger.error("a worker was lost: %s (wait status %d)", reason, status)
        if not failed.done():
            failed.set_exception(reason)
        for task, answer in rest:
            await self._send(task, answer)


async def _exactly(source: socket.socket, size: int) -> bytes:
    """So many bytes from a socket. EOFError when it ends before."""
    loop, parts = asyncio.get_running_loop(), bytearray()
    while len(parts) < size:
        part = await loop.sock_recv(source, min(size - len(parts), 1 << 20))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


def _serve(tasks: socket.socket, work: Callable[..., Any], others: list[socket.socket]) -> None:
    """The life of a worker; does not return. It ends when the other end of its socket does, that is with the crawl."""
    try:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        with contextlib.suppress(ValueError):
            signal.set_wakeup_fd(-1)
        for other in others:
            other.close()
        _let_go(tasks.fileno())
        seldom()
        tasks.setblocking(True)
        with tasks.makefile("rb") as stream:
            while len(head := stream.read(_LENGTH.size)) == _LENGTH.size:
                arguments = pickle.loads(stream.read(_LENGTH.unpack(head)[0]))
                answer = pickle.dumps(work(*arguments), pickle.HIGHEST_PROTOCOL)
                tasks.sendall(_LENGTH.pack(len(answer)) + answer)
    except (EOFError, OSError, pickle.UnpicklingError):
        pass  # the crawl is gone, perhaps in the middle of a task
    except BaseException:
        logger.exception("a worker ends")
    finally:
        os._exit(0)


def _let_go(kept: int) -> None:
    """Close what the crawl has open, its locks above all: they must end with the crawl. Logs stay open."""
    stay = {0, 1, 2, kept}
    for handler in logging.getLogger().handlers:
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stay.add(handler.stream.fileno())  # type: ignore[attr-defined]
    opened = Path("/proc/self/fd")
    for handle in [int(each.name) for each in opened.iterdir()] if opened.is_dir() else range(3, 256):
        if handle not in stay:
            with contextlib.suppress(OSError):
                os.close(handle)


def seldom() -> None:
    """From now on this process looks for cycles seldom, and not in what it holds already: a page is a tree of many thousand
    objects without any, and looking after every 700 new ones took a tenth of a run's CPU time.

    What it holds is not looked through first: a process that was forked would copy all the memory which it shares with its parent.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
