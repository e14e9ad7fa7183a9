"""The agency that a story came from, as the dateline or byline names it: "(MENAFN- IANS)", "LONDON (Reuters) -", "© dpa"."""

from __future__ import annotations

import re
from collections.abc import Sequence

_NAME = r"[A-Z][\w.&'’ /+-]{1,38}"
# In brackets at the very start, as portals print it: "(MENAFN)", "(MENAFN- Newsfile Corp)", "(AP)".
_PORTAL = re.compile(rf"^\(\s*({_NAME}?)\s*(?:[-–—]\s*({_NAME}))?\s*\)")
# After a place: "LONDON (Reuters) -", "BERLIN, May 3 (dpa) –", "Paris (AFP) —".
_PLACE = re.compile(r"^([^()\n]{2,60})\(\s*([\w.&'’ /+-]{2,30})\s*\)\s*(?:[-–—:]|--)")
# After a place without brackets: "CAIRO, AP —", or before a colon with a slash: "Berlin/dpa -".
_SLASH = re.compile(r"^[A-ZÄÖÜ][\w .-]{2,30}\s*[/,]\s*([A-Za-z][\w&-]{1,11})\s*(?:[-–—]|--)\s")
# At the end: "- AFP", "(dpa)", "/TASS/".
_END = re.compile(r"(?:^|\s)(?:[-–—]\s*([A-Z][A-Za-z]{1,9})|\(([A-Za-z]{2,12}(?:/[A-Za-z]{2,12})?)\)|/([A-Z]{2,10})/)\s*$")
_NO_AGENCY = re.compile(r"^(?:photo|video|file|pic|image|left|right|above|pictured|update|updated|sic|see|story|the)\b", re.I)


# Agencies by name: in a byline, behind a place or at the end nothing else tells them from persons, countries, initials.
_AGENCIES = re.compile(
    r"(?:AFP|AP|SID|APA|ANSA|AKI|EFE|TASS|PTI|ANI|IANS|UNI|APP|BSS|PNA|VNA|CNA|DHA|İHA|IHA|AA|IRNA|SPA|WAM|KUNA|QNA|MENA|"
    r"ANP|NTB|TT|STT|PAP|ČTK|CTK|TASR|MTI|BTA|HINA|KNA|SDA|ATS|UPI|PA|AAP|RNZ|NZPA|SAPA|NAN|GNA|[Dd]pa|DPA|epd|EPD|sda|apa|"
    r"sid|kna|ots|РИА Новости|ТАСС|УНН|Интерфакс|共同|時事|新华社|新華社|中央社|연합뉴스|وام|واس|سانا|رويترز|"
    r"(?i:reuters|thomson reuters|(?:the )?associated press|agence france[- ]presse|deutsche presse-agentur|adnkronos|europa press|"
    r"ria novosti|interfax|ukrinform|xinhua(?:net)?|kyodo(?: news)?|jiji press|press trust of india|bernama|antara|yonhap|"
    r"anadolu(?: agency| ajansı)?|belga|ritzau|lusa|agerpres|tanjug|keystone-sda|bloomberg|pa media|press association|"
    r"(?:the )?canadian press|la presse canadienne|pr newswire|globenewswire|business wire|newsfile(?: corp)?|acn newswire|"
    r"ein presswire))"
)


def provider_of(paragraphs: Sequence[str], signed: Sequence[str] = ()) -> str | None:
    """Paragraphs of a story and its authors -> the agency named at its start or end, else one that signs; None when none.

    Of "(MENAFN- IANS)" it is IANS: the portal stands before the agency.
    """
    agency = _dateline(paragraphs) if paragraphs else None
    return agency or next((name for name in signed if _is_agency(name)), None)


def _dateline(paragraphs: Sequence[str]) -> str | None:
    first = paragraphs[0][:200]
    portal = _PORTAL.match(first)
    if portal:
        return _agency(portal.group(2) or portal.group(1))
    found = _PLACE.match(first)
    if found and (name := _agency(found.group(2))):
        place = found.group(1)
        # "OSLO (Harbour Wire) -", not "Ida Kern (SPD) -".
        if _is_agency(name) or place.isupper() or "," in place or any(c.isdigit() for c in place):
            return name
    found = _SLASH.match(first)
    if found and _is_agency(found.group(1)):
        return found.group(1)
    end = _END.search(paragraphs[-1][-60:])
    name = next(group for group in end.groups() if group) if end else ""
    return name if _is_agency(name) else None


def _is_agency(name: str) -> bool:
    return bool(name) and all(_AGENCIES.fullmatch(part) for part in name.split("/"))


def _agency(name: str | None) -> str | None:
    name = " ".join((name or "").split()).strip(" -–—/")
    if not 2 <= len(name) <= 40 or _NO_AGENCY.match(name) or not any(c.isalpha() for c in name) or name.isdecimal():
        return None
    return name
