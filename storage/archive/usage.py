"""How much an archive holds, by kind and outlet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from storage.archive.keys import outlet_of


@dataclass(slots=True)
class Usage:
    """Objects and bytes of one kind ("warc", "index", "clean", "ledger", "receipts") of one outlet."""

    kind: str
    outlet: str
    objects: int = 0
    bytes: int = 0


def usage(entries: Iterable[tuple[str, int]]) -> list[Usage]:
    """(key, bytes) of an archive's objects -> what they come to, ordered by kind and outlet."""
    found: dict[tuple[str, str], Usage] = {}
    for key, size in entries:
        kind = "index" if key.endswith(".cdxj") else key.partition("/")[0]
        outlet = outlet_of(key)
        if outlet:
            each = found.setdefault((kind, outlet), Usage(kind=kind, outlet=outlet))
            each.objects += 1
            each.bytes += size
    return [found[name] for name in sorted(found)]
