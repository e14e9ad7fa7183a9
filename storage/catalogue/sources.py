"""Feeds, sitemaps and listings as rows: what the server said of its newest version, so that it need not be sent again.

The validators are hints: servers lie both ways. After CHECKED answers of 304 in a row a source is asked for whole; when it
then holds what the 304s hid, it is remembered as a liar and never asked conditionally again.
"""

from __future__ import annotations

from dataclasses import dataclass

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
    def headers(self) -> dict[str, str]:
        """Request headers that ask for it only when it changed; none when it is to be asked for whole."""
        if self.lies or self.unchanged >= CHECKED:
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
        connection.execute(
            """insert or replace into sources (url, outlet, etag, last_modified, digest, unchanged, lies, fetched_at)
               values (?, ?, ?, ?, ?, ?, ?, ?)""",
            (
                state.url,
                state.outlet,
                state.etag,
                state.last_modified,
                state.digest,
                state.unchanged,
                state.lies,
                fetched_at,
            ),
        )
