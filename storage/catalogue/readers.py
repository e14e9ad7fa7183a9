"""Clean copies -> their texts with fingerprints, made in processes of their own while the catalogue is written in this one.

Plain processes on a pipe each: one that was killed costs its speed and no text, none outlives the command or holds its locks.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection, Pipe
from typing import Self

from storage.archive.clean import read_text
from storage.catalogue.replay import Reading
from storage.records import Fingerprint

# Text -> its fingerprint; a function of a module, for it is sent to the processes by its name.
Look = Callable[[str], Fingerprint]

MOST = 4
_BEGIN = """import sys
from multiprocessing.connection import Connection
link = Connection(int(sys.argv[1]))
sys.path[:] = link.recv()
from storage.catalogue.readers import serve
serve(link)"""


def cores() -> int:
    """How many processes are worth while here; 1: none beside this one."""
    return min(MOST, len(os.sched_getaffinity(0)))


def readings(copies: Sequence[bytes | None], look: Look) -> list[Reading]:
    """Clean copies as they lie in the archive -> what stands in them, with their fingerprints."""
    return [replace(found, printed=look(found.text)) if found.text is not None else found for found in map(reading, copies)]


def reading(copy: bytes | None) -> Reading:
    """A clean copy as it lies in the archive (None: gone) -> what stands in it; nothing in one that is damaged."""
    with contextlib.suppress(ValueError):
        return Reading(text=read_text(copy) if copy is not None else None)
    return Reading()


class Reader:
    """One process. Give it copies with `send`, then take them with `receive`, before it is given others."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._sent: Sequence[bytes | None] = ()
        self._begun = False
        # Not by fork: a child would hold the locks of this process, and the sockets to S3. Not by multiprocessing's spawn: that
        # imports the command of this process again, all of Scrapy, a second each time. In a group of its own no signal of
        # the terminal reaches it.
        self._link, theirs = Pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-c", _BEGIN, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            process_group=0,
        )
        theirs.close()
        with contextlib.suppress(OSError):
            self._link.send(sys.path)
            self._link.send(look)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._link.close()
        self._process.wait()

    def ready(self) -> bool:
        """Whether it has begun, so that what it is given now is not waited for. One that died before that has as well: `receive`
        does its work."""
        if not self._begun and self._link.poll():
            self._begin()
        return self._begun

    def _begin(self) -> None:
        self._begun = True
        with contextlib.suppress(EOFError, OSError):
            self._link.recv()

    def send(self, copies: Sequence[bytes | None]) -> None:
        """Begin with these copies."""
        self._sent = copies
        with contextlib.suppress(OSError):  # it died: `receive` finds out
            self._link.send(copies)

    def receive(self) -> list[Reading]:
        """What stands in the copies that were sent; read here when the process died over them."""
        if not self._begun:
            self._begin()
        try:
            found: list[Reading] = self._link.recv()
        except (EOFError, OSError):
            return readings(self._sent, self._look)
        return found


def serve(link: Connection) -> None:
    """The life of a process: it ends when the other end of its pipe does."""
    with contextlib.suppress(EOFError, OSError):
        look = link.recv()
        link.send(None)  # ready
        while True:
            link.send(readings(link.recv(), look))
