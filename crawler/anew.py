"""A catalogue's articles placed anew, and what came of it kept: the ledger first, then the catalogue, so that a rebuild says
the same."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scrapy.settings import BaseSettings

from crawler.bulk import Spread
from crawler.console import counting
from crawler.opening import archive_of, open_run
from crawler.recluster import PRINTED_BY, Made, Task, join, look, place
from storage.archive import Archive
from storage.catalogue.joined import Joined
from storage.catalogue.rebuild import unprotected
from storage.catalogue.reclustered import recluster
from storage.catalogue.reclustering import Compared, Reclustering, stamp
from storage.catalogue.schema import CatalogueError, open_catalogue, writing
from storage.catalogue.swap import scratch
from storage.locks import OutletBusy, claim_catalogue, locks_folder
from storage.recovery import recover

_A_LINE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """What came of it: `compared` in numbers, `file` with the articles that belong elsewhere; `stamp` of the catalogue as it
    was read."""

    compared: Compared
    file: Reclustering
    stamp: tuple[object, ...]


@contextlib.contextmanager
def placed_anew(settings: BaseSettings, path: Path, spread: Spread[Task, list[Made]]) -> Iterator[Placed]:
    """Settings and the path of a catalogue -> its articles placed anew; nothing is changed, and no run may go meanwhile.

    OutletBusy, ArchiveError, CatalogueError, sqlite3.Error, EngineError. Fingerprints stay beside the catalogue until it is done.
    """
    if not path.exists():
        raise CatalogueError(f"There is no catalogue {path}; `scrapy rebuild` makes it.")
    beside = path.with_name(f"{path.name}.reclustering")
    with contextlib.closing(Reclustering(beside, path, PRINTED_BY)) as file:
        with claim_catalogue(locks_folder(path)):
            archive = archive_of(settings)
            _recover(path, archive)
            before = stamp(file.connection, "catalogue")
            _look_all(file, archive, spread)
            join(file, spread)
            with scratch(path, "reclustered") as fresh:
                _place_all(file, fresh)
                compared = file.compare(fresh)
        yield Placed(compared=compared, file=file, stamp=before)
    for suffix in ("", "-wal", "-shm"):
        beside.with_name(beside.name + suffix).unlink(missing_ok=True)


def keep(settings: BaseSettings, placed: Placed) -> bool:
    """Articles go to the clusters where they belong by now; False when all stand there already.

    OutletBusy when something came into the catalogue meanwhile: nothing is changed. ArchiveError, CatalogueError.
    """
    first = next(placed.file.moved(), None)
    if first is None:
        return False
    run = open_run(placed.file.outlet_of(first.article), settings, alone=True)
    try:
        with writing(run.catalogue) as connection:
            if stamp(connection) != placed.stamp:
                raise OutletBusy("A run came between, and brought something new; nothing was changed: start again.")
            last = connection.execute("select coalesce(max(id), 0) from captures").fetchone()[0]
            rows = placed.file.moved()
            while some := [(each.article, each.after, each.ruled) for each in itertools.islice(rows, _A_LINE)]:
                run.ledger.append("reclustered", {"sequence": last, "articles": some})
                recluster(connection, some)
            run.ledger.sync()  # before the catalogue says so
    finally:
        run.finish("reclustered", dt.datetime.now(dt.UTC))
    return True


def _recover(path: Path, archive: Archive) -> None:
    """What the next run of an outlet would bring to an end is brought to an end: nothing that is placed may be taken back."""
    with contextlib.closing(open_catalogue(path)) as live:
        for (outlet,) in live.conn.execute("select distinct outlet from runs order by 1").fetchall():
            recover(live, archive, outlet)


def _look_all(file: Reclustering, archive: Archive, spread: Spread[Task, list[Made]]) -> None:
    uri = str(archive.folder.resolve()) if archive.folder else archive.uri
    with counting(file.list_lacking(), "texts read") as told:
        for more in look(file, uri, spread):
            told(more)


def _place_all(file: Reclustering, fresh: Path) -> None:
    with contextlib.closing(open_catalogue(fresh)) as database, counting(file.count(), "articles placed") as told:
        unprotected(database.conn)
        for more in place(file, Joined(database.conn)):
            told(more)
