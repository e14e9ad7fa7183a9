"""The quarantine: captures that were judged to be no article and have not been judged again since."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

import sqlite_utils

from storage.catalogue.rows import address_of
from storage.endings import lead_of
from storage.records import Evidence, Lead, WarcAddress

_COLUMNS = """c.id, c.url, c.status, c.fetched_at, c.outcome, c.kind, c.error, c.superseded_by, c.evidence, c.lead, c.outlet, l.source,
  l.title, c.warc_file, c.warc_offset, c.warc_length, c.record_id, c.payload_digest"""

_FAILED_TOO = "(c.outcome = 'quarantined' or (c.outcome = 'failed' and c.warc_file is not null))"
# The newest are found in an index that holds what is quarantined and nothing else; some more than asked for, because a few
# may not be settled yet.
_ALONE = """c.outcome = 'quarantined' and c.id in (
    select id from captures indexed by captures_kind where outcome = 'quarantined' and superseded_by is null
      and (:outlet is null or outlet = :outlet) and (:kind is null or kind = :kind)
      and (:since is null or fetched_at >= :since) and (:until is null or fetched_at < :until)
      and (:before is null or id < :before)
    order by id desc limit iif(:limit < 0, -1, :limit + 200))"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A capture kept apart. `error` is set for one that failed, `kind` for one that was judged; `superseded_by` is the number
    under which it was judged again."""

    sequence: int
    lead: Lead
    url: str
    status: int | None
    fetched_at: str
    outcome: str
    kind: str | None
    evidence: tuple[Evidence, ...]
    error: str | None
    address: WarcAddress | None
    superseded_by: int | None = None


def quarantined(
    database: sqlite_utils.Database,
    *,
    outlet: str | None = None,
    kind: str | None = None,
    since: dt.date | None = None,
    until: dt.date | None = None,
    before: int | None = None,
    limit: int = -1,
    failed: bool = False,
) -> list[Kept]:
    """What lies in quarantine, newest first; with `failed` also captures whose page could not be worked on. `until` is the
    last day that counts, `before` the number of a capture: only earlier ones."""
    first, behind = (each.isoformat() if each else None for each in (since, until and until + dt.timedelta(days=1)))
    rows = database.conn.execute(
        f"""select {_COLUMNS} from captures c left join leads l on l.url = c.lead
            where {_FAILED_TOO if failed else _ALONE} and c.superseded_by is null and c.settled = 1
              and (:outlet is null or c.outlet = :outlet) and (:kind is null or c.kind = :kind)
              and (:since is null or c.fetched_at >= :since) and (:until is null or c.fetched_at < :until)
              and (:before is null or c.id < :before)
            order by c.id desc limit :limit""",
        {"outlet": outlet, "kind": kind, "since": first, "until": behind, "before": before, "limit": limit},
    )
    return [_kept(row) for row in rows]


def one(database: sqlite_utils.Database, sequence: int) -> Kept | None:
    """Number of a capture -> it, whatever became of it; None when there is none."""
    query = f"select {_COLUMNS} from captures c left join leads l on l.url = c.lead where c.id = ?"
    row = database.conn.execute(query, (sequence,)).fetchone()
    return _kept(row) if row else None


def same_body(database: sqlite_utils.Database, outlet: str, digest: str, lead: str) -> int:
    """Digest of a body -> under how many other URLs this outlet sent the very same one."""
    query = "select count(distinct lead) from captures where payload_digest = ? and outlet = ? and lead <> ?"
    return int(database.conn.execute(query, (digest, outlet, lead)).fetchone()[0])


def counts(
    database: sqlite_utils.Database, *, outlet: str | None = None, kind: str | None = None, since: dt.date | None = None
) -> list[tuple[str, str, str, int]]:
    """(outlet, day, kind, how many) of what lies in quarantine."""
    return database.conn.execute(
        """select outlet, substr(fetched_at, 1, 10), kind, count(*) from captures
           where outcome = 'quarantined' and superseded_by is null and (:outlet is null or outlet = :outlet)
             and (:kind is null or kind = :kind) and (:since is null or fetched_at >= :since)
           group by 1, 2, 3 order by 2 desc, 1, 3""",
        {"outlet": outlet, "kind": kind, "since": since.isoformat() if since else None},
    ).fetchall()


def _kept(row: tuple[Any, ...]) -> Kept:
    evidence, where = tuple(Evidence(**entry) for entry in json.loads(row[8])), row[13:]
    own = dict(zip(("sequence", "url", "status", "fetched_at", "outcome", "kind", "error", "superseded_by"), row, strict=False))
    return Kept(**own, evidence=evidence, lead=lead_of(*row[9:13]), address=address_of(*where) if where[0] else None)
