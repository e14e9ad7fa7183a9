"""Feeds, sitemaps and listings as rows: what the server said of its newest version, so that it need not be sent again.

The validators are hints: servers lie both ways. After CHECKED answers of 304 in a row a source is asked for whole; when it
then holds what the 304s hid, it is remembered as a liar and never asked conditionally again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlite_utils

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


def state_of(database: sqlite_utils.Database, url: str, outlet: str) -> SourceState:
    """URL of a source -> what is known of it; a bare state when it is new."""
    row = database.conn.execute(
        "select etag, last_modified, digest, unchanged, lies from sources where url = ?", (url,)
    ).fetchone()
    if row is None:
        return SourceState(url=url, outlet=outlet)
    etag, modified, digest, unchanged, lies = row
    return SourceState(
        url=url, outlet=outlet, etag=etag, last_modified=modified, digest=digest, unchanged=unchanged, lies=bool(lies)
    )


def remember(database: sqlite_utils.Database, state: SourceState, fetched_at: str) -> None:
    """Keep what is known of a source now."""
    with writing(database) as connection:
        enter(connection, state, fetched_at)


def enter(connection: sqlite3.Connection, state: SourceState, fetched_at: str) -> None:
    """`remember`, inside the caller's transaction."""
    connection.execute(
        """insert or replace into sources (url, outlet, etag, last_modified, digest, unchanged, lies, fetched_at)
           values (?, ?, ?, ?, ?, ?, ?, ?)""",
        (*_values(state).values(), fetched_at),
    )


def write_source(state: SourceState, fetched_at: str) -> dict[str, object]:
    """What is known of a source -> JSON-ready fields, without the outlet, which stands on every line of the ledger."""
    return {**{name: value for name, value in _values(state).items() if name != "outlet"}, "fetched_at": fetched_at}


def read_source(outlet: str, fields: Mapping[str, Any]) -> SourceState:
    """Outlet and fields of a ledger line -> what is known of a source; `fetched_at` stays in the fields."""
    names = ("url", "etag", "last_modified", "digest", "unchanged", "lies")
    return SourceState(outlet=outlet, **{name: fields[name] for name in names})


def _values(state: SourceState) -> dict[str, object]:
    return {
        "url": state.url,
        "outlet": state.outlet,
        "etag": state.etag,
        "last_modified": state.last_modified,
        "digest": state.digest,
        "unchanged": state.unchanged,
        "lies": state.lies,
    }
