"""Units of a page -> what their words look like, one row of numbers a feature; how like they are to what the page says of itself
elsewhere (titles, description, declared body).

Letters are looked at for the whole page at once: every character has a class, a bit mask, and the classes are counted by
unit. Words are looked at unit by unit, except those of short links, whose words say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.blocks import Box, Unit

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the page says elsewhere, for likeness: titles, description and JSON-LD's articleBody."""

    titles: tuple[str, ...] = ()
    description: str = ""
    body: str = ""


def tokens(text: str) -> list[str]:
    """Text -> its words, folded."""
    return _WORD.findall(text.casefold())


class Likeness:
    """How like a unit is to the title, the description and the body that the page declares."""

    def __init__(self, said: Said) -> None:
        self.titles = list({frozenset(words) for title in said.titles if (words := tokens(title))})
        self.description = frozenset(tokens(said.description))
        body = tokens(said.body) if len(said.body) > 200 else []
        self.body = set(zip(body, body[1:], body[2:], strict=False))

    def row(self, words: list[str], distinct: set[str]) -> tuple[float, float, float, float, float]:
        """Words of a unit, and the different ones among them -> shares: of the title that the unit says, of the unit that
        the title says; the same of the description, the other way round; of the unit's runs of three in the body, or -1."""
        count = len(distinct) or 1
        of_title = in_title = 0.0
        if len(words) < 60:
            for title in self.titles:
                shared = len(distinct & title)
                if shared:
                    in_title = max(in_title, shared / len(title))
                    of_title = max(of_title, shared / count)
        shared = len(distinct & self.description)
        in_body = -1.0
        if self.body:
            grams = set(zip(words, words[1:], words[2:], strict=False))
            in_body = len(grams & self.body) / len(grams) if grams else 0.0
        return in_title, of_title, shared / count, shared / (len(self.description) or 1), in_body


Column = NDArray[Any]

RUNNING = 80  # size from which an unlinked unit counts as running text
_HEAD = 60  # characters in which capitals and figures are counted
_READ = 200_000  # characters of a passage, and of passages together, whose letters are looked at
_DATED = 120  # characters in which a date is looked for
_DATE = re.compile(r"\d(?:\d{0,3}[./-]\d{1,2}[./-]\d\d|\d?:\d\d|年)|(?:19|20)\d\d(?!\d)")
_INLINE = {"a": 1, "b": 2, "strong": 2, "em": 3, "i": 3, "span": 4, "font": 5, "small": 6}
_TEXT = (
    "words", "word_size", "ends_sentence", "ends_colon", "ends_ellipsis", "uppers", "digits", "commas", "sentences",
    "questions", "has_date", "has_address", "marks", "first_lower", "first_bullet", "first_quote", "title_in",
    "in_title", "in_description", "description_in", "in_body", "wrapped",
)  # fmt: skip
NAMES = ("size", "link_density", "hidden", *_TEXT, "running", "topic", "copies", "earlier_copies")
_PLAIN = np.array([2.0, 6.0, *(0.0,) * (len(_TEXT) - 4), -1.0, 1.0])[:, None]

# Classes of characters. A full stop that ends a sentence has one of _AFTER behind it; an ideographic one needs nothing.
_CLASSES = (".!?…。！？؟।۔\"”»’')]」』", ":：", ",，、،", ".!?؟।۔", "。！？", " \n\"”»", "?？", "|•›»©→▶►✓·", "-–—•*·>»", "\"“„«‘'「『»")
_ENDS, _COLON, _COMMA, _STOP, _WIDE_STOP, _AFTER, _QUESTION, _MARK, _BULLET, _QUOTE = (1 << bit for bit in range(10))
_UPPER, _LOWER, _DIGIT, _DENSE = (1 << bit for bit in range(10, 14))
_DENSE_SCRIPTS = ((0x0E00, 0x0E7F), (0x3040, 0x30FF), (0x3400, 0x9FFF), (0xAC00, 0xD7AF))


class Wording(NamedTuple):
    """`rows`: the features of NAMES, a column a unit; `titled`: the units that say the title and little else; `words`: the
    folded words of each unit, None for short links and very long texts."""

    rows: Column
    titled: NDArray[np.bool_]
    words: list[list[str] | None]


@cache
def _classes() -> NDArray[np.uint16]:
    """Code unit of UTF-16 -> bit mask of the classes of its character."""
    table = np.zeros(0x10000, np.uint16)
    for index, characters in enumerate(_CLASSES):
        table[[ord(character) for character in characters]] |= 1 << index
    for low, high in _DENSE_SCRIPTS:
        table[low : high + 1] |= _DENSE
    letters = list(map(chr, range(0x10000)))
    for mask, tell in ((_UPPER, str.isupper), (_LOWER, str.islower), (_DIGIT, str.isdigit)):
        table[np.fromiter(map(tell, letters), bool, len(letters))] |= mask
    return table


