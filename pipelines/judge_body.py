"""Shown passages -> counts: running text and where it stands in one stretch, links, headlines, teasers, sentences."""

from __future__ import annotations

import re
from math import log1p
from typing import NamedTuple

from pipelines.shown import FOOTER, HEADING, MENU, Passage

_CHROME = MENU | FOOTER  # a button that is not closed holds the rest of the page: long text in one is text
_RUNNING = 80  # characters from which a passage reads as running text
_HEADLINE = 20  # characters from which a linked passage reads as a headline
_WIDE = re.compile("[\u2e80-\uffdc]{3}")  # three in a row: a script, not a sign
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")  # a date that is a link is no headline
_ENDERS = ".!?…。！？؟।։။።"
_INNER = ("p", "li", "ul", "ol", "blockquote", "h2", "h3", "h4", "dd", "center")


class Body(NamedTuple):
    """Counts over the shown passages; lengths in characters, those of wide scripts counted double."""

    total: int
    linked: int
    running: tuple[tuple[int, int, Passage], ...]  # (index, length, passage)
    headlines: int  # linked passages as long as a headline
    links: int
    linked_headings: int
    teasers: int
    teased: int  # characters of running text that stand below a linked heading
    cards: int  # the most linked passages that share tag and classes of element and parent
    sentences: int
    core: int  # running text in one stretch that no headline of another page and no error message parts
    core_passages: int
    core_at: int  # index of the shown passage with which the core starts; -1: there is none
    stretches: int  # stretches of running text of 200 characters or more
    parted: int  # characters of running text right below a headline of another page
    story: float  # core against that of a very short story, 0 to 1
    more: int  # linked passages that say the same short thing again and again: "read more"


def width(text: str) -> int:
    """Characters of a text, doubled in scripts that write a word in one or two of them."""
    if text.isascii():
        return len(text)
    return len(text) * 2 if _WIDE.search(text[: len(text) // 2 + 8]) else len(text)


def count_passages(shown: list[Passage], speaking: frozenset[int]) -> Body:
    """Shown passages, and the indices of those that speak of errors -> Body.

    One long loop, for it goes over every passage of every page: calls in it would cost more than what they do."""
    total = linked = headlines = links = linked_headings = teasers = teased = sentences = 0
    running: list[tuple[int, int, Passage]] = []
    alike: dict[tuple[str | None, ...], int] = {}
    repeated: dict[str, int] = {}
    headed, linked_at, stretch, count, core, core_passages, parted = 9, -9, 0, 0, 0, 0, 0
    at, core_at, stretches = -1, -1, 0
    for index, passage in enumerate(shown):
        element, text, in_links, _, inside = passage
        length = len(text) if text.isascii() else width(text)
        total += length
        share = in_links / len(text)
        linked += int(length * min(share, 1.0))
        if share > 0.7:
            links += 1
            if length >= _HEADLINE and not (length < 36 and _YEAR.search(text)):
                headlines += 1
                stretch, count, linked_at = 0, 0, index
                parent = element.getparent()
                key = (element.tag, element.get("class"), None if parent is None else parent.get("class"))
                alike[key] = alike.get(key, 0) + 1
            else:
                repeated[text] = repeated.get(text, 0) + 1
            if inside & HEADING:
                linked_headings += 1
                headed = -1
        elif length >= _RUNNING and share <= 0.4 and not inside & _CHROME:
            running.append((index, length, passage))
            sentences += sum(map(text.count, ".!?" if text.isascii() else _ENDERS))
            parted += length if index - linked_at <= 3 else 0
            if index not in speaking:
                at = index if not count else at
                stretches += stretch < 200 <= stretch + length
                stretch, count = stretch + length, count + 1
                if stretch > core:
                    core, core_passages, core_at = stretch, count, at
            if 0 <= headed < 4:
                teasers, teased = teasers + (headed < 9), teased + length
                headed = 9
        headed += 1
    return Body(
        total, linked, tuple(running), headlines, links, linked_headings, teasers, teased, max(alike.values(), default=0),
        sentences, core, core_passages, core_at, stretches, parted, min(core / 300, 1.0), max(repeated.values(), default=0),
    )  # fmt: skip


def scaled(count: float, most: float) -> float:
    """A count on a logarithmic scale that reaches 1 at `most`."""
    return min(log1p(count) / log1p(most), 1.0)


def places(running: tuple[tuple[int, int, Passage], ...], total: int) -> tuple[float, float, int]:
    """Running text -> (share of the fullest container, of the fullest one a level up, containers)."""
    near: dict[object, int] = {}
    far: dict[object, int] = {}
    for _, length, passage in running:
        inner = passage.element
        while inner.tag in _INNER and (above := inner.getparent()) is not None:
            inner = above
        outer = inner.getparent()
        near[inner] = near.get(inner, 0) + length
        far[outer] = far.get(outer, 0) + length
    return max(near.values(), default=0) / max(total, 1), max(far.values(), default=0) / max(total, 1), len(near)
