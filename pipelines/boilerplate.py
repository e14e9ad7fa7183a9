"""Blocks of a page -> the blocks that are the story, and what was taken out, by rule.

Structure and repetition decide; words decide only where a line is nothing but a stub of the template.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from storage.records import Block, Removed

_WORD = re.compile(r"\w+")
# One token of letters and digits mixed, long, with at least eight digits in a row: an identifier.
_IDENTIFIER = re.compile(r"(?=\S{14,}$)(?=.*\d{8})(?=.*[A-Za-z])[\w.:#/-]+$")
_STUB = re.compile(
    r"(?:no|0)? ?comments?(?: yet)?|tags?|labels?|categor(?:y|ies)|date|newsletter|more stories|share|tweet|"
    r"print|e-?mail|(?:share|tweet) (?:on|via) \w+|follow us(?: on \w+)?|advertisement|read more|"
    r"related(?: (?:stories|articles))?",
    re.I,
)
_DISCLAIMER = re.compile(r"(?:legal )?disclaimer\b", re.I)


def words(text: str) -> tuple[str, ...]:
    """Text -> its words, folded for comparison."""
    return tuple(_WORD.findall(text.casefold()))


def strip(blocks: Iterable[Block], headline: str | None) -> tuple[tuple[Block, ...], tuple[Removed, ...]]:
    """Blocks in reading order and the headline -> (blocks of the story, passages removed)."""
    kept: list[Block] = []
    removed: list[Removed] = []
    seen: set[tuple[str, ...]] = set()
    title = words(headline or "")
    for block in blocks:
        rule = _rule(block, title, seen, first=len(kept) < 3)
        if rule:
            removed.append(Removed(rule=rule, words=block.text))
            continue
        kept.append(block)
        seen.add(words(block.text))
    return tuple(kept), tuple(removed)


def _rule(block: Block, title: tuple[str, ...], seen: set[tuple[str, ...]], *, first: bool) -> str | None:
    said = words(block.text)
    if not said:
        return "no-words"
    if first and said == title:
        return "headline"
    if len(said) > 2 and said in seen:
        return "repeated"
    if _IDENTIFIER.match(block.text):
        return "identifier"
    if _STUB.fullmatch(block.text.strip(" :.…")):
        return "stub"
    if _DISCLAIMER.match(block.text):
        return "disclaimer"
    return None
