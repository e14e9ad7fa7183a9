"""Clean copies -> their texts with fingerprints, made in processes of their own while the catalogue is written in this one.

Plain processes on a pipe each: one that was killed costs its speed and no text, none outlives the command or holds its locks.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import Self

from storage.archive.clean import read_clean_copy
from storage.catalogue.replay import Reading
from storage.records import Fingerprint

# Text -> its fingerprint; a function of a module, for it is sent to the processes by its name.
Look = Callable[[str], Fingerprint]

MOST = 4
_OURS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # they reach all processes of a terminal, and are the command's alone


def cores() -> int:
    """How many processes are worth while here; 1: none beside this one."""
    return min(MOST, len(os.sched_getaffinity(0)))


def readings(copies: Sequence[bytes | None], look: Look) -> list[Reading]:
    """Clean copies as they lie in the archive (None: gone) -> what stands in them; nothing in one that is damaged."""
    found = []
    for data in copies:
        try:
            text = read_clean_copy(data).article.text if data is not None else None
        except ValueError:
            text = None
        found.append(Reading(text=text, printed=look(text) if text is not None else None))
    return found


class Reader:
    """One process. Give it copies with `send`, then take them with `receive`, before it is given others."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._sent: Sequence[bytes | None] = ()
        # Not by fork: a child would hold the locks of this process, and the sockets to S3.
        context = multiprocessing.get_context("spawn")
        self._link, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, look), daemon=True)
        resource_tracker.ensure_running()  # which lets signals through at its end
        # Held back until the new process has said that it ignores them: it begins with half a second of imports.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _OURS)
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._link.close()
        self._process.join()

    def send(self, copies: Sequence[bytes | None]) -> None:
        """Begin with these copies."""
        self._sent = copies
        with contextlib.suppress(OSError):  # it died: `receive` finds out
            self._link.send(copies)

    def receive(self) -> list[Reading]:
        """What stands in the copies that were sent; read here when the process died over them."""
        try:
            found: list[Reading] = self._link.recv()
        except (EOFError, OSError):
            return readings(self._sent, self._look)
        return found


def _serve(link: Connection, look: Look) -> None:
    """The life of a process: it ends when the other end of its pipe does, and no signal of the terminal is its own."""
    for each in _OURS:
        signal.signal(each, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _OURS)
    with contextlib.suppress(EOFError, OSError):
        while True:
            link.send(readings(link.recv(), look))
