"""What a page says of itself elsewhere (titles, description, declared body), to compare its passages with."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the page says elsewhere, for likeness: titles, description and JSON-LD's articleBody."""

    titles: tuple[str, ...] = ()
    description: str = ""
    body: str = ""


def tokens(text: str) -> list[str]:
    """Text -> its words, folded."""
    return _WORD.findall(text.casefold())


class Likeness:
    """How like a unit is to the title, the description and the body that the page declares."""

    def __init__(self, said: Said) -> None:
        self.titles = list({frozenset(words) for title in said.titles if (words := tokens(title))})
        self.description = frozenset(tokens(said.description))
        body = tokens(said.body) if len(said.body) > 200 else []
        self.body = set(zip(body, body[1:], body[2:], strict=False))

    def row(self, words: list[str], distinct: set[str]) -> tuple[float, float, float, float, float]:
        """Words of a unit, and the different ones among them -> shares: of the title that the unit says, of the unit that
        the title says; the same of the description, the other way round; of the unit's runs of three in the body, or -1."""
        count = len(distinct) or 1
        of_title = in_title = 0.0
        if len(words) < 60:
            for title in self.titles:
                shared = len(distinct & title)
                if shared:
                    in_title = max(in_title, shared / len(title))
                    of_title = max(of_title, shared / count)
        shared = len(distinct & self.description)
        in_body = -1.0
        if self.body:
            grams = set(zip(words, words[1:], words[2:], strict=False))
            in_body = len(grams & self.body) / len(grams) if grams else 0.0
        return in_title, of_title, shared / count, shared / (len(self.description) or 1), in_body
