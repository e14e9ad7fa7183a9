"""The language of a story as an html lang tag: what the page says, unless its letters say otherwise, then a model."""

from __future__ import annotations

import re
from collections.abc import Iterable

from py3langid import langid

_TAG = re.compile(r"^[a-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*$", re.I)
# Scripts that only these languages write: a page that says "en" over a story in one of them is wrong.
_SCRIPTS = (
    (re.compile("[\u3040-\u30ff]"), {"ja"}),
    (re.compile("[\uac00-\ud7a3]"), {"ko"}),
    (re.compile("[\u4e00-\u9fff]"), {"zh", "ja", "yue"}),
    (re.compile("[\u0590-\u05ff]"), {"he", "yi", "iw"}),
    (re.compile("[\u0600-\u06ff]"), {"ar", "fa", "ur", "ps", "ku", "ckb", "ug", "sd", "dv"}),
    (re.compile("[\u0e00-\u0e7f]"), {"th"}),
    (re.compile("[\u0900-\u097f]"), {"hi", "mr", "ne", "sa"}),
    (re.compile("[\u0980-\u09ff]"), {"bn", "as"}),
    (re.compile("[\u0370-\u03ff]"), {"el"}),
    (re.compile("[\u0400-\u04ff]"), {"ru", "uk", "bg", "sr", "mk", "be", "kk", "ky", "mn", "tg", "uz", "az", "tt", "ba", "cv"}),
)
_LETTERS = re.compile(r"[^\W\d_]")
_BEYOND_LATIN = re.compile("[\u0370-\u1dff\u2e80-\ufffc]")
# Written in more than one script, so that no script speaks against them.
_EITHER = frozenset(("sr", "az", "uz", "kk", "ku", "mn", "ug", "tt"))
_SCRIPTED = frozenset().union(*(languages for _, languages in _SCRIPTS)) - _EITHER


def language_of(text: str, said: Iterable[str | None]) -> tuple[str | None, str | None]:
    """Text of a story, and the tags that the page offers in order of trust -> (language tag, source)."""
    sample = text[:1200]
    for tag in said:
        if tag and _TAG.match(tag.strip()) and _fits(tag.strip().replace("_", "-"), sample):
            return tag.strip().replace("_", "-"), "page"
    if len(sample) < 40:
        return None, None
    return _guess(sample), "text"


def _fits(tag: str, sample: str) -> bool:
    primary = tag.split("-")[0].lower()
    # Nearly all pages of the world's Latin scripts end here.
    if primary not in _SCRIPTED and (sample.isascii() or not _BEYOND_LATIN.search(sample)):
        return True
    letters = len(_LETTERS.findall(sample))
    if letters < 40:
        return True
    if len(_BEYOND_LATIN.findall(sample)) <= 0.3 * letters:
        return primary not in _SCRIPTED
    for script, languages in _SCRIPTS:
        share = len(script.findall(sample)) / letters
        if share > 0.3:
            return primary in languages
    return primary not in _SCRIPTED


def _guess(sample: str) -> str:
    language: str = langid.classify(sample)[0]
    return language
