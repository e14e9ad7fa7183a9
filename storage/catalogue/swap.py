"""A catalogue that was made again takes the place of the old one, which is kept beside it.

Under the lock of `storage.locks.claim_catalogue`. At every moment a whole catalogue lies under the name, the old one or
the new.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from storage.archive.folders import fsync
from storage.catalogue.schema import CatalogueError

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
