"""Passages that belong to the site and not to the story, told by what they say: disclaimers, copyright, newsletter calls.

Words are the last resort: these are of the kinds that every site carries, in the languages in which they are most met.
"""

from __future__ import annotations

import re

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
