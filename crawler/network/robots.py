"""robots.txt bytes -> rules that answer whether an agent may fetch a URL (RFC 9309).

Where the RFC leaves room: `Crawl-delay`, `Sitemap` and unknown lines neither open nor close a group; of an agent line
the first word counts, up to its version; a misspelt key is read ("be lenient", RFC 9309 2.2); a body that is an HTML
page has no rules; bytes after the first 500 KiB are not read (2.5). Matching is linear in the URL for any pattern.
`License` is that of RSL 1.0 (4.4): in a group for its agents, outside of any for all that have none in theirs. An empty
line or a sitemap ends the group for it, since sites that mean everybody write it at the end of the file.

And robots.txt and tdmrep.json of a host -> what they say of the use of one of its pages; what the page itself says is read by
pipelines/rights.py, which puts both together.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Self

from pipelines.patterns import Rule, rule_of, specificity, target_of
from pipelines.rights import MOST_LICENSES, preferences, tdm
from storage.records import Rights
from storage.urls import absolute

LIMIT = 500 * 1024

_LINE = re.compile(r"\r\n?|\n")
_KEY_WITHOUT_COLON = re.compile(r"[ \t]*(user-agent|allow|disallow)[ \t]+(\S+)[ \t]*$", re.I)
_KEYS = {
    "user-agent": "agent", "useragent": "agent", "user agent": "agent",
    "disallow": "disallow", "dissallow": "disallow", "dissalow": "disallow", "disalow": "disallow",
    "diasllow": "disallow", "disallaw": "disallow",
    "allow": "allow", "crawl-delay": "delay", "crawldelay": "delay", "crawl delay": "delay",
    "sitemap": "sitemap", "site-map": "sitemap",
    "license": "license", "content-signal": "signal", "content-usage": "signal",
}  # fmt: skip
_TOKEN = re.compile(r"[A-Za-z0-9_.-]+")
_PRODUCT = re.compile(r"([A-Za-z_-][A-Za-z0-9_.-]*)(?:/[^\s;)]*)?")
_SIMPLE_AGENT = re.compile(r"\s*([A-Za-z0-9_.-]+)(?:/\S*)?\s*$")
_MARKUP = re.compile(r"\s*<(?:!doctype|!--|html|head|body|title|meta|script|\?xml|div|p|h1)\b", re.I)


@dataclass(slots=True)
class _Group:
    """Consecutive agent lines and what follows them. Agents share it, so that a file costs what it is long."""

    rules: list[Rule] = field(default_factory=list)
    signals: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Robots:
    """What one robots.txt says. `sitemaps` and licenses are URLs, absolute where the file's own is known; `everywhere` are the
    licenses in no group.

    `groups`, `delays` (seconds) and `licensed` are by product token in lower case; "*" is everybody else. `digest` is the
    sha256 hex of the body.
    """

    groups: dict[str, list[_Group]]
    delays: dict[str, float] = field(default_factory=dict)
    sitemaps: tuple[str, ...] = ()
    licensed: dict[str, list[list[str]]] = field(default_factory=dict)
    everywhere: tuple[str, ...] = ()
    digest: str = ""

    @classmethod
    def parse(cls, body: bytes | str, url: str | None = None) -> Self:
        """Body of robots.txt, and where it was fetched from -> Robots. Never fails; rubbish holds no rules."""
        if isinstance(body, str):
            body = body.encode("utf-8", "surrogatepass")
        groups: dict[str, list[_Group]] = {}
        delays: dict[str, float] = {}
        sitemaps: dict[str, None] = {}
        everybody = _Group()
        group, in_rules = everybody, False
        undelayed: list[str] = []
        lines = list(_lines(_text(body)))
        for key, value in lines:
            if key == "agent":
                if in_rules or group is everybody:
                    group, undelayed, in_rules = _Group(), [], False
                token = _group_token(value)
                undelayed.append(token)
                of_token = groups.setdefault(token, [])
                if not of_token or of_token[-1] is not group:
                    of_token.append(group)
            elif key in {"allow", "disallow"}:
                in_rules = True
                rule = rule_of(key == "allow", value)
                if rule is not None and group is not everybody:
                    group.rules.append(rule)
            elif key == "delay" and (seconds := _seconds(value)) is not None:
                for token in undelayed:
                    delays[token] = max(seconds, delays.get(token, 0.0))
                undelayed = []
            elif key == "signal":
                group.signals.append(value)
            elif key == "sitemap" and value:
                sitemaps[absolute(value, url) or value] = None
        if everybody.signals:
            groups.setdefault("*", []).append(everybody)
        return cls(groups, delays, tuple(sitemaps), *_licenses(lines, url), digest=hashlib.sha256(body).hexdigest())

    def allowed(self, agent: str, url: str) -> bool:
        """Product token (or a whole User-Agent header) and a URL -> whether it may be fetched."""
        target = target_of(url)
        if target[0] == "/robots.txt":
            return True
        best = (0, True)
        for group in self.groups.get(self._token(agent), ()):
            for rule in group.rules:
                found = (rule.weight, rule.allow)
                if found > best and rule.matches(target):
                    best = found
        return best[1]

    def crawl_delay(self, agent: str) -> float | None:
        """Seconds that the agent's group asks to leave between two requests; None when it names none."""
        return self.delays.get(self._token(agent))

    def signals(self, agent: str) -> tuple[str, ...]:
        """Content-Signal and Content-Usage values of the agent's group, as written."""
        return tuple(value for group in self.groups.get(self._token(agent), ()) for value in group.signals)

    def licenses(self, agent: str) -> tuple[str, ...]:
        """URLs of the RSL documents of the agent's group; where that names none, those in no group (RSL 1.0 4.4)."""
        named = [url for urls in self.licensed.get(self._token(agent), ()) for url in urls]
        return tuple(dict.fromkeys(named)) or self.everywhere

    def _token(self, agent: str) -> str:
        return next((token for token in _agent_tokens(agent) if token in self.groups), "*")


