"""A fingerprint and its neighbours -> where it stands: new, a copy, an excerpt, a revision, unchanged.

`place_arrival` is the one way in which a document enters the index: the crawl, rebuild and the benchmarks call it, in
the order of arrival. `place` decides and touches nothing. What counts as a copy is written down in docs/copies.md.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipelines.compare import Common, changed_figures, common
from storage.records import Fingerprint, Neighbour, Placement, Relation, Sharing

CONTAINED = 0.86
"""Share of the shorter text that stands in the longer one, by which it is a copy whatever its first words are."""
LED = 0.6
"""The same where the first words of one text stand in the other."""
FIRST = 20
"""First words of a text: where its story begins."""
BEGINS = 0.65
"""Share of the first words that must stand in the other text."""
SLICE = 0.3
"""Below this share of the longer text, the shorter one must have the longer one's first words: a roundup that prints
a story among others is not its copy."""
SHORT, SHORT_CONTAINED = 60, 0.75
"""Words of a short text, and the share of it that must stand in the longer one."""
DRIFT = 0.4
"""Share of the shorter text in common with the fullest member of a cluster, below which a newcomer does not join."""
EVERY = 80
"""Common words for each figure that may be replaced by another, before two texts are two reports of one series."""
SAME_DAY = dt.timedelta(hours=3)
"""Reports of one series with the same words are one report when they appear within this time."""
FULL = 0.8
"""A member is canonical when it is the earliest that has at least this share of the longest member's length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A document to be placed. `article` is the id of its canonical URL; `story` the outlet's own id of the story;
    `published` and `fetched` are ISO times, where known."""

    article: str
    outlet: str
    url: str
    fingerprint: Fingerprint
    headline: str | None = None
    story: str | None = None
    published: str | None = None
    fetched: str | None = None

    @property
    def seen(self) -> str:
        """When it was published, else fetched; empty when neither is known."""
        return self.published or self.fetched or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """A comparison with a neighbour: weighted shares of common text both ways, and what speaks against a copy.

    `size` over `other` words are compared; `led` is the share of this text's first words that stand in the other,
    `leads` the reverse. `replaced` figures stand in the place of others, `agreed` figures are common.
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
        return 0.7 * self.contained + 0.1 * self.spans + 0.1 * self.led + 0.1 * self.leads

    @property
    def conflicts(self) -> bool:
        """Whether the figures say that these are two reports of one series."""
        few = self.replaced >= 2 and self.replaced >= self.agreed
        return few or self.replaced * EVERY > self.common


class Neighbours(Protocol):
    """What placing needs of an index; storage.catalogue.placements.Placements is one."""

    def newest(self, article: str) -> Neighbour | None: ...
    def same_story(self, outlet: str, story: str) -> Neighbour | None: ...
    def same_text(self, digest: str) -> list[Neighbour]: ...
    def sharing(self, fingerprint: Fingerprint) -> Sharing: ...
    def members(self, cluster: str) -> list[Neighbour]: ...
    def fullest(self, cluster: str) -> Neighbour | None: ...
    def insert(
        self,
        fingerprint: Fingerprint,
        placement: Placement,
        *,
        article: str,
        outlet: str,
        seen: str,
        story: str | None = None,
        match: Neighbour | None = None,
        indexed: bool = True,
    ) -> int: ...


def place_arrival(arrival: Arrival, index: Neighbours) -> Placement:
    """Arrival and index -> its Placement, entered in the index unless it is UNCHANGED. In the caller's transaction."""
    mine = arrival.fingerprint
    earlier = index.newest(arrival.article)
    if earlier is None and arrival.story:
        earlier = index.same_story(arrival.outlet, arrival.story)
    twins = index.same_text(mine.digest) if earlier is None else []
    sharing = index.sharing(mine) if earlier is None else Sharing()
    placement, match = place(arrival, earlier, twins, sharing, index)
    if placement.relation is not Relation.UNCHANGED:
        index.insert(
            mine,
            placement,
            article=arrival.article,
            outlet=arrival.outlet,
            seen=arrival.seen,
            story=arrival.story,
            match=match,
            indexed=placement.relation is not Relation.EXACT_DUPLICATE,
        )
    return placement