def worded(units: Sequence[Unit], boxes: Sequence[Box], said: Said) -> Wording:
    """Units, their boxes and what is said elsewhere -> Wording."""
    n = len(units)  # long, for its parts would hand a dozen arrays of one length to each other
    texts, _, linked, hidden = zip(*units, strict=True)
    length = np.fromiter(map(len, texts), float, n)
    size = length * (1 + 1.5 * _dense(texts) / max(int(length.sum()), 1))
    density = np.minimum(np.fromiter(linked, float, n) / length, 1.0)
    shown = ~np.fromiter(hidden, bool, n)
    running = (size >= RUNNING) & (density < 0.35) & shown
    # Most units are short links; their words are not looked at.
    plain = (density > 0.8) & (size < 100)
    chosen = np.flatnonzero(~plain).tolist()
    table = np.empty((len(_TEXT), n))
    table[:] = _PLAIN
    keys: list[str] = list(texts)
    said_by: list[list[str] | None] = [None] * n
    words_of: list[set[str]] = [_NO_WORDS] * n
    if chosen:
        like, spoken, likeness = Likeness(said), list[int](), list[tuple[float, ...]]()
        for index in chosen:
            words = tokens(texts[index])
            if len(words) < _READ:  # those of a passage of many megabytes are not held
                said_by[index] = words
            distinct = set(words)
            spoken.append(len(words))
            element = boxes[units[index].box].element
            begins = element.text
            likeness.append((*like.row(words, distinct), _wrap(element) if not begins or begins.isspace() else 0))
            words_of[index] = {word for word in distinct if len(word) > 3}
            keys[index] = " ".join(words)
        shape = np.concatenate([_shape(part) for part in _parts([texts[index] for index in chosen])], axis=1)
        count = np.array(spoken, dtype=float)
        told = np.concatenate(([count], shape, np.array(likeness).T))
        told[1] = length[chosen]
        told[_BY_WORD] /= np.maximum(count, 1)
        table[:, chosen] = told
    rows = np.empty((len(NAMES), n))
    rows[0], rows[1], rows[2] = size, density, ~shown
    rows[3 : 3 + len(_TEXT)] = table
    rows[-4] = np.where(running, size, 0.0)
    rows[-3] = _topic(words_of, running.tolist())
    _copies(keys, rows[-2:])
    return Wording(rows, (table[_TITLE_IN] > 0.7) & (table[_TITLE_IN + 1] > 0.7) & shown, said_by)


_NO_WORDS: set[str] = set()
_TITLE_IN = _TEXT.index("title_in")
_BY_WORD = [_TEXT.index("word_size"), _TEXT.index("commas")]


def _codes(text: str) -> NDArray[np.uint16]:
    """Text -> the class mask of each of its characters; one beyond 16 bits has no class."""
    if text.isascii():
        return _classes()[np.frombuffer(text.encode("ascii"), np.uint8)]
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    return np.asarray(_classes()[np.where(codes > 0xFFFF, 0, codes)])


def _dense(texts: Sequence[str]) -> int:
    """How many characters are of scripts that say more with each."""
    return int(np.count_nonzero(_codes("".join([text for text in texts if not text.isascii()])) & _DENSE))


def _parts(texts: Sequence[str]) -> Iterator[list[str]]:
    """Texts -> the same in lists of bounded length, each text no longer than is looked at: a page may hold twenty megabytes."""
    part, held = list[str](), 0
    for text in texts:
        part.append(text[:_READ])
        held += len(part[-1])
        if held > _READ:
            yield part
            part, held = [], 0
    if part:
        yield part


def _shape(texts: list[str]) -> Column:
    """Texts -> the features of _TEXT from "word_size" to "first_quote", those of _BY_WORD not yet divided by the words."""
    n = len(texts)
    joined = "\n".join(texts) + "\n"
    codes = _codes(joined)
    length = np.fromiter(map(len, texts), np.int64, n)
    ends = np.cumsum(length + 1) - 1
    starts = ends - length
    unit = np.repeat(np.arange(n), length + 1)
    head = np.minimum(length, _HEAD)

    def counted(places: Column, within: int = 0) -> Column:
        if within:
            places = places[places - starts[unit[places]] < within]
        return np.bincount(unit[places], minlength=n)

    digits = np.flatnonzero(codes & _DIGIT)
    stops = np.flatnonzero(codes & (_STOP | _WIDE_STOP))
    stops = stops[(codes[stops] & _WIDE_STOP != 0) | (codes[stops + 1] & _AFTER != 0)]
    dated = np.zeros(n)
    for index in np.flatnonzero(counted(digits, _DATED)).tolist():
        dated[index] = _DATE.search(texts[index], 0, _DATED) is not None
    first, last = codes[starts], codes[ends - 1]
    return np.stack((
        length, last & _ENDS != 0, last & _COLON != 0,
        np.fromiter((text.endswith(("...", "…")) for text in texts), float, n),
        counted(np.flatnonzero(codes & _UPPER), _HEAD) / head, counted(digits, _HEAD) / head,
        counted(np.flatnonzero(codes & _COMMA)), counted(stops), counted(np.flatnonzero(codes & _QUESTION)), dated,
        np.fromiter(("@" in text or "http" in text or "www." in text for text in texts), float, n),
        counted(np.flatnonzero(codes & _MARK)), first & _LOWER != 0, first & _BULLET != 0, first & _QUOTE != 0,
    ))  # fmt: skip


def _wrap(element: Any) -> int:
    """Block element without words before its first child -> which inline element its text starts in, as a number."""
    return _INLINE.get(element[0].tag, 0) if len(element) else 0


def _topic(words_of: list[set[str]], running: list[bool]) -> list[float]:
    """How much of a unit's vocabulary the other running text of the page shares; -1 when it has none."""
    once, again = set[str](), set[str]()
    for words, runs in zip(words_of, running, strict=True):
        if runs:
            again |= once & words
            once |= words
    both = zip(words_of, running, strict=True)
    return [len(words & (again if runs else once)) / len(words) if words else -1.0 for words, runs in both]


def _copies(keys: list[str], rows: Column) -> None:
    """Into two rows: how many units of the page say the same, and how many of these stand before."""
    seen: dict[str, int] = {}
    earlier = []
    for key in keys:
        before = seen.get(key, 0)
        earlier.append(before)
        seen[key] = before + 1
    rows[0] = [seen[key] for key in keys]
    rows[1] = earlier
