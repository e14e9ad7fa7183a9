"""An outlet's archived pages, read again with the present rules -> what broke, on which day, and which source fell silent.

Two things can break a field: the outlet changed its pages, or the rules changed. Both are told apart by reading old and new
pages with the same rules, and by what was kept of them at the time. What lies in quarantine is judged again by the present
rules.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from crawler.console import reason
from pipelines.memory import Memory
from pipelines.stages import Refined, refined
from storage.archive import Archive, ArchiveError
from storage.archive.reading import read_capture
from storage.catalogue.quarantine import Kept
from storage.catalogue.runs import Archived
from storage.records import Article, Outlet, Page
from storage.views.figures import decided

FIELDS = ("headline", "date", "author", "text")
NONE = "none"
FEWEST = 3
"""Pages before a day, and pages since then without the field, below which nothing is said."""
FALL = 0.5
"""The share of pages by which a source has to fall."""
_SHORT, _STUMP = 200, 0.4  # characters, and share of the usual length, below which a page has no text


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One archived page as the present rules read it. `sources`: field -> what gave it; `length` of the text; `reason`: why it
    has none. `kept`: which fields the archive kept of it at the time."""

    page: Archived
    sources: dict[str, str]
    length: int = 0
    reason: str = ""
    kept: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A source that fell silent: until `day` it gave the field on `before` of `pages_before` pages, from then on on `after` of
    `pages_after`, where now mostly `instead` does. Two pages to look at, and what is said of the later one."""

    field: str
    day: str
    source: str
    instead: str
    before: int
    pages_before: int
    after: int
    pages_after: int
    last_good: str
    first_bad: str
    reason: str = ""

    @property
    def broke(self) -> bool:
        """Whether the field is lost, not only given by another source."""
        return self.instead == NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What was found in the pages. `rules`: field -> pages on which the archive has kept it and the present rules find none,
    and the other way round. `apart`: what the present rules make of what lies in quarantine."""

    readings: tuple[Reading, ...]
    breaks: tuple[Break, ...] = ()
    unreadable: int = 0
    rules: dict[str, tuple[int, int]] = field(default_factory=dict)
    apart: Mapping[str, int] = field(default_factory=dict)


def diagnose(archive: Archive, outlet: Outlet, pages: Sequence[Archived], memory: Memory | None = None) -> Diagnosis:
    """An archive, an outlet and its archived pages in the order of their fetch -> what broke."""
    read, unreadable = [], 0
    for page in pages:
        try:
            found = refined(read_capture(archive, page.address, page.lead), outlet, memory, release=page.released)
        except (ArchiveError, ValueError):
            unreadable += 1
        else:
            read.append(reading(page, found))
    usual = statistics.median([each.length for each in read if each.length] or [0])
    readings = [_with_text(each, max(_SHORT, _STUMP * usual)) for each in read]
    breaks = [fall for name in FIELDS if (fall := broken(name, readings)) is not None]
    lost = {name: _against_rules(name, readings) for name in FIELDS}
    return Diagnosis(
        readings=tuple(readings),
        breaks=tuple(breaks),
        unreadable=unreadable,
        rules={name: counts for name, counts in lost.items() if max(counts) >= FEWEST},
    )


def reading(page: Archived, found: Refined) -> Reading:
    """An archived page and what the chain made of it -> where each field came from."""
    kept = frozenset(name for name, there in zip(FIELDS, page.kept, strict=True) if there)
    if not isinstance(found, Article):
        top = decided(found.evidence) if isinstance(found, Page) else None
        judged = found.kind.value if isinstance(found, Page) else "failed"
        why = f"judged {judged}" + (f" by the rule {reason(top.rule, top.words, 80)}" if top else "")
        return Reading(page=page, sources=dict.fromkeys(FIELDS, NONE), reason=why, kept=kept)
    removed = Counter[str]()
    for each in found.removed:
        removed[each.rule] += len(each.words)
    rule, most = max(removed.items(), key=lambda each: each[1], default=("", 0))
    return Reading(
        page=page,
        sources={
            "headline": found.sources.get("headline", "page") if found.headline else NONE,
            "date": found.published.source or "page" if found.published else NONE,
            "author": found.sources.get("authors", "page") if found.authors else NONE,
            "text": "page",
        },
        length=len(found.text),
        reason=f"the rule {rule} takes {most} characters out" if most > len(found.text) else "",
        kept=kept,
    )


def broken(name: str, readings: Sequence[Reading]) -> Break | None:
    """A field and pages in the order of their fetch -> the source that fell most, at the page where it did; None when none did.

    A source that another replaced counts only when no source was lost altogether."""
    found = [each for source in {r.sources[name] for r in readings} - {NONE} if (each := _fall(name, source, readings))]
    return max(
        found, key=lambda each: (each.broke, each.before / each.pages_before - each.after / each.pages_after), default=None
    )


def _fall(name: str, source: str, readings: Sequence[Reading]) -> Break | None:
    gave = [each.sources[name] == source for each in readings]
    total, so_far, best, at = sum(gave), 0, 0.0, 0
    for number in range(1, len(gave)):
        so_far += gave[number - 1]
        rest, still = len(gave) - number, total - so_far
        if number >= FEWEST and rest - still >= FEWEST:
            fallen = so_far / number - still / rest
            # The last page that it gave is the better place of two that are as good.
            if fallen > best:
                best, at = fallen, number
    # What differs within the first day is the outlet's own variety: nothing is known of how it was before.
    if best < FALL or readings[at].page.fetched_at[:10] == readings[0].page.fetched_at[:10]:
        return None
    before, after = readings[:at], readings[at:]
    bad = next(each for each in after if each.sources[name] != source)
    good = next((each for each in reversed(before) if each.sources[name] == source), before[-1])
    return Break(
        field=name,
        day=bad.page.fetched_at[:10],
        source=source,
        instead=Counter(each.sources[name] for each in after).most_common(1)[0][0],
        before=sum(gave[:at]),
        pages_before=len(before),
        after=sum(gave[at:]),
        pages_after=len(after),
        last_good=good.page.lead.url,
        first_bad=bad.page.lead.url,
        reason=bad.reason,
    )


def _with_text(found: Reading, least: float) -> Reading:
    if found.length >= least:
        return found
    reason = found.reason or f"only {found.length} characters"
    sources = {**found.sources, "text": NONE}
    return Reading(page=found.page, sources=sources, length=found.length, reason=reason, kept=found.kept)


def _against_rules(name: str, readings: Sequence[Reading]) -> tuple[int, int]:
    lost = sum(name in each.kept and each.sources[name] == NONE for each in readings)
    found = sum(name not in each.kept and each.sources[name] != NONE for each in readings)
    return lost, found


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
