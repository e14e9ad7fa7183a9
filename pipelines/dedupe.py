"""A fingerprint and its neighbours -> where it stands: new, a copy, an excerpt, a revision, unchanged.

`place_arrival` is the one way in which a document enters the index: the crawl, rebuild and the benchmarks call it, in
the order of arrival. `place` decides and touches nothing. What counts as a copy is written down in docs/copies.md.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from pipelines.likeness import DRIFT, SHORT, Likeness, Weights, best_told, compared, joiners, weighed
from storage.records import Fingerprint, Neighbour, Placement, Relation, Sharing, Standing

SAME_TIME = dt.timedelta(hours=2)
"""Reports of one series with the same words are one report when they appear within this time."""
SURE = 0.95
"""Score above which no better match is looked for."""
NOTICE = 300
"""Words of the longest report of a series: a longer text with the same words is a copy, whatever its day."""
MOST, PART = 0.8, 0.6
"""An excerpt: MOST of it stands in the match, of which it has less than PART."""
RETOLD = 0.5
"""Share of the shorter text that an outlet's new text under an old story number keeps, to be a revision."""
FULL = 0.8
"""A member is canonical when it is the earliest that has at least this share of the longest member's length."""


_QUERY = re.compile(r"[?#]")
_NUMBER = re.compile(r"(?<![0-9])[0-9]{6,16}(?![0-9])")
_DATE = re.compile(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:(?:0[1-9]|[12][0-9]|3[01])(?:[0-2][0-9][0-5][0-9])?)?")


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


class Neighbours(Protocol):
    """What placing needs of an index; storage.catalogue.placements.Placements is one."""

    def newest(self, article: str) -> Neighbour | None: ...
    def same_story(self, outlet: str, story: str) -> Neighbour | None: ...
    def same_text(self, digest: str) -> list[Neighbour]: ...
    def sharing(self, fingerprint: Fingerprint) -> Sharing: ...
    def members(self, cluster: str) -> list[Neighbour]: ...
    def standing(self, cluster: str) -> list[Standing]: ...
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
    story = arrival.story or story_of(arrival.url)
    earlier = _whole(index.newest(arrival.article), index) or _retold(arrival, story, index)
    twins = index.same_text(mine.digest) if earlier is None and mine.words else []
    asked = earlier is None and not (twins and len(mine.words) > NOTICE)
    sharing = index.sharing(mine) if asked else Sharing()
    placement, match, copies = place(arrival, earlier, twins, sharing, index)
    placement = replace(placement, adopted=joiners(mine, placement.cluster, copies, index))
    if placement.relation is not Relation.UNCHANGED:
        index.insert(
            mine,
            placement,
            article=arrival.article,
            outlet=arrival.outlet,
            seen=arrival.seen,
            story=story,
            match=match,
            indexed=placement.relation is not Relation.EXACT_DUPLICATE,
        )
    return placement


def _whole(found: Neighbour | None, index: Neighbours) -> Neighbour | None:
    """A neighbour with its words; an exact duplicate has none of its own, those of its first copy are the same."""
    if found is None or found.words:
        return found
    twin = next((twin for twin in index.same_text(found.digest) if twin.words), None)
    return replace(found, words=twin.words) if twin else found


def _retold(arrival: Arrival, story: str | None, index: Neighbours) -> Neighbour | None:
    """What the outlet published under the same story number, when this is a new text of it."""
    found = _whole(index.same_story(arrival.outlet, story), index) if story else None
    if found is None or found.digest == arrival.fingerprint.digest:
        return None
    likeness = compared(arrival.fingerprint, found, np.ones(len(arrival.fingerprint.words)))
    return found if likeness.contained >= RETOLD else None


def place(
    arrival: Arrival, earlier: Neighbour | None, twins: Sequence[Neighbour], sharing: Sharing, index: Neighbours
) -> tuple[Placement, Neighbour | None, list[Likeness]]:
    """Arrival, its earlier revision, documents with the same text, neighbours -> Placement, the deciding match, and all
    texts that it is a copy of, likeliest first; none where it is not compared with others."""
    mine = arrival.fingerprint
    if earlier is not None:
        same = earlier.digest == mine.digest
        relation = Relation.UNCHANGED if same else Relation.REVISION
        return _placed(relation, compared(mine, earlier, np.ones(len(mine.words))), arrival, index), earlier, []
    weights = weighed(mine, sharing)
    alike = _compared(mine, sharing, weights)
    series = any(likeness.alike and likeness.conflicts for likeness in alike)
    twins = [twin for twin in twins if not series or near_in_time(arrival, twin)]
    if twins:
        exact = compared(mine, twins[0], weights, words=mine.words)
        return _placed(Relation.EXACT_DUPLICATE, exact, arrival, index), twins[0], []
    copies = [
        likeness
        for likeness in alike
        if likeness.alike and not likeness.conflicts and (not series or near_in_time(arrival, likeness.neighbour))
    ]
    copies.sort(key=lambda likeness: (-round(likeness.score, 2), likeness.neighbour.document))
    best = _best(mine, copies, weights, index)
    if best is None:
        return Placement(relation=Relation.NEW, cluster=arrival.article, canonical=arrival.article), None, copies
    excerpt = best.share_of_self >= MOST and best.share_of_match < PART
    relation = Relation.EXCERPT if excerpt else Relation.NEAR_DUPLICATE
    return _placed(relation, best, arrival, index), best.neighbour, copies


