"""Endings that were placed before -> the index of copies of a catalogue that is made again or brought together."""

from __future__ import annotations

import sqlite3

from pipelines.placed import enter_and_compare, enter_placed
from storage.catalogue.placements import Placements
from storage.records import Ending, Fingerprint


def index(connection: sqlite3.Connection, ending: Ending, text: str | None, printed: Fingerprint | None) -> None:
    """Catalogue, ending, its text and fingerprint where it has them: entered as it was placed (`storage.catalogue.replay.Index`)."""
    enter_placed(ending, text, Placements(connection), printed)


def index_and_compare(
    connection: sqlite3.Connection, ending: Ending, text: str | None, printed: Fingerprint | None
) -> str | None:
    """`index` -> the cluster here that the ending belongs to as well, None when there is no other."""
    return enter_and_compare(ending, text, Placements(connection), printed)
