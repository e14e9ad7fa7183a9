"""An article that was placed before -> its document in the index of copies again, without placing it anew.

The counterpart of `dedupe.place_arrival` for rebuild: what was decided stands, also after the rules changed.
"""

from __future__ import annotations

from dataclasses import replace

from pipelines.dedupe import NOTICE, Arrival, Neighbours, place, story_of
from pipelines.fingerprint import fingerprint
from storage.records import Ending, Fingerprint, Neighbour, Placement, Relation, Sharing

_COMPARED = (Relation.NEW, Relation.NEAR_DUPLICATE, Relation.EXCERPT, Relation.EXACT_DUPLICATE)


def enter_and_compare(ending: Ending, text: str | None, index: Neighbours, printed: Fingerprint | None = None) -> str | None:
    """`enter_placed` of an ending that was placed in another index -> the cluster here to which it belongs as well, by the
    rules of today; None when it is the one that it is in, or there is none."""
    placement = ending.placement
    other = None
    if text is not None and placement is not None and placement.relation in _COMPARED and ending.article and ending.canonical:
        printed = printed or fingerprint(text)
        other = _cluster_here(ending, printed, index)
    enter_placed(ending, text, index, printed)
    return other if placement is not None and other != placement.cluster else None


def _cluster_here(ending: Ending, mine: Fingerprint, index: Neighbours) -> str | None:
    if index.newest(ending.article or "") is not None:
        return None  # a revision of what is here stays with it
    arrival = Arrival(
        article=ending.article or "",
        outlet=ending.lead.outlet,
        url=ending.canonical or ending.url,
        fingerprint=mine,
        headline=ending.headline,
        published=ending.published,
        fetched=ending.fetched_at.isoformat(),
    )
    twins = index.same_text(mine.digest) if mine.words else []
    sharing = Sharing() if twins and len(mine.words) > NOTICE else index.sharing(mine)
    placement, _, _ = place(arrival, None, twins, sharing, index)
    return None if placement.relation is Relation.NEW else placement.cluster


def enter_placed(ending: Ending, text: str | None, index: Neighbours, printed: Fingerprint | None = None) -> None:
    """Ending of an article and its text -> a document in the index, as the ending's placement says.

    Without a text (its clean copy is gone) the document keeps its digest and its place in the cluster, and nothing is
    compared with it. `printed`: the text's fingerprint, where it was made already. In the caller's transaction.
    """
    placement = ending.placement
    if placement is None or placement.relation is Relation.UNCHANGED or not (ending.article and ending.content_digest):
        return
    match = _match(placement, ending.content_digest, index)
    mine = printed or _printed(ending.content_digest, text, match)
    index.insert(
        mine if mine.digest == ending.content_digest else replace(mine, digest=ending.content_digest),
        placement,
        article=ending.article,
        outlet=ending.lead.outlet,
        seen=ending.published or ending.fetched_at.isoformat(),
        story=story_of(ending.canonical) if ending.canonical else None,
        match=match,
        indexed=text is not None and placement.relation is not Relation.EXACT_DUPLICATE,
    )


def _printed(digest: str, text: str | None, match: Neighbour | None) -> Fingerprint:
    """The fingerprint of a text; of one that stands in the index already, what an exact copy of it needs."""
    if text is not None and match is not None and match.digest == digest:
        return Fingerprint(digest=digest, length=match.length, unspaced=match.unspaced)
    return fingerprint(text) if text is not None else Fingerprint(digest=digest, length=0)


def _match(placement: Placement, digest: str, index: Neighbours) -> Neighbour | None:
    if placement.match is None:
        return None
    twins = index.same_text(digest) if placement.relation is Relation.EXACT_DUPLICATE else []
    twin = next((twin for twin in twins if twin.article == placement.match), None)
    return twin or index.newest(placement.match)
