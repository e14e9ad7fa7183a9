"""A text -> its fingerprint: a digest that finds the same text, and hashes that find texts which share passages.

Every hash is a function of the normalised text alone: the same in every process, on every machine, in every version
of Python. The shingles are winnowed (Schleimer, Wilkerson, Aiken: Winnowing, SIGMOD 2003): a wide window marks the
anchors that the index keeps, a narrower one the shingles that are asked for, so that every anchor is among them.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from storage.records import Fingerprint

SHINGLE = 6
"""Words a shingle; twice as many characters where the script has no spaces."""
NARROWEST, WIDEST = 24, 96
"""Shingles a window of the anchors, by the length of the text: a shared run of window + SHINGLE - 1 words is found."""
ANCHORS = 32
"""About how many anchors a long text has."""
ASKED = 96
"""About how many shingles of a text are asked for; a shorter text asks for all of its own."""
LEAD = 32
"""Words at the start of a text that are anchored with a window of 4: copies are cut at the end."""
LONGEST = 20_000
"""Words that are compared; what comes after counts for the digest only."""

Hashes = NDArray[np.uint64]

_QUOTES = "‘’‚‛′‵ʼ＇`´ʹ"
_DOUBLE_QUOTES = "“”„‟″‶«»〝〞〟＂"
_DASHES = "‐‑‒–—―−⸺⸻﹘﹣－"
_INVISIBLE = "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\ufeff\u0640" + "".join(
    map(chr, [*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), *range(0xFE00, 0xFE10)])
)
_ARABIC = {"ك": "ک", "ي": "ی", "ى": "ی", "ۍ": "ی", "ې": "ی", "ہ": "ه", "ۀ": "ه", "ە": "ه", "ھ": "ه"}
# Arabic vowel signs: printed or left out at an outlet's taste.
_HARAKAT = "".join(map(chr, [*range(0x064B, 0x0653), 0x0670]))
_ZEROS = "٠۰߀०০੦૦୦௦౦೦൦๐໐၀០"
_FOLD = {
    **dict.fromkeys(_QUOTES, "'"),
    **dict.fromkeys(_DOUBLE_QUOTES, '"'),
    **dict.fromkeys(_DASHES, "-"),
    **dict.fromkeys(_INVISIBLE + _HARAKAT, ""),
    **_ARABIC,
    **{chr(ord(zero) + digit): str(digit) for zero in _ZEROS for digit in range(10)},
}
_FOLDED = re.compile("[" + re.escape("".join(sorted(_FOLD))) + "]+")
# Entities that were escaped twice and so stand in the text as words.
_ENTITY = re.compile(r"&(?:nbsp|shy|zwnj|zwj|lrm|rlm|thinsp|ensp|emsp);")
_DASH = re.compile(r" ?-(?:[ -]*-)? ?")
# Vowel signs and other marks belong to their word, though \w does not say so.
_MARKS = "".join(
    chr(code)
    for low, high in ((0x300, 0x1E00), (0xA800, 0xAC00), (0xFE20, 0xFE30))
    for code in range(low, high)
    if unicodedata.category(chr(code))[0] == "M"
)
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
"""Scripts written without spaces, as ranges of a character class: Thai, Lao, Burmese, Khmer, kana, Han."""
_FIGURE = r"\d+(?:[.,:/']\d+)*"
_PLAIN_WORD = re.compile(rf"[a-z]+|{_FIGURE}")
_LETTER_WORD = re.compile(rf"[^\W\d_]+|{_FIGURE}")
_SPACED_WORD = re.compile(rf"[^\W\d_{UNSPACED}]+|{_FIGURE}|[{UNSPACED}]")
_MARKED_WORD = re.compile(rf"(?:[^\W\d_{UNSPACED}]|[{_MARKS}])+|{_FIGURE}|[{UNSPACED}]")
_MARK = re.compile(f"[{_MARKS}]")
_CHARACTER = re.compile(f"[{UNSPACED}]")
# Letters and signs that join with nothing but combining marks, none of which is among them: Latin, Greek, Cyrillic,
# Hebrew, Arabic, punctuation, currency, kana, Han, Hangul syllables, full width.
_LONER = re.compile(
    "[\u00a0-\u02af\u0370-\u0482\u048a-\u052f\u05d0-\u05ea\u0600-\u060f\u061b-\u063f\u0641-\u064a\u0660-\u066f\u0671-\u06d5"
    "\u06ee-\u06ff\u1e00-\u1eff\u2010-\u2027\u202f-\u205f\u20a0-\u20bf\u2100-\u214f\u3000-\u3029\u3030-\u3098\u309b-\u30ff\u4e00-\u9fff"
    "\uac00-\ud7a3\uff01-\uff9d]"
)
_ASCII = frozenset(map(chr, range(128)))
_GROUPED = re.compile(r"[.,'](?=\d{3}(?!\d))")


def normalise(text: str) -> str:
    """Text -> the form that is compared: equal for texts that differ only in how they are set.

    Folded are: Unicode compatibility forms (NFKC, so Arabic presentation forms, full width, ligatures), case,
    quotes, dashes and the spaces around them, white space of every kind, zero-width characters, soft hyphens,
    directional marks, tatweel, Arabic vowel signs, Arabic and Persian kaf, yeh and heh, digits of all scripts, and
    space entities that were escaped twice. normalise(normalise(x)) == normalise(x).
    """
    folded = text.lower() if text.isascii() else _folded_singly(text) or _settled(text)
    if "&" in folded:
        folded = _ENTITY.sub(" ", folded)
    folded = folded.replace("`", "'").replace("''", '"')
    folded = " ".join(folded.split())
    return _DASH.sub("-", folded) if "-" in folded else folded


def _folded_singly(text: str) -> str | None:
    """What `_settled` makes of a text, in a tenth of the time, where no character has to do with the one before it;
    None where one may."""
    for character in set(text) - _ASCII:
        alone = _ALONE[character]
        if alone is None:
            return None
        if alone != character:
            text = text.replace(character, alone)
    return text.lower()


class _Alone(dict[str, str | None]):
    """Character -> what it is folded to wherever it stands; None for one that may join with its neighbours."""

    def __missing__(self, character: str) -> str | None:
        return self.setdefault(character, _settled(character) if _LONER.match(character) else None)


def _settled(text: str) -> str:
    """Compatibility forms and case folded until nothing changes: one fold can make room for another."""
    for _ in range(5):
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
        folded = _FOLDED.sub(_folded, folded)
        if folded == text:
            break
        text = folded
    return text


def _folded(run: re.Match[str]) -> str:
    return "".join(map(_FOLD.__getitem__, run[0]))


_ALONE = _Alone()


def words(normalised: str) -> list[str]:
    """Normalised text -> its words; characters where the script has no spaces; figures as they stand."""
    if normalised.isascii():
        return _PLAIN_WORD.findall(normalised)
    different = "".join(set(normalised))
    if _MARK.search(different):
        return _MARKED_WORD.findall(normalised)
    return (_SPACED_WORD if _CHARACTER.search(different) else _LETTER_WORD).findall(normalised)


def fingerprint(text: str) -> Fingerprint:
    """Text as extracted -> its Fingerprint. Pure; about 1 ms for a story of 5 kB."""
    normalised = normalise(text)
    listed = words(normalised[: LONGEST * 12])[:LONGEST]
    table, figures = hashed(set(listed))
    return printed(
        np.fromiter(map(table.__getitem__, listed), np.uint64, len(listed)),
        digest=hashlib.sha256(normalised.encode("utf-8", "surrogatepass")).hexdigest(),
        length=len(normalised),
        numbers=tuple(sorted(figures)),
        unspaced=2 * len(_CHARACTER.findall("".join(listed[:400]))) > len(listed[:400]),
    )


def printed(marked: Hashes, *, digest: str, length: int, numbers: tuple[str, ...], unspaced: bool) -> Fingerprint:
    """Hashes of a text's words in order, as `hashed` makes them, and the rest of a Fingerprint -> the Fingerprint."""
    hashes = marked >> np.uint64(1)
    shingles = shingled(hashes, SHINGLE * 2 if unspaced else SHINGLE)
    positions, kept = _chosen(shingles)
    # A byte a word. Runs of six are compared (42 bits), never single words, so that a story takes a kilobyte.
    short = (mixed(hashes) >> np.uint64(56)) & np.uint64(0xFE) | (marked & np.uint64(1))
    return Fingerprint(
        digest=digest,
        length=length,
        shingles=tuple(shingles[positions].tolist()),
        numbers=numbers,
        positions=tuple(positions.tolist()),
        anchors=tuple(shingles[kept].tolist()),
        words=short.astype(np.uint8).tobytes(),
        unspaced=unspaced,
    )


