"""Title and shown passages -> what the page says of itself, by place and kind.

A page that is an error says so with most of the words of its title, of a heading or of a short passage; a story about
errors uses the same words among others. So what counts is the share of a text that the phrases cover.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from pipelines.error_words import WALLS, find, fold
from pipelines.shown import BUTTON, FOOTER, HEADING, MENU, Passage
from storage.records import Kind

_SEGMENTS = re.compile(r"\s[|\-·»«•:]+\s|[|»•]|: ")
_WALLS = (Kind.CONSENT, Kind.PAYWALL)
# Words that servers use in pages of every language, and addresses.
_MACHINE = re.compile(
    r"(?<![a-z])(?:ip|url|uri|https?|proxy|webmaster|admin(?:istrator)?|browser|cookies?|javascript|server|nginx|apache|squid|"
    r"cloudflare|akamai|incapsula|ray id|incident|reference|request|support id|session|cache|gateway|firewall|waf|host|dns|isp)"
    r"(?![a-z])|\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{12,}|браузер|сервер|сайт|провайдер|администратор|ブラウザ|サーバ|浏览器|服务器|网站|"
    r"瀏覽器|브라우저|서버|متصفح|خادم|דפדפן|เบราว์เซอร์|website|webseite|site web|sitio web"
)
_HEARD = 2_500  # characters of unlinked text that are listened to
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
    machine: float  # words of machines (IP, URL, proxy, ray id, ...) for every 25 words listened to, at most 1


class _Ear:
    """Gathers what is said."""

    def __init__(self) -> None:
        self.by_kind: dict[Kind, float] = {}
        self.quotes: dict[str, str] = {}
        self.listing = self.wall = self.cut = 0.0

    def hear(self, text: str, place: str, weight: float, scale: int = 0) -> float:
        """A text -> the share of it that error phrases cover, 0 to 1; notes the kinds and quotes it."""
        folded = fold(text)
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
    in_title = max((ear.hear(segment.strip(), "title", 3.0) for segment in segments), default=0.0)
    in_heading, headings, spoken, heard, spoken_all, machine, early = 0.0, 0, 0, 0, 0, 0, 0.0
    speaking = set[int]()
    for index, passage in enumerate(shown):
        if heard >= _HEARD:
            break
        text = passage.text
        if passage.linked > 0.6 * len(text) or passage.inside & (MENU | FOOTER | BUTTON):
            continue
        heading = passage.inside & HEADING and passage.element.tag in ("h1", "h2", "h3")
        share = ear.hear(text[:_LONG], "heading" if heading else "passage", 2.5 if heading else 1.0)
        if heading and headings < 2:
            in_heading, headings = max(in_heading, share), headings + 1
        if heard < 250:
            early = max(early, share)
        heard += min(len(text), _LONG)
        machine += len(_MACHINE.findall(text[:_LONG].lower()))
        if share >= (0.12 if len(text) >= 80 else 0.2):
            speaking.add(index)
            spoken_all += min(len(text), _LONG)
            spoken += len(text) if len(text) >= 80 else 0
    mechanical = min(machine * 150 / max(heard, 300), 1.0)
    return Speech(
        in_title, in_heading, len(speaking), min(ear.wall, 2.0) / 2, ear.cut, min(ear.listing, 1.0), spoken,
        spoken_all / max(heard, 1), ear.by_kind, ear.quotes, frozenset(speaking), early, mechanical,
    )  # fmt: skip
