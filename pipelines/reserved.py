"""What a publisher said of the use of a capture -> the uses that it reserves. Pure.

A use is reserved where anything that was found beside the capture says so, whatever else allows it: a file that is given away
cannot be taken back. Nothing said is nothing reserved. What an RSL license or a TDM policy asks for is not read: where only
their address is known, `licenses` and `tdm_policy` of the clean copy name it.
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


def reserved(said: Rights | None) -> frozenset[str]:
    """Rights of a capture -> which of USES its publisher reserves. None, a capture of which nothing is known: none."""
    if said is None:
        return frozenset()
    found = set[str]({"ai"} if said.tdm_reserved else ())
    for directive in said.directives:
        found |= _DIRECTIVES.get(directive, frozenset())
    for signal in said.signals:
        name, _, value = signal.partition("=")
        if value in _NO:
            found |= _SIGNALS.get(name, frozenset())
    return frozenset(found)
