"""What an outlet answers for a URL that cannot exist, and how much a page is like that answer.

Outlets that answer 200 for everything still answer one impossible URL like any other. Both sides are Documents here; who
asks for the impossible URL, and how often, is the crawl's business. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import blake2b

from pipelines.document import Document

_MOST = 400  # passages that go into a fingerprint
_FIGURE = re.compile(r"\d+")
_SHORT = 4  # passages below which nothing but sameness tells


def fingerprint(document: Document) -> tuple[int, ...]:
    """Document -> sorted 64-bit hashes of its shown passages and its title. Figures are folded, for they are dates,
    counters and request numbers."""
    shown = [passage.text for passage in document.passages if not passage.hidden][:_MOST]
    texts = {_FIGURE.sub("0", text.lower()) for text in (document.title or "", *shown)} - {""}
    return tuple(sorted(int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") for text in texts))


def likeness(page: Sequence[int], impossible: Sequence[int]) -> float:
    """Two fingerprints -> 0 to 1: how much of the page is in the answer for the impossible URL.

    The share of the page's passages, not of both sides: a story in the same frame has many passages of its own, an error
    page has none. Two pages that show nothing are alike; a page of very few passages must be the very same.
    """
    ours, theirs = set(page), set(impossible)
    if not ours or not theirs:
        return float(ours == theirs)
    if len(ours) < _SHORT:
        return float(ours == theirs)
    return len(ours & theirs) / len(ours)
