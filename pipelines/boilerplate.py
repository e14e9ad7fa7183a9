"""Pieces of a page, each kept or taken out with its rule -> the same pieces after the rules that need no model.

Structure and repetition decide first; words decide only where a line is nothing but a stub of the template, or of the kinds
that every site carries (disclaimers, copyright, newsletter calls), in the languages in which they are most met.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import chain, pairwise
from typing import NamedTuple

import numpy as np

from storage.records import BlockKind

_WORD = re.compile(r"\w+")
# Scripts without spaces: a character is as good as a word.
_DENSE = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")
# One token of letters and digits mixed, long, with at least eight digits in a row: an identifier.
_IDENTIFIER = re.compile(r"(?=\S{14,80}$)(?=\S*\d{8})(?=\S*[A-Za-z])[\w.:#/-]+$")
_STUB = re.compile(
    r"(?:no|0|\d+)? ?comments?(?: yet)?|tags?|labels?|categor(?:y|ies)|date|newsletter|more stories|share|tweet|"
    r"print|e-?mail|(?:share|tweet) (?:on|via) \w+|follow us(?: on \w+)?|advertisement|read more|"
    r"(?:read|up|see) next|(?:read|see) also|also read|you may also like|recommended(?: for you)?|more on this(?: story)?|"
    r"trending(?: now)?|most read|related(?: (?:stories|articles|news|topics))?|share this(?: (?:story|article|post))?",
    re.I,
)
_DISCLAIMER = re.compile(r"(?:legal )?disclaimers?\s*[:.–-]", re.I)
_WHOLE = 8  # words from which a passage that repeats another is taken out wherever it stands
_GRAM = 4
_COMPARED = 5_000  # passages compared with each other; longer pages are protocols and tables
_SHARED = 0.9


class Piece(NamedTuple):
    """A unit of the page. `group`: pieces next to each other with the same number are one block (-1: alone);
    `row`: pieces of one line of a table. `rule` is None while the piece is part of the story. `words`: its folded words,
    where somebody has read them."""

    text: str
    kind: BlockKind
    group: int = -1
    row: int = -1
    rule: str | None = None
    words: Sequence[str] | None = None


def words(text: str, known: Sequence[str] | None = None) -> tuple[str, ...]:
    """Text -> its words, folded for comparison; characters where the script has no spaces. `known`: its runs of letters and
    figures, folded."""
    if not text.isascii() and _DENSE.search(text):
        return tuple(_WORD.findall(_DENSE.sub(lambda match: f" {match.group()} ", text.casefold())))
    return tuple(_WORD.findall(text.casefold()) if known is None else known)


def strip(pieces: Sequence[Piece], headline: str | None) -> list[Piece]:
    """Pieces in reading order and the headline -> the pieces, those that the rules take out with their rule."""
    said = [words(piece.text, piece.words) if piece.rule is None else () for piece in pieces]
    rules: list[str | None] = [piece.rule for piece in pieces]
    _each(pieces, said, rules, words(headline) if headline else ())
    _repeated(said, rules)
    _headings(pieces, rules)
    return [
        piece if piece.rule is rule else piece._replace(rule=rule) for piece, rule in zip(pieces, rules, strict=True)
    ]


def _each(
    pieces: Sequence[Piece], said: Sequence[tuple[str, ...]], rules: list[str | None], title: tuple[str, ...]
) -> None:
    """Rules that look at one piece alone."""
    before = 0
    late = _late(rules)
    labelled = False  # below a line that is nothing but "Legal disclaimer:"
    for index, piece in enumerate(pieces):
        heading = piece.kind is BlockKind.HEADING
        labelled = not heading and (labelled or is_label(piece.text))
        if rules[index] is not None:
            continue
        if not said[index]:
            rules[index] = "no-words"
        elif said[index] == title and (before < 3 or heading):
            rules[index] = "headline"
        elif _IDENTIFIER.match(piece.text):
            rules[index] = "identifier"
        elif len(piece.text) < 60 and _STUB.fullmatch(piece.text.strip(" :.…")):
            rules[index] = "stub"
        elif labelled or (not heading and _DISCLAIMER.match(piece.text)):
            rules[index] = "disclaimer"
        elif not heading and (rule := site_words(piece.text, late=index >= late)):
            rules[index] = rule
        else:
            before += 1


def _late(rules: Sequence[str | None]) -> int:
    """Index from which pieces stand in the last part of the story: its last four, and no more than its last half."""
    kept = [index for index, rule in enumerate(rules) if rule is None]
    return kept[max(len(kept) // 2, len(kept) - 4)] if kept else 0


def _repeated(said: Sequence[tuple[str, ...]], rules: list[str | None]) -> None:
    """Takes out passages that repeat another one, whole or as part of it, also with small differences."""
    kept = [index for index, rule in enumerate(rules) if rule is None][:_COMPARED]
    if not _may_repeat([said[index] for index in kept]):
        return
    grams = {index: _grams(said[index]) for index in kept}
    heard = Counter(chain.from_iterable(grams.values()))
    twice = {gram for gram, count in heard.items() if count > 1}
    if not twice:
        return
    holders: dict[tuple[str, ...], list[int]] = {}
    for index in kept:
        for gram in grams[index] & twice:
            holders.setdefault(gram, []).append(index)
    copies: set[int] = set()
    for index in kept:
        common = grams[index] & twice
        size = len(grams[index])
        if len(said[index]) < _WHOLE or len(common) < _SHARED * size:
            continue
        if _is_held(index, said, size, [holders[gram] for gram in common], copies):
            copies.add(index)
            rules[index] = "repeated"
    # Shorter lines may recur in a text; they go when they stand in a passage that recurs as a whole.
    first: dict[tuple[str, ...], int] = {}
    followers = dict(pairwise(kept))
    for index, following in followers.items():
        source = first.setdefault(said[index], index)
        if rules[index] == "repeated" and rules[following] is None and said[index] == said[source]:
            twin = followers.get(source)
            if twin is not None and twin < index and said[twin] == said[following]:
                rules[following] = "repeated"


def _may_repeat(said: Sequence[tuple[str, ...]]) -> bool:
    """Words of passages -> False when surely none of them repeats another: as numbers, at a fifth of the cost of finding out
    which one does. Each gram is one number; two different grams that are the same number do not matter here."""
    lengths = np.fromiter(map(len, said), np.int64, len(said))
    # The numbers differ from process to process; what is found does not.
    numbers = np.fromiter(map(hash, chain.from_iterable(said)), np.int64, int(lengths.sum())).view(np.uint64)
    if len(numbers) < _WHOLE or len(said) < 2:
        return False
    passage = np.repeat(np.arange(len(said)), lengths)
    last = np.repeat(np.cumsum(lengths), lengths) - np.arange(len(numbers)) < _GRAM  # no gram starts so near the end
    grams = numbers[: 1 - _GRAM]
    for step in range(1, _GRAM):
        grams = grams * np.uint64(0x9E3779B97F4A7C15) + numbers[step : step + len(grams)]
    whole = ~last[: len(grams)]
    _, gram = np.unique(grams[whole], return_inverse=True)
    each = np.unique(passage[: len(grams)][whole] * (len(numbers) + 1) + gram)
    passage, gram = np.divmod(each, len(numbers) + 1)
    shared = np.bincount(gram)[gram] > 1
    sizes = np.bincount(passage, minlength=len(said))
    common = np.bincount(passage, weights=shared, minlength=len(said))
    return bool(np.any((lengths >= _WHOLE) & (common >= _SHARED * sizes)))


def _grams(said: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
    if len(said) < _GRAM:
        return frozenset((said,))
    return frozenset(zip(said, said[1:], said[2:], said[3:], strict=False))


def _is_held(
    index: int, said: Sequence[tuple[str, ...]], size: int, holders: list[list[int]], copies: set[int]
) -> bool:
    """Whether one other piece says all of this one: a longer one, or one as long and earlier."""
    shared: Counter[int] = Counter()
    for row in holders:
        if len(row) < 50:
            shared.update(row)
    for other, count in shared.items():
        if other != index and count >= _SHARED * size and other not in copies:
            longer = len(said[other]) - len(said[index])
            if (longer > 0 or (other < index and longer > -_GRAM)) and _figures(said[index]) <= _figures(said[other]):
                return True
    return False


def _figures(said: tuple[str, ...]) -> set[str]:
    """The figures of a passage: lines of a table or a series differ in nothing else, and are no copies."""
    return {word for word in said if word[0].isdigit()}


def _headings(pieces: Sequence[Piece], rules: list[str | None]) -> None:
    """Takes out headings under which nothing is left."""
    below = False
    for index in range(len(pieces) - 1, -1, -1):
        if pieces[index].kind is not BlockKind.HEADING:
            below = below or rules[index] is None
        elif rules[index] is None and not below:
            rules[index] = "heading-of-nothing"


_LABEL = re.compile(
    r"(?:legal |important )?(?:disclaimers?|notice)\s*[:.–-]?|haftungsausschluss\s*:?|avertissement(?: légal)?\s*:?|"
    r"aviso legal\s*:?|descargo de responsabilidad\s*:?|إخلاء (?:ال)?مسؤولية\s*:?|免责声明\s*[:：]?|免責事項\s*[:：]?",
    re.I,
)
_LABEL_STARTS = frozenset("lLiIdDnNhHaAإا免")
_LEGAL = re.compile(
    r"without (?:any )?warrant(?:y|ies)(?: of any kind)?|\bas[- ]is\b.{0,40}warrant|"
    r"(?:do(?:es)? not|no) accept(?:s)? any (?:responsibility|liability)|accepts? no (?:responsibility|liability)|"
    r"all rights reserved|may not be (?:reproduced|republished|redistributed|copied|published, broadcast)|"
    r"(?:reproduction|republication|copying).{0,60}(?:without|needs|requires).{0,40}(?:permission|consent)|"
    r"no part of this (?:page|site|publication|article) may|copyright issues related to|"
    r"alle rechte vorbehalten|nachdruck.{0,40}(?:verboten|genehmigung)|tous droits réservés|todos los derechos reservados|"
    r"tutti i diritti riservati|todos os direitos reservados|alle rechten voorbehouden|все права защищены|"
    r"جميع الحقوق محفوظة|版权所有|著作権|無断転載|무단 ?전재",
    re.I | re.S,
)
# What every text that _LEGAL finds holds: looked for first, at a fiftieth of the cost.
_LEGAL_STEMS = (
    "warrant", "responsibility", "liability", "all rights reserved", "may not be", "permission", "consent", "no part of this",
    "copyright issues", "alle recht", "verboten", "genehmigung", "tous droits", "todos los", "tutti i diritti", "todos os",
    "все права", "جميع الحقوق", "版权所有", "著作権", "無断転載", "전재",
)  # fmt: skip
_COPYRIGHT = re.compile(r"^\W*(?:©|\(c\)|copyright\b).{0,100}$", re.I)
_CALL = re.compile(
    r"^\W*(?:sign up|subscribe|register|join|get)\b.{0,200}\b(?:inbox|newsletters?|e-?mail|daily letter|briefing)\b|"
    r"^\W*(?:abonnieren|melden sie sich|jetzt anmelden|inscrivez-vous|abonnez-vous|suscr[ií]bete|iscriviti|assine)\b.{0,200}",
    re.I | re.S,
)


_CONSENT = re.compile(
    r"\b(?:we|wir|nous)\b.{0,60}\bpartners?\b.{0,60}\b(?:privacy|data|cookies|daten|données)\b|accept all cookies|"
    r"(?:we|this (?:site|website)) uses? cookies|wir verwenden cookies|nous utilisons des cookies|utilizamos cookies|"
    r"utilizziamo (?:i )?cookie|мы используем (?:файлы )?cookie|we value your privacy",
    re.I | re.S,
)


_CONSENT_STEMS = ("partner", "cookie", "we value your privacy")


def is_label(text: str) -> bool:
    """Whether a passage is nothing but "Legal disclaimer:" or the like."""
    return text[:1] in _LABEL_STARTS and len(text) < 60 and _LABEL.fullmatch(text) is not None


def site_words(text: str, *, late: bool) -> str | None:
    """A passage -> the rule that takes it out ("disclaimer", "newsletter", "consent"), or None. `late`: it stands in the last part of
    the text; a story may quote a disclaimer anywhere, but none ends with its own."""
    if len(text) < 260 and _CALL.match(text):
        return "newsletter"
    folded = text[:600].casefold()
    if len(text) < 400 and any(stem in folded for stem in _CONSENT_STEMS) and _CONSENT.search(text):
        return "consent"
    if late and ((any(stem in folded for stem in _LEGAL_STEMS) and _LEGAL.search(text[:600])) or _COPYRIGHT.match(text)):
        return "disclaimer"
    return None
