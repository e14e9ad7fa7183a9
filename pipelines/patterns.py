"""Path patterns as robots.txt has them, with "*" and "$" -> whether they cover a URL, and how specific they are (RFC 9309 2.2).

TDMRep and RSL write the paths for which they speak in the same way. Matching is linear in the URL for any pattern.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

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
        """Whether the pattern covers a target, in one of the two spellings that `target_of` gives."""
        plain, strict = target
        return _covers(self.plain, self.anchored, plain) or _covers(self.strict, self.anchored, strict)


def specificity(pattern: str, url: str) -> int | None:
    """A pattern as robots.txt has them, and a URL -> octets of the pattern when it covers the URL, else None."""
    rule = rule_of(True, pattern.encode("utf-8", "replace").decode("latin-1"))
    return rule.weight if rule is not None and rule.matches(target_of(url)) else None


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


def rule_of(allow: bool, value: str) -> Rule | None:
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


def target_of(url: str) -> tuple[str, str]:
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
