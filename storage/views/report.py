"""A run's receipt -> text for a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MEANINGS = {
    "kept": "new texts, archived",
    "duplicate": "a text that the archive has already",
    "revision": "known stories whose text changed",
    "unchanged": "known stories, nothing new",
    "quarantined": "no article: kept apart with the evidence",
    "failed": "no whole answer came; asked for again in a later run",
}


def receipt_text(receipt: Mapping[str, Any], archive: str, catalogue: str) -> str:
    """Receipt, archive URI and catalogue path -> the report that ends a run. Its column adds up to the captures."""
    outcomes = receipt["outcomes"]
    lines = [f"Run {receipt['run']}: {receipt['reason']}", ""]
    retold = {"kept": f", {receipt['retold']} of them of a story that was there"} if receipt.get("retold") else {}
    lines += [f"  {outcomes[name]:>6}  {name:<12} {meaning}{retold.get(name, '')}" for name, meaning in MEANINGS.items()]
    lines += [f"  {sum(outcomes.values()):>6}  captures", ""]
    if receipt["captures"] == 0:
        lines += ["  Nothing new: no article was fetched.", ""]
    if receipt["quarantined_by_kind"]:
        usual = receipt.get("usual_shares_by_kind", {})
        kinds = ", ".join(
            f"{count} {kind}" + (f" (usual: {usual.get(kind, 0):.0%})" if usual else "")
            for kind, count in receipt["quarantined_by_kind"].items()
        )
        lines.append(f"  quarantined: {kinds}")
    lines.append(
        f"  leads: {receipt['leads_announced']} new, {receipt['leads_waiting']} waiting for a later run, "
        f"{receipt['leads_refused']} not to be fetched"
    )
    if receipt.get("revisited"):
        lines.append(f"  known stories looked at again: {receipt['revisited']}, of which {receipt['gone']} were taken away")
    lines += [f"  note: {note}" for note in receipt["notes"]]
    lines += ["", f"  archive    {archive}", f"  catalogue  {catalogue}"]
    return "\n".join(lines)
