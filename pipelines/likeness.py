"""Two word sequences -> their Likeness, and whether it makes them one story. The rule is told in docs/copies.md.

And a newcomer and the texts that it is like -> which of those that came before it belong to its cluster too. A short text, or one
that stood alone, may arrive before the text that shows where it belongs. It then goes to that text's cluster, as it would have done
had it come later: so the clusters depend less on the order of arrival. No cluster of several full texts is ever joined to another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipelines.compare import changed_figures, common
from pipelines.fingerprint import SHINGLE
from storage.records import Fingerprint, Neighbour, Sharing, Standing

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


DRIFT = 0.4
"""Share of the shorter text in common with the fullest member of a cluster, below which a text does not join."""
EVEN = 0.1
"""Difference in the share of a short text that stands in one story or another, below which it stands in both alike."""


class Clusters(Protocol):
    """What is asked of an index."""

    def standing(self, cluster: str) -> list[Standing]: ...
    def fullest(self, cluster: str) -> Neighbour | None: ...


def joiners(mine: Fingerprint, cluster: str, copies: Sequence[Likeness], index: Clusters) -> tuple[str, ...]:
    """Newcomer, the cluster it goes to, the texts that it is a copy of, index -> articles that go to that cluster too."""
    elsewhere = [copy.neighbour for copy in copies if copy.neighbour.cluster != cluster]
    if len(mine.words) < SHORT or not elsewhere:
        return ()
    found: dict[str, None] = {}
    fullest = index.fullest(cluster)
    others = index.standing(cluster)
    told = 1 + len({standing.article for standing in others})
    longest = max([mine.length, *(standing.length for standing in others)])
    for neighbour in elsewhere:
        there = index.standing(neighbour.cluster)
        if any(standing.ruled for standing in [*there, *others]):
            continue
        moved = _moved(neighbour, there, told, longest)
        if moved and (fullest is None or fits(neighbour, fullest)):
            found.update(dict.fromkeys(moved))
    return tuple(found)


def _moved(neighbour: Neighbour, there: Sequence[Standing], told: int, longest: int) -> list[str]:
    """A text and its cluster, articles and longest text of the other cluster -> the articles that would leave with it.

    A text that stands alone goes, and short ones that have no full text among them. A short one that is in a story goes
    when the other story is told by more articles, or by as many and more fully.
    """
    articles = list(dict.fromkeys(standing.article for standing in there))
    full = [standing for standing in there if standing.words >= SHORT]
    if len(articles) == 1 or not full:
        return articles
    leaving = [standing for standing in there if neighbour.article == standing.article or neighbour.digest == standing.digest]
    left = [standing for standing in there if standing not in leaving]
    first = any(standing.article == neighbour.cluster for standing in leaving)
    if first or len(neighbour.words) >= SHORT or not left or any(standing in full for standing in leaving):
        return []
    rest = len({standing.article for standing in left})
    better = (told, longest) > (rest, max(standing.length for standing in left))
    return list(dict.fromkeys(standing.article for standing in leaving)) if better else []


def fits(neighbour: Neighbour, fullest: Neighbour) -> bool:
    """Whether a text is like the fullest member of a cluster, every word counted alike."""
    own = Fingerprint(digest=neighbour.digest, length=neighbour.length, words=neighbour.words, unspaced=neighbour.unspaced)
    other = compared(own, fullest, np.ones(len(own.words)))
    return other.contained >= DRIFT and not other.conflicts


def best_told(alike: Sequence[Likeness], index: Clusters) -> Likeness | None:
    """Stories that a short text stands in, likeliest first -> the one that most articles tell, or the fullest of those,
    among those in which it stands alike."""
    if not alike:
        return None
    even = [likeness for likeness in alike if likeness.contained >= alike[0].contained - EVEN]
    if len({likeness.neighbour.cluster for likeness in even}) == 1:
        return alike[0]

    def rank(likeness: Likeness) -> tuple[int, int]:
        there = index.standing(likeness.neighbour.cluster)
        return len({standing.article for standing in there}), max(standing.length for standing in there)

    return max(even, key=rank)
