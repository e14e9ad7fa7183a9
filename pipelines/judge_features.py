"""A Document -> what the judge looks at: figures of shown text and structure, each with the words that show it.

Figures are about 0 to 1 (logarithms of counts are scaled), so that a weight says how much a sign speaks. Nothing here
knows what is an article: `judge_weights.json` holds the weights, and `benchmarks/train_judge.py` makes them.
"""

from __future__ import annotations

import re
from math import log1p
from typing import NamedTuple

from pipelines.document import Document
from pipelines.judge_head import Head, read_head
from pipelines.judge_said import Speech, listen
from pipelines.shown import BUTTON, FOOTER, HEADING, MENU, Passage

_CHROME = MENU | FOOTER | BUTTON
_RUNNING = 80  # characters from which a passage reads as running text
_HEADLINE = 20  # characters from which a linked passage reads as a headline
_WIDE = re.compile("[\u2e80-\uffdc]{3}")  # three in a row: a script, not a sign
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
    parted: int  # characters of running text right below a headline of another page
    story: float  # core against that of a very short story, 0 to 1
    more: int  # linked passages that say the same short thing again and again: "read more"


class Signs(NamedTuple):
    """What the judge looks at: `figures` by name, `words` that show a figure, what the page says, its head."""

    figures: dict[str, float]
    words: dict[str, str]
    speech: Speech
    head: Head
    body: Body


