"""Runs as rows: when each began, when and why it ended, and its receipt; and from them an outlet's own history: what is usual
there, whether it has begun to block, and its pages day by day.

A row comes from the events `run-started` and `run-ended` of the ledger, on the live way as on rebuild.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from storage.catalogue.rows import address_of
from storage.endings import lead_of
from storage.records import Kind, Lead, WarcAddress

KILLED = "killed"
BY_HAND = ("refed", "released", "extracted again", "merge", "merged", "split", "ruled", "reclustered", "ingested", "interrupted")
"""Why runs end that ask nothing of an outlet."""
WELL = ("finished", "shutdown", *BY_HAND)
"""Why runs end of which nobody needs to hear."""


def begin(connection: sqlite3.Connection, run: str, outlet: str, started_at: str) -> None:
    """Enter a run, unless it is there. Inside the caller's transaction."""
    connection.execute("insert or ignore into runs (run, outlet, started_at) values (?, ?, ?)", (run, outlet, started_at))


def end(connection: sqlite3.Connection, receipt: Mapping[str, Any]) -> None:
    """The run has ended: its receipt."""
    connection.execute(
        "update runs set ended_at = ?, reason = ?, receipt = ? where run = ?",
        (receipt["ended_at"], receipt["reason"], receipt_json(receipt), receipt["run"]),
    )


def receipt_json(receipt: Mapping[str, Any]) -> str:
    """A receipt as it is kept, in the catalogue and in the archive."""
    return json.dumps(receipt, ensure_ascii=False, indent=1)


def receipt_of(run: str, outlet: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a `run-ended` event -> the receipt."""
    return {"run": run, "outlet": outlet, **fields}


def mark_killed(connection: sqlite3.Connection, run: str) -> None:
    """The run has no end in the ledger and nobody works on it any more."""
    connection.execute("update runs set reason = ? where run = ? and ended_at is null", (KILLED, run))


def all_ended(connection: sqlite3.Connection) -> None:
    """No run is going: those without an end were killed. Inside the caller's transaction."""
    connection.execute("update runs set reason = ? where ended_at is null", (KILLED,))


def open_runs(connection: sqlite3.Connection, outlet: str) -> list[str]:
    """Runs of the outlet that have neither ended nor been found dead, oldest first."""
    query = "select run from runs where outlet = ? and ended_at is null and reason is null order by run"
    return [row[0] for row in connection.execute(query, (outlet,))]


def drop(connection: sqlite3.Connection, run: str) -> None:
    """Take away a run of which the archive holds nothing."""
    connection.execute("delete from runs where run = ?", (run,))


RUNS = 20  # how many earlier runs make the history
BLOCKS = (Kind.FORBIDDEN, Kind.CHALLENGE)
FEWEST = 3  # blocked pages below which nothing is said
SHARE = 0.2  # of a run's captures; below it a block is no news
GROWN = 3.0  # times the usual share


def usual_shares(connection: sqlite3.Connection, outlet: str) -> dict[str, float]:
    """Outlet -> share of each kind of refused page among the captures of its last runs; empty without a history."""
    rows = connection.execute(
        "select receipt from runs where outlet = ? and receipt is not null order by run desc limit ?", (outlet, RUNS)
    )
    captures, kinds = 0, Counter[str]()
    for (text,) in rows:
        receipt = json.loads(text)
        captures += receipt["captures"]
        kinds.update(receipt["quarantined_by_kind"])
    return {kind: round(count / captures, 4) for kind, count in sorted(kinds.items())} if captures else {}


def began_to_block(captures: int, kinds: Mapping[str, int], usual: Mapping[str, float]) -> str | None:
    """A run's captures and refused pages by kind, and what is usual -> a line that says that the outlet blocks; or None."""
    blocked = sum(kinds.get(kind, 0) for kind in BLOCKS)
    before = sum(usual.get(kind, 0.0) for kind in BLOCKS)
    if blocked < FEWEST or blocked < SHARE * captures or blocked < GROWN * before * captures:
        return None
    return f"The outlet has begun to block: {blocked} of {captures} pages were refused, {before:.0%} are usual there."


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """A page of an outlet as it was first fetched: when (ISO 8601, UTC), where its answer lies, whether headline, date,
    author and text were kept of it, and whether a person released it from quarantine."""

    lead: Lead
    fetched_at: str
    address: WarcAddress
    kept: tuple[bool, bool, bool, bool]
    released: bool = False


def archived(connection: sqlite3.Connection, outlet: str, since: dt.datetime, most: int) -> list[Archived]:
    """Outlet and time -> the pages that were fetched since then and were or should have been stories, at most so many a day, in
    the order of their fetch. Pages that were blocked, gone or out of order say nothing of the outlet's form."""
    rows = connection.execute(
        """select lead, fetched_at, warc_file, warc_offset, warc_length, record_id, payload_digest,
             released, headline, published, authors, text, source, title, announced from (
             select c.lead, c.fetched_at, c.warc_file, c.warc_offset, c.warc_length, c.record_id, c.payload_digest,
               instr(c.evidence, '"rule": "released"') as released, a.headline, a.published, a.authors, a.characters as text,
               l.source, l.title, l.published as announced,
               row_number() over (partition by substr(c.fetched_at, 1, 10) order by c.id) as place
             from captures c left join articles a on a.capture = c.id left join leads l on l.url = c.lead
             where c.outlet = ? and c.fetched_at >= ? and c.warc_file is not null and c.superseded_by is null
               and (c.outcome in ('kept', 'duplicate') or (c.outcome = 'quarantined' and c.kind in ('EMPTY', 'LISTING', 'SOFT_ERROR'))))
           where place <= ? order by fetched_at""",
        (outlet, since.astimezone(dt.UTC).isoformat(), most),
    )
    found = []
    for url, fetched, file, offset, length, record, digest, released, headline, published, authors, text, *told in rows:
        lead, address = lead_of(url, outlet, *told), address_of(file, offset, length, record, digest)
        kept = (bool(headline), bool(published), authors not in (None, "[]"), (text or 0) > 0)
        found.append(Archived(lead=lead, fetched_at=fetched, address=address, kept=kept, released=released > 0))
    return found