def place(
    arrival: Arrival, earlier: Neighbour | None, twins: Sequence[Neighbour], sharing: Sharing, index: Neighbours
) -> tuple[Placement, Neighbour | None]:
    """Arrival, its earlier revision, documents with the same text, neighbours -> Placement and the deciding match."""
    mine = arrival.fingerprint
    if earlier is not None:
        same = earlier.digest == mine.digest
        relation = Relation.UNCHANGED if same else Relation.REVISION
        return _placed(relation, compared(mine, earlier, np.ones(len(mine.words))), arrival, index), earlier
    weights = weighed(len(mine.words), sharing)
    alike = [compared(mine, neighbour, weights) for neighbour in sharing.neighbours]
    series = any(is_alike(likeness) and likeness.conflicts for likeness in alike)
    twins = [twin for twin in twins if not series or near_in_time(arrival, twin)]
    if twins:
        exact = compared(mine, twins[0], weights, words=mine.words)
        return _placed(Relation.EXACT_DUPLICATE, exact, arrival, index), twins[0]
    copies = [
        likeness
        for likeness in alike
        if is_alike(likeness) and not likeness.conflicts and (not series or near_in_time(arrival, likeness.neighbour))
    ]
    copies.sort(key=lambda likeness: (-likeness.score, likeness.neighbour.document))
    best = next((likeness for likeness in copies if _holds(likeness, mine, weights, index)), None)
    if best is None:
        return Placement(relation=Relation.NEW, cluster=arrival.article, canonical=arrival.article), None
    excerpt = best.share_of_self >= CONTAINED and best.share_of_match < 0.6
    return _placed(Relation.EXCERPT if excerpt else Relation.NEAR_DUPLICATE, best, arrival, index), best.neighbour


def _holds(likeness: Likeness, mine: Fingerprint, weights: NDArray[np.float64], index: Neighbours) -> bool:
    """Whether the fullest member of the match's cluster is like the newcomer too: a short member attracts nobody
    into a story that has been told in full, and a chain of small changes ends where the story has become another."""
    fullest = index.fullest(likeness.neighbour.cluster)
    if fullest is None or fullest.document == likeness.neighbour.document:
        return True
    other = compared(mine, fullest, weights)
    return other.contained >= DRIFT and not other.conflicts


def near_in_time(arrival: Arrival, neighbour: Neighbour) -> bool:
    """Whether both were published within SAME_DAY; also when a time is not known."""
    try:
        mine, theirs = (dt.datetime.fromisoformat(time) for time in (arrival.seen, neighbour.seen))
        return abs(mine - theirs) <= SAME_DAY
    except (ValueError, TypeError):
        return True


def weighed(count: int, sharing: Sharing) -> NDArray[np.float64]:
    """Number of words and how far passages are spread -> a weight for each word: 1 over the clusters that have it."""
    clusters = np.ones(count)
    last, before = -1, 1
    for position, spread in sharing.spread:
        clusters[position : position + 6] = np.maximum(clusters[position : position + 6], spread)
        if last >= 0 and position - last <= 40 and min(before, spread) >= 3:
            clusters[last:position] = np.maximum(clusters[last:position], min(before, spread))
        last, before = position, spread
    return 1 / clusters


def compared(
    mine: Fingerprint, neighbour: Neighbour, weights: NDArray[np.float64], words: bytes | None = None
) -> Likeness:
    """Fingerprint, neighbour, weights of the fingerprint's words -> their Likeness."""
    theirs = neighbour.words if words is None else words
    both = common(mine.words, theirs, unspaced=mine.unspaced)
    replaced, agreed = changed_figures(mine.words, theirs, both)
    own = float(weights.sum()) or 1.0
    shared = float(weights[both.mine].sum())
    lacking = float((~both.theirs).sum())
    first = FIRST * 2 if mine.unspaced else FIRST
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


def is_alike(likeness: Likeness) -> bool:
    """Whether two texts share so much that they are one story, unless their figures say otherwise."""
    if likeness.spans < SLICE and likeness.starts < BEGINS:
        return False
    begins = max(likeness.led, likeness.leads) >= BEGINS
    if min(likeness.size, likeness.other) < SHORT:
        return begins and likeness.contained >= SHORT_CONTAINED
    return likeness.contained >= (LED if begins else CONTAINED)


def _placed(relation: Relation, likeness: Likeness, arrival: Arrival, index: Neighbours) -> Placement:
    match = likeness.neighbour
    return Placement(
        relation=relation,
        cluster=match.cluster,
        canonical=canonical(arrival, index.members(match.cluster)),
        match=match.article,
        share_of_match=round(likeness.share_of_match, 4),
        share_of_self=round(likeness.share_of_self, 4),
        score=round(likeness.score, 4),
    )


def canonical(arrival: Arrival, members: Sequence[Neighbour]) -> str:
    """A newcomer and the members of its cluster -> the article that stands for the cluster, the newcomer included."""
    every = [(member.seen, member.document, member.length, member.article) for member in members]
    last = max((member.document for member in members), default=0) + 1
    every.append((arrival.seen, last, arrival.fingerprint.length, arrival.article))
    longest = max(length for _, _, length, _ in every)
    return min(entry for entry in every if entry[2] >= FULL * longest)[3]
