"""robots.txt and tdmrep.json of a host -> what they say of the use of one of its pages.

What the page itself says is read by pipelines/rights.py, which puts both together.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from crawler.network.robots import Robots
from pipelines.patterns import specificity
from pipelines.rights import MOST_LICENSES, preferences, tdm
from storage.records import Rights
from storage.urls import absolute

MOST_RULES = 1_000
"""Entries of a tdmrep.json that are read."""


def beside(robots: Robots | None, *, url: str, agent: str = "", tdm_file: bytes | None = None) -> Rights:
    """robots.txt as read, URL of the page, our product token, body of /.well-known/tdmrep.json -> Rights. Never fails."""
    ours = agent.partition("/")[0].strip().lower()
    reserved, policy = tdm([_tdm_of_file(tdm_file, url)], url)
    if robots is None:
        return Rights(tdm_reserved=reserved, tdm_policy=policy)
    signals = [signal for value in robots.signals(ours) for signal in _scoped(value, url)]
    licenses = dict.fromkeys(found for link in robots.licenses(ours) if (found := absolute(link, url or None)))
    return Rights(
        tdm_reserved=reserved,
        tdm_policy=policy,
        licenses=tuple(licenses)[:MOST_LICENSES],
        signals=tuple(dict.fromkeys(signals)),
        robots=robots.digest or None,
    )


def _tdm_of_file(body: bytes | None, url: str) -> list[tuple[str, str]]:
    """/.well-known/tdmrep.json and a URL -> what its most specific rule says of the URL, as pairs."""
    try:
        rules = json.loads(body) if body else []
    except (ValueError, RecursionError):
        return []
    best: tuple[int, list[tuple[str, str]]] = (-1, [])
    for rule in rules[:MOST_RULES] if isinstance(rules, list) else []:
        location = rule.get("location") if isinstance(rule, dict) else None
        weight = specificity(location, url) if isinstance(location, str) else None
        if weight is not None and weight > best[0]:
            best = weight, [(name, str(rule[name])) for name in ("tdm-reservation", "tdm-policy") if name in rule]
    return best[1]


def _scoped(value: str, url: str) -> Iterator[str]:
    """A value in robots.txt, where "/path name=value" holds for that path alone."""
    path, _, rest = value.partition(" ")
    if not path.startswith("/"):
        yield from preferences(value)
    elif specificity(path, url) is not None:
        yield from preferences(rest)