def _text(body: bytes) -> str:
    """Body -> one character an octet (a UTF-8 octet stays what it is), cut to LIMIT at the end of a line."""
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        body = body[: 2 * LIMIT].decode("utf-16", "replace").encode()
    for mark in (b"\xef\xbb\xbf", b"\xef\xbb", b"\xef"):
        if body.startswith(mark):
            body = body[len(mark) :]
            break
    if len(body) > LIMIT:
        # A rule cut in two would say something else: "Disallow: /" of "Disallow: /private".
        end = max(body.rfind(b"\n", 0, LIMIT + 1), body.rfind(b"\r", 0, LIMIT + 1))
        body = body[: max(end, 0)]
    text = body.decode("latin-1")
    return "" if _MARKUP.match(text) else text


def _lines(text: str) -> Iterable[tuple[str, str]]:
    """Text -> (what the key means, value) of every line that has a key we read; "empty" is a line without anything."""
    for line in _LINE.split(text):
        if not line or line.isspace():
            yield "empty", ""
            continue
        key, colon, value = line.partition("#")[0].partition(":")
        meaning = _KEYS.get(" ".join(key.lower().split()))
        if colon and meaning:
            yield meaning, value.strip(" \t")
        elif found := _KEY_WITHOUT_COLON.match(line.partition("#")[0]):
            yield _KEYS[found[1].lower()], found[2]


def _licenses(lines: Iterable[tuple[str, str]], url: str | None) -> tuple[dict[str, list[list[str]]], tuple[str, ...]]:
    """Lines -> license URLs by product token, in lists that the agents of a group share, and those in no group.

    A group of its own: a license closes the list of agents above it, which for rules it must not (RFC 9309 2.2.4).
    """
    by_token: dict[str, list[list[str]]] = {}
    everywhere: list[str] = []
    group, listing, apart = everywhere, False, False
    for key, value in lines:
        if key == "agent":
            group = group if listing else []
            listing, apart = True, False
            of_token = by_token.setdefault(_group_token(value), [])
            if not of_token or of_token[-1] is not group:
                of_token.append(group)
        elif key in {"allow", "disallow"}:
            listing = apart = False
        elif key in {"empty", "sitemap"}:
            apart = True
        elif key == "license" and value:
            listing = False
            (everywhere if apart else group).append(absolute(value, url) or value)
    return by_token, tuple(dict.fromkeys(everywhere))


def _group_token(value: str) -> str:
    """Value of a User-agent line -> product token in lower case; "*" for everybody; "" matches nobody."""
    if value == "*" or value[:2] in {"* ", "*\t"}:
        return "*"
    found = _TOKEN.match(value)
    return found[0].lower() if found else ""


def _agent_tokens(agent: str) -> list[str]:
    """Who asks -> product tokens to look for, best first.

    "Name" or "Name/1.0" is one token. Of a whole User-Agent header the products in comments come first, since
    "Mozilla/5.0 (compatible; Name/1.0)" is how crawlers name themselves.
    """
    simple = _SIMPLE_AGENT.match(agent)
    if simple:
        return [simple[1].lower()]
    inner = [found[1].lower() for part in re.findall(r"\(([^()]*)\)", agent) for found in _PRODUCT.finditer(part)]
    outer = [found[1].lower() for found in _PRODUCT.finditer(re.sub(r"\([^()]*\)", " ", agent))]
    first_word = outer[:1] if outer and outer[0] != "mozilla" else []
    return [*first_word, *inner, *outer]


def _seconds(value: str) -> float | None:
    try:
        seconds = float(value.split()[0].replace(",", ".")) if value else -1.0
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


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