def _best(mine: Fingerprint, copies: Sequence[Likeness], weights: Weights, index: Neighbours) -> Likeness | None:
    """The copy whose cluster the newcomer joins. A full text joins no short one: that is for the short one to do."""
    if len(mine.words) < SHORT:
        return best_told([likeness for likeness in copies if _holds(likeness, mine, weights, index)], index)
    full = (likeness for likeness in copies if len(likeness.neighbour.words) >= SHORT)
    return next((likeness for likeness in full if _holds(likeness, mine, weights, index)), None)


def _compared(mine: Fingerprint, sharing: Sharing, weights: Weights) -> list[Likeness]:
    """Likenesses with the neighbours, likeliest first. A long text that has found its copy needs no more of its cluster; of
    a short one all are wanted: whether it belongs to a series shows in the others."""
    found: list[Likeness] = []
    sure = None
    for neighbour in sharing.neighbours:
        if neighbour.cluster == sure:
            continue
        found.append(compared(mine, neighbour, weights))
        if len(mine.words) > NOTICE and found[-1].alike and not found[-1].conflicts and found[-1].score >= SURE:
            sure = sure or neighbour.cluster
    return found


def _holds(likeness: Likeness, mine: Fingerprint, weights: Weights, index: Neighbours) -> bool:
    """Whether the fullest member of the match's cluster is like the newcomer too: a short member attracts nobody
    into a story that has been told in full, and a chain of small changes ends where the story has become another."""
    fullest = index.fullest(likeness.neighbour.cluster)
    if fullest is None or fullest.document == likeness.neighbour.document:
        return True
    other = compared(mine, fullest, weights)
    return other.contained >= DRIFT and not other.conflicts


def near_in_time(arrival: Arrival, neighbour: Neighbour) -> bool:
    """Whether both were published within SAME_TIME, or on the same day where one has no hour; also when unknown."""
    mine, theirs = _time(arrival.seen), _time(neighbour.seen)
    if mine is None or theirs is None:
        return True
    if isinstance(mine, dt.datetime) and isinstance(theirs, dt.datetime):
        return abs(mine - theirs) <= SAME_TIME
    days = [time.date() if isinstance(time, dt.datetime) else time for time in (mine, theirs)]
    return days[0] == days[1]


def _time(iso: str) -> dt.date | dt.datetime | None:
    """ISO text -> a time in UTC, a day where it names no hour, None where it is neither."""
    try:
        if len(iso) == 10:
            return dt.date.fromisoformat(iso)
        time = dt.datetime.fromisoformat(iso)
        return (time if time.tzinfo else time.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


def story_of(url: str) -> str | None:
    """URL -> the number by which an outlet knows a story whatever the slug: the last run of 6 digits or more in the
    path, unless it is a date or a page of something. None when there is none."""
    path = _QUERY.split(url)[0]
    numbers = [number for number in _NUMBER.findall(path) if not _DATE.fullmatch(number)]
    return numbers[-1] if numbers else None


def _placed(relation: Relation, likeness: Likeness, arrival: Arrival, index: Neighbours) -> Placement:
    match = likeness.neighbour
    members = [(member.seen, member.document, member.length, member.article) for member in index.members(match.cluster)]
    members.append((arrival.seen, 1 + max(member[1] for member in members), arrival.fingerprint.length, arrival.article))
    return Placement(
        relation=relation,
        cluster=match.cluster,
        canonical=canonical(members),
        match=match.article,
        share_of_match=round(likeness.share_of_match, 4),
        share_of_self=round(likeness.share_of_self, 4),
        score=round(likeness.score, 4),
    )


def canonical(members: Sequence[tuple[str, int, int, str]]) -> str:
    """Members as (seen, order of arrival, length, article) -> the article that stands for the cluster: the earliest
    of those that have at least FULL of the longest member's length; of several at once the first that arrived."""
    longest = max(length for _, _, length, _ in members)
    full = [member for member in members if member[2] >= FULL * longest]
    return min(full, key=lambda member: (_sortable(member[0]), member[1]))[3]


def _sortable(seen: str) -> str:
    """ISO text -> one that sorts by time, whatever its zone; a day before its hours, an unknown time last."""
    time = _time(seen)
    return "~" if time is None else time.isoformat()
