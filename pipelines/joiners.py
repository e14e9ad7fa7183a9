"""A newcomer and the texts that it is like -> which of those that came before it belong to its cluster too.

A short text, or one that stood alone, may arrive before the text that shows where it belongs. It then goes to that text's
cluster, as it would have done had it come later: so the clusters depend less on the order of arrival. No cluster of
several full texts is ever joined to another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from pipelines.likeness import SHORT, Likeness, compared
from storage.records import Fingerprint, Neighbour, Standing

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
