"""The headline of a story, by agreement of what the page shows, what it says to machines, and the feed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import islice
from typing import NamedTuple
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from pipelines.boilerplate import words
from pipelines.shown import HEADING, Passage, hides
from pipelines.structured import letters

_WORD = re.compile(r"\w+")
_SPEAKING, _SHARED = 4, 0.3  # words of a heading, and its share in another headline, for it to be one
_TELLING = 4  # letters of a host's label that tell a name from chance
_LONGEST = 500  # characters of what can be a headline
_HEADINGS, _PARTS = 20, 200  # headings of a page and elements of a heading that are looked at
# What stands between a headline and the name of the site in <title>.
_SITE_END = re.compile(r"^(.*\S)\s+[|–—:·•-]+\s+([^|–—]{2,40})$", re.S)
_BEHIND = re.compile(r"\s+[|–—•·*-]\s+\S|\s*[|｜]\s*\S")
_BEFORE = re.compile(r"\w[»”\"']?\s*(?::|\s[-–—|/])\s+$")
_SEPARATOR = re.compile(r"\s+[|–—•·»«:/\-]+\s+|\s*[|»«•]\s*|\s+::\s+")


class Candidate(NamedTuple):
    """Words that could be the headline and the source that offers them."""

    text: str
    source: str


def choose(candidates: Iterable[Candidate], title: str | None, site: Iterable[str] = ()) -> Candidate | None:
    """Candidates (headings in page order first), <title> and names of the site -> the headline.

    What the page shows and also gives out for sharing is it, letter for letter. Else what JSON-LD calls the headline of
    the story, unless nothing else on the page is like it; then a heading that says the same as what is shared; then what
    most sources say word for word, in the order OpenGraph, visible, feed. The site's name at the end of it is not part of
    it, nor is a kicker in front that OpenGraph leaves out. The first heading stands where no other source agrees.
    """
    names = {letters(name) for name in site if name}
    offered = [
        Candidate(text=without_site(c.text, names), source=c.source)
        for c in candidates
        if len(c.text) <= _LONGEST and _WORD.search(c.text)
    ]
    offered = [c for c in offered if letters(c.text) not in names] or offered
    parts = title_parts((title or "")[:_LONGEST])
    if not offered:
        return Candidate(text=parts[0], source="title") if parts else None
    found = _shown_and_shared(offered) or _declared(offered, parts) or _shown(offered) or _agreed(offered, parts)
    return _bare(found, offered, (title or "")[:_LONGEST])


def _shown_and_shared(offered: list[Candidate]) -> Candidate | None:
    """The headline that a heading and a meta tag both say, where JSON-LD has another one."""
    shown = {letters(c.text) for c in offered if c.source == "visible"}
    declared = {letters(c.text) for c in offered if c.source == "json-ld"}
    both = (c for c in offered if c.source == "meta" and letters(c.text) in shown)
    return None if declared & shown else next(both, None)


def _declared(offered: list[Candidate], parts: list[str]) -> Candidate | None:
    """JSON-LD's headline, when anything else is like it or there is nothing else."""
    for one in offered:
        others = [c.text for c in offered if c.source != one.source] + parts[:1]
        if one.source == "json-ld" and (not others or any(alike(one.text, other) for other in others)):
            return one
    return None


def _shown(offered: list[Candidate]) -> Candidate | None:
    """A heading of some length that speaks of what the page gives out for sharing, in other words."""
    shared = [set(words(c.text)) for c in offered if c.source in ("meta", "feed")]
    for one in offered:
        said = set(words(one.text)) if one.source == "visible" else set()
        if len(said) >= _SPEAKING and any(len(said & other) > _SHARED * min(len(said), len(other)) for other in shared):
            return one
    return None


def _agreed(offered: list[Candidate], parts: list[str]) -> Candidate:
    """What most sources say; of those that agree with none, what looks like <title>."""
    said = Counter(text for text, _ in {(c.text, c.source) for c in offered} | {(part, "title") for part in parts[:1]})
    agreed = [c for c in offered if said[c.text] > 1 or any(alike(c.text, o.text) for o in offered if o.source != c.source)]
    headed = [c for c in offered if parts and alike(c.text, parts[0])]
    ranked = agreed or headed or [c for c in offered if c.source != "visible"] or offered
    return max(ranked, key=lambda c: (said[c.text], c.source == "meta", -ranked.index(c)))


