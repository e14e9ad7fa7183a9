"""A text and the words that found it -> the passage to show, with the places of the words in it.

The index keeps no text (it is contentless), so the passage is looked for in the article's own.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import NamedTuple

from storage.catalogue.search import STARRED, fold

LENGTH = 200
"""Characters of a passage."""
_BEFORE = 60
_LOOKED_AT = 200_000
_WORD = re.compile(r"[\w\u0640\u064b-\u065f\u0670]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """A passage on one line. `marks` are (start, end) of the words that were asked for; `cut`: text before, text after."""

    text: str
    marks: tuple[tuple[int, int], ...] = ()
    cut: tuple[bool, bool] = (False, False)


class _Wanted(NamedTuple):
    """Tokens that were asked for, and beginnings of such."""

    whole: frozenset[str]
    begun: tuple[str, ...]


def snippet(text: str, words: str) -> Snippet:
    """Text of an article and what a person typed -> the passage around the first of the words, else the beginning."""
    begun = tuple(token for word in words.split() if STARRED.fullmatch(word) for token in _tokens(word[:-1]))
    wanted = _Wanted(frozenset(token for word in _WORD.findall(words) for token in _tokens(word)), begun)
    line = re.sub(r"\s", " ", text[:_LOOKED_AT])
    first = next(iter(_places(line, wanted, 0, len(line))), None)
    start = max(0, first[0] - _BEFORE) if first else 0
    if start:  # at a word's beginning, where the script has such
        space = line.find(" ", start, first[0] if first else start)
        start = space + 1 if space >= 0 else start
    end = min(len(line), start + LENGTH)
    if end < len(line):
        space = line.rfind(" ", first[1] if first else start, end)
        end = space if space > 0 else end
    marks = tuple((one - start, other - start) for one, other in _places(line, wanted, start, end))
    return Snippet(text=line[start:end], marks=marks, cut=(start > 0, end < len(text)))


def marked(found: Snippet) -> str:
    """A snippet as plain text: its words between stars, dots where the text goes on."""
    pieces, last = [], 0
    for start, end in found.marks:
        pieces += [found.text[last:start], "*", found.text[start:end], "*"]
        last = end
    whole = "".join([*pieces, found.text[last:]])
    return ("…" if found.cut[0] else "") + whole + ("…" if found.cut[1] else "")


def _places(line: str, wanted: _Wanted, start: int, end: int) -> list[tuple[int, int]]:
    """(start, end) of the words between two places that are wanted; only the first one when the range is the line."""
    found: list[tuple[int, int]] = []
    for word in _WORD.finditer(line, start, end):
        tokens = _tokens(word.group())
        if not wanted.whole.intersection(tokens) and not any(token.startswith(wanted.begun) for token in tokens):
            continue
        if len(tokens) == 1:
            found.append(word.span())
        else:
            found += _pairs(word.group(), word.start(), wanted.whole)
        if found and end - start == len(line):
            break
    return found


def _pairs(run: str, start: int, wanted: frozenset[str]) -> list[tuple[int, int]]:
    """In a script without spaces: the stretches that are made of wanted pairs of characters."""
    found: list[tuple[int, int]] = []
    for place in range(len(run) - 1):
        if run[place : place + 2] in wanted:
            one, other = start + place, start + place + 2
            if found and found[-1][1] >= one:
                found[-1] = (found[-1][0], other)
            else:
                found.append((one, other))
    return found


def _tokens(word: str) -> list[str]:
    """A word -> what the index makes of it: folded, and without marks, as unicode61 drops them from Latin letters."""
    apart = unicodedata.normalize("NFD", fold(word))
    return unicodedata.normalize("NFC", re.sub("[\u0300-\u036f]", "", apart)).split()
