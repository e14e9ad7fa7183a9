"""Captures that lie in the archive are judged again; nothing is fetched."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from pipelines.memory import Memory
from pipelines.rights import metas_of, rights
from pipelines.stages import Refined, enter, refined
from storage.archive import ArchiveError
from storage.archive.keys import ledger_key, run_of
from storage.archive.ledger import segment_events
from storage.archive.opened import Archive
from storage.archive.reading import read_capture
from storage.catalogue.quarantine import Kept, same_body
from storage.catalogue.sources import probe_of
from storage.endings import read_rights
from storage.records import Article, Capture, Ending, Failure, Outlet, Page, Rights
from storage.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A capture judged again: `ending` is the new one, None when the verdict is the same; `error` when it cannot be read."""

    kept: Kept
    ending: Ending | None = None
    error: str | None = None


def judge_again(
    run: Run, outlet: Outlet, captures: Iterable[Kept], *, memory: Memory | None = None, release: bool = False
) -> Iterator[Judged]:
    """A run, its outlet and what lies in quarantine -> what became of each. With `release` a person's word decides."""
    probe = probe_of(run.catalogue, outlet.name)
    outlet = replace(outlet, impossible=probe.fingerprint) if probe else outlet
    for kept in captures:
        if kept.address is None:
            continue
        try:
            capture = read_capture(run.archive, kept.address, kept.lead)
        except ArchiveError as error:
            yield Judged(kept=kept, error=str(error))
            continue
        capture = replace(capture, rights=said_then(run.archive, capture))
        copies = same_body(run.catalogue, outlet.name, kept.address.payload_digest, kept.lead.url)
        item = refined(capture, outlet, copies=copies, release=release)
        if _same(item, kept) or (release and not isinstance(item, Article)):
            yield Judged(kept=kept)
            continue
        ending, clean = enter(run, item, outlet.title or None, kept.sequence, memory=memory)
        run.settler.submit(ending, clean).result()
        run.settled(ending)
        yield Judged(kept=kept, ending=ending)


def _same(item: Refined, kept: Kept) -> bool:
    if isinstance(item, Failure):
        return kept.outcome == "failed"
    return isinstance(item, Page) and item.kind == kept.kind


def said_then(archive: Archive, capture: Capture) -> Rights:
    """A capture as it lies in the archive -> what was said of its use when it was fetched, robots.txt included, as the ledger
    of its run has it; where that has nothing, what the page itself says."""
    address, told = capture.address, None
    if address is not None and (run := run_of(address.file)):
        told = _rights_of(archive, capture.lead.outlet, run).get(address.record_id)
    return told or rights(capture.headers, metas_of(capture.body), url=capture.url)


@lru_cache(maxsize=1)  # captures are judged in the order in which they came, a run after the other
def _rights_of(archive: Archive, outlet: str, run: str) -> dict[str, Rights]:
    """A run -> what was said of its captures, by the id of their record."""
    found = {}
    with contextlib.suppress(ArchiveError):  # a ledger that cannot be read is for `scrapy verify` to tell
        for event in segment_events(archive, ledger_key(outlet, run)):
            address, told = event.fields.get("address"), read_rights(event.fields.get("rights"))
            if event.event == "outcome" and address and told:
                found[str(address["record_id"])] = told
    return found
