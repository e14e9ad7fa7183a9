"""`python -m crawler.tether PID WORDS…` becomes `scrapy WORDS…`, and is told to end (SIGTERM) when process PID dies.

A worker of a fleet that is killed would leave its crawl behind, and the outlet's next task would ask the same site at the
same time. The kernel sends the signal (prctl(2), PR_SET_PDEATHSIG; Linux); elsewhere the crawl goes on to its end.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Does not return."""
    parent, words = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before the kernel knew
            sys.exit(130)
    os.execv(sys.executable, [sys.executable, "-m", "scrapy", *words])


if __name__ == "__main__":
    main()
