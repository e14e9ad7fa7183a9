"""Who wrote a story: people and agencies, from JSON-LD, meta, microdata or the byline; never "admin" or the site's name."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator

from pipelines.document import Document
from pipelines.structured import Node, Structured

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
    r"unknown|none|null|user|anonymous|root|by|author|published|updated|follow|share|team|moderator|www|home)$",
    re.I,
)
_MAIL = re.compile(r"\S+@\S+\.\w+|https?://\S+", re.I)
_URL = re.compile(r"https?://|www\.|\.(?:com|org|net|de|uk)\b", re.I)
_ROLE = re.compile(r"\s*(?:\(.*?\)|\[.*?\]|[-–—|]\s.*$)")
_MOST = 12


def authors(document: Document, said: Structured, story: Node, site: Iterable[str]) -> tuple[tuple[str, ...], str | None]:
    """What is known of a page and the names of its site -> (authors in order, source). Empty when nobody is named.

    The site's own name is no author, but where JSON-LD says that the newsroom as an organisation signs the story and
    nobody else does.
    """
    names = {_plain(name) for name in site if name}
    for found, source in _sources(document, said, story):
        people = tuple(dict.fromkeys(person for name in found for person in people_of(name) if _plain(person) not in names))
        if people:
            return people[:_MOST], source
    newsroom = tuple(dict.fromkeys(name for name in _named(story.get("author"), newsroom=True) if name.strip()))
    return newsroom[:1], "json-ld" if newsroom else None


def _sources(document: Document, said: Structured, story: Node) -> Iterator[tuple[list[str], str]]:
    yield list(_named(story.get("author"))), "json-ld"
    yield list(_named(story.get("creator"))), "json-ld"
    for name in META:
        yield [value for value in said.meta.get(name, ()) if not _URL.match(value)], "meta"
    yield list(said.itemprops.get("author", ()))[:_MOST], "microdata"
    yield [" ".join(a.itertext()) for a in document.tree.iterfind(".//a[@rel='author']")][:_MOST], "visible"
    yield list(_bylines(document)), "visible"


def _named(value: object, *, newsroom: bool = False) -> Iterator[str]:
    """A JSON-LD author (a name, an object with one, or a list of them) -> names; with `newsroom` those of no Person."""
    for each in value if isinstance(value, list) else (value,):
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict):
            if newsroom and "Organization" not in str(each.get("@type")):
                continue
            name = each.get("name") or " ".join(str(each[k]) for k in ("givenName", "familyName") if each.get(k))
            yield from _named(name) if name else ()


def _bylines(document: Document) -> Iterator[str]:
    """Shown short passages: those whose class says byline, else the first near the headline that begins with "By"."""
    shown = [passage for passage in document.passages if not passage.hidden]
    for passage in shown:
        if len(passage.text) <= 120 and not _BYLINE_NOT.search(passage.text):
            element = passage.element
            if _BYLINE_CLASS.search(
                " ".join(filter(None, (element.get("class"), element.get("itemprop"), element.get("rel"))))
            ):
                yield passage.text
                return
    head = next((i for i, passage in enumerate(shown) if passage.element.tag == "h1"), None)
    for passage in shown[head : head + _NEAR] if head is not None else ():
        found = _BY.search(passage.text) if len(passage.text) <= 160 else None
        if found:
            yield found.group(1)
            return


def people_of(text: str) -> list[str]:
    """A byline or the value of a field -> the names in it, without "By", roles, addresses."""
    text = _MAIL.sub("", html.unescape(re.sub(r"<[^>]+>", " ", text)))
    text = " ".join(text.split())
    text = _LEADING.sub("", text)
    return [name for part in _SPLIT.split(text) if (name := _name(part))]


def _name(part: str) -> str | None:
    name = _ROLE.sub("", _LEADING.sub("", part)).strip(" .,:;|-–—*\"'")
    if not 2 <= len(name) <= 60 or _URL.search(name) or not any(c.isalpha() for c in name):
        return None
    if _NO_NAME.match(name) or sum(c.isdigit() for c in name) > 1 or len(name.split()) > 6:
        return None
    return name


def _plain(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())
