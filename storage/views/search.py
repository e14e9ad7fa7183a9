"""A text and the words that found it -> the passage to show, with the places of the words in it.

The index keeps no text (it is contentless), so the passage is looked for in the article's own.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import NamedTuple

from storage.catalogue.search import STARRED, TERM, fold

LENGTH = 200
"""Characters of a passage."""
_BEFORE = 60
_LOOKED_AT = 200_000
_PHRASES, _LONGEST = 8, 40  # phrases that are looked for, and tokens of one: a passage holds no more
_WORD = re.compile(r"[\w\u0640\u064b-\u065f\u0670]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """A passage on one line. `marks` are (start, end) of the words that were asked for; `cut`: text before, text after."""

    text: str
    marks: tuple[tuple[int, int], ...] = ()
    cut: tuple[bool, bool] = (False, False)


class _Wanted(NamedTuple):
    """Tokens that were asked for, beginnings of such, and tokens that must stand together."""

    whole: frozenset[str] = frozenset()
    begun: tuple[str, ...] = ()
    phrases: tuple[tuple[str, ...], ...] = ()


def snippet(text: str, words: str) -> Snippet:
    """Text of an article and what a person typed -> the passage around the first of its phrases or else of the words, else
    the beginning."""
    wanted = _wanted(words)
    line = re.sub(r"\s", " ", text[:_LOOKED_AT])
    phrase = _places(line, _Wanted(phrases=wanted.phrases), 0, len(line), most=1) if wanted.phrases else ()
    first = next(iter(phrase or _places(line, wanted, 0, len(line), most=1)), None)
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


def _wanted(words: str) -> _Wanted:
    whole, begun, phrases = set[str](), [], []
    for phrase, word in TERM.findall(words):
        tokens = [_tokens(each) for each in _WORD.findall(phrase or word)]
        if len(tokens) > 1 and all(len(each) == 1 for each in tokens):
            phrases.append(tuple(each[0] for each in tokens[:_LONGEST]))
        elif STARRED.fullmatch(word):
            begun += tokens[0]
        else:
            whole.update(*tokens)
    return _Wanted(frozenset(whole), tuple(begun), tuple(phrases[:_PHRASES]))


def _places(line: str, wanted: _Wanted, start: int, end: int, most: int = _LOOKED_AT) -> list[tuple[int, int]]:
    """(start, end) of the words and phrases between two places that are wanted, of the first of them about `most`."""
    found: list[tuple[int, int]] = []
    passed: list[tuple[str, int]] = []  # words, and where they start
    for word in _WORD.finditer(line, start, end):
        tokens = _tokens(word.group())
        passed.append((" ".join(tokens), word.start()))
        for phrase in wanted.phrases:
            if passed[-1][0] == phrase[-1] and tuple(token for token, _ in passed[-len(phrase) :]) == phrase:
                begin = passed[-len(phrase)][1]
                found = [*(place for place in found if place[1] <= begin), (begin, word.end())]
        if wanted.whole.intersection(tokens) or any(token.startswith(wanted.begun) for token in tokens):
            if len(tokens) > 1:
                found += _pairs(word.group(), word.start(), wanted.whole)
            elif not found or found[-1][1] < word.end():
                found.append(word.span())
        if len(found) >= most:
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
