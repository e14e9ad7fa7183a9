"""Where the newest answer lies that brought a story, by the address that was asked for."""

from __future__ import annotations

import datetime as dt

import sqlite_utils

from storage.records import Earlier, WarcAddress


def newest_story(database: sqlite_utils.Database, lead: str) -> Earlier | None:
    """URL of a lead -> the newest answer that came from this very address and brought its story, and that no other URL's
    answer has led away from; None when there is none."""
    row = database.conn.execute(
        """select url, fetched_at, warc_file, warc_offset, warc_length, record_id, payload_digest, outcome from captures
           where lead = ? and settled = 1 and superseded_by is null and warc_file is not null order by id desc limit 1""",
        (lead,),
    ).fetchone()
    if row is None or row[0] != lead or row[7] not in ("kept", "duplicate", "revision", "unchanged"):
        return None
    url, fetched, file, offset, length, record, digest, _ = row
    address = WarcAddress(file=file, offset=offset, length=length, record_id=record, payload_digest=digest)
    return Earlier(url=url, fetched_at=dt.datetime.fromisoformat(fetched), address=address)
