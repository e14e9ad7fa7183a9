"""A folded text -> how much it speaks to its reader, and of the page itself.

A message of a site says "you", "please", "this page"; a story speaks of others. `reader_words.txt` holds the words, by
language; they are asked all at once, because pages lie about their language and walls speak English anywhere.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import NamedTuple

from pipelines.error_words import fold

_WORD = re.compile(r"[^\W\d_]+")
_FIGURE = re.compile("[0-9]")
_NUMBER = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{12,}")  # addresses of machines and numbers of requests
# Scripts that part no words, or write vowels with signs that no pattern takes for letters.
WHOLE = re.compile("[\u0900-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
# German writes the Sie of address as a capital, and folding forgets that.
_FORMAL = re.compile(r"(?<=[a-zäöüß,] )(?:Sie|Ihr(?:e[nmrs]?)?|Ihnen)\b")


class Heard(NamedTuple):
    """How many words there are, how many of them speak to the reader, of the page and of machines; a few of these."""

    words: int = 0
    reader: int = 0
    page: int = 0
    machine: int = 0
    said: tuple[str, ...] = ()

    def plus(self, other: Heard) -> Heard:
        """Both texts together."""
        said = self.said if len(self.said) >= 4 else (self.said + other.said)[:6]
        return Heard(
            self.words + other.words, self.reader + other.reader, self.page + other.page, self.machine + other.machine, said
        )


def _read() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for line in files("pipelines").joinpath("reader_words.txt").read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            name, *words = line.split("|")
            found.setdefault(name.split()[0], set()).update(fold(word.strip()) for word in words)
    return {name: frozenset(words) for name, words in found.items()}


def _anywhere(words: frozenset[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True))))


_WORDS = _read()
_READER, _PAGE, _MACHINE = _WORDS["reader"], _WORDS["page"], _WORDS["machine"]
_ALL = _READER | _PAGE | _MACHINE
_IN = [_anywhere(_WORDS[name]) for name in ("reader+", "page+", "machine+")]


def attend(text: str, folded: str) -> Heard:
    """A text and its folded form -> Heard. In scripts without spaces three characters count as a word."""
    numbers = len(_NUMBER.findall(folded)) if _FIGURE.search(folded) else 0
    if not folded.isascii() and WHOLE.search(folded):
        to_reader, of_page, machine = (pattern.findall(folded) for pattern in _IN)
        said = tuple(to_reader[:2] + of_page[:1])
        return Heard(max(len(folded) // 3, 1), len(to_reader), len(of_page), len(machine) + numbers, said)
    words = _WORD.findall(folded)
    told = [] if _ALL.isdisjoint(words) else [word for word in words if word in _ALL]
    spoken = [word for word in told if word in _READER]
    own = [word for word in told if word in _PAGE]
    machine = [word for word in told if word in _MACHINE]
    if "Sie" in text or "Ih" in text:
        spoken += _FORMAL.findall(text)
    return Heard(len(words), len(spoken), len(own), len(machine) + numbers, tuple(spoken[:2] + own[:1]))
