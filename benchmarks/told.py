"""Pages around texts written for the training (told.txt): short reports, reports on errors, messages to the reader.

What they teach is told in as many languages as there are, so none of it hangs on the words of one: a date above, a
quotation and a place speak for a report; "you", "please" and "this page" speak for a message. Frames are made up: bare
pages of servers, plain pages with a menu, crowded ones with lists of other headlines.
"""

from __future__ import annotations

import html
import random
from pathlib import Path
from typing import NamedTuple

import lxml.html

from pipelines.document import Document

_TEXTS = Path(__file__).with_name("told.txt")
_DATES = (
    "2023-08-29", "12.03.2021", "March 4, 2019", "3 May 2020", "Tue, 14 June 2016", "2024/05/11", "2018年3月7日", "2022.10.05",
    "7 de julio de 2015", "21 janvier 2020", "Do 25.04.24 | 14:07", "5 ноября 2017", "۱۴۰۲/۰۷/۱۲", "12 มีนาคม 2567",
)  # fmt: skip
_NUMBERS = (
    "18.3b4c3917.1563828686",
    "192.0.2.44",
    "+44 20 7946 0321",
    "Ref: a93f-22c1-0b7e",
    "0345 600 7010",
    "help@host.example",
)
_WRAPS = (
    "<article>{}</article>",
    "<div class=text>{}</div>",
    "<main><div>{}</div></main>",
    "<table><tr><td>{}</td></tr></table>",
    "{}",
)
_STATUSES = (200, 200, 200, 403, 404, 503)


class Told(NamedTuple):
    """Texts of one language: what they are (news, about, message), the headline and the sentences."""

    what: str
    language: str
    headline: str
    sentences: tuple[str, ...]


class Made(NamedTuple):
    """A page made of Told texts; `status` is the one it might come with."""

    name: str
    language: str
    document: Document
    article: bool
    status: int


