"""All articles of a catalogue placed anew, in the order in which they came, over many processes; what comes of it is what
the crawl's placer says of the same texts in the same order.

What is of each text alone goes out in portions: its fingerprint, and bucket by bucket the earlier texts that share shingles
with it. What depends on all that came before, which texts are compared and where one belongs, is decided here, by the very
`place_arrival` of the crawl, a text after the other; so there is no second rule that could say otherwise. docs/copies.md.

What came of it is kept: the ledger first, then the catalogue, so that a rebuild says the same.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import numpy as np
from scrapy.settings import BaseSettings

from crawler.bulk import Lost, Spread, answered, opened
from crawler.console import counting
from crawler.opening import archive_of, open_run
from pipelines import buckets
from pipelines.dedupe import Arrival, place_arrival
from pipelines.fingerprint import fingerprint
from storage.archive import Archive, ArchiveError
from storage.archive.store import Missing
from storage.catalogue.placements import HOT
from storage.catalogue.readers import readings
from storage.catalogue.rebuild import scratch, unprotected
from storage.catalogue.reclustering import ANCHORS, ASKED, LED, Compared, Joined, Reclustering, Text, stamp
from storage.catalogue.rulings import recluster, rule
from storage.catalogue.schema import CatalogueError, OutletBusy, claim_catalogue, locks_folder, open_catalogue, writing
from storage.catalogue.texts import reader
from storage.recovery import recover

PRINTED_BY = sha256(files("pipelines").joinpath("fingerprint.py").read_bytes()).hexdigest()
"""What made a fingerprint: those of another version are of no use."""
A_PORTION = 50
"""Clean copies that are handed out at once: a tenth of a second of work."""
RANGE = 2000
"""Texts in a row whose look-ups are in memory at once, some two kilobytes each."""
DEALT = 5000
A_BUCKET = 2500
"""Texts for each bucket that is made: of one text some 140 entries, so a bucket is of some four megabytes."""
_MOST_BUCKETS = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """Clean copies to be read: the URI of their archive, and their keys."""

    archive: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Entries that fell into one bucket: what the index has, and what is asked for."""

    anchors: bytes
    asked: bytes


Task = Copies | Bucket
Made = bytes | ArchiveError | None
"""A packed fingerprint (None: its clean copy is gone or damaged), or what a bucket's join made; an error of the archive."""


def work(task: Task) -> list[Made]:
    """A task -> what comes of it, one for each clean copy. Runs in any process on any machine; writes nothing."""
    if isinstance(task, Bucket):
        return [buckets.joined(task.anchors, task.asked, HOT)]
    try:
        archive = opened(task.archive)
        with reader(archive) as pool:
            found = list(pool.map(archive.store.read, task.keys)) if pool else list(map(archive.store.read, task.keys))
    except Missing:
        if len(task.keys) == 1:
            return [None]
        return [made for key in task.keys for made in work(Copies(archive=task.archive, keys=(key,)))]
    except ArchiveError as error:
        return [error]
    prints = (reading.printed for reading in readings(found, fingerprint))
    return [buckets.pack(printed) if printed else None for printed in prints]


def look(file: Reclustering, archive: str, spread: Spread[Task, list[Made]]) -> Iterator[int]:
    """Make the fingerprints that are lacking -> now and then how many more there are. ArchiveError; what is done stays."""
    portions = (Copies(archive=archive, keys=keys) for keys in file.lacking(A_PORTION))
    for portion, made in answered(spread, portions, _singles, lambda single, lost: None):
        file.enter(_sound(portion.keys, made))
        yield len(portion.keys)


def _singles(copies: Copies) -> list[Copies]:
    return [Copies(archive=copies.archive, keys=(key,)) for key in copies.keys]


def _sound(keys: Iterable[str], made: list[Made]) -> Iterator[tuple[str, bytes | None]]:
    for each in made:
        if isinstance(each, ArchiveError):
            raise each
    return zip(keys, (each for each in made if not isinstance(each, ArchiveError)), strict=True)


def join(file: Reclustering, spread: Spread[Task, list[Made]]) -> None:
    """Find for all texts the earlier ones that share shingles with them."""
    file.find_firsts()
    last = file.count()
    count = min(_MOST_BUCKETS, max(1, last // A_BUCKET))
    for kind in (ANCHORS, ASKED, LED):
        file.clear(kind)
    for part, start in enumerate(range(1, last + 1, DEALT)):
        _deal(file, part, file.texts(start, start + DEALT), count)
    tasks: Iterator[Task] = (
        Bucket(anchors=b"".join(file.heaped(ANCHORS, number)), asked=b"".join(file.heaped(ASKED, number)))
        for number in range(count)
    )
    for number, made in enumerate(spread(tasks)):
        if isinstance(made, Lost):
            raise ArchiveError(f"bucket {number}: {made.reason}")
        for data in made:
            assert isinstance(data, bytes)
            file.heap(LED, number, buckets.in_ranges(data, RANGE))


def _deal(file: Reclustering, part: int, texts: list[Text], count: int) -> None:
    made = [buckets.entries(text.number, text.printed, text.certain) for text in texts if text.printed is not None]
    if made:
        for kind, entries in zip((ANCHORS, ASKED), zip(*made, strict=True), strict=True):
            file.heap(kind, part, buckets.dealt(np.concatenate(entries), count))


def place(file: Reclustering, index: Joined) -> Iterator[int]:
    """Place all texts whose fingerprints are there into an empty index -> now and then how many more are placed."""
    rulings = file.rulings()
    for of_range in range(file.count() // RANGE + 1):
        led = buckets.leading(iter(file.heaped(LED, of_range)))
        texts = file.texts(of_range * RANGE, (of_range + 1) * RANGE)
        index.connection.execute("begin")
        for text in texts:
            while rulings and rulings[0][0] < text.number:
                _, event, fields = rulings.pop(0)
                rule(index.connection, event, fields)
            if text.printed is not None:
                index.come(text.number, led.get(text.number, {}))
                place_arrival(_arrival(text, text.printed), index)
        index.connection.execute("commit")
        yield len(texts)
    for _, event, fields in rulings:
        rule(index.connection, event, fields)


def _arrival(text: Text, printed: bytes) -> Arrival:
    return Arrival(
        article=text.article,
        outlet=text.outlet,
        url=text.canonical,
        fingerprint=buckets.unpack(printed),
        published=text.published,
        fetched=text.fetched,
    )


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
