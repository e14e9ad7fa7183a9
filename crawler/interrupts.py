"""Ctrl-C, the end that a service manager asks for (SIGTERM), a terminal that is closed (SIGHUP): a command ends the same way
by each of them, with what it has begun put in order, and one line."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from types import FrameType, TracebackType
from typing import Any

PATIENCE = 2.0
"""Seconds that an interrupted command may take to put things in order before it can be ended at once."""


def one_line() -> None:
    """From now on an interruption that meets nobody who expects it is one line. Python then ends the process by SIGINT, which
    a shell shows as 130."""
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = _told
        sys.unraisablehook = _unraisable


def as_interrupts() -> None:
    """From now on SIGTERM and SIGHUP interrupt as Ctrl-C does, but for one that is ignored, as under nohup. Who presses it twice
    means it once; later than PATIENCE seconds it ends the process at once, whatever that is about: an archive bears it, and
    the next run puts in order what was begun. A crawl has handlers of its own, also for a terminal that is closed."""
    interrupt = _Interrupt()
    for each in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(each) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(each, interrupt)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, _as_term)


class _Interrupt:
    """The handler of a signal."""

    def __init__(self) -> None:
        self.first: float | None = None

    def __call__(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self.first is None:
            self.first = now
            raise KeyboardInterrupt
        if now - self.first > PATIENCE:
            os._exit(130)


def _as_term(number: int, frame: FrameType | None) -> None:
    handler = signal.getsignal(signal.SIGTERM)
    if callable(handler):
        handler(signal.SIGTERM, frame)


def _told(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    with contextlib.suppress(OSError, AttributeError):  # the terminal is gone
        sys.stderr.write("Interrupted.\n")


def _unraisable(met: Any) -> None:
    """What was interrupted while an object was taken apart: there is nothing to say of it."""
    if not issubclass(met.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(met)
