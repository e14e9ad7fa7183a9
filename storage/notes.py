"""What the WARC says of a capture beside its bytes: one metadata record, gathered from those who know something of it.

The network knows how long the fetch took and what the publisher reserves, the chain its verdict; each adds its fields, and
they are written together, after the verdict and before the capture counts as durable.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

from storage.endings import rights_fields
from storage.records import Ending, Exchange, WarcAddress

# The heaviest reasons; all of them stand in the ledger.
MOST_REASONS = 3
_REMEMBERED = 1_000

Noted = tuple[WarcAddress, dict[str, str]]


def fetch_fields(exchange: Exchange) -> dict[str, str]:
    """An exchange -> how long it took, under the name that Heritrix gave it."""
    return {"fetchTimeMs": str(round((exchange.ended_at - exchange.started_at).total_seconds() * 1000))}


def verdict_fields(ending: Ending) -> dict[str, str]:
    """An ending -> what was judged of the capture, a line each."""
    reasons = sorted(ending.evidence, key=lambda each: -abs(each.weight))[:MOST_REASONS]
    told = [[each.rule, each.words, each.weight] for each in reasons]
    fields = {
        "outcome": ending.outcome.value,
        "verdict": ending.kind.value if ending.kind else None,
        "evidence": _line(told) if told else None,
        "error": ending.error,
        "rights": _line(rights_fields(ending.rights)) if ending.rights else None,
    }
    return {name: value for name, value in fields.items() if value}


def _line(told: object) -> str:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


@dataclass(slots=True)
class Notes:
    """Fields by record, until they are written. A record of which nothing but its fetch is known gets no note: feeds and
    redirects are not judged."""

    _fetches: OrderedDict[str, dict[str, str]] = field(default_factory=OrderedDict)
    _noted: dict[str, Noted] = field(default_factory=dict)

    def fetched(self, address: WarcAddress, exchange: Exchange) -> None:
        """Remember how a fetch went; only of the newest, for what is judged is judged soon."""
        self._fetches[address.record_id] = fetch_fields(exchange)
        if len(self._fetches) > _REMEMBERED:
            self._fetches.popitem(last=False)

    def add(self, address: WarcAddress, fields: Mapping[str, str]) -> None:
        """Further fields of a record's note."""
        self._noted.setdefault(address.record_id, (address, {}))[1].update(fields)

    def take(self, address: WarcAddress) -> dict[str, str]:
        """All fields of a record, which is not remembered any longer."""
        fetch = self._fetches.pop(address.record_id, {})
        _, noted = self._noted.pop(address.record_id, (address, {}))
        return {**fetch, **noted}

    def left(self) -> list[WarcAddress]:
        """Records whose fields nobody has taken yet."""
        return [address for address, _ in self._noted.values()]