def texts() -> list[Told]:
    """What told.txt holds."""
    lines = [line for line in _TEXTS.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    cut = [[part.strip() for part in line.split(" | ")] for line in lines]
    return [Told(*name.split(), headline, tuple(told)) for name, headline, *told in cut]


class Teller:
    """Makes pages. `phrases` are error phrases by language, `headlines` those of other stories, for lists."""

    def __init__(self, phrases: dict[str, list[str]], headlines: list[str], seed: int) -> None:
        self.phrases, self.headlines = phrases, headlines
        self.random = random.Random(seed)
        self.told = texts()

    def pages(self, rounds: int) -> list[Made]:
        """So many pages of every text."""
        return [self.page(told) for _ in range(rounds) for told in self.told]

    def page(self, told: Told) -> Made:
        """One page of one text: a report is an article, a message is none."""
        crowd = self.random.choice((0, 0, 1, 2))
        if told.what == "message":
            return Made("notice", told.language, self.notice(told, crowd), False, self.random.choice(_STATUSES))
        name = "brief" if told.what == "news" else "explainer"
        return Made(name, told.language, self.report(told, crowd), True, self.random.choice((200, 200, 200, 200, 403, 404)))

    def report(self, told: Told, crowd: int) -> Document:
        """A report of one to all of its sentences, some paragraphs longer than one, with some of what reports have."""
        chance = self.random.random
        sentences = list(told.sentences[: self.random.randrange(min(2, len(told.sentences)), len(told.sentences) + 1)])
        if told.what == "about":
            others = [s for t in self.told if t.what == "about" and t.language == told.language for s in t.sentences]
            sentences += self.random.sample(others, min(len(others), self.random.randrange(5)))
        elif chance() < 0.3:
            others = [s for t in self.told if t.what == "news" and t.language == told.language for s in t.sentences]
            sentences += self.random.sample(others, min(len(others), 3))
        date = html.escape(self.random.choice(_DATES)) if chance() < 0.75 else ""
        line = self.random.choice(
            ("<p>{}</p>", "<time>{}</time>", "<div class=meta><span>{}</span></div>", "<div>By A. Writer, {}</div>")
        )
        heading = self.random.choice(("<h1>{}</h1>", "<h1>{}</h1>", "<h2>{}</h2>", "<div class=headline>{}</div>"))
        head = heading.format(html.escape(told.headline)) + (line.format(date) if date else "")
        inner = head + self._paragraphs(sentences, self.random.choice(("p", "p", "p", "div")))
        if told.what == "about" and chance() < 0.4:
            inner += "<pre>HTTP/1.1 404 Not Found\nContent-Type: text/html</pre>"
        meta = f'<meta name=description content="{html.escape(sentences[0])}">' if chance() < 0.4 else ""
        meta += "<meta property=og:type content=article>" if chance() < 0.4 else ""
        meta += f'<meta property=article:published_time content="{date}">' if chance() < 0.3 else ""
        title = self.random.choice(
            (told.headline, f"{told.headline} | The Gazette", f"Gazette - {told.headline}", "The Gazette")
        )
        return self._page(title, meta, inner, crowd)

    def notice(self, told: Told, crowd: int) -> Document:
        """A message of three to all of its sentences, with numbers to call or quote; rarely it names no error in its title."""
        chance = self.random.random
        sentences = self.random.sample(
            told.sentences, self.random.randrange(min(3, len(told.sentences)), len(told.sentences) + 1)
        )
        if chance() < 0.4:
            sentences.insert(
                self.random.randrange(len(sentences)), self.random.choice(self.phrases.get(told.language) or [""]) + "."
            )
        if chance() < 0.5:
            sentences.append(self.random.choice(_NUMBERS))
        if chance() < 0.2:  # said again in English below
            sentences += self.random.sample(self.told[[t.what for t in self.told].index("message")].sentences, 2)
        phrase = self.random.choice(self.phrases.get(told.language) or [told.headline])
        title = self.random.choice((phrase, told.headline, "gazette.example", f"{phrase} | Gazette", "Gazette - Online"))
        said = html.escape(phrase), html.escape(told.headline), html.escape(sentences[0])
        head = self.random.choice((f"<h1>{said[0]}</h1>", f"<h2>{said[1]}</h2>", "", f"<h1>{said[2]}</h1>"))
        body = self._paragraphs(sentences, self.random.choice(("p", "p", "li", "div", "td")), self.random.random() < 0.5)
        return self._page(title, "", head + body, crowd if chance() < 0.5 else 0)

    def _paragraphs(self, sentences: list[str], tag: str, joined: bool = True) -> str:
        parts: list[str] = []
        for sentence in sentences:
            if parts and joined and self.random.random() < 0.5:
                parts[-1] += f" {sentence}"
            else:
                parts.append(sentence)
        marked = "".join(f"<{tag}>{html.escape(part)}</{tag}>" for part in parts)
        return f"<ul>{marked}</ul>" if tag == "li" else f"<table><tr>{marked}</tr></table>" if tag == "td" else marked

    def _page(self, title: str, meta: str, inner: str, crowd: int) -> Document:
        """The whole page: `crowd` 0 is bare, 1 has menu and footer, 2 also lists of other headlines beside and below."""
        above = below = ""
        if crowd:
            words = [line.split()[0] for line in self.random.sample(self.headlines, self.random.randrange(4, 40))]
            entries = "".join(f"<li><a href=/{n}>{html.escape(word)}</a></li>" for n, word in enumerate(words))
            above = self.random.choice((f"<nav><ul>{entries}</ul></nav>", f"<div id=top><ul>{entries}</ul></div>"))
            below = "<footer><p>© 2024 Gazette. All rights reserved.</p><a href=/imprint>Imprint</a></footer>"
        if crowd == 2:
            linked = [
                f"<a href=/s/{n}>{html.escape(line)}</a>" for n, line in enumerate(self.random.sample(self.headlines, 40))
            ]
            form = self.random.choice(("<li>{}</li>", "<h3>{}</h3>", "<div class=card><h4>{}</h4></div>", "<p>{}</p>"))
            cut = self.random.randrange(3, 12)
            above += "".join(map(form.format, linked[:cut])) if self.random.random() < 0.3 else ""
            below = "".join(map(form.format, linked[cut : self.random.randrange(cut, 40)])) + below
        story = self.random.choice(_WRAPS).format(inner)
        text = f"<html><head><title>{html.escape(title)}</title>{meta}</head><body>{above}{story}{below}</body></html>"
        return Document(tree=lxml.html.document_fromstring(text), encoding="utf-8", text=text)


def front(stories: list[tuple[str, list[str]]], chance: random.Random) -> Document:
    """A front page that prints the beginnings, or the whole, of several stories under their linked headlines: no article."""
    wrap = chance.choice(("<article>{}</article>", "<div class=post>{}</div>", "<div class=entry><div>{}</div></div>", "{}"))
    level, most, posts = chance.choice(("h1", "h2", "h3")), chance.choice((1, 2, 6)), []
    for number, (headline, paragraphs) in enumerate(chance.sample(stories, chance.randrange(4, 13))):
        date = f"<div class=meta>{chance.choice(_DATES)}</div>" if chance.random() < 0.7 else ""
        lines = "".join(f"<p>{html.escape(text)}</p>" for text in paragraphs[: chance.randrange(1, most + 1)])
        more = f"<a href=/p/{number}>Read more</a>" if chance.random() < 0.5 else ""
        posts.append(wrap.format(f"<{level}><a href=/p/{number}>{html.escape(headline)}</a></{level}>{date}{lines}{more}"))
    others = enumerate(chance.sample(stories, chance.randrange(20)))
    side = "".join(f"<li><a href=/c/{n}>{html.escape(line)}</a></li>" for n, (line, _) in others)
    pager = "<a href=/page/2>2</a> <a href=/page/3>3</a>" if chance.random() < 0.5 else ""
    inner = f"<h1><a href=/>Gazette</a></h1><div id=main>{''.join(posts)}{pager}</div><ul>{side}</ul>"
    text = f"<html><head><title>Gazette - notes</title></head><body>{inner}</body></html>"
    return Document(tree=lxml.html.document_fromstring(text), encoding="utf-8", text=text)
