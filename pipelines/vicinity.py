"""Where on a page the story stands: the passages around its headline and its text, in which date, byline and, where
nothing else says it, the headline are looked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from lxml.html import HtmlElement

from pipelines.boilerplate import words
from pipelines.dates import read_time
from pipelines.headline import place_of
from pipelines.shown import HEADING, Passage

_FAR = 24  # shown passages between a headline and the text under it, at most; else what says the headline is a masthead
_FIRST = 48  # passages that are looked at where neither headline nor text is found
_ABOVE = 12  # passages over the text in which its headline is looked for
_SPEAKING = 3  # words of one
_LONGEST = 300  # characters of a headline that no source names
_HEADING_TAG = re.compile("h[1-6]")


@dataclass(frozen=True)
class Vicinity:
    """`passages` of a page, `body`: the block elements that hold the story's text, in reading order, and its `headline`.
    Nothing is looked for before it is asked for: most pages tell machines all of it."""

    passages: Sequence[Passage]
    body: Sequence[HtmlElement] = ()
    headline: str | None = None

    @cached_property
    def shown(self) -> Sequence[Passage]:
        """The passages that a reader sees."""
        return [passage for passage in self.passages if not passage.hidden]

    @cached_property
    def head(self) -> int | None:
        """Index in `shown` of the headline, or of the first h1."""
        return place_of(self.shown, self.headline)

    @cached_property
    def start(self) -> int | None:
        """Index in `shown` of the first passage of the text."""
        return self._held(range(len(self.shown)), 0)

    @cached_property
    def end(self) -> int | None:
        """Index in `shown` of the last passage of the text."""
        return self._held(range(len(self.shown) - 1, -1, -1), -1)

    def _held(self, places: Iterable[int], which: int) -> int | None:
        return next((place for place in places if self.body and self.shown[place].element is self.body[which]), None)

    @property
    def place(self) -> int | None:
        """Index of the headline, when the text stands near it; else of the first passage of the text."""
        if self.head is None or self.start is None or abs(self.start - self.head) <= _FAR:
            return self.start if self.head is None else self.head
        return self.start

    def around(self, before: int, behind: int) -> Iterator[Sequence[Passage]]:
        """So many passages before and behind `place`, and that itself; where a headline stands far from it, then those around
        that; where there is no headline, then the first of the page."""
        for place in dict.fromkeys((self.place, self.head)):
            yield self.shown[:_FIRST] if place is None else self.shown[max(0, place - before) : place + behind + 1]

    def heading_above(self) -> str | None:
        """Words of the highest heading right over the text, the last of several; None where none speaks."""
        above = self.shown[max(0, (self.start or 0) - _ABOVE) : self.start or 0]
        lines = [
            passage
            for passage in reversed(above)
            if passage.inside & HEADING and not passage.linked and len(passage.text) <= _LONGEST
            if len(words(passage.text)) >= _SPEAKING and not read_time(passage.text)
        ]
        return min(lines, key=_level).text if lines else None


def _level(passage: Passage) -> int:
    """1 to 6 of a passage in a heading."""
    tags = (element.tag for element in (passage.element, *passage.element.iterancestors()))
    return next((int(tag[1]) for tag in tags if isinstance(tag, str) and _HEADING_TAG.fullmatch(tag)), 6)
