"""Two texts -> how much of each stands in the other, and where they differ. Pure, linear in the length of the texts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SEED = 6
"""Words in a row that must agree to count as common; twice as many characters in scripts without spaces."""
GAP = 16
"""Words: a longer passage that only one text has is an addition, not a change."""

Mask = NDArray[np.bool_]
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # odd, so that no byte of a run is lost


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """What two word sequences have in common: for each word of either, whether it stands in the other."""

    mine: Mask
    theirs: Mask


def common(mine: bytes, theirs: bytes, *, unspaced: bool = False) -> Common:
    """Two word sequences (Fingerprint.words) -> which words of each stand in the other, in whatever order."""
    seed = SEED * 2 if unspaced else SEED
    left, right = _runs(mine, seed), _runs(theirs, seed)
    return Common(
        mine=_covered(_among(left, right), len(mine), seed),
        theirs=_covered(_among(right, left), len(theirs), seed),
    )


def _among(values: NDArray[np.uint64], others: NDArray[np.uint64]) -> Mask:
    """Which of the values are among the others."""
    if len(others) == 0:
        return np.zeros(len(values), np.bool_)
    ordered = np.sort(others)
    places = np.searchsorted(ordered, values)
    places[places == len(ordered)] = 0
    found: Mask = ordered[places] == values
    return found


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
