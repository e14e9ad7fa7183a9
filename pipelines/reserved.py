"""What a publisher said of the use of a capture -> the uses that it reserves. Pure.

A use is reserved where anything that was found beside the capture says so, whatever else allows it: a file that is given away
cannot be taken back. Nothing said is nothing reserved. An RSL document in the page reserves what it prohibits, what its list
of permitted uses leaves out, and what it permits for a price or to some: nobody here has paid. Of an RSL license or a TDM policy
elsewhere only the address is known, and no use can be told from it: such a capture stands under terms (`under_terms`).
"""

from __future__ import annotations

from collections.abc import Mapping

from storage.records import Rights

USES = ("ai", "search", "archive")
"""Text and data mining and the training of models; an index that others search; a copy that is shown to others."""

_DIRECTIVES: Mapping[str, frozenset[str]] = {
    "noai": frozenset({"ai"}),
    "noindex": frozenset({"search"}),
    "none": frozenset({"search"}),  # noindex and nofollow, as robots directives define it
    "noarchive": frozenset({"archive"}),
    "nocache": frozenset({"archive"}),
}
# Names of Content-Signal (ai-train=no) and of Content-Usage in its drafts (train-ai=n).
_SIGNALS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("ai-train", "ai-input", "train-ai", "train-genai", "ai", "genai", "tdm"), frozenset({"ai"})),
    "search": frozenset({"search"}),
    "bots": frozenset({"ai", "search"}),
}
_NO = frozenset({"n", "no"})
# What RSL documents say (rsl.py). A copy that is shown to others has no word there; "all" means it too.
_TERMS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("ai-train", "ai-input", "ai-index"), frozenset({"ai"})),
    "search": frozenset({"search"}),
    "all": frozenset(USES),
}
_NOT_FREELY = frozenset({"no", "terms"})


def reserved(said: Rights | None) -> frozenset[str]:
    """Rights of a capture -> which of USES its publisher reserves. None, a capture of which nothing is known: none."""
    if said is None:
        return frozenset()
    found = set[str]({"ai"} if said.tdm_reserved else ())
    for directive in said.directives:
        found |= _DIRECTIVES.get(directive, frozenset())
    for stated, names, refusing in ((said.signals, _SIGNALS, _NO), (said.terms, _TERMS, _NOT_FREELY)):
        for each in stated:
            name, _, value = each.partition("=")
            if value in refusing:
                found |= names.get(name, frozenset())
    return frozenset(found)


def under_terms(said: Rights | None) -> bool:
    """Rights of a capture -> whether its publisher names conditions, in an RSL license or a TDM policy, whatever they are."""
    return said is not None and bool(said.licenses or said.tdm_policy)
