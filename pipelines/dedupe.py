"""A fingerprint and its neighbours -> where it stands: new, a copy, an excerpt, a revision, unchanged.

`place_arrival` is the one way in which a document enters the index: the crawl, rebuild and the benchmarks call it, in
the order of arrival. `place` decides and touches nothing. What counts as a copy is written down in docs/copies.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipelines.compare import Common, changed_figures, common
from storage.records import Fingerprint, Neighbour, Placement, Relation, Sharing

CONTAINED = 0.8
"""Share of the shorter text that stands in the longer one, by which it is a copy whatever its first words are."""
LED = 0.55
"""The same when the first words of one text stand in the other."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """A comparison with a neighbour: weighted shares of common text both ways, and what speaks against a copy."""

    neighbour: Neighbour
    share_of_self: float
    share_of_match: float
    lead: float
    replaced: int
    agreed: int

    @property
    def contained(self) -> float:
        """Share of the shorter text that stands in the longer one."""
        return max(self.share_of_self, self.share_of_match)

    @property
    def score(self) -> float:
        """0 to 1: how much speaks for one story."""
        return min(1.0, 0.8 * self.contained + 0.2 * self.lead)


class Neighbours(Protocol):
    """What placing needs of an index; storage.catalogue.placements.Placements is one."""

    def newest(self, article: str) -> Neighbour | None: ...
    def same_story(self, outlet: str, story: str) -> Neighbour | None: ...
    def same_text(self, digest: str) -> list[Neighbour]: ...
    def sharing(self, fingerprint: Fingerprint) -> Sharing: ...
    def members(self, cluster: str) -> list[Neighbour]: ...
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
    sharing = index.sharing(mine) if earlier is None and not twins else Sharing()
    placement, match = place(arrival, earlier, twins, sharing, index)
    if placement.relation is not Relation.UNCHANGED:
        index.insert(
            mine,
            placement,
            article=arrival.article,
            outlet=arrival.outlet,
            seen=arrival.published or arrival.fetched or "",
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
        both = compared(mine, earlier, np.ones(len(mine.words)))
        return _placed(relation, both, arrival, index), earlier
    if twins:
        exact = Likeness(neighbour=twins[0], share_of_self=1.0, share_of_match=1.0, lead=1.0, replaced=0, agreed=0)
        return _placed(Relation.EXACT_DUPLICATE, exact, arrival, index), twins[0]
    weights = weighed(len(mine.words), sharing)
    alike = [compared(mine, neighbour, weights) for neighbour in sharing.neighbours]
    copies = [likeness for likeness in alike if is_copy(mine, likeness)]
    if not copies:
        return Placement(relation=Relation.NEW, cluster=arrival.article, canonical=arrival.article), None
    best = max(copies, key=lambda likeness: (likeness.score, -likeness.neighbour.document))
    excerpt = best.share_of_self >= CONTAINED and best.share_of_match < 0.6
    return _placed(Relation.EXCERPT if excerpt else Relation.NEAR_DUPLICATE, best, arrival, index), best.neighbour


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


def compared(mine: Fingerprint, neighbour: Neighbour, weights: NDArray[np.float64]) -> Likeness:
    """Fingerprint, neighbour, weights of the fingerprint's words -> their Likeness."""
    both = common(mine.words, neighbour.words, unspaced=mine.unspaced)
    replaced, agreed = changed_figures(mine.words, neighbour.words, both)
    own = float(weights.sum()) or 1.0
    shared = float(weights[both.mine].sum())
    lacking = float((~both.theirs).sum())
    return Likeness(
        neighbour=neighbour,
        share_of_self=shared / own,
        share_of_match=shared / (shared + lacking) if shared else 0.0,
        lead=_lead(both, weights),
        replaced=replaced,
        agreed=agreed,
    )


def _lead(both: Common, weights: NDArray[np.float64], size: int = 40) -> float:
    """The larger of the two shares of the first `size` words that stand in the other text."""
    own = weights[:size]
    mine = float(own[both.mine[:size]].sum() / own.sum()) if len(own) else 0.0
    theirs = float(both.theirs[:size].mean()) if len(both.theirs) else 0.0
    return max(mine, theirs)


def is_copy(mine: Fingerprint, likeness: Likeness) -> bool:
    """Whether a likeness makes two documents one story."""
    if likeness.replaced and likeness.replaced / (likeness.replaced + likeness.agreed) > 0.2:
        return False
    return likeness.contained >= (LED if likeness.lead >= 0.6 else CONTAINED)


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
    every.append((arrival.published or arrival.fetched or "", last, arrival.fingerprint.length, arrival.article))
    longest = max(length for _, _, length, _ in every)
    return min(entry for entry in every if entry[2] >= FULL * longest)[3]
