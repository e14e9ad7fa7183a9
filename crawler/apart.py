"""What lies in quarantine of an outlet, judged again by the present rules -> what they make of it, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from pipelines.stages import Refined, refined
from storage.archive import Archive, ArchiveError
from storage.archive.reading import read_capture
from storage.catalogue.quarantine import Kept
from storage.records import Article, Outlet, Page
from storage.views.figures import decided

UNREADABLE = "cannot be read"


def apart(archive: Archive, outlet: Outlet, quarantined: Iterable[Kept]) -> Counter[str]:
    """An archive, an outlet, its quarantined captures -> how many of each verdict, as "FORBIDDEN as before, by the rule
    banner", "FORBIDDEN then, EMPTY now, by the rule …", "FORBIDDEN then, ARTICLE now"."""
    found = Counter[str]()
    for kept in quarantined:
        if kept.address is None:
            continue
        try:
            item = refined(read_capture(archive, kept.address, kept.lead), outlet)
        except (ArchiveError, ValueError):
            found[UNREADABLE] += 1
        else:
            found[_told(kept.kind or kept.outcome, item)] += 1
    return found


def is_article(verdict: str) -> bool:
    """Whether what `apart` counts under this name would leave the quarantine."""
    return verdict.endswith("ARTICLE now")


def _told(then: str, item: Refined) -> str:
    if isinstance(item, Article):
        return f"{then} then, ARTICLE now"
    if not isinstance(item, Page):
        return f"{then} then, failed now"
    top = decided(item.evidence)
    verdict = f"{then} as before" if item.kind.value == then else f"{then} then, {item.kind.value} now"
    return f"{verdict}, by the rule {top.rule}" if top else verdict
