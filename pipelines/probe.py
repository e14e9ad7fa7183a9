"""What an outlet answers for a URL that cannot exist, and how much a page is like that answer.

Outlets that answer 200 for everything still answer one impossible URL like any other. Who asks for it, and how often, is
the crawl's business (crawler/impossible.py). Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from zlib import crc32

from pipelines.document import Document

MOST = 1_500
"""Runs of words that are looked at."""
_RUN = 4  # words of a run
_OWN = 80  # runs of its own with which a page is its own, whatever it shares
_LEAST = 4  # runs below which nothing but sameness tells
_FIGURE = re.compile(r"\d+")
_WORD = re.compile(r"\w+")


def fingerprint(document: Document) -> tuple[int, ...]:
    """Document -> sorted hashes of the runs of words in its shown text outside links. Figures are folded, for they are
    dates, counters and request numbers; what the answer says of the address asked for costs it a few runs only."""
    return tuple(sorted(set(_runs(document))))


def likeness(document: Document, impossible: Sequence[int]) -> float:
    """A page, and the fingerprint of the answer for the impossible URL -> 0 to 1: how much of the page is in that answer.

    The share of the page's runs, not of both sides; and the more it says of its own, the less it counts what it shares: a
    short report in a large frame has much in common with any page of its outlet.
    """
    known, ours = frozenset(impossible), list(_runs(document))
    if len(ours) < _LEAST or len(known) < _LEAST:
        return float(bool(ours) and set(ours) == known)
    own = sum(run not in known for run in ours)
    return (1 - own / len(ours)) * max(0.0, 1 - own / _OWN)


def _runs(document: Document) -> Iterator[int]:
    """Hashes of runs of words, within passages, at most MOST; a passage shorter than a run is one."""
    left = MOST
    for passage in document.passages:
        if passage.hidden or 2 * passage.linked > len(passage.text):
            continue
        words = _WORD.findall(_FIGURE.sub("0", passage.text[:5_000].lower()))
        for start in range(max(len(words) - _RUN + 1, min(len(words), 1))):
            yield crc32(" ".join(words[start : start + _RUN]).encode())
            left -= 1
            if not left:
                return
