"""Shown passages -> counts: running text and where it stands in one stretch, links, headlines, teasers, sentences.

And signs that a stretch of text is somebody's story: a date above it, a place before it, speech quoted in it, a headline whose words
come back in it, a description in the head that it begins with.
"""

from __future__ import annotations

import re
from math import log1p
from typing import NamedTuple

from pipelines.error_words import fold
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


# A day with its month and year, in digits of any script or around a word: 3.5.2024, 2024-05-03, 3 de mayo de 2024, May 3, 2024.
_DATE = re.compile(
    r"(?<![\w.,:/-])(?:\d{1,2}([./-])\s?\d{1,2}\1\s?\d{2}(?:\d\d)?|\d{4}([./-])\s?\d{1,2}\2\s?\d{1,2}"
    r"|\d{1,2}(?:st|nd|rd|th|er|[.º])?,?\s+(?:(?:de|of|e|den)\s+)?(?:[^\d\s,]{2,14},?\s+(?:(?:de|del)\s+)?)?(?:1[89]|2[05]|1[34])\d\d"
    r"|\d{4}\s?[年년]\s?\d{1,2}\s?[月월](?:\s?\d{1,2}\s?[日일])?|\d{1,2}月\s?\d{1,2}日)(?![\w/-]|[.:]\d)|[०-९০-৯۰-۹٠-٩]{1,4}[^\d\n]{1,20}[०-९০-৯۰-۹٠-٩]{4}"
)
# Where a report comes from, before its first sentence: LAS VEGAS - …, London, Dec 29: …, New York (Reuters) - …
_PLACE = re.compile(
    r"[^\W\d_a-z][\w.,'’ /-]{1,40}?(?:\s?\([^()]{2,30}\)\s?[–—:.-]|\s(?:--?|[–—_])\s|--|\s?[–—]\s?|, [^:.]{2,20}\d\s?:\s)"
    r"|\([^()]{2,40}\)\s?[–—-]|[【［\[(（][^】］\])）]{2,24}[】］\])）]"
)
_QUOTE = re.compile('["“”„«»「」『』‹›]')
_ORIGIN = re.compile("©|\\(c\\)|copyright", re.I)
_PARTS = re.compile(r"\s[|\-–—·»«•:]+\s|[|»•]")
_WORD = re.compile(r"[^\W\d_]{4,}")
_UNPARTED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]{3}")
_ABOVE = 9  # passages above a story in which its date stands
_TOLD = 1_500  # characters of a story in which the words of its headline are looked for


class Story(NamedTuple):
    """Signs of a story, each 0 to 1, and the words that show them by the figure's name."""

    dated: float
    placed: float
    quoting: float
    described: float
    headline: float
    words: dict[str, str]


def story_signs(shown: list[Passage], at: int, running: list[Passage], title: str, description: str) -> Story:
    """Shown passages, where the core starts (-1: nowhere), running passages, title and description of the head -> Story."""
    words: dict[str, str] = {}
    if at < 0 or not running:
        return Story(0.0, 0.0, 0.0, 0.0, 0.0, words)
    dated = _dated(shown, at, words)
    placed = next((place for passage in running[:2] if (place := _place(passage.text))), "")
    words["placed"] = placed
    quotes = sum(len(_QUOTE.findall(passage.text[:600])) for passage in running[:10])
    told = fold(" ".join(passage.text for passage in running[:12])[:_TOLD])
    start = fold(" ".join(description.split())[:60])
    described = float(len(start) >= 40 and start[:50] in told)
    if described:
        words["described"] = description[:80]
    share, headline = _recurs(shown, title, told)
    words["headline-told"] = headline[:80]
    return Story(dated, float(bool(placed)), min(quotes, 6) / 6, described, share, words)


def _place(text: str) -> str:
    """The place or agency before the first sentence: its words have capitals, where the script has them, and so has the
    sentence behind."""
    found = _PLACE.match(text)
    if found is None or text[found.end() : found.end() + 2].strip()[:1].islower():
        return ""
    small = [word for word in found.group().split() if word[0].islower()]
    return found.group() if len(small) <= 1 else ""


def _dated(shown: list[Passage], at: int, words: dict[str, str]) -> float:
    """1 when a date stands alone right above or in the first line of the core."""
    for passage in shown[max(at - _ABOVE, 0) : at + 1]:
        text = passage.text if len(passage.text) <= 90 else passage.text[:40]
        if (found := _DATE.search(text)) and not passage.inside & FOOTER and not _ORIGIN.search(text):
            words["date-above"] = found.group()
            return 1.0
    return 0.0


def _recurs(shown: list[Passage], title: str, told: str) -> tuple[float, str]:
    """Title and folded start of the story -> the share of the headline's words that come back, and the headline."""
    heads = [p.text for p in shown if p.inside & HEADING and p.element.tag == "h1" and p.linked == 0][:2]
    best, which = 0.0, ""
    for line in (max(_PARTS.split(title[:300]), key=len, default=""), *heads):
        folded = fold(line[:200])
        if _UNPARTED.search(folded):
            pieces = {folded[place : place + 2] for place in range(0, len(folded) - 1, 2)}
        else:
            pieces = {word[:6] for word in _WORD.findall(folded)}
        if len(pieces) < 3:
            continue
        share = sum(piece in told for piece in pieces) / len(pieces)
        if share > best:
            best, which = share, line
    return best, which
