"""Runs as rows: when each began, when and why it ended, and its receipt.

A row comes from the events `run-started` and `run-ended` of the ledger, on the live way as on rebuild.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

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
