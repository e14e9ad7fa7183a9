"""Pages composed from real ones, to train the judge on what no folder holds enough of.

An article page of known text is changed where its story stands: the story gives way to an error message, to a list of
headlines with teasers, or ends at a wall; or it is cut short, stands below an error block, or speaks of errors itself and
stays an article. Every change is made of passages, so the frame of the real page (menus, lists, footer) stays around it.
"""

from __future__ import annotations

import html
import random
from typing import NamedTuple

import lxml.html

from benchmarks.told import texts
from pipelines.document import Document
from pipelines.error_words import PHRASES, WALLS
from pipelines.shown import HEADING, Passage, passages
from storage.records import Kind

_SAYS = {kind: sorted(p for p, k in PHRASES.items() if k is kind and len(p) > 3) for kind in Kind}
_ERRORS = (Kind.FORBIDDEN, Kind.NOT_FOUND, Kind.NOT_FOUND, Kind.SOFT_ERROR, Kind.MAINTENANCE)
_WALLS = sorted(WALLS)


class Composed(NamedTuple):
    """A composed page and whether it is an article. `typed`: whether its head may still call it an article."""

    name: str
    document: Document
    article: bool
    typed: bool


class Composer:
    """Makes composed pages. `stories` are (headline, paragraphs) of other pages, for cards and filler."""

    def __init__(self, stories: list[tuple[str, list[str]]], seed: int) -> None:
        self.stories = stories
        self.random = random.Random(seed)
        self.messages = [told.sentences for told in texts() if told.what == "message"]

    def compose(self, document: Document, text: str, headline: str | None) -> list[Composed]:
        """A parsed article page, its true text and headline -> a few composed pages, in and out of its frame."""
        shown = list(document.passages)
        spots = [
            i
            for i, p in enumerate(shown)
            if not p.hidden and len(p.text) >= 30 and p.linked < len(p.text) * 0.5 and p.text in text
        ]
        if len(spots) < 2:
            return []
        paragraphs = [shown[i].text for i in spots]
        ways = self.random.sample((self.error, self.error, self.listing, self.wall, self.short, self.below, self.about), 2)
        made = [one for way in ways if (one := way(document, shown, spots, paragraphs, headline or ""))]
        return made + self.bare(paragraphs, headline or paragraphs[0][:60])

    def words(self, count: int) -> str:
        """Running words of some story."""
        text = self.random.choice(self.random.choice(self.stories)[1])
        spoken = text.split()
        if len(spoken) < 4:  # a script without spaces
            return text[: count * 3]
        start = self.random.randrange(max(len(spoken) - count, 1))
        return " ".join(spoken[start : start + count])

    def says(self, kind: Kind) -> str:
        """An error message of a kind: a phrase, alone or among other words."""
        phrase = self.random.choice(_SAYS[kind])
        number = {Kind.FORBIDDEN: "403", Kind.NOT_FOUND: "404", Kind.SOFT_ERROR: "500"}.get(kind, "")
        before = self.random.choice(("", "", f"{number} ", f"{self.words(1)} "))
        return f"{before}{phrase}{self.random.choice(('', '.', ' ' + self.words(2)))}"

    def message(self) -> tuple[str, str]:
        """(words for the title, markup) of an error page; one in six says it in no words that we know."""
        kind = self.random.choice(_ERRORS)
        said = self.says(kind) if self.random.random() < 0.84 else self.words(2)
        more = [self.words(self.random.randrange(5, 16)) for _ in range(self.random.randrange(3))]
        if self.random.random() < 0.6:  # in whole sentences of a site to its reader
            told = self.random.choice(self.messages)
            more = self.random.sample(told, self.random.randrange(1, len(told) + 1))
        if self.random.random() < 0.5:
            more.append(f"{self.words(6)} {self.random.choice(_SAYS[kind])} {self.words(3)}.")
        tag = self.random.choice(("h1", "h1", "h2", "div", "p"))
        lines = "".join(f"<p>{html.escape(line)}</p>" for line in more)
        return said, f"<div><{tag}>{html.escape(said)}</{tag}>{lines}</div>"

    def error(
        self, document: Document, shown: list[Passage], spots: list[int], paragraphs: list[str], headline: str
    ) -> Composed:
        """The frame of the page with an error message in it."""
        said, markup = self.message()
        site = self.words(2)
        title = self.random.choice((f"{said} | {site}", said, site, document.title or "")) or None
        return Composed("error", _changed(document, shown, spots, markup, title), False, self.random.random() < 0.2)

    def listing(
        self, document: Document, shown: list[Passage], spots: list[int], paragraphs: list[str], headline: str
    ) -> Composed:
        """The frame with a list of headlines in it."""
        return Composed("listing", _changed(document, shown, spots, self.cards(), self.words(2)), False, False)

    def cards(self) -> str:
        """Markup of a list: headlines with a teaser, with a date, or alone."""
        form, count = self.random.randrange(6), self.random.randrange(6, 30)
        parts: list[str] = []
        for headline, paragraphs in self.random.choices(self.stories, k=count):
            title, teaser = html.escape(headline), html.escape(" ".join(paragraphs)[: self.random.randrange(60, 420)])
            link = f"<a href='/s/{len(parts)}'>{title}</a>"
            parts.append((
                f"<article><h2>{link}</h2><p>{teaser}</p></article>",
                f"<div class=card><a href=x><h3>{title}</h3><p>{teaser}</p></a></div>",
                f"<li>{link}</li>",
                f"<div class=entry><h2>{link}</h2><span>12.3.2024</span><div>{teaser} <a href=x>Read more</a></div></div>",
                f"<div class=row><div>{link}</div><div>{teaser}</div></div>",
                f"<tr><td>{link}</td></tr>",
            )[form])  # fmt: skip
        return f"<div class=list>{''.join(parts)}</div>"

    def wall(
        self, document: Document, shown: list[Passage], spots: list[int], paragraphs: list[str], headline: str
    ) -> Composed | None:
        """The start of the story, then a wall."""
        kept = _until(paragraphs, self.random.choice((0, 200, 500)))
        if len(kept) >= len(spots):
            return None
        markup = "".join(f"<p>{html.escape(text)}</p>" for text in kept) + self.stop()
        return Composed("wall", _changed(document, shown, spots, markup, document.title, keep_headline=True), False, True)

    def stop(self) -> str:
        """Markup of a wall."""
        said = self.random.choice(_WALLS)
        tag = self.random.choice(("h2", "h3", "p", "div", "span"))
        links = "<a href=x>Subscribe</a> <a href=y>Sign in</a>" if self.random.random() < 0.6 else ""
        said = html.escape(f"{said} {self.words(self.random.randrange(4))}")
        return f"<div class=offer><{tag}>{said}</{tag}>{links}</div>"

    def short(
        self, document: Document, shown: list[Passage], spots: list[int], paragraphs: list[str], headline: str
    ) -> Composed | None:
        """A short story that ends without a wall."""
        kept = _until(paragraphs, self.random.choice((250, 400, 600)))
        if sum(map(len, kept)) < 200:
            return None
        markup = "".join(f"<p>{html.escape(text)}</p>" for text in kept)
        return Composed(
            "short", _changed(document, shown, spots, f"<div>{markup}</div>", document.title, keep_headline=True), True, True
        )

    def below(
        self, document: Document, shown: list[Passage], spots: list[int], paragraphs: list[str], headline: str
    ) -> Composed:
        """The whole story with an error block above, inside or below it."""
        _, markup = self.message()
        at = self.random.choice((spots[0], spots[len(spots) // 2], spots[-1] + 1))
        block = passages(_parse(markup))
        return Composed("below", _like(document, [*shown[:at], *block, *shown[at:]], document.title), True, True)

    def about(
        self, document: Document, shown: list[Passage], spots: list[int], paragraphs: list[str], headline: str
    ) -> Composed:
        """A story that speaks of errors in headline, title and some paragraphs."""
        kind = self.random.choice(_ERRORS)
        told = f"{self.words(2)} {self.says(kind)} {self.words(4)}" if self.random.random() < 0.5 else self.says(kind)
        lines = [f"{text} {self.says(kind)}." if self.random.random() < 0.4 else text for text in paragraphs]
        lines = lines if self.random.random() < 0.4 else _until(lines, 700)
        markup = f"<div><h1>{html.escape(told)}</h1>" + "".join(f"<p>{html.escape(line)}</p>" for line in lines) + "</div>"
        return Composed("about", _changed(document, shown, spots, markup, f"{told} | {self.words(1)}"), True, True)

    def bare(self, paragraphs: list[str], headline: str) -> list[Composed]:
        """Pages without a frame: of servers, and plain stories."""
        chance = self.random.random()
        if chance < 0.2:
            said, markup = self.message()
            return [Composed("bare-error", _page(said, markup), False, False)]
        if chance < 0.35:
            kept = _until(paragraphs, self.random.choice((350, 700, 1500)))
            lines = "".join(f"<p>{html.escape(text)}</p>" for text in kept)
            return [Composed("bare-story", _page(headline, f"<h1>{html.escape(headline)}</h1>{lines}"), True, True)]
        if chance < 0.42:
            return [Composed("bare-list", _page(self.words(2), self.cards()), False, False)]
        return []


def _until(paragraphs: list[str], enough: int) -> list[str]:
    """The first paragraphs that have together at least so many characters."""
    kept, length = [], 0
    for text in paragraphs:
        if length >= enough:
            break
        kept.append(text)
        length += len(text)
    return kept


def _parse(markup: str) -> lxml.html.HtmlElement:
    return lxml.html.document_fromstring(f"<html><body>{markup}</body></html>")


def _page(title: str, markup: str) -> Document:
    """A page of nothing but this."""
    text = f"<html><head><title>{html.escape(title)}</title></head><body>{markup}</body></html>"
    return Document(tree=lxml.html.document_fromstring(text), encoding="utf-8", text=text)


def _changed(
    document: Document, shown: list[Passage], spots: list[int], markup: str, title: str | None, keep_headline: bool = False
) -> Document:
    """The page with other passages where its story stood; the headline above goes too unless it is kept."""
    first, last = spots[0], spots[-1]
    before = [p for i, p in enumerate(shown[:first]) if keep_headline or i < first - 25 or p.linked or not p.inside & HEADING]
    rest = [p for i, p in enumerate(shown) if first <= i <= last and i not in set(spots) and p.linked > 0.6 * len(p.text)]
    return _like(document, [*before, *passages(_parse(markup)), *rest, *shown[last + 1 :]], title)


def _like(document: Document, changed: list[Passage], title: str | None) -> Document:
    """A Document of the same tree with other passages and title."""
    like = Document(tree=document.tree, encoding=document.encoding, text=document.text)
    like.__dict__["passages"] = tuple(changed)
    like.__dict__["title"] = title
    return like