def _bare(found: Candidate, offered: list[Candidate], title: str) -> Candidate:
    """A headline without what only some sources put around it: the site behind a heading, a kicker before the shared one."""
    for other in offered:
        if other.source == "visible" and _followed(found.text, other.text) and _followed(title, other.text):
            return other
        if other.source == "meta" and _preceded(found.text, other.text):
            return other
    return found


def _followed(longer: str, text: str) -> bool:
    """Whether one string is the other, a separator, and more."""
    return longer.startswith(text) and _BEHIND.match(longer, len(text)) is not None


def _preceded(longer: str, text: str) -> bool:
    """Whether one string is a kicker, its separator, and the other."""
    return len(text) < len(longer) and longer.endswith(text) and _BEFORE.search(longer[: -len(text)]) is not None


def without_site(text: str, names: set[str]) -> str:
    """A headline without the site's name behind its last separator; `names` are given as letters and figures alone."""
    found = _SITE_END.match(text)
    return found.group(1) if found and letters(found.group(2)) in names else text


def headings(tree: HtmlElement) -> Iterator[str]:
    """Root element -> words of the shown h1s in page order, line breaks as spaces."""
    for h1 in islice(tree.iter("h1"), _HEADINGS):
        if any(hides(above) for above in (h1, *h1.iterancestors())):
            continue
        said = " ".join("".join(_texts(h1)).split())
        if said:
            yield said


def _texts(element: HtmlElement) -> Iterator[str]:
    """Texts of an element in order; a space where one child ends in a word and the next begins with a capital: they are
    a kicker and a headline, set apart by style alone."""
    last = ""
    for node in islice(element.iter(), _PARTS):
        if node.tag == "br":
            last = " "
            yield last
        elif isinstance(node.tag, str) and node.text:
            if node is not element and last[-1:].isalnum() and not last[-1:].isupper() and node.text[:1].isupper():
                yield " "
            yield node.text
            last = node.text
        if node is not element and node.tail:
            yield node.tail
            last = " "


def place_of(shown: Sequence[Passage], headline: str | None) -> int | None:
    """Shown passages of a page and the headline -> index of the one that says it, headings first; else of the first h1."""
    said = words(headline or "")
    places = [
        place
        for place, passage in enumerate(shown)
        if said
        and said[0] in passage.text[:_LONGEST].casefold()
        and len(passage.text) <= _LONGEST
        and words(passage.text) == said
    ]
    if places:
        return min(places, key=lambda place: not shown[place].inside & HEADING)
    return next((place for place, passage in enumerate(shown) if passage.element.tag == "h1"), None)


def title_parts(title: str | None) -> list[str]:
    """Words of <title> -> its parts between separators, the longest first; [] when there is no title."""
    if not title:
        return []
    parts = [part.strip() for part in _SEPARATOR.split(title) if part and part.strip()]
    return sorted(parts, key=lambda part: -len(_WORD.findall(part)))


def named_by_host(title: str | None, url: str) -> list[str]:
    """Words of <title> and URL -> the parts of the title, all but its longest, that are what the host is called."""
    labels = [label for label in (urlsplit(url).hostname or "").split(".")[:-1] if label not in ("www", "com", "co")]
    names = [label.replace("-", "") for label in labels if len(label) >= _TELLING]
    parts = [(part, letters(part)) for part in title_parts((title or "")[:_LONGEST])[1:]]
    return [part for part, said in parts if any(name in said or (len(said) >= _TELLING and said in name) for name in names)]


def alike(one: str, other: str) -> bool:
    """Whether two strings say the same headline: equal words, one starting the other, or nearly equal."""
    a, b = _WORD.findall(one.casefold()), _WORD.findall(other.casefold())
    if not a or not b:
        return False
    if a == b or (min(len(a), len(b)) >= 4 and a[: len(b)] == b[: len(a)]):
        return True
    return SequenceMatcher(None, a, b, autojunk=False).ratio() > 0.8
