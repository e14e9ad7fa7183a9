"""The agency that a story came from, as the dateline or byline names it: "(MENAFN- IANS)", "LONDON (Reuters) -", "© dpa"."""

from __future__ import annotations

import re
from collections.abc import Sequence

_NAME = r"[A-Z][\w.&'’ /+-]{1,38}"
# In brackets at the very start, as portals print it: "(MENAFN)", "(MENAFN- Newsfile Corp)", "(AP)".
_PORTAL = re.compile(rf"^\(\s*({_NAME}?)\s*(?:[-–—]\s*({_NAME}))?\s*\)")
# After a place: "LONDON (Reuters) -", "BERLIN, May 3 (dpa) –", "Paris (AFP) —".
_PLACE = re.compile(r"^[^()\n]{2,60}\(\s*([\w.&'’ /+-]{2,30})\s*\)\s*(?:[-–—:]|--)")
# After a place without brackets: "CAIRO, AP —", or before a colon with a slash: "Berlin/dpa -".
_SLASH = re.compile(r"^[A-ZÄÖÜ][\w .-]{2,30}\s*[/,]\s*([A-Za-z][\w&-]{1,11})\s*(?:[-–—]|--)\s")
# At the end: "- AFP", "(dpa)", "/TASS/".
_END = re.compile(r"(?:^|\s)(?:[-–—]\s*([A-Z][A-Za-z]{1,9})|\(([A-Za-z]{2,12}(?:/[A-Za-z]{2,12})?)\)|/([A-Z]{2,10})/)\s*$")
_NO_AGENCY = re.compile(r"^(?:photo|video|file|pic|image|left|right|above|pictured|update|updated|sic|see|story|the)\b", re.I)


# Agencies that sign like people do; a byline has no other sign of what it names.
_AGENCIES = re.compile(
    r"(?:AFP|Agence France[- ]Presse|AP|(?:The )?Associated Press|Reuters|Thomson Reuters|dpa|Deutsche Presse-Agentur|SID|"
    r"APA|ANSA|Adnkronos|EFE|Europa Press|TASS|RIA Novosti|Interfax|Ukrinform|Xinhua|Kyodo(?: News)?|Jiji Press|PTI|"
    r"Press Trust of India|ANI|IANS|UNI|APP|BSS|Bernama|Antara|PNA|VNA|Yonhap|CNA|Anadolu(?: Agency| Ajansı)?|DHA|İHA|IRNA|"
    r"SPA|WAM|KUNA|QNA|MENA|Belga|ANP|NTB|TT|Ritzau|STT|Lusa|PAP|ČTK|CTK|TASR|MTI|Agerpres|BTA|Tanjug|HINA|KNA|epd|"
    r"Keystone-SDA|SDA|ATS|UPI|Bloomberg|PA(?: Media)?|Press Association|AAP|RNZ|(?:The )?Canadian Press|La Presse Canadienne|"
    r"SAPA|NAN|GNA|PR Newswire|GlobeNewswire|Business Wire|Newsfile(?: Corp)?|ACN Newswire|EIN Presswire)",
    re.I,
)


def provider_of(paragraphs: Sequence[str], signed: Sequence[str] = ()) -> str | None:
    """Paragraphs of a story and its authors -> the agency named at its start or end, else one that signs; None when none.

    Of "(MENAFN- IANS)" it is IANS: the portal stands before the agency.
    """
    agency = _dateline(paragraphs) if paragraphs else None
    return agency or next((name for name in signed if _AGENCIES.fullmatch(name)), None)


def _dateline(paragraphs: Sequence[str]) -> str | None:
    first = paragraphs[0][:200]
    portal = _PORTAL.match(first)
    if portal:
        return _agency(portal.group(2) or portal.group(1))
    for pattern in (_PLACE, _SLASH):
        found = pattern.match(first)
        if found and (name := _agency(found.group(1))):
            return name
    end = _END.search(paragraphs[-1][-60:]) if len(paragraphs[-1]) < 60 or paragraphs[-1].endswith((")", "/")) else None
    return _agency(next(group for group in end.groups() if group)) if end else None


def _agency(name: str | None) -> str | None:
    name = " ".join((name or "").split()).strip(" -–—/")
    if not 2 <= len(name) <= 40 or _NO_AGENCY.match(name) or not any(c.isalpha() for c in name) or name.isdecimal():
        return None
    return name
