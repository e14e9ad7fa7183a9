"""Events of the ledger with the texts of their clean copies, read before they are asked for."""

from __future__ import annotations

import contextlib
import itertools
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from storage.archive.ledger import Event
from storage.archive.opened import Archive
from storage.archive.store import Missing
from storage.catalogue.readers import Look, Reader, reading, readings
from storage.catalogue.replay import Reading, Text
from storage.records import Outcome

T = TypeVar("T")
_AHEAD = 64
_A_BLOCK = 64
_ALONE = 4  # blocks that are read here in any case: processes take half a second of a core each to begin


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
            future: Future[Reading] = pool.submit(reading_of, archive, key)
            waiting.append((event, future.result))
        else:
            waiting.append((event, partial(reading_of, archive, key)))
        if len(waiting) > (_AHEAD if pool is not None else 0):
            yield waiting.popleft()
    yield from waiting


def looked_ahead(
    archive: Archive, found: Iterator[Event], pool: ThreadPoolExecutor | None, look: Look, count: int
) -> Iterator[tuple[Event, Text]]:
    """`read_ahead`, with fingerprints: copies are read and looked at in `count` processes beside this one, which begin when
    there is enough to do; until they have, here."""
    with contextlib.ExitStack() as held:
        beginning: list[Reader] = []
        under_way: deque[tuple[list[Event], Reader]] = deque()
        for number, some in enumerate(in_parts(found, _A_BLOCK)):
            copies = _copies(archive, some, pool)
            if number == _ALONE and count > 1:
                beginning = [held.enter_context(Reader(look)) for _ in range(count)]
            before: list[Event] = []
            done: list[Reading] = []
            if reader := next((each for each in beginning if each.ready()), None):
                beginning.remove(reader)
            elif under_way:
                before, reader = under_way.popleft()
                done = reader.receive()
            else:
                yield from _with_readings(archive, some, readings(copies, look))
                continue
            reader.send(copies)
            under_way.append((some, reader))
            yield from _with_readings(archive, before, done)
        for some, reader in under_way:
            yield from _with_readings(archive, some, reader.receive())


def _copies(archive: Archive, some: list[Event], pool: ThreadPoolExecutor | None) -> list[bytes | None]:
    keys = [_own_key(event) for event in some]
    read = partial(_bytes_of, archive)
    return list(pool.map(read, keys) if pool is not None else map(read, keys))


def _with_readings(archive: Archive, some: list[Event], found: list[Reading]) -> Iterator[tuple[Event, Text]]:
    for event, read in zip(some, found, strict=True):
        own = _own_key(event)
        key = event.fields.get("clean_key") if event.event == "outcome" else None
        yield event, given(read) if own else partial(reading_of, archive, key)


def given(reading: Reading) -> Text:
    """What was read already -> what gets it."""
    return lambda: reading


def _own_key(event: Event) -> str | None:
    """The key of the clean copy that was made of this capture; None when there is none, or another has it already."""
    if event.event != "outcome" or event.fields.get("outcome") not in (Outcome.KEPT, Outcome.REVISION):
        return None
    return event.fields.get("clean_key")


def _bytes_of(archive: Archive, key: str | None) -> bytes | None:
    try:
        return archive.store.read(key) if key is not None else None
    except Missing:
        return None


def reading_of(archive: Archive, key: str | None) -> Reading:
    """Key of a clean copy -> its text; none when there is none or it is damaged: one bad file costs one text."""
    return reading(_bytes_of(archive, key))


def in_parts(found: Iterable[T], most: int) -> Iterator[list[T]]:
    """Things one after the other -> lists of at most so many."""
    rest = iter(found)
    while some := list(itertools.islice(rest, most)):
        yield some
