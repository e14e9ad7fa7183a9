"""Headers, robots.txt and metas of one capture -> Rights: what the publisher says of its use.

Read are X-Robots-Tag and <meta name=robots> (their directives for everybody and for us), TDMRep (headers, metas and
/.well-known/tdmrep.json), RSL (`License:` in robots.txt, Link header, <link rel=license>), and the preferences of
Content-Signal and Content-Usage. Where TDMRep is stated more than once, what stands nearest to the document counts:
metas, then headers, then the file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from lxml.html import HtmlElement

from crawler.network.robots import Robots, specificity
from storage.records import Rights
from storage.urls import absolute

Pairs = Iterable[tuple[str, str]]

MOST_RULES = 1_000
"""Entries of a tdmrep.json that are read."""

_WITH_VALUE = frozenset({"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"})
_LINK = re.compile(r"<([^<>]{1,2000})>([^<>]{0,500})")
_PREFERENCE = re.compile(r"([A-Za-z][\w.-]{0,40})\s*=\s*([A-Za-z0-9.-]{1,20})")


def rights(
    headers: Pairs,
    robots: Robots | None = None,
    document_meta: Pairs = (),
    *,
    url: str = "",
    agent: str = "",
    tdm_file: bytes | None = None,
) -> Rights:
    """Response headers, robots.txt, metas (`metas_of`), URL, our product token and tdmrep.json -> Rights. Never fails."""
    fields = [(name.lower(), value) for name, value in headers]
    metas = [(name.lower(), value) for name, value in document_meta]
    ours = agent.partition("/")[0].strip().lower()
    directives = [directive for name, value in fields if name == "x-robots-tag" for directive in _directives(value, ours)]
    directives += [one for name, value in metas if name in {"robots", ours} for one in _directives(value, ours)]
    reserved, policy = _tdm([metas, fields, _tdm_of_file(tdm_file, url)], url)
    licenses = [value for name, value in metas if name == "link:license"]
    licenses += [link for name, value in fields if name == "link" for link in _license_links(value)]
    stated = [value for name, value in fields if name in {"content-usage", "content-signal"}]
    signals = [signal for value in stated for signal in _preferences(value)]
    if robots is not None:
        signals += [signal for value in robots.signals(ours) for signal in _scoped(value, url)]
        licenses += robots.licenses
    return Rights(
        directives=tuple(dict.fromkeys(directives)),
        tdm_reserved=reserved,
        tdm_policy=policy,
        licenses=tuple(dict.fromkeys(found for link in licenses if (found := absolute(link, url or None)))),
        signals=tuple(dict.fromkeys(signals)),
        robots=robots.digest or None if robots is not None else None,
    )


def metas_of(tree: HtmlElement) -> tuple[tuple[str, str], ...]:
    """Root element of a page -> (name, content) of its metas, and ("link:license", href) of its RSL links."""
    found = []
    for element in tree.iter("meta", "link"):
        if element.tag == "meta":
            found.append((element.get("name") or "", element.get("content") or ""))
        elif "license" in (element.get("rel") or "").lower().split() and "rsl" in (element.get("type") or "").lower():
            found.append(("link:license", element.get("href") or ""))
    return tuple((name.strip().lower(), content) for name, content in found if name.strip())


def _directives(value: str, ours: str) -> Iterator[str]:
    """Value of X-Robots-Tag or a robots meta -> directives that hold for us; "name:" before them limits to an agent."""
    for_us = True
    for part in value[:4000].split(","):
        name, colon, rest = part.strip().lower().partition(":")
        name = name.strip()
        if colon and name not in _WITH_VALUE:
            for_us = name in {ours, "*"}
            name, colon, rest = rest.strip().partition(":")
            name = name.strip()
        if name and for_us:
            yield f"{name}:{rest.strip()}" if colon else name


def _tdm(places: list[list[tuple[str, str]]], url: str) -> tuple[bool | None, str | None]:
    """Name and value pairs of each place, the nearest first -> (reserved or not or nothing said, URL of the policy)."""
    for pairs in places:
        said = dict(reversed([(name, value.strip()) for name, value in pairs if name in {"tdm-reservation", "tdm-policy"}]))
        if said.get("tdm-reservation") in {"0", "1"}:
            policy = said.get("tdm-policy")
            return said["tdm-reservation"] == "1", absolute(policy, url or None) if policy else None
    return None, None


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


def _license_links(value: str) -> Iterator[str]:
    """Link header -> URLs with rel=license and the type of RSL (RFC 8288)."""
    for target, parameters in _LINK.findall(value):
        if re.search(r"rel\s*=\s*\"?[^\";]*\blicense\b", parameters, re.I) and "rsl" in parameters.lower():
            yield target


def _scoped(value: str, url: str) -> Iterator[str]:
    """A value in robots.txt, where "/path name=value" holds for that path alone."""
    path, _, rest = value.partition(" ")
    if not path.startswith("/"):
        yield from _preferences(value)
    elif specificity(path, url) is not None:
        yield from _preferences(rest)


def _preferences(value: str) -> list[str]:
    return [f"{name}={said}".lower() for name, said in _PREFERENCE.findall(value)]
