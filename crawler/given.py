"""Settings that are given with -s: Scrapy takes every name and every value, and a run then ends in the middle, or goes another
way than was meant."""

from __future__ import annotations

import difflib
from math import isfinite
from typing import Any

from scrapy.settings import BaseSettings

from crawler.arguments import MOST_WORKERS, shown

# Numbers of these may have a fraction, also where the usual one has none.
_FRACTIONS = ("TIMEOUT", "DELAY", "WAIT", "SHARE", "MOST", "INTERVAL")
_MOST = {"NEWS_WORKERS": MOST_WORKERS}
_SWITCH = ("true", "false", "True", "False")


def fault_of(name: str, text: str, settings: BaseSettings) -> str | None:
    """A setting as it was given, and the settings without it -> what is wrong with it, in a line; None when nothing is. What
    it must be is seen from its usual value; a name of Scrapy's that is not known may be of an extension."""
    if name not in settings:
        if not name.startswith("NEWS_"):
            return None
        near = difflib.get_close_matches(name, [each for each in settings if each.startswith("NEWS_")], n=1, cutoff=0.75)
        return f"There is no setting {shown(name)}; " + (f"is it {near[0]}?" if near else "docs/settings.md lists all")
    usual = settings[name]
    wanted = _wanted(name, text, usual)
    return f"{name}={shown(text)[1:-1]}: {wanted} is asked for; left away it is {usual}" if wanted else None


def _wanted(name: str, text: str, usual: Any) -> str | None:
    """What a setting must be, where it is not."""
    if isinstance(usual, bool):
        return None if text in _SWITCH or _is(int, text) else "1 or 0"
    if not isinstance(usual, int | float):
        return None
    fraction = isinstance(usual, float) or name.rpartition("_")[2] in _FRACTIONS
    kind = "number" if fraction else "whole number"
    if not _is(float if fraction else int, text):
        return f"a {kind}"
    most = _MOST.get(name, 1_000_000)
    if name.startswith("NEWS_") and not 0 <= float(text) <= most:
        return f"a {kind} from 0 to {most:,}"
    return None


def _is(kind: type[int | float], text: str) -> bool:
    try:
        return isfinite(kind(text))
    except (ValueError, OverflowError):
        return False
