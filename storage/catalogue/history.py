"""A run against the outlet's own history: what is usual there, and whether it has begun to block."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping

from storage.records import Kind

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