def width(text: str) -> int:
    """Characters of a text, doubled in scripts that write a word in one or two of them."""
    if text.isascii():
        return len(text)
    return len(text) * 2 if _WIDE.search(text[: len(text) // 2 + 8]) else len(text)


def signs(document: Document) -> Signs:
    """Document -> Signs. Pure; one pass over the shown passages and one over a few elements of the tree."""
    shown = [passage for passage in document.passages if not passage.hidden]
    head = read_head(document)
    speech = listen(document.title or "", shown)
    body = _count(shown, speech.speaking)
    figures, words = _figures(shown, body, speech), _words(body, speech)
    figures |= _of_head(document, head, shown, body, words)
    return Signs(figures, words, speech, head, body)


def _count(shown: list[Passage], speaking: frozenset[int]) -> Body:
    """Shown passages, and the indices of those that speak of errors -> Body."""
    total = linked = headlines = links = linked_headings = teasers = teased = sentences = 0
    running: list[tuple[int, int, Passage]] = []
    alike: dict[tuple[str | None, ...], int] = {}
    repeated: dict[str, int] = {}
    headed, linked_at, stretch, count, core, core_passages, parted = 9, -9, 0, 0, 0, 0, 0
    for index, passage in enumerate(shown):
        element, text, in_links, _, inside = passage
        length = width(text)
        total += length
        share = in_links / len(text)
        linked += int(length * min(share, 1.0))
        if share > 0.7:
            links += 1
            if length >= _HEADLINE:
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
            sentences += sum(map(text.count, _ENDERS))
            parted += length if index - linked_at <= 3 else 0
            if index not in speaking:
                stretch, count = stretch + length, count + 1
                if stretch > core:
                    core, core_passages = stretch, count
            if 0 <= headed < 4:
                teasers, teased = teasers + (headed < 9), teased + length
                headed = 9
        headed += 1
    return Body(
        total, linked, tuple(running), headlines, links, linked_headings, teasers, teased, max(alike.values(), default=0),
        sentences, core, core_passages, parted, min(core / 300, 1.0), max(repeated.values(), default=0),
    )  # fmt: skip


def _scaled(count: float, most: float) -> float:
    """A count on a logarithmic scale that reaches 1 at `most`."""
    return min(log1p(count) / log1p(most), 1.0)


def _places(running: tuple[tuple[int, int, Passage], ...], total: int) -> tuple[float, float, int]:
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


def _figures(shown: list[Passage], body: Body, speech: Speech) -> dict[str, float]:
    """What passages and speech give."""
    running = sum(length for _, length, _ in body.running)
    story = max(running - speech.spoken, 0)
    near, far, containers = _places(body.running, max(running, 1))
    # A box of links may stand within a story: most of what one container holds is as good as one stretch.
    parted = body.parted / max(running, 1)
    core = max(
        body.core, int(0.7 * near * running) - speech.spoken, int(0.8 * far * running * (1 - parted) ** 2) - speech.spoken, 0
    )
    longest = max((length for _, length, _ in body.running), default=0)
    thin = max(0.0, 1 - core / 1200)
    figures = {
        "core": _scaled(core, 6000),
        "core-in-little": float(core > 400) * float(body.headlines < 15),
        "silent-core": min(core / 600, 1.0) * (1 - speech.spoken_share) * (1 - speech.early),
        "core-over-150": float(core > 150),
        "core-over-400": float(core > 400),
        "core-over-800": float(core > 800),
        "core-over-1600": float(core > 1600),
        "core-over-3000": float(core > 3000),
        "core-share": min(core / max(running, 1), 1.0),
        "core-sentences": _scaled(body.core_passages, 25),
        "longest-passage": _scaled(longest, 800) * thin,
        "sentences": _scaled(body.sentences, 60),
        "one-container": near if story else 0.0,
        "one-container-above": far if story else 0.0,
        "containers": _scaled(containers, 30),
        "parted": parted,
        "parted-thin": parted * thin,
        "containers-thin": _scaled(containers, 30) * thin,
    }
    return figures | _of_links(body, story, thin) | _of_speech(speech, thin)


def _of_links(body: Body, story: int, thin: float) -> dict[str, float]:
    """Links, headlines of other pages and how little is shown; `thin` is 1 where nothing stands on its own."""
    return {
        "link-share": body.linked / max(body.total, 1),
        "link-share-thin": body.linked / max(body.total, 1) * thin,
        "links": _scaled(body.links, 300),
        "headlines": _scaled(body.headlines, 150),
        "headlines-thin": _scaled(body.headlines, 150) * thin,
        "linked-headings": _scaled(body.linked_headings, 60),
        "linked-headings-thin": _scaled(body.linked_headings, 60) * thin,
        "teasers": _scaled(body.teasers, 30),
        "teasers-thin": _scaled(body.teasers, 30) * thin,
        "teased-share": min(body.teased / max(story, 1), 1.0),
        "cards": _scaled(body.cards, 60),
        "same-link": _scaled(max(body.more - 2, 0), 20),
        "little-shown": max(0.0, 1 - body.total / 400),
        "nothing-shown": float(body.total < 30),
        "no-frame": float(body.links < 6) * thin,
    }


def _of_speech(speech: Speech, thin: float) -> dict[str, float]:
    """What the page says of itself; `thin` is 1 where nothing stands on its own."""
    return {
        "title-speaks": speech.title,
        "title-speaks-thin": speech.title * thin,
        "title-speaks-alone": float(speech.title > 0.6) * thin,
        "heading-speaks": speech.heading,
        "heading-speaks-thin": speech.heading * thin,
        "passages-speak-thin": min(speech.passages, 4) / 4 * thin,
        "passages-speak-thick": min(speech.passages, 4) / 4 * (1 - thin),
        "speaks-early-thin": min(speech.early * 3, 1.0) * thin,
        "spoken-share": speech.spoken_share,
        "machine-words-thin": speech.machine * thin,
        "wall-thin": speech.wall * thin,
        "cut-off-thin": speech.cut * min(thin * 3, 1.0),
        "listing-says": speech.listing,
        "listing-says-thin": speech.listing * thin,
    }


def _of_head(document: Document, head: Head, shown: list[Passage], body: Body, words: dict[str, str]) -> dict[str, float]:
    """What the head, the first heading and forms give."""
    h1 = [passage for passage in shown if passage.element.tag == "h1"]
    own = [passage for passage in h1 if passage.linked < 0.5 * len(passage.text)]
    heads = max((width(passage.text) for passage in own), default=0)
    said = (document.title or "").lower()
    titled = any(len(p.text) >= 15 and p.text.lower()[:30] in said for p in shown if p.inside & HEADING and p.linked == 0)
    words |= head.words
    return {
        "h1-long": float(heads >= 25) * body.story,
        "h1-many": float(len(h1) > 1),
        "h1-none": float(not own),
        "heading-is-title": float(titled) * body.story,
        "says-article": float(head.article),
        "says-listing": float(head.listing),
        "dated": float(head.dated),
        "byline": float(head.byline),
        "noindex": float(head.noindex),
        "refresh": float(head.refresh),
        "points-home": float(head.home),
        "pager": float(head.pager),
        "password": float(head.password),
        "vendor": float(head.vendor is not None),
        "paid": float(head.paid),
        "article-elements": _scaled(max(head.articles - 1, 0), 20),
        "template-of-error": float(head.error_template),
    }


def _words(body: Body, speech: Speech) -> dict[str, str]:
    """The words to quote for figures of text."""
    first = body.running[0][2].text[:80] if body.running else ""
    longest = max(body.running, key=lambda one: one[1])[2].text[:80] if body.running else ""
    words = dict.fromkeys(
        (
            "core",
            "core-over-150",
            "core-over-400",
            "core-over-800",
            "core-over-1600",
            "core-over-3000",
            "core-share",
            "silent-core",
            "core-in-little",
        ),
        first,
    )
    words["longest-passage"] = longest
    for name in ("title-speaks", "title-speaks-thin", "title-speaks-alone"):
        words[name] = speech.quotes.get("title", "")
    for name in ("heading-speaks", "heading-speaks-thin"):
        words[name] = speech.quotes.get("heading", "")
    for name in ("passages-speak-thin", "passages-speak-thick", "spoken-share", "speaks-early-thin"):
        words[name] = speech.quotes.get("passage", "")
    words["wall-thin"] = words["cut-off-thin"] = speech.quotes.get("wall", "")
    words["listing-says"] = speech.quotes.get("listing", "")
    return words
