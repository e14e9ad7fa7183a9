"""Captures that lie in the archive are judged again; nothing is fetched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from pipelines.memory import Memory
from pipelines.released import released
from pipelines.rights import metas_of, rights
from pipelines.stages import Refined, enter, refined
from storage.archive import ArchiveError
from storage.archive.reading import read_capture
from storage.catalogue.probes import probe_of
from storage.catalogue.quarantine import Kept, same_body
from storage.records import Ending, Failure, Outlet, Page
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
        # What robots.txt said then is not asked for again; what the page itself says lies in the WARC.
        capture = replace(capture, rights=rights(capture.headers, metas_of(capture.body), url=capture.url))
        copies = same_body(run.catalogue, outlet.name, kept.address.payload_digest, kept.lead.url)
        item: Refined = released(capture, outlet) if release else refined(capture, outlet, copies=copies)
        if _same(item, kept):
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
