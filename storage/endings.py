"""Endings and leads <-> their lines in the ledger."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from storage.records import Ending, Evidence, Kind, Lead, Outcome, Placement, Recurrence, Relation, Rights, WarcAddress

_FIELDS = tuple(each.name for each in fields(Ending) if each.name != "run")


def write_ending(ending: Ending) -> dict[str, Any]:
    """Ending -> JSON-ready fields; empty ones are left out, and the run, which stands on every line of the ledger."""
    return {name: _ready(value) for name in _FIELDS if (value := getattr(ending, name)) is not None and value != ()}


def evidence_fields(evidence: Evidence) -> dict[str, Any]:
    """Evidence -> JSON-ready fields, as ledger and catalogue hold them."""
    return {"rule": evidence.rule, "words": evidence.words, "weight": evidence.weight}


def _ready(value: Any) -> Any:
    """A value of a record -> JSON-ready. `dataclasses.asdict` does it too, and copies every leaf deeply: ten times as long."""
    if isinstance(value, dt.datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_ready(each) for each in value]
    if isinstance(value, Rights):
        return rights_fields(value)
    if hasattr(value, "__dataclass_fields__"):
        return {name: _ready(getattr(value, name)) for name in value.__slots__}
    return value


def rights_fields(rights: Rights) -> dict[str, Any]:
    """Rights -> JSON-ready fields, what nothing is said of left out; as ledger, clean copy and WARC hold them."""
    return {name: _ready(value) for name in rights.__slots__ if (value := getattr(rights, name)) not in (None, ())}


def read_rights(fields: Mapping[str, Any] | None) -> Rights | None:
    """The fields -> Rights; None for None: made by a version that did not look, or from no capture."""
    if fields is None:
        return None
    told = {name: fields[name] for name in Rights.__slots__ if name in fields}
    read: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in told.items()}
    return Rights(**read)


def read_ending(run: str, fields: Mapping[str, Any]) -> Ending:
    """Run and fields of a ledger line -> Ending. Raises KeyError, TypeError or ValueError on a line that is none."""
    lead, placement, address = fields["lead"], fields.get("placement"), fields.get("address")
    told = {name: fields[name] for name in _FIELDS if name in fields}
    told |= {
        "lead": lead_of(**lead),
        "fetched_at": dt.datetime.fromisoformat(fields["fetched_at"]),
        "outcome": Outcome(fields["outcome"]),
        "kind": Kind(fields["kind"]) if fields.get("kind") else None,
        "evidence": tuple(Evidence(**entry) for entry in fields.get("evidence", ())),
        "address": WarcAddress(**address) if address else None,
        "placement": _read_placement(placement) if placement else None,
        "rights": read_rights(fields.get("rights")),
        "recurring": tuple(Recurrence(**each) for each in fields.get("recurring", ())),
        **{name: tuple(fields.get(name, ())) for name in ("authors", "passages")},
    }
    return Ending(run=run, **told)


def _read_placement(fields: Mapping[str, Any]) -> Placement:
    return Placement(**{**fields, "relation": Relation(fields["relation"]), "adopted": tuple(fields.get("adopted", ()))})


def write_lead(lead: Lead, announced_at: dt.datetime) -> dict[str, Any]:
    """A new lead -> JSON-ready fields, without the outlet, which stands on every line of the ledger."""
    return {
        "url": lead.url,
        "source": lead.source,
        "title": lead.title,
        "published": lead.published.isoformat() if lead.published else None,
        "announced_at": announced_at.isoformat(timespec="seconds"),
    }


def read_lead(outlet: str, fields: Mapping[str, Any]) -> Lead:
    """Outlet and fields of a ledger line -> Lead; `announced_at` stays in the fields."""
    return lead_of(fields["url"], outlet, fields["source"], fields.get("title"), fields.get("published"))


def lead_of(url: str, outlet: str, source: str | None, title: str | None = None, published: str | None = None) -> Lead:
    """What is written down of a lead -> it; one that the catalogue does not know any more is the archive's."""
    when = dt.datetime.fromisoformat(published) if published else None
    return Lead(url=url, outlet=outlet, source=source or "archive", title=title, published=when)
