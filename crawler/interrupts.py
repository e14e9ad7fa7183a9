"""Ctrl-C, the end that a service manager asks for (SIGTERM), a terminal that is closed (SIGHUP): a command ends the same way
by each of them, with what it has begun put in order, and one line."""

from __future__ import annotations

import contextlib
import signal
import sys
from types import FrameType, TracebackType
from typing import Any


def one_line() -> None:
    """From now on an interruption that meets nobody who expects it is one line. Python then ends the process by SIGINT, which
    a shell shows as 130."""
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = _told
        sys.unraisablehook = _unraisable


def as_interrupts() -> None:
    """SIGTERM and SIGHUP interrupt as Ctrl-C does, but for one that is ignored, as under nohup. A crawl sets handlers of its
    own for SIGTERM, and so for a terminal that is closed."""
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, lambda number, frame: _as_term(frame))


def _as_term(frame: FrameType | None) -> None:
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
