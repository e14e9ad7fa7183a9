"""Python's search for cycles, in processes that take pages apart.

A page is a tree of many thousand objects that hold no cycles; looking for cycles after every 700 new ones took a tenth of a
run's CPU time, and a process that has loaded more libraries looks through more.
"""

from __future__ import annotations

import gc


def seldom() -> None:
    """From now on this process looks for cycles seldom, and not in what it holds already.

    That is not looked through first: a process that was forked would copy all the memory which it shares with its parent.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
