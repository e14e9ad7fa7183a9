"""robots.txt bytes -> rules that answer whether an agent may fetch a URL (RFC 9309).

Where the RFC leaves room: `Crawl-delay`, `Sitemap` and unknown lines neither open nor close a group; of an agent line
the first word counts, up to its version; a misspelt key is read ("be lenient", RFC 9309 2.2); a body that is an HTML
page has no rules; bytes after the first 500 KiB are not read (2.5). Matching is linear in the URL for any pattern.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from storage.urls import absolute

LIMIT = 500 * 1024

_LINE = re.compile(r"[\r\n]+")
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
_OCTET = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_NOT_IN_URIS = re.compile(r"[^A-Za-z0-9._~%:/?#\[\]@!$&'()*+,;=-]")
# What may stand encoded or not without meaning another thing: in a path all but "/", in a query all but "&", "=", "+".
_IN_PATH = str.maketrans({character: f"%{ord(character):02X}" for character in ":?@[]!$&'()+,;="})
_IN_QUERY = str.maketrans({character: f"%{ord(character):02X}" for character in ":/?@[]!$'(),;"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """An allow or disallow line: octets between its wildcards, as `plain` and as `strict` as `_spellings` gives them.

    `anchored` is a "$" at the end, `weight` the length in octets, by which the most specific rule is found.
    """

    allow: bool
    plain: tuple[str, ...]
    strict: tuple[str, ...]
    anchored: bool
    weight: int

    def matches(self, target: tuple[str, str]) -> bool:
        """Whether the pattern covers a target, in one of the two spellings that `_target` gives."""
        plain, strict = target
        return _covers(self.plain, self.anchored, plain) or _covers(self.strict, self.anchored, strict)


@dataclass(slots=True)
class _Group:
    """Consecutive agent lines and what follows them. Agents share it, so that a file costs what it is long."""

    rules: list[Rule] = field(default_factory=list)
    signals: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Robots:
    """What one robots.txt says. `sitemaps` and `licenses` are URLs, absolute where the file's own is known.

    `groups` and `delays` (seconds) are by product token in lower case; "*" is everybody else. `digest` is the sha256
    hex of the body.
    """

    groups: dict[str, list[_Group]]
    delays: dict[str, float] = field(default_factory=dict)
    sitemaps: tuple[str, ...] = ()
    licenses: tuple[str, ...] = ()
    digest: str = ""

    @classmethod
    def parse(cls, body: bytes | str, url: str | None = None) -> Self:
        """Body of robots.txt, and where it was fetched from -> Robots. Never fails; rubbish holds no rules."""
        groups: dict[str, list[_Group]] = {}
        delays: dict[str, float] = {}
        links: dict[str, dict[str, None]] = {"sitemap": {}, "license": {}}
        everybody = _Group()
        group, in_rules = everybody, False
        undelayed: list[str] = []
        for key, value in _lines(_text(body)):
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
                rule = _rule(key == "allow", value)
                if rule is not None and group is not everybody:
                    group.rules.append(rule)
            elif key == "delay" and (seconds := _seconds(value)) is not None:
                for token in undelayed:
                    delays[token] = max(seconds, delays.get(token, 0.0))
                undelayed = []
            elif key == "signal":
                group.signals.append(value)
            elif key in links and value:
                links[key][absolute(value, url) or value] = None
        if everybody.signals:
            groups.setdefault("*", []).append(everybody)
        octets = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
        digest = hashlib.sha256(octets).hexdigest()
        return cls(groups, delays, tuple(links["sitemap"]), tuple(links["license"]), digest)

    def allowed(self, agent: str, url: str) -> bool:
        """Product token (or a whole User-Agent header) and a URL -> whether it may be fetched."""
        target = _target(url)
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

    def _token(self, agent: str) -> str:
        return next((token for token in _agent_tokens(agent) if token in self.groups), "*")


def specificity(pattern: str, url: str) -> int | None:
    """A pattern as robots.txt has them, and a URL -> octets of the pattern when it covers the URL, else None."""
    rule = _rule(True, pattern.encode("utf-8", "replace").decode("latin-1"))
    return rule.weight if rule is not None and rule.matches(_target(url)) else None


def _covers(parts: tuple[str, ...], anchored: bool, target: str) -> bool:
    first, *rest = parts
    if not target.startswith(first):
        return False
    if not rest:
        return not anchored or len(target) == len(first)
    position = len(first)
    for part in rest[:-1]:
        found = target.find(part, position)
        if found < 0:
            return False
        position = found + len(part)
    last = rest[-1]
    if anchored:
        return target.endswith(last) and len(target) - len(last) >= position
    return target.find(last, position) >= 0


def _text(body: bytes | str) -> str:
    """Body -> one character an octet (a UTF-8 octet stays what it is), cut to LIMIT at the end of a line."""
    if isinstance(body, str):
        body = body.encode("utf-8", "surrogatepass")
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
    """Text -> (what the key means, value) of every line that has a key we read."""
    for line in _LINE.split(text):
        key, colon, value = line.partition("#")[0].partition(":")
        meaning = _KEYS.get(" ".join(key.lower().split()))
        if colon and meaning:
            yield meaning, value.strip(" \t")
        elif found := _KEY_WITHOUT_COLON.match(line.partition("#")[0]):
            yield _KEYS[found[1].lower()], found[2]


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


def _rule(allow: bool, value: str) -> Rule | None:
    """Value of an allow or disallow line -> Rule; None for one that is empty or could match no path."""
    if not value or value[0] not in "/*":
        return None
    anchored = value.endswith("$")
    pattern = re.sub(r"\*+", "*", value[:-1] if anchored else value)
    plain, strict, in_query = [], [], False
    for part in pattern.split("*"):
        one, other = _spellings(part, in_query)
        plain.append(one)
        strict.append(other)
        in_query = in_query or "?" in part
    # Octets as RFC 9309 2.2.2 counts them: what a URL carries encoded counts encoded.
    weight = len(_encoded(pattern)) + anchored
    return Rule(allow=allow, plain=tuple(plain), strict=tuple(strict), anchored=anchored, weight=weight)


def _target(url: str) -> tuple[str, str]:
    """URL (or path) -> its path and query in the two spellings that patterns are compared with."""
    rest = url.partition("#")[0]
    scheme, separator, after = rest.partition("://")
    if separator and scheme.isalnum():
        cut = min((at for at in (after.find("/"), after.find("?")) if at >= 0), default=len(after))
        rest = after[cut:]
    if not rest.startswith("/"):
        rest = "/" + rest
    plain, strict = _spellings(rest.encode("utf-8", "replace").decode("latin-1"), False)
    return plain.replace("*", "%2A"), strict.replace("*", "%2A")


def _spellings(text: str, in_query: bool) -> tuple[str, str]:
    """Octets of a path with query -> two spellings, of which one must match (RFC 9309 2.2.2).

    Plain: unreserved decoded, octets outside ASCII encoded, "$" as %24. Strict: also the reserved characters that
    delimit nothing where they stand, since "https://x" and "https%3A%2F%2Fx" in a query are the same (its own table).
    """
    plain = _encoded(text).replace("$", "%24")
    path, mark, query = ("", "", plain) if in_query else plain.partition("?")
    return plain, path.translate(_IN_PATH) + mark + query.translate(_IN_QUERY)


def _encoded(text: str) -> str:
    """One character an octet -> percent-encoded in one spelling: upper case, unreserved decoded, and encoded whatever
    can stand in no URI."""

    def settle(found: re.Match[str]) -> str:
        octet = int(found[1], 16)
        return chr(octet) if octet in _UNRESERVED else "%" + found[1].upper()

    text = _OCTET.sub(settle, text) if "%" in text else text
    return _NOT_IN_URIS.sub(lambda found: f"%{ord(found[0]):02X}", text)


def _seconds(value: str) -> float | None:
    try:
        seconds = float(value.split()[0].replace(",", ".")) if value else -1.0
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
