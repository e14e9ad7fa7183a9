"""What pages that are no articles say of themselves, by kind, in the languages of news and of hosts.

`error_words.txt` holds one line a kind and language: `kind language | phrase | phrase`. A phrase is one that a page
addresses to its reader. Phrases match from the start of a word, in scripts that part words by spaces, and may end within
one, so that stems serve inflected languages. Lines `wall` hold what stands where a story is cut off, `paywall` what stands at
any login. Both sides are folded: case, accents and typographic signs make no difference.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from importlib.resources import files
from typing import NamedTuple

from storage.records import Kind

_KINDS = {
    "forbidden": Kind.FORBIDDEN, "notfound": Kind.NOT_FOUND, "error": Kind.SOFT_ERROR, "challenge": Kind.CHALLENGE,
    "maintenance": Kind.MAINTENANCE, "consent": Kind.CONSENT, "paywall": Kind.PAYWALL, "listing": Kind.LISTING,
    "wall": Kind.PAYWALL,
}  # fmt: skip
# Numbers count only where nothing but a few words stands around them; the caller sees to that by the covered share.
_CODE = re.compile(r"(?<![\w.,:/-])(?:(40[0135-9]|42[0-9]|451)|(404|410)|(5[012]\d|520))(?![\w,:/%-]|\.\d)")
_SIGNS = {ord(sign): plain for sign, plain in zip("’‘ʼ´`“”„«»–—ıأإآٱ", "'''''\"\"\"\"\"--iاااا", strict=True)}
_SIGN = re.compile("[" + "".join(map(chr, _SIGNS)) + "]")  # a few in a text: quicker than to translate each letter
_MARKS = re.compile("[\u0300-\u036f\u064b-\u0652\u0640\u200b-\u200f\ufeff\u00ad]")


class Said(NamedTuple):
    """A phrase found in a folded text: the kind it speaks for, where it starts, and the phrase."""

    kind: Kind
    start: int
    phrase: str


def fold(text: str) -> str:
    """Text -> the form in which phrases are compared: case, accents, quotes, dashes and hidden signs folded."""
    if text.isascii():
        return text.lower()
    plain = _SIGN.sub(_plain, text.casefold())
    if plain.isascii():  # typographic quotes and dashes were all there was
        return plain
    plain = unicodedata.normalize("NFKD", plain)
    return _SIGN.sub(_plain, unicodedata.normalize("NFC", _MARKS.sub("", plain)))


def _plain(sign: re.Match[str]) -> str:
    return _SIGNS[ord(sign[0])]


def _read() -> tuple[dict[str, Kind], frozenset[str]]:
    phrases: dict[str, Kind] = {}
    walls = set[str]()
    for line in files("pipelines").joinpath("error_words.txt").read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            name, *spoken = line.split("|")
            kind = _KINDS[name.split()[0]]
            folded = [fold(" ".join(phrase.split())) for phrase in spoken]
            for phrase in folded:
                phrases.setdefault(phrase, kind)
            if name.startswith("wall "):
                walls.update(folded)
    return phrases, frozenset(walls)


PHRASES, WALLS = _read()
# Where a phrase may start besides the start of a word: anywhere in scripts that write words together.
_TOGETHER = "[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u2e80-\uffef]"
_LONGEST = 6  # letters of its beginning by which a phrase is looked up
_BY_START: dict[str, list[tuple[str, Kind]]] = {}
for _phrase, _of in sorted(PHRASES.items(), key=lambda pair: -len(pair[0])):
    _BY_START.setdefault(_phrase[:_LONGEST], []).append((_phrase, _of))
_LENGTHS = sorted({len(start) for start in _BY_START}, reverse=True)


def _tree(beginnings: Iterable[str]) -> str:
    """Beginnings -> a pattern of all of them in which what they share is compared once."""
    branches: dict[str, set[str]] = {}
    for beginning in beginnings:
        branches.setdefault(beginning[:1], set()).add(beginning[1:])
    if "" in branches:
        return ""  # one of them ends here: the others need not be told from it
    ways = [re.escape(letter) + _tree(rest) for letter, rest in sorted(branches.items())]
    return ways[0] if len(ways) == 1 else f"(?:{'|'.join(ways)})"


def _starts(beginnings: Iterable[str], anywhere: str) -> re.Pattern[str]:
    """Beginnings -> a pattern that matches, without taking it, each place where one of them stands; by alphabet first."""
    alphabets: dict[int, set[str]] = {}
    for beginning in beginnings:
        alphabets.setdefault(ord(beginning[0]) >> 7, set()).add(beginning)
    ways = [
        f"(?=[\\u{alphabet << 7:04x}-\\u{(alphabet << 7) + 127:04x}]){_tree(within)}"
        for alphabet, within in sorted(alphabets.items())
    ]
    return re.compile(rf"(?:\b(?=\w){anywhere})(?={'|'.join(ways)})")


_PLAIN = _starts((start for start in _BY_START if start.isascii()), "")
_ANY = _starts(_BY_START, f"|(?={_TOGETHER})")


def find(folded: str) -> list[Said]:
    """Folded text -> the longest phrase at every place where one starts, and every status code that stands alone."""
    found, after = [], 0
    for match in (_PLAIN if folded.isascii() else _ANY).finditer(folded):
        start = match.start()
        if start < after:
            continue
        for length in _LENGTHS:
            likely = _BY_START.get(folded[start : start + length], ())
            said = next((Said(kind, start, phrase) for phrase, kind in likely if folded.startswith(phrase, start)), None)
            if said is not None:
                found.append(said)
                after = start + len(said.phrase)
                break
    for code in _CODE.finditer(folded) if "4" in folded or "5" in folded else ():
        kind = Kind.NOT_FOUND if code[2] else Kind.SOFT_ERROR if code[3] or code[1] in ("400", "408") else Kind.FORBIDDEN
        found.append(Said(kind, code.start(), code.group()))
    return found
