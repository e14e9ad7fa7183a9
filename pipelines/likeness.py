"""Two word sequences -> their Likeness, and whether it makes them one story. The rule is told in docs/copies.md."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.compare import changed_figures, common
from pipelines.fingerprint import SHINGLE
from storage.records import Fingerprint, Neighbour, Sharing

CONTAINED = 0.92
"""Share of the shorter text that stands in the longer one, by which it is a copy whatever its first words are."""
LED = 0.6
"""The same where the first words of one text stand in the other: where its story begins, the other's does."""
FIRST = 30
"""First words of a text; fewer where the shorter text hardly has them."""
BEGINS, BEGINS_SOMEHOW = 0.75, 0.6
"""Share of the first words that must stand in the other text; down to the second, more of the rest must."""
SLICE = 0.3
"""Below this share of the longer text, the shorter one must have the longer one's first words: a roundup that prints
a story among others is not its copy."""
SHORT, SHORT_CONTAINED = 60, 0.72
"""Words of a short text, and the share of it that must stand in the longer one."""
RELATED = 0.3
"""Share of either text below which their figures are not compared."""
EVERY = 80
"""Common words for each figure replaced by another, below which two texts are two reports of one series."""
SPREAD, REACH = 3, 40
"""A passage that stands in SPREAD clusters is boilerplate, and what lies between two such within REACH words too."""

Weights = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """A comparison with a neighbour: weighted shares of common text both ways, and what speaks against a copy.

    `size` words are compared with `other` words, `common` of the first stand in the second; `led` is the share of this
    text's first words that stand in the other, `leads` the reverse. `replaced` figures stand in the place of others,
    `agreed` figures are common.
    """

    neighbour: Neighbour
    size: int
    other: int
    common: int
    share_of_self: float
    share_of_match: float
    led: float
    leads: float
    replaced: int
    agreed: int

    @property
    def contained(self) -> float:
        """Share of the shorter text that stands in the longer one."""
        return self.share_of_self if self.size <= self.other else self.share_of_match

    @property
    def spans(self) -> float:
        """Share of the longer text that stands in the shorter one."""
        return self.share_of_match if self.size <= self.other else self.share_of_self

    @property
    def starts(self) -> float:
        """Share of the longer text's first words that stand in the shorter one."""
        return self.leads if self.size <= self.other else self.led

    @property
    def score(self) -> float:
        """0 to 1: how much speaks for one story."""
        spans = self.spans if self.spans >= SLICE else SLICE
        return 0.7 * self.contained + 0.1 * spans + 0.1 * self.led + 0.1 * self.leads

    @property
    def alike(self) -> bool:
        """Whether the texts share so much that they are one story, unless their figures say otherwise."""
        if self.spans < SLICE and self.starts < BEGINS:
            return False
        lead = max(self.led, self.leads)
        if min(self.size, self.other) < SHORT:
            return lead >= BEGINS and self.contained >= SHORT_CONTAINED
        eased = (1 - lead) / (1 - BEGINS_SOMEHOW)
        return self.contained >= min(CONTAINED, LED + (CONTAINED - LED) * eased)

    @property
    def conflicts(self) -> bool:
        """Whether the figures say that these are two reports of one series."""
        most = self.replaced >= 2 and self.replaced >= self.agreed
        return most or self.replaced * EVERY > self.common


def weighed(fingerprint: Fingerprint, sharing: Sharing) -> Weights:
    """Fingerprint and how far its passages are spread -> a weight for each word: 1 over the clusters that have it."""
    size = 2 * SHINGLE if fingerprint.unspaced else SHINGLE
    clusters = np.ones(len(fingerprint.words))
    last, before = -1, 1
    for position, spread in sharing.spread:
        run = clusters[position : position + size]
        np.maximum(run, spread, out=run)
        if last >= 0 and position - last <= REACH and min(before, spread) >= SPREAD:
            between = clusters[last:position]
            np.maximum(between, min(before, spread), out=between)
        last, before = position, spread
    return 1 / clusters


def compared(mine: Fingerprint, neighbour: Neighbour, weights: Weights, words: bytes | None = None) -> Likeness:
    """Fingerprint, neighbour, weights of the fingerprint's words -> their Likeness. `words`: when the neighbour's own
    are not at hand but known."""
    theirs = neighbour.words if words is None else words
    both = common(mine.words, theirs, unspaced=mine.unspaced)
    own = float(weights.sum()) or 1.0
    shared = float(weights[both.mine].sum())
    lacking = float((~both.theirs).sum())
    # Texts that have little in common are no copies, whatever their figures say.
    related = max(shared / own, shared / (shared + lacking or 1.0)) >= RELATED
    replaced, agreed = changed_figures(mine.words, theirs, both) if related else (0, 0)
    first = min(FIRST * (2 if mine.unspaced else 1), max(8, min(len(mine.words), len(theirs)) * 3 // 4))
    lead = weights[:first]
    return Likeness(
        neighbour=neighbour,
        size=len(mine.words),
        other=len(theirs),
        common=int(both.mine.sum()),
        share_of_self=shared / own,
        share_of_match=shared / (shared + lacking) if shared else 0.0,
        led=float(lead[both.mine[:first]].sum() / (lead.sum() or 1.0)),
        leads=float(both.theirs[:first].mean()) if len(theirs) else 0.0,
        replaced=replaced,
        agreed=agreed,
    )
