"""Two texts -> how much of each stands in the other, and where they differ. Pure, linear in the length of the texts."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pipelines.fingerprint import UNSPACED, normalise

SEED = 6
"""Words in a row that must agree to count as common; twice as many characters in scripts without spaces."""
GAP = 16
"""Words: a longer passage that only one text has is an addition, not a change."""

MOST_COMPARED = 40_000
"""Pairs of words that are compared one by one in a passage without anchors."""

Mask = NDArray[np.bool_]
_PIECE = re.compile(rf"[{UNSPACED}]\s*|[^\s{UNSPACED}]+\s*")
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # odd, so that no byte of a run is lost


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """What two word sequences have in common: for each word of either, whether it stands in the other."""

    mine: Mask
    theirs: Mask


def common(mine: bytes, theirs: bytes, *, unspaced: bool = False) -> Common:
    """Two word sequences (Fingerprint.words) -> which words of each stand in the other, in whatever order."""
    seed = SEED * 2 if unspaced else SEED
    left, ordered = _sorted_runs(mine, seed)
    right = _runs(theirs, seed)
    return Common(
        mine=_covered(_among(left, np.sort(right)), len(mine), seed),
        theirs=_covered(_among(right, ordered), len(theirs), seed),
    )


def _among(values: NDArray[np.uint64], ordered: NDArray[np.uint64]) -> Mask:
    """Which of the values are among others, which are in order."""
    if len(ordered) == 0:
        return np.zeros(len(values), np.bool_)
    places = np.searchsorted(ordered, values)
    places[places == len(ordered)] = 0
    found: Mask = ordered[places] == values
    return found


@lru_cache(maxsize=2)
def _sorted_runs(words: bytes, seed: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """The runs of a word sequence as they stand, and in order. Kept for the next call: one text is compared with many."""
    runs = _runs(words, seed)
    return runs, np.sort(runs)


def _runs(words: bytes, seed: int) -> NDArray[np.uint64]:
    values = np.frombuffer(words, np.uint8)
    count = max(0, len(values) - seed + 1)
    total = np.zeros(count, np.uint64)
    for offset in range(seed):
        total = total * _MULTIPLIER + values[offset : offset + count]
    return total


def _covered(found: Mask, length: int, seed: int) -> Mask:
    covered = np.zeros(length, np.bool_)
    for offset in range(seed):
        covered[offset : offset + len(found)] |= found
    return covered


def changed_figures(mine: bytes, theirs: bytes, both: Common) -> tuple[int, int]:
    """Two word sequences and what they share -> (figures that were replaced by others, figures that agree)."""
    left, right = np.frombuffer(mine, np.uint8), np.frombuffer(theirs, np.uint8)
    ours, others = _figures(left, both.mine), _figures(right, both.theirs)
    replaced = min(len(ours - others), len(others - ours))
    return replaced, len(set(left[both.mine & (left & 1 == 1)].tolist()))


def _figures(values: NDArray[np.uint8], covered: Mask) -> set[int]:
    """Figures in passages of at most GAP words that are not common."""
    found: set[int] = set()
    for start, end in gaps(covered):
        if end - start <= GAP:
            part = values[start:end]
            found.update(part[part & 1 == 1].tolist())
    return found


def gaps(covered: Mask) -> list[tuple[int, int]]:
    """Mask -> the runs [start, end) of words that are not common."""
    edges = np.flatnonzero(np.diff(np.concatenate(([True], covered, [True])).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A run of words in a word diff. `op` is "equal", "delete" (only in the old text) or "insert" (only in the new)."""

    op: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WordDiff:
    """Old text against new text: `changes` in reading order, and the share of either that stands in the other."""

    changes: tuple[Change, ...]
    share_of_old: float
    share_of_new: float


def word_diff(old: str, new: str) -> WordDiff:
    """Two texts -> their WordDiff. Words that differ only in how they are set (`normalise`) are equal; what is shown
    are the words as they stand, those of the new text where both are equal. Chinese, Japanese, Thai: by character."""
    left, right = _pieces(old), _pieces(new)
    changes: list[tuple[str, list[str]]] = []
    same = 0
    for op, (a, b), (c, d) in _opcodes([normalise(x) for x in left], [normalise(x) for x in right]):
        if op == "equal":
            same += d - c
            _add(changes, "equal", right[c:d])
            continue
        _add(changes, "delete", left[a:b])
        _add(changes, "insert", right[c:d])
    return WordDiff(
        changes=tuple(Change(op=op, words="".join(pieces).strip()) for op, pieces in changes),
        share_of_old=same / len(left) if left else 1.0,
        share_of_new=same / len(right) if right else 1.0,
    )


def _pieces(text: str) -> list[str]:
    """Text -> its words, each with the white space that follows it."""
    return _PIECE.findall(text.lstrip())


def _add(changes: list[tuple[str, list[str]]], op: str, pieces: list[str]) -> None:
    if pieces and changes and changes[-1][0] == op:
        changes[-1][1].extend(pieces)
    elif pieces:
        changes.append((op, list(pieces)))


Span = tuple[int, int]


def _opcodes(left: list[str], right: list[str]) -> list[tuple[str, Span, Span]]:
    """Words of both sides -> runs of equal and of different words. Anchored on runs of words that stand once in
    either text (patience diff), so that only short passages between anchors are compared word by word."""
    found: list[tuple[str, Span, Span]] = []
    a = c = 0
    for b, d, size in [*_anchors(left, right), (len(left), len(right), 0)]:
        if b < a or d < c:  # inside what the anchor before was widened to
            continue
        found.extend(_between(left, right, (a, b), (c, d)))
        a, c = b + size, d + size
        while size and a < len(left) and c < len(right) and left[a] == right[c]:
            size, a, c = size + 1, a + 1, c + 1
        if size:
            found.append(("equal", (b, a), (d, c)))
    return found


def _anchors(left: list[str], right: list[str]) -> list[tuple[int, int, int]]:
    """Starts of the runs of three words that stand once in each text, in an order that both have (longest chain)."""
    once, others = _once(left), _once(right)
    pairs = sorted((place, others[run]) for run, place in once.items() if run in others)
    ends: list[int] = []
    links: list[int] = []
    chain: list[int] = []
    for number, (_, place) in enumerate(pairs):
        rank = bisect_left(ends, place)
        links.append(chain[rank - 1] if rank else -1)
        if rank == len(ends):
            ends.append(place)
            chain.append(number)
        else:
            ends[rank], chain[rank] = place, number
    kept, number = [], chain[-1] if chain else -1
    while number >= 0:
        kept.append((*pairs[number], 3))
        number = links[number]
    return kept[::-1]


def _once(words: list[str]) -> dict[tuple[str, ...], int]:
    """Runs of three words that stand once -> where."""
    seen: dict[tuple[str, ...], int] = {}
    for place, run in enumerate(zip(words, words[1:], words[2:], strict=False)):
        seen[run] = -1 if run in seen else place
    return {run: place for run, place in seen.items() if place >= 0}


def _between(left: list[str], right: list[str], old: Span, new: Span) -> list[tuple[str, Span, Span]]:
    """A passage of either text without anchors -> its runs; as a whole where comparing would take too long."""
    (a, b), (c, d) = old, new
    if a == b and c == d:
        return []
    if (b - a) * (d - c) > MOST_COMPARED or a == b or c == d:
        return [("replace", old, new)]
    matcher = SequenceMatcher(None, left[a:b], right[c:d], autojunk=False)
    return [(op, (a + i, a + j), (c + k, c + m)) for op, i, j, k, m in matcher.get_opcodes()]
