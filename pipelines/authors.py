"""Who wrote a story: people and agencies, from JSON-LD, meta, microdata or the byline; never "admin" or the site's name.

And the agency that it came from, as the dateline or byline names it: "(MENAFN- IANS)", "LONDON (Reuters) -", "© dpa".
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice

from lxml.html import HtmlElement

from pipelines.document import Document
from pipelines.months import month_of
from pipelines.shown import BLOCKS, FOOTER, FORM, MENU
from pipelines.structured import Node, Structured, letters
from pipelines.vicinity import Vicinity

META = (
    "author", "article:author", "dc.creator", "dcterms.creator", "byl", "parsely-author", "sailthru.author", "citation_author",
    "cxenseparse:author", "authors", "article.author", "vr:author", "article:author_name", "dc.contributor", "creator",
)  # fmt: skip
_BYLINE_CLASS = re.compile(
    r"byline|(?<![a-z])autor|author(?!i[sz]|ity|.{0,6}(?:bio|box|card|desc|info-text))|(?<![a-z])writer|verfasser|redacteur",
    re.I,
)
_BYLINE_NOT = re.compile(r"\b(?:follow|share|comment|newsletter|more from|all posts|view all|read more)\b", re.I)
# "By Name Name", "Von Vorname Nachname", at the start of a short passage or after a separator.
_BY = re.compile(
    r"(?:^|[|•·]\s*)(?:[Bb]y|BY|[Vv]on|VON|[Pp]ar|[Pp]or|[Dd]oor|[Dd]i)[:\s]\s*((?:[A-ZÀ-ÞŁŠŽČĐ][\w.'’-]+[\s,]*(?:and|und|et|y|e|en|&)?\s*){2,8})"
)
_NEAR = 16
_NO_BYLINE = FORM | MENU | FOOTER
_LEADING = re.compile(
    r"^\W*(?:(?:written|posted|reported|story|words|text)\s+by|by|von|from|par|por|di|af|av|door|przez|от|автор|текст|text|"
    r"autor(?:in|es|e)?|auteurs?|author|escrito por|publicado por|reporter|reportage|redaktion|مؤلف|بقلم|كتب|文|記者|作者|글)"
    r"(?:\s*[:：]\s*|\s+|$)",
    re.I,
)
_SPLIT = re.compile(
    r"\s*(?:,|;|\||/|·|•|\band\b|\bund\b|\bet\b|\by\b|\be\b|\boch\b|\bog\b|\ben\b|\bи\b|&|、)\s*(?!\s*(?:jr|sr|ph\.?d|md)\b)",
    re.I,
)
_NO_NAME = re.compile(
    r"^(?:admin(?:istrator)?|administrador|editors?|editorial(?: team| staff)?|staff(?: writers?| reporters?)?|webmaster|"
    r"web ?desk|news ?(?:desk|room)|online|redaktion|redaction|rédaction|redacción|redazione|redactie|guest|contributor|"
    r"unknown|none|null|user|anonymous|root|by|author|published|updated|date|time|posted|follow|share|team|moderator|www|home|name|"
    r"quelle|source)$",
    re.I,
)
# "5 days ago", "Jan 4": times where a name should be.
_NO_PERSON = re.compile(r"^\d+ |^[^\W\d]{3,9}\.? \d{1,2}$")
_NETWORK = re.compile(r"\b(?:twitter|facebook|whatsapp|instagram|linkedin|telegram|youtube|pinterest|rss)\b", re.I)
_MAIL = re.compile(r"\S+@\S+\.\w+|https?://\S+", re.I)
_URL = re.compile(r"https?://|www\.|\.(?:com|org|net|de|uk)\b|^(?:[\w-]{2,}\.)+[a-z]{2,}$", re.I)
_ROLE = re.compile(r"\s*(?:\(.*?\)|\[.*?\]|[-–—|]\s.*$)")
# What somebody is, behind the name: "Ida Kern, Senior Reporter".
_OFFICE = re.compile(
    r"(?:^|[\s-])(?:editor|reporter|correspondent|writer|journalist|columnist|redakteur(?:in)?|korrespondent(?:in)?|"
    r"journaliste|giornalista|periodista|corresponsal|korespondent)$",
    re.I,
)
_WRITTEN = re.compile(r"written|author|verfasst|geschrieben|autor|écrit|auteur|escrito|scritto|geschreven|автор|kirjoitt", re.I)
_TIME = re.compile(r"\s(?:\d{1,2}[\s.:/-]|\d{4}-).*$")
_MOST, _PARTS, _LONGEST = 12, 40, 400  # authors, elements of a byline, characters of a name or byline
_LISTED, _TOGETHER = ("microdata", "rel"), 4  # sources that may name the authors of teasers; the most that sign one story


def authors(
    document: Document, said: Structured, story: Node, site: Iterable[str], near: Vicinity
) -> tuple[tuple[str, ...], str | None]:
    """What is known of a page, names of its site, where its story stands -> (authors in order, source). Empty when nobody is named.

    The site's own name is no author, but where JSON-LD says that the newsroom signs the story and nobody else does.
    """
    names = {letters(name) for name in site if name}

    def first(
        sources: Iterable[tuple[list[str], str]], wanted: Callable[[str], bool] = bool
    ) -> tuple[tuple[str, ...], str | None]:
        for found, source in sources:
            people = tuple(dict.fromkeys(p for name in found for p in people_of(name) if letters(p) not in names))
            if source in _LISTED and len(people) > _TOGETHER:
                people = ()  # those of the teasers too
            if any(wanted(person) for person in people):
                return people[:_MOST], source
        return (), None

    declared = list(_named(story.get("author")))
    found = first([(declared, "json-ld"), *_told(said, story)])
    shown = [] if found[0] else list(_shown(document, said, near))
    found = found if found[0] else first(shown, _is_person)
    if found[0]:
        return found
    newsroom = tuple(name.strip() for name in declared if name.strip() and not _NO_NAME.match(name.strip()))
    return (newsroom[:1], "json-ld") if newsroom else first(shown)


def _told(said: Structured, story: Node) -> Iterator[tuple[list[str], str]]:
    """What a page tells machines of its authors, beside JSON-LD's author."""
    yield list(_named(story.get("creator"))), "json-ld"
    for name in META:
        yield [value for value in said.meta.get(name, ()) if not _URL.match(value)], "meta"
    for label, name in zip(said.meta.get("twitter:label1", ()), said.meta.get("twitter:data1", ()), strict=False):
        yield ([name] if _WRITTEN.search(label) else []), "meta"


