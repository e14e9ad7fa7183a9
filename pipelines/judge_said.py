"""Title and shown passages -> what the page says of itself, by place and kind.

A page that is an error says so with most of the words of its title, of a heading or of a short passage; a story about
errors uses the same words among others. So what counts is the share of a text that the phrases cover.

And how much it speaks to its reader, and of the page itself: a message of a site says "you", "please", "this page"; a story
speaks of others. `reader_words.txt` holds the words, by language; they are asked all at once, because pages lie about their
language and walls speak English anywhere.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import NamedTuple

from pipelines.error_words import WALLS, find, fold
from pipelines.shown import BUTTON, FOOTER, HEADING, MENU, Passage
from storage.records import Kind

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


_SEGMENTS = re.compile(r"\s[|\-–—·»«•:]+\s|[|»•]|: ")
_CHROME = MENU | FOOTER | BUTTON
_WALLS = (Kind.CONSENT, Kind.PAYWALL)
_HEARD = 2_500  # characters of unlinked text that are listened to
_LABEL = 80  # characters below which text in a button is its label
_SENTENCE = 30  # characters from which it is asked whom a passage speaks to: shorter ones are labels of the frame
_LONG = 300  # characters from which only the start of a passage is listened to


class Speech(NamedTuple):
    """What a page says. Shares are 0 to 1. `by_kind`: weight of what speaks for each kind, `quotes` by place and kind."""

    title: float
    heading: float
    passages: int
    wall: float
    cut: float  # as much as a passage says that the story is cut off here
    listing: float
    spoken: int  # characters of running text in passages that speak
    spoken_share: float  # of the text listened to
    by_kind: dict[Kind, float]
    quotes: dict[str, str]
    speaking: frozenset[int]  # indices of the passages that speak
    early: float  # share of the first words of the page that phrases cover
    addressed: Heard  # words to the reader and of the page
    machine: float  # words of machines (IP, URL, proxy, ray id, ...) for every 25 words listened to, at most 1


class _Ear:
    """Gathers what is said."""

    def __init__(self) -> None:
        self.by_kind: dict[Kind, float] = {}
        self.quotes: dict[str, str] = {}
        self.listing = self.wall = self.cut = 0.0

    def hear(self, text: str, folded: str, place: str, weight: float) -> float:
        """A text, plain and folded -> the share of it that error phrases cover, 0 to 1; notes the kinds and quotes it."""
        covered = 0
        for kind, start, phrase in find(folded):
            share = min(len(phrase) / max(len(folded), 1), 1.0)
            self.by_kind[kind] = self.by_kind.get(kind, 0.0) + weight * (0.3 + share)
            quote = text[max(start - 20, 0) : start + len(phrase) + 40] if len(text) == len(folded) else text[:100]
            self.quotes.setdefault(kind.value, quote.strip())
            if kind is Kind.LISTING:
                self.listing = max(self.listing, share * min(weight, 2.0) / 2)
                self.quotes.setdefault("listing", phrase)
            elif kind in _WALLS:
                self.wall += share
                if phrase in WALLS and place != "title":
                    self.cut = max(self.cut, min(0.5 + share, 1.0))
                    self.quotes["wall"] = quote.strip()
                self.quotes.setdefault("wall", quote.strip())
            else:
                covered += len(phrase)
                self.quotes.setdefault(place, quote.strip())
        return min(covered / max(len(folded), 1), 1.0)


def listen(title: str, shown: list[Passage]) -> Speech:
    """Title and shown passages -> Speech."""
    ear = _Ear()
    segments = [segment for segment in _SEGMENTS.split(title[:300]) if segment.strip()]
    in_title = max((ear.hear(segment.strip(), fold(segment.strip()), "title", 3.0) for segment in segments), default=0.0)
    in_heading, headings, spoken, heard, spoken_all, early = 0.0, 0, 0, 0, 0, 0.0
    speaking, noticed, addressed = set[int](), set[int](), Heard()
    for index, passage in enumerate(shown):
        if heard >= _HEARD:
            break
        text = passage.text
        if passage.linked > 0.6 * len(text) or passage.inside & (MENU | FOOTER if len(text) >= _LABEL else _CHROME):
            continue
        heading = passage.inside & HEADING and passage.element.tag in ("h1", "h2", "h3")
        folded = fold(text[:_LONG])
        if folded.count("cookie") > 1 and len(text) < 700:  # a banner beside the page's own words
            noticed.add(index)
            ear.hear(text[:_LONG], folded, "notice", 1.0)
            continue
        share = ear.hear(text[:_LONG], folded, "heading" if heading else "passage", 2.5 if heading else 1.0)
        if heading or len(text) >= (_SENTENCE if text.isascii() or not WHOLE.search(text) else _SENTENCE // 2):
            addressed = addressed.plus(attend(text[:_LONG], folded))
        if heading and headings < 2:
            in_heading, headings = max(in_heading, share), headings + 1
        if heard < 250:
            early = max(early, share)
        heard += min(len(text), _LONG)
        if share >= (0.12 if len(text) >= 80 else 0.2):
            speaking.add(index)
            spoken_all += min(len(text), _LONG)
            spoken += len(text) if len(text) >= 80 else 0
    mechanical = min(addressed.machine * 150 / max(heard, 300), 1.0)
    return Speech(
        in_title, in_heading, len(speaking), min(ear.wall, 2.0) / 2, ear.cut, min(ear.listing, 1.0), spoken,
        spoken_all / max(heard, 1), ear.by_kind, ear.quotes, frozenset(speaking | noticed), early, addressed, mechanical,
    )  # fmt: skip
