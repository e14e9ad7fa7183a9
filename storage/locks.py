"""Who may write a catalogue: one run an outlet at a time, and nobody while it is made again.

All are flock(2) locks on files beside the catalogue: they end with the process that holds them.
"""

from __future__ import annotations

import fcntl
import os
import socket
from pathlib import Path
from typing import IO

from storage.catalogue.schema import CatalogueError

_WHOLE = ".catalogue.lock"  # no outlet's name begins with a dot


class OutletBusy(Exception):
    """Another run of the same outlet is going, or the catalogue is being made again; the message says what to do."""


def locks_folder(catalogue: Path) -> Path:
    """Path of a catalogue -> the folder of its locks."""
    return catalogue.parent / ".locks"


def lock_outlet(folder: Path, outlet: str) -> IO[str]:
    """Take the outlet's lock, held until the file is closed or the process dies. Raises OutletBusy."""
    return _locked(
        folder, f"{outlet}.lock", fcntl.LOCK_EX, f"A run of {outlet} is already going ({{holder}}); this one ends at once."
    )


def share_catalogue(folder: Path) -> IO[str]:
    """Say that a run works on the catalogue, until the file is closed. Raises OutletBusy while it is made again."""
    return _locked(
        folder, _WHOLE, fcntl.LOCK_SH, "The catalogue is being made again ({holder}); start the run when that is done."
    )


def claim_catalogue(folder: Path) -> IO[str]:
    """Keep all runs away from the catalogue, until the file is closed. Raises OutletBusy while one is going."""
    return _locked(
        folder, _WHOLE, fcntl.LOCK_EX, "A run or another rebuild is at work on this catalogue; start again when it has ended."
    )


def _locked(folder: Path, name: str, kind: int, refusal: str) -> IO[str]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = (folder / name).open("a+")
    except OSError as error:
        raise CatalogueError(
            f"The folder {folder} beside the catalogue cannot be written ({error.strerror}). Name another with NEWS_CATALOGUE."
        ) from error
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except OSError as error:
        handle.seek(0)
        holder = handle.read().strip() or "another process"
        handle.close()
        raise OutletBusy(refusal.format(holder=holder)) from error
    if kind == fcntl.LOCK_EX:
        handle.truncate(0)
        handle.write(f"pid {os.getpid()} on {socket.gethostname()}")
        handle.flush()
    return handle
