"""Events of the ledger with the texts of their clean copies, read before they are asked for."""

from __future__ import annotations

import contextlib
import itertools
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from storage.archive.clean import read_clean_copy
from storage.archive.ledger import Event
from storage.archive.opened import Archive
from storage.archive.store import Missing
from storage.catalogue.replay import Text
from storage.records import Outcome

_AHEAD = 64


@contextlib.contextmanager
def reader(archive: Archive) -> Iterator[ThreadPoolExecutor | None]:
    """The threads that read texts from S3, which answers late and many at a time; None for a folder, which needs none."""
    if archive.folder is not None:
        yield None
        return
    pool = ThreadPoolExecutor(8)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def read_ahead(archive: Archive, found: Iterator[Event], pool: ThreadPoolExecutor | None) -> Iterator[tuple[Event, Text]]:
    """Events -> events with what gets the text of their clean copy."""
    waiting: deque[tuple[Event, Text]] = deque()
    for event in found:
        key = event.fields.get("clean_key") if event.event == "outcome" else None
        if pool is not None and key and event.fields["outcome"] in (Outcome.KEPT, Outcome.REVISION):
            future: Future[str | None] = pool.submit(text_of, archive, key)
            waiting.append((event, future.result))
        else:
            waiting.append((event, partial(text_of, archive, key)))
        if len(waiting) > (_AHEAD if pool is not None else 0):
            yield waiting.popleft()
    yield from waiting


def text_of(archive: Archive, key: str | None) -> str | None:
    """Key of a clean copy -> its text; None when there is none or it is damaged: one bad file costs one text."""
    if key is None:
        return None
    try:
        return read_clean_copy(archive.store.read(key)).article.text
    except (Missing, ValueError):
        return None


def in_parts(found: Iterable[tuple[Event, Text]], most: int) -> Iterator[list[tuple[Event, Text]]]:
    """Events with their texts -> lists of at most so many."""
    rest = iter(found)
    while some := list(itertools.islice(rest, most)):
        yield some
