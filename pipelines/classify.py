"""A capture and its Document -> a Page: the kind of answer it is, with the evidence quoted.

Shown text decides. What a page says of itself in its title, headings and short passages speaks against it; running
text (long passages that are no links) speaks for it; the status is one more piece of evidence and never the verdict.
The sum of the weights decides, so that the same evidence always gives the same verdict.
"""

from __future__ import annotations

import re

from pipelines.document import Document
from pipelines.shown import Passage
from storage.records import Capture, Evidence, Kind, Page

_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_SAYS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (Kind.CHALLENGE, re.compile(
        r"just a moment|attention required|robot check|captcha|not a robot|are you (?:a )?human|checking (?:if|your)|"
        r"ddos protection|security check|verify (?:that )?you are|you are being redirected", re.I)),
    (Kind.NOT_FOUND, re.compile(
        r"\b404\b|\b410\b|not found|(?:doesn.t|does not|no longer) exist|can(?:.t|not) be found|no longer available|"
        r"nicht gefunden|introuvable|no encontrad|não encontrad|non trovat|не найден|見つかりません|找不到|찾을 수 없", re.I)),
    (Kind.FORBIDDEN, re.compile(
        r"\b403\b|\b451\b|forbidden|access (?:is )?denied|don.t have permission|blocked|not available in your|"
        r"zugriff verweigert|gesperrt|accès (?:refusé|interdit)|acceso denegado|acesso negado|accesso negato|"
        r"доступ (?:запрещ|огранич|закрыт)|заблокирован|访问被拒绝|拒否", re.I)),
    (Kind.MAINTENANCE, re.compile(r"maintenance|wartungsarbeiten|mantenimiento|techni[ck]\w+ works|メンテナンス", re.I)),
    (Kind.CONSENT, re.compile(r"we and our partners|cookies|consent|einwilligung", re.I)),
    (Kind.PAYWALL, re.compile(r"subscribe (?:now|to)|to continue reading|log ?in|sign in to|abonn", re.I)),
    (Kind.SOFT_ERROR, re.compile(
        r"\b50[0-4]\b|\berror\b|went wrong|bad gateway|unavailable|timed? ?-?out|suspended|fehler|erreur|"
        r"ошибка|エラー|错误|for sale", re.I)),
)
_OF_STATUS = {401: Kind.PAYWALL, 403: Kind.FORBIDDEN, 404: Kind.NOT_FOUND, 410: Kind.NOT_FOUND, 451: Kind.FORBIDDEN}
_ENOUGH = 300  # characters of running text that make a story, when nothing speaks against it


def classify(capture: Capture, document: Document | None) -> Page:
    """Capture and its Document (None: the body is no markup) -> Page with kind and evidence. Pure."""
    if document is None:
        evidence = (Evidence(rule="no-markup", words="", weight=10.0),)
        return Page(capture=capture, kind=Kind.EMPTY, evidence=evidence)
    shown = [passage for passage in document.passages if not passage.hidden]
    said = _said(document, shown)
    evidence, spoken = _weigh(capture, shown, said)
    against = sum(one.weight for one in evidence) > 0
    kind = _kind(spoken, capture, shown) if against else Kind.ARTICLE
    odd = (f"status-{capture.status}",) if kind is Kind.ARTICLE and capture.status >= 400 else ()
    return Page(
        capture=capture, kind=kind, evidence=tuple(evidence), title=document.title, flags=odd,
        text="\n".join(passage.text for passage in shown), encoding=document.encoding,
    )


def _length(text: str) -> int:
    """Characters, those of scripts that write a word in one or two of them counted double."""
    return len(text) if text.isascii() else len(text) + len(_WIDE.findall(text))


def _running(passage: Passage) -> bool:
    """Whether a passage reads as running text: long, and no list of links."""
    return _length(passage.text) >= 80 and passage.linked <= 0.4 * len(passage.text)


def _said(document: Document, shown: list[Passage]) -> list[tuple[str, str]]:
    """What the page says of itself: (place, words) of the title, of headings and of the first short passages."""
    said = [("title", document.title or "")]
    own = [passage for passage in shown if passage.linked < 0.5 * len(passage.text)]
    said += [("heading", p.text) for p in own if p.element.tag in ("h1", "h2")][:4]
    said += [("passage", p.text) for p in own if len(p.text) < 300][:40]
    return said


def _weigh(
    capture: Capture, shown: list[Passage], said: list[tuple[str, str]]
) -> tuple[list[Evidence], list[Kind]]:
    """-> the evidence, and the kinds that it speaks for, strongest place first."""
    running = [passage.text for passage in shown if _running(passage)]
    length = sum(map(_length, running))
    evidence = [Evidence(rule="running-text", words=" ".join(running)[:80], weight=-min(length / _ENOUGH, 8.0) + 0.95)]
    spoken: list[Kind] = []
    for place, words in said:
        found = next(((kind, m.group()) for kind, says in _SAYS if (m := says.search(words))), None)
        if found and found[0] not in spoken:
            spoken.append(found[0])
            weight = {"title": 2.0, "heading": 2.0, "passage": 0.5}[place]
            evidence.append(Evidence(rule=f"{place}-says-{found[0].value.lower()}", words=found[1], weight=weight))
    if capture.status >= 400:
        evidence.append(Evidence(rule="status", words=str(capture.status), weight=0.8))
    teasers = _teasers(shown)
    if teasers > 7:
        evidence.append(Evidence(rule="teasers", words=str(teasers), weight=0.3 * teasers))
        spoken.append(Kind.LISTING)
    return evidence, spoken


def _teasers(shown: list[Passage]) -> int:
    """How many linked headings have a piece of running text right below."""
    count, headed = 0, 9
    for passage in shown:
        heading = passage.element.tag in ("h1", "h2", "h3", "h4") and passage.linked > 0.7 * len(passage.text)
        headed = 0 if heading else headed + 1
        if headed in (1, 2, 3) and _running(passage):
            count, headed = count + 1, 9
    return count


def _kind(spoken: list[Kind], capture: Capture, shown: list[Passage]) -> Kind:
    """What a page that is no article is, from what it says, its status, and how much it shows."""
    for kind in spoken:
        if kind is not Kind.SOFT_ERROR:
            return kind
    if capture.status in _OF_STATUS:
        return _OF_STATUS[capture.status]
    if spoken or capture.status >= 400:
        return Kind.SOFT_ERROR
    links = sum(passage.linked > 0.7 * len(passage.text) for passage in shown)
    return Kind.LISTING if links > 40 else Kind.EMPTY
