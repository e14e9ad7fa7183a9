"""An archive -> its catalogue, made again: from the ledger's events in their order, and the texts of the clean copies.

The functions that enter rows are those of the live way, so that a catalogue that was made again and one that grew
cannot differ. Nothing is judged, extracted or placed anew. Memory does not grow with the archive.

The new catalogue takes the place of the old one, which is kept beside it, under the lock of `storage.catalogue.schema.claim_catalogue`. At
every moment a whole catalogue lies under the name, the old one or the new.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from storage.archive.batches import Batch, batches, is_apart, plain_key
from storage.archive.folders import fsync
from storage.archive.ledger import Event, events, segment_events, segment_keys
from storage.archive.opened import Archive
from storage.catalogue import runs
from storage.catalogue.moves import Noted
from storage.catalogue.readers import Look
from storage.catalogue.replay import Index, Rebuilt, Replay
from storage.catalogue.rows import gather
from storage.catalogue.schema import CatalogueError, open_catalogue
from storage.catalogue.texts import in_parts, looked_ahead, read_ahead, reader

# Runs that go at the same time number their endings together and write them down each on its own: a run whose store
# is slow is behind the others by what they end meanwhile, by far less than this.
WINDOW = 4096
_A_TRANSACTION = 5000
CACHE_KIB = 8 * 1024
"""KiB of pages that SQLite keeps while many endings are entered: full after some 900 of them, and then memory grows no more. 16
times as much made 15,000 of them no faster (benchmarks.sync); what does not fit is in the memory of the system's own cache."""


def build(
    archive: Archive,
    path: Path,
    index: Index,
    told: Callable[[int], None] = lambda _captures: None,
    *,
    only_batches: bool = False,
    look: Look | None = None,
    count: int = 1,
) -> Rebuilt:
    """Archive -> its catalogue in a new file. `told` hears now and then how many captures are in. `only_batches`: what syncs
    have brought together, without what came since. With `look`, `index` is given the fingerprints of texts as well, made in
    `count` processes beside this one.

    ArchiveError when the ledger cannot be read; CatalogueError or sqlite3.Error when the file cannot be written.
    """
    with contextlib.closing(open_catalogue(path)) as database:
        return _filled(archive, Replay(database.conn, index), told, only_batches, look, count)


def unprotected(connection: sqlite3.Connection) -> None:
    """Settings for a file that is thrown away when it is not filled to the end: there is nothing to protect."""
    connection.execute("pragma journal_mode = off")
    connection.execute("pragma synchronous = off")
    connection.execute("pragma locking_mode = exclusive")
    connection.execute(f"pragma cache_size = -{CACHE_KIB}")
    gather(connection)


def _filled(
    archive: Archive, replay: Replay, told: Callable[[int], None], only_batches: bool, look: Look | None, count: int
) -> Rebuilt:
    connection = replay.connection
    unprotected(connection)
    with reader(archive) as pool:
        for found in _parts(archive, replay, only_batches):
            read = looked_ahead(archive, found, pool, look, count) if look else read_ahead(archive, found, pool)
            for some in in_parts(read, _A_TRANSACTION):
                connection.execute("begin")
                for event, text in some:
                    replay.apply(event, text)
                connection.execute("commit")
                told(replay.made.captures)
    runs.all_ended(connection)
    connection.execute("pragma optimize")
    return replay.made


def _parts(archive: Archive, replay: Replay, only_batches: bool) -> Iterator[Iterator[Event]]:
    """The events of an archive: those that syncs brought together, in their order, then the rest, by the sequence of their
    endings."""
    listed: set[str] = set()
    for batch in batches(archive):
        replay.recorded = Noted(replay.connection, "recorded", batch.joined())
        if not only_batches:
            listed.update(map(plain_key, itertools.chain(batch.live(), batch.others())))
        yield batch_events(archive, batch)
    replay.recorded = None
    if only_batches:
        return
    rest = [key for key in segment_keys(archive) if plain_key(key) not in listed and not is_apart(key)]
    yield in_order(events(archive, keys=rest))


def batch_events(archive: Archive, batch: Batch) -> Iterator[Event]:
    """The events of a batch: first the runs that were live in its catalogue, then those of others."""
    yield from in_order(events(archive, keys=batch.live()))
    yield from one_after_another(archive, batch.others())


def one_after_another(archive: Archive, keys: Iterable[str]) -> Iterator[Event]:
    """The events of segments, a whole one after the other: memory and open files do not grow with runs that overlapped."""
    for key in keys:
        yield from segment_events(archive, key)


def in_order(found: Iterable[Event]) -> Iterator[Event]:
    """Events by time -> by the sequence of their endings; of one outlet, never in another order than they came.

    An event without a sequence goes with the outlet's ending before it; a ruling comes after the ending it names, a URL is
    forgotten after all that there was.
    """
    waiting: list[tuple[tuple[int, bool], int, Event]] = []
    last: dict[str, tuple[int, bool]] = {}
    for number, event in enumerate(found):
        own = (event.fields.get("sequence", 0), event.event != "outcome")
        if event.event == "forget":  # no run was going
            own = max(last.values(), default=own)
        place = last[event.outlet] = max(own, last.get(event.outlet, own))
        heapq.heappush(waiting, (place, number, event))
        if len(waiting) > WINDOW:
            yield heapq.heappop(waiting)[2]
    while waiting:
        yield heapq.heappop(waiting)[2]


_BESIDE = ("-wal", "-shm")


@contextlib.contextmanager
def scratch(catalogue: Path, purpose: str) -> Iterator[Path]:
    """Path of a catalogue -> path of a new file beside it, gone at the end together with what SQLite put beside it."""
    path = catalogue.with_name(f"{catalogue.name}.{purpose}")
    _clear(path)
    try:
        yield path
    finally:
        _clear(path)


def put_in_place(fresh: Path, catalogue: Path, patience: float = 10) -> Path | None:
    """A whole catalogue and the path that it is for -> where the old one lies now; None when there was none.

    CatalogueError when another program is still reading the old one after `patience` seconds.
    """
    fsync(fresh)
    kept = None
    if catalogue.exists():
        kept = catalogue.with_name(f"{catalogue.name}.before-rebuild")
        _clear(kept)
        if not _settle_log(catalogue, patience):  # damaged: its log belongs to it, and would be taken for the new one's
            for suffix in _BESIDE:
                with contextlib.suppress(FileNotFoundError):
                    _beside(catalogue, suffix).rename(_beside(kept, suffix))
        try:
            os.link(catalogue, kept)
        except OSError:  # a filesystem without hard links
            catalogue.rename(kept)
    _drop_log(catalogue)
    fresh.replace(catalogue)
    _drop_log(catalogue)  # of a reader that came in between
    fsync(catalogue.parent)
    return kept


def _settle_log(catalogue: Path, patience: float) -> bool:
    """Bring the log into the file, so that the file alone is the catalogue; False when it is damaged."""
    connection = sqlite3.connect(catalogue, timeout=patience, isolation_level=None)
    try:
        busy = connection.execute("pragma wal_checkpoint (truncate)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError) and "lock" in str(error):
            busy = 1
        else:
            return False
    finally:
        connection.close()
    if busy:
        raise CatalogueError(
            f"Another program is reading {catalogue}; end it and start the rebuild again. Nothing has changed."
        )
    return True


def _drop_log(catalogue: Path) -> None:
    for suffix in _BESIDE:
        _beside(catalogue, suffix).unlink(missing_ok=True)


def _clear(path: Path) -> None:
    for each in (path, *(_beside(path, suffix) for suffix in (*_BESIDE, "-journal"))):
        each.unlink(missing_ok=True)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
