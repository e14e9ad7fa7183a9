"""What each outlet answered last for a URL that cannot exist. A hint like the validators of sources: lost with the
catalogue, it is asked for again."""

from __future__ import annotations

import array
import datetime as dt
from dataclasses import dataclass

import sqlite_utils

from storage.catalogue.schema import writing


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """`fingerprint`: 32-bit hashes (`pipelines.probe`), empty when the answer showed nothing."""

    outlet: str
    url: str
    asked_at: dt.datetime
    status: int
    fingerprint: tuple[int, ...]


def probe_of(database: sqlite_utils.Database, outlet: str) -> Probe | None:
    """Outlet -> its newest probe; None when it was never asked."""
    row = database.conn.execute("select url, asked_at, status, fingerprint from probes where outlet = ?", (outlet,)).fetchone()
    if row is None:
        return None
    url, asked_at, status, packed = row
    hashes = array.array("I")
    hashes.frombytes(packed)
    return Probe(
        outlet=outlet, url=url, asked_at=dt.datetime.fromisoformat(asked_at), status=status, fingerprint=tuple(hashes)
    )


def keep_probe(database: sqlite_utils.Database, probe: Probe) -> None:
    """Keep a probe in the place of the one before."""
    packed = array.array("I", probe.fingerprint).tobytes()
    with writing(database) as connection:
        connection.execute(
            "insert or replace into probes (outlet, url, asked_at, status, fingerprint) values (?, ?, ?, ?, ?)",
            (probe.outlet, probe.url, probe.asked_at.isoformat(), probe.status, packed),
        )
