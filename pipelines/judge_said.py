"""Title and shown passages -> what the page says of itself, by place and kind.

A page that is an error says so with most of the words of its title, of a heading or of a short passage; a story about
errors uses the same words among others. So what counts is the share of a text that the phrases cover.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from pipelines.error_words import WALLS, find, fold
from pipelines.judge_reader import WHOLE, Heard, attend
from pipelines.shown import BUTTON, FOOTER, HEADING, MENU, Passage
from storage.records import Kind

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

    def hear(self, text: str, folded: str, place: str, weight: float, scale: int = 0) -> float:
        """A text, plain and folded -> the share of it that error phrases cover, 0 to 1; notes the kinds and quotes it."""
        covered = 0
        for kind, start, phrase in find(folded):
            share = min((len(phrase) + scale) / max(len(folded), 1), 1.0)
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
