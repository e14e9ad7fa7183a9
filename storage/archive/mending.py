"""What is made of something else in the archive can be made again: the indexes from their WARC files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from storage.archive import cdx
from storage.archive.finding import Finding
from storage.archive.keys import cdx_key
from storage.archive.ledger import events
from storage.archive.opened import Archive
from storage.archive.reading import index_lines
from storage.archive.verify import MEND
from storage.endings import read_ending
from storage.records import Ending, Outcome


def index_again(archive: Archive, warc: str) -> None:
    """Key of a WARC file -> the index beside it, made again and put in the place of the old one."""
    with archive.store.open_stream(warc) as stream:
        data = cdx.index(index_lines(warc, stream))
    put_again(archive, cdx_key(warc), data)


def put_again(archive: Archive, key: str, data: bytes) -> None:
    """Put what was made again under its key, in the place of what lies there."""
    with archive.spool.scratch("mend") as folder:
        path = folder / "object"
        path.write_bytes(data)
        archive.store.replace(key, path)


def broken_indexes(findings: Iterable[Finding]) -> set[str]:
    """Findings -> keys of the WARC files whose index is to be made again."""
    wanted = (each.key for each in findings if each.mend == MEND and each.key.startswith("warc/"))
    return {f"{key.removesuffix('.cdxj').removesuffix('.warc.gz')}.warc.gz" for key in wanted}


def broken_copies(findings: Iterable[Finding]) -> set[str]:
    """Findings -> keys of the clean copies that are to be made again."""
    wanted = (each.subject or each.key for each in findings if each.mend == MEND)
    return {key for key in wanted if key.startswith("clean/")}


def endings_of(archive: Archive, copies: set[str]) -> Iterator[Ending]:
    """Keys of clean copies -> the endings that made them, each once, in the order of the ledger."""
    left = set(copies)
    for event in events(archive, damaged=lambda _key, _line, _fault: None):
        if event.event == "outcome" and event.fields.get("clean_key") in left:
            ending = read_ending(event.run, event.fields)
            # A duplicate's own page may be worded otherwise; it has a copy of its own where nobody else's was durable.
            own = f"/{ending.article}-" in (ending.clean_key or "")
            if own and ending.outcome is not Outcome.UNCHANGED and ending.address is not None:
                left.discard(ending.clean_key or "")
                yield ending