def _shown(document: Document, said: Structured, near: Vicinity) -> Iterator[tuple[list[str], str]]:
    """What a page shows of them."""
    yield list(said.itemprops.get("author", ()))[:_MOST], "microdata"
    links = islice(document.tree.iterfind(".//a[@rel='author']"), _MOST)
    yield [" ".join(islice(link.itertext(), _PARTS)) for link in links], "rel"
    for line in islice(_bylines(near), _MOST):
        yield [line], "visible"


def _named(value: object) -> Iterator[str]:
    """A JSON-LD author (a name, an object with one, or a list of them) -> names."""
    for each in (value if isinstance(value, list) else [value])[:_MOST]:
        if isinstance(each, dict):
            each = each.get("name") or " ".join(str(each[k]) for k in ("givenName", "familyName") if each.get(k))
        for name in (each if isinstance(each, list) else [each])[:_MOST]:
            if isinstance(name, str) and name:
                yield name[:_LONGEST]


def _bylines(near: Vicinity) -> Iterator[str]:
    """Shown short passages: those whose class says byline, or part of which does, then the first near the headline that
    begins with "By"."""
    for passage in chain.from_iterable(near.around(_NEAR, 2 * _NEAR)):
        if passage.inside & _NO_BYLINE:
            continue
        if len(passage.text) <= 120 and not _BYLINE_NOT.search(passage.text):
            if _says_byline(passage.element):
                yield passage.text
            else:
                parts = (part for part in passage.element[:_PARTS] if part.tag not in BLOCKS and _says_byline(part))
                yield from (" ".join(" ".join(islice(part.itertext(), _PARTS)).split()) for part in parts)
    for passage in chain.from_iterable(near.around(0, _NEAR)) if near.place is not None else ():
        if passage.inside & _NO_BYLINE:
            continue
        found = _BY.search(passage.text) if len(passage.text) <= 160 else None
        if found:
            yield found.group(1)
            return


def _says_byline(element: HtmlElement) -> bool:
    if not isinstance(element.tag, str):
        return False
    names = " ".join(filter(None, (element.get("class"), element.get("itemprop"), element.get("rel"))))
    return bool(names) and _BYLINE_CLASS.search(names) is not None


def _is_person(name: str) -> bool:
    """Whether a name has the form of a person's: two words or more that begin with a capital, or a script without either."""
    words = name.split()
    return (len(words) > 1 and sum(word[0].isupper() for word in words) > 1) or not any(
        c.isupper() or c.islower() for c in name
    )


def people_of(text: str) -> list[str]:
    """A byline or the value of a field -> the names in it, without "By", roles, places, addresses."""
    text = text[:_LONGEST]
    text = _MAIL.sub("", html.unescape(re.sub(r"<[^>]+>", " ", text)))
    text = _TIME.sub("", _LEADING.sub("", " ".join(text.split())))
    found: list[str] = []
    for place, part in enumerate(_SPLIT.split(text)):
        if place == 0 and _URL.search(part) and "," in text:
            return []  # the site and where it is
        name = _name(part)
        if found and (_OFFICE.search(part) or _is_month(part)):
            continue
        # Behind a full name stands a place: "By Ida Kern, Frankfurt"; agencies are written in capitals or small.
        if name and not (found and " " in found[-1] and name.istitle() and " " not in name and len(name) > 3):
            found.append(name)
    return found


def _is_month(part: str) -> bool:
    """Whether a part of a byline is what is left of a day: "By Ida Kern, Dec 28, 2007"."""
    word = part.strip(" .,")
    return word.isalpha() and len(word) <= 4 and month_of(word) is not None


def _name(part: str) -> str | None:
    name = _ROLE.sub("", _LEADING.sub("", part)).strip(" .,:;|-–—*\"'")
    if not 2 <= len(name) <= 60 or _URL.search(name) or not any(c.isalpha() for c in name) or ":" in name:
        return None
    if (
        _NO_NAME.match(name)
        or _NO_PERSON.match(name)
        or _NETWORK.search(name)
        or sum(c.isdigit() for c in name) > 1
        or len(name.split()) > 6
    ):
        return None
    return name


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
