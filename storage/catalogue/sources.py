"""Feeds, sitemaps and listings as rows: what the server said of its newest version, so that it need not be sent again.

The validators are hints: servers lie both ways. After CHECKED answers of 304 in a row a source is asked for whole; when it
then holds what the 304s hid, it is remembered as a liar and never asked conditionally again. So is what each outlet answered
last for a URL that cannot exist: lost with the catalogue, it is asked for again.
"""

from __future__ import annotations

import array
import datetime as dt
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import sqlite_utils

from storage.catalogue.rows import insert, records
from storage.catalogue.schema import writing

CHECKED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """What is known of a source: its validators, the digest of its newest body, how many 304s came since."""

    url: str
    outlet: str
    etag: str | None = None
    last_modified: str | None = None
    digest: str | None = None
    unchanged: int = 0
    lies: bool = False

    @property
    def asks_whole(self) -> bool:
        """Whether so many 304s came in a row that the next answer is to be a whole one."""
        return self.unchanged >= CHECKED

    @property
    def headers(self) -> dict[str, str]:
        """Request headers that ask for it only when it changed; none when it is to be asked for whole."""
        if self.lies or self.asks_whole:
            return {}
        named = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in named.items() if value}


_FIELDS = tuple(field.name for field in fields(SourceState))


def state_of(database: sqlite_utils.Database, url: str, outlet: str) -> SourceState:
    """URL of a source -> what is known of it; a bare state when it is new."""
    query = "select url, ?2, etag, last_modified, digest, unchanged, lies from sources where url = ?1"
    found = records(SourceState, database.conn.execute(query, (url, outlet)))
    return next(found, SourceState(url=url, outlet=outlet))


def remember(database: sqlite_utils.Database, state: SourceState, fetched_at: str) -> None:
    """Keep what is known of a source now."""
    with writing(database) as connection:
        enter(connection, state, fetched_at)


def enter(connection: sqlite3.Connection, state: SourceState, fetched_at: str) -> None:
    """`remember`, inside the caller's transaction."""
    row = {**{name: getattr(state, name) for name in _FIELDS}, "fetched_at": fetched_at}
    insert(connection, "sources", row, instead=True)


def write_source(state: SourceState, fetched_at: str) -> dict[str, object]:
    """What is known of a source -> JSON-ready fields, without the outlet, which stands on every line of the ledger."""
    return {**{name: getattr(state, name) for name in _FIELDS if name != "outlet"}, "fetched_at": fetched_at}


def read_source(outlet: str, told: Mapping[str, Any]) -> SourceState:
    """Outlet and fields of a ledger line -> what is known of a source; `fetched_at` stays in the fields."""
    return SourceState(outlet=outlet, **{name: told[name] for name in _FIELDS if name != "outlet"})


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
    hashes = tuple(array.array("I", packed))
    return Probe(outlet=outlet, url=url, asked_at=dt.datetime.fromisoformat(asked_at), status=status, fingerprint=hashes)


def keep_probe(database: sqlite_utils.Database, probe: Probe) -> None:
    """Keep a probe in the place of the one before."""
    packed = array.array("I", probe.fingerprint).tobytes()
    with writing(database) as connection:
        row = {"outlet": probe.outlet, "url": probe.url, "status": probe.status, "fingerprint": packed}
        insert(connection, "probes", {**row, "asked_at": probe.asked_at.isoformat()}, instead=True)
