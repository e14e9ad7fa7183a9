"""Words of people -> articles: a folded form of text that SQLite's unicode61 tokenizer can find in every script.

unicode61 finds no word inside a Chinese, Japanese or Thai sentence, and no Arabic word that is written with other
marks. So texts and queries are folded alike: NFKC, lower case, Arabic marks and tatweel dropped, alef and yeh forms
joined, and scripts without spaces cut into overlapping pairs of characters.
"""

from __future__ import annotations

import re
import unicodedata

READING_INDEXES: tuple[str, ...] = (
    # What pages and reports ask for: an outlet's days, its runs, and the names to choose from.
    "create index captures_outlet on captures (outlet, fetched_at, outcome, kind)",
    "create index runs_outlet on runs (outlet, run)",
    "create index articles_language on articles (language)",
    "create index articles_provider on articles (provider)",
)
FILTER_INDEXES: tuple[str, ...] = (
    # A filter that leaves few articles is answered from an index; else a search reads the whole catalogue for it.
    "create index articles_fetched on articles (fetched_at)",
    "create index articles_relation on articles (relation)",
)
MOST = 64
LEAST = 3
TERM = re.compile(r'"([^"]+)"|([^\s"]+)')
STARRED = re.compile(rf"\w{{{LEAST},}}\*")
_MARKS = re.compile("[\u064b-\u065f\u0670\u0640\u200b-\u200f\u00ad\u061c]")
_LETTERS = str.maketrans("أإآٱىئیک", "ااااييي" + "ك")
_LETTER = re.compile("[" + "".join(map(chr, _LETTERS)) + "]")
# Han, kana, Thai, Lao, Khmer, Myanmar: written without spaces between words.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002ffff]+")


def fold(text: str) -> str:
    """Text -> the form that is indexed and searched."""
    if text.isascii():  # nothing of what follows is in it
        return text.replace("\0", " ").lower()
    folded = unicodedata.normalize("NFKC", text.replace("\0", " ")).lower()
    folded = _MARKS.sub("", folded)
    if _LETTER.search(folded):  # `translate` looks up every character of every story that is not ASCII
        folded = folded.translate(_LETTERS)
    return _UNSPACED.sub(lambda run: " " + _pairs(run.group()) + " ", folded)


def _pairs(run: str) -> str:
    return " ".join(run[i : i + 2] for i in range(len(run) - 1)) if len(run) > 1 else run


def match_expression(words: str) -> str:
    """What a person typed -> an FTS5 MATCH expression that asks for all of it; quotes make a phrase, a star behind LEAST letters
    or more stands for the rest of a word. '' for nothing.

    Every term is quoted: raw text such as foo", C++ or x:y is a syntax error to FTS5. It is asked for the first MOST
    different terms: a pasted page is no question, and FTS5 takes only so many.
    """
    terms = []
    for phrase, word in TERM.findall(words):
        folded = fold(phrase or word).split()
        if folded:
            terms.append('"' + " ".join(part.replace('"', "") for part in folded) + '"' + " *" * bool(STARRED.fullmatch(word)))
    sound = dict.fromkeys(term for term in terms if any(character.isalnum() for character in term))
    return " ".join(list(sound)[:MOST])
