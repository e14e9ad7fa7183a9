"""What kind of page it is that is no article: from its words, the marks of walls, its structure and its status."""

from __future__ import annotations

from pipelines.judge_features import Signs
from storage.records import Evidence, Kind

_OF_STATUS = {
    401: Kind.FORBIDDEN, 402: Kind.PAYWALL, 403: Kind.FORBIDDEN, 404: Kind.NOT_FOUND, 407: Kind.FORBIDDEN,
    410: Kind.NOT_FOUND, 429: Kind.FORBIDDEN, 451: Kind.FORBIDDEN,
}  # fmt: skip
_NOTHING = 30  # characters shown below which a page is empty


def kind_of(seen: Signs, status: int, headers: tuple[tuple[str, str], ...] = ()) -> tuple[Kind, tuple[Evidence, ...]]:
    """Signs, status and headers of a page that is no article -> its kind, and what speaks for that (weight 0: it no
    longer decides whether the page is an article)."""
    votes = dict(seen.speech.by_kind)
    if (seen.head.vendor or ("", None))[1] is not None:
        assert seen.head.vendor is not None
        votes[seen.head.vendor[1]] = votes.get(seen.head.vendor[1], 0.0) + 6.0
    for name, value in headers:
        if name.lower() == "cf-mitigated" and "challenge" in value:
            votes[Kind.CHALLENGE] = votes.get(Kind.CHALLENGE, 0.0) + 6.0
    if status in _OF_STATUS:
        votes[_OF_STATUS[status]] = votes.get(_OF_STATUS[status], 0.0) + 2.0
    elif status >= 400:
        votes[Kind.SOFT_ERROR] = votes.get(Kind.SOFT_ERROR, 0.0) + 2.0
    votes[Kind.PAYWALL] = votes.get(Kind.PAYWALL, 0.0) + 2.0 * seen.head.password + 5.0 * seen.speech.cut
    votes[Kind.LISTING] = votes.get(Kind.LISTING, 0.0) + listing(seen)
    votes[Kind.SOFT_ERROR] = votes.get(Kind.SOFT_ERROR, 0.0) * 0.8 + 0.1
    if seen.body.total < _NOTHING and max(votes.values()) < 1.0:
        votes[Kind.EMPTY] = 5.0
    kind = max(votes, key=lambda one: votes[one])
    words = seen.speech.quotes.get(kind.value) or seen.words.get("vendor", "")
    return kind, (Evidence(rule=f"kind-{kind.value.lower()}", words=words, weight=0.0),)


def listing(seen: Signs) -> float:
    """How much the structure is that of a list."""
    figures = seen.figures
    return (
        4.0 * max(figures["headlines"] - 0.4, 0) + 3.0 * figures["teasers"] + 2.0 * figures["linked-headings"]
        + 2.0 * seen.head.listing
    )  # fmt: skip