def hashed(different: set[str]) -> tuple[dict[str, int], set[str]]:
    """Words -> for each its CRC-32 doubled, plus one for a figure; and the figures, without grouping marks."""
    table, figures = {}, set()
    for word in different:
        if word[0].isdigit():
            figure = _GROUPED.sub("", word)
            figures.add(figure)
            table[word] = crc32(figure.encode()) << 1 | 1
        else:
            table[word] = crc32(word.encode("utf-8", "surrogatepass")) << 1
    return table, figures


def shingled(hashes: Hashes, size: int) -> Hashes:
    """Hashes of words -> the hash of every run of `size` words, one for each start; of the whole when it is shorter."""
    count = max(1, len(hashes) - size + 1) if len(hashes) else 0
    total, spread = np.zeros(count, np.uint64), mixed(hashes)
    for offset in range(min(size, len(hashes))):
        total = total * np.uint64(0x9E3779B97F4A7C15) + spread[offset : offset + count]
    return mixed(total)


def mixed(values: Hashes) -> Hashes:
    """64-bit values -> the same number of values that look random (the finaliser of SplitMix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _chosen(shingles: Hashes) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Shingles -> positions of those asked for, and of the anchors among them. Both ascending."""
    count = len(shingles)
    wide = min(WIDEST, max(NARROWEST, 2 * count // ANCHORS))
    order, ranks = _ranked(shingles)
    marked = np.zeros(count, np.bool_)
    marked[order[_winnowed(ranks[:LEAD], 4)]] = True
    marked[order[_winnowed(ranks, wide)]] = True
    kept = np.flatnonzero(marked)
    if count <= ASKED:
        return _once(np.arange(count), shingles), _once(kept, shingles)
    marked[order[_winnowed(ranks, min(wide, 2 * count // ASKED + 1))]] = True
    return _once(np.flatnonzero(marked), shingles), _once(kept, shingles)


def _once(positions: NDArray[np.intp], shingles: Hashes) -> NDArray[np.intp]:
    """Positions -> those at which a shingle stands for the first time."""
    return positions[np.sort(np.unique(shingles[positions], return_index=True)[1])]


def _ranked(shingles: Hashes) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Shingles -> their positions from the smallest to the greatest, and the place of each in that order. Of equal ones
    the first is the smaller."""
    order = np.argsort(shingles, kind="stable")
    ranks = np.empty(len(shingles), np.intp)
    ranks[order] = np.arange(len(shingles))
    return order, ranks


def _winnowed(ranks: NDArray[np.intp], window: int) -> NDArray[np.intp]:
    """Ranks -> the smallest of every run of `window`; the whole text is one run when it is shorter."""
    window = min(window, len(ranks))
    width, least = 1, ranks
    while width < window:  # the least of 2, 4, 8 ... in a row
        step = min(width, window - width)
        least = np.minimum(least[:-step], least[step:])
        width += step
    return least
