"""When a story was published and last changed, by order of trust: JSON-LD, meta, microdata, <time>, feed, URL, visible text.

Every source is judged by `sensible`. Of a source that gives only a day, a later source of the same day may add the time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from lxml.html import HtmlElement

from pipelines.dates import GUESSED, figures, is_doubtful, is_earlier, order_shown, read_time, reads_day_first, sensible
from pipelines.document import Document
from pipelines.headline import title_parts
from pipelines.months import month_of
from pipelines.shown import Passage
from pipelines.structured import Node, Structured
from pipelines.vicinity import Vicinity
from storage.records import Capture, Outlet, Stamp

PUBLISHED = (
    "article:published_time", "og:published_time", "og:article:published_time", "datepublished", "article.published",
    "publishdate", "publish-date", "publish_date", "publication_date", "publication-date", "pubdate", "pub_date",
    "dc.date.issued", "dcterms.issued", "dc.date", "dcterms.date", "dc.date.created", "dcterms.created", "citation_date",
    "citation_publication_date", "parsely-pub-date", "sailthru.date", "cxenseparse:recs:publishtime", "cxenseparse:publishtime",
    "bt:pubdate", "vr:published_time", "rnews:datepublished", "iso-8601-publish-date", "article_date_original", "datecreated",
    "displaydate", "originalpublicationdate", "prism.publicationdate", "date", "article:created", "created", "timestamp",
)  # fmt: skip
MODIFIED = (
    "article:modified_time", "og:updated_time", "datemodified", "article:updated_time", "article.updated", "dc.date.modified",
    "dcterms.modified", "last-modified", "lastmod", "modified", "revised", "vr:modified_time",
)  # fmt: skip
# Names of meta tags of a house's own: "w-published-date", "article_publication_date".
_NAMED_SO = re.compile(r"publi(?:sh(?:ed)?|cation)[-_.:]?(?:date|time|on|at)|(?:date|time)[-_.:]?publi", re.I)
_URL_SPREAD = re.compile(r"/((?:19|20)\d\d)/(?:[^/\d][^/]*/){1,2}([01]?\d)/([0-3]?\d)/")
_URL_NAMED = re.compile(r"/((?:19|20)\d\d)/([A-Za-z]{3,9})/([0-3]?\d)/")
_URL_DAY = re.compile(r"[/_.=-]((?:19|20)\d{2})[/_-]?([01]\d)[/_-]?([0-3]\d)(?=[/_.&-]|$)")
_URL_TIME = re.compile(r"[/_.=-]((?:19|20)\d\d)([01]\d)([0-3]\d)[0-2]\d[0-5]\d(?:[0-5]\d)?(?!\d)")  # "/20080119085406-quay"
_URL_DAY_FIRST = re.compile(r"/([0-3]\d)([01]\d)((?:19|20)\d{2})(?=/|$)")
_URL_WRITTEN = re.compile(r"/([A-Za-z]{3,9})([0-3]?\d)((?:19|20)\d{2})(?=/|$)")
_DAY = re.compile(r"\d{1,4}[./]\d{1,2}[./]\d{2,4}|\d{4}-\d\d-\d\d")
_MARKED = re.compile(
    r"publish|pubdate|posted|entry-date|post-date|article-date|dateline|time-?stamp|byline|datum|fecha|"
    r"(?:^|[-_ ])date|meta[-_ ]",
    re.I,
)
_CHANGED = re.compile(r"updat|modif|edited|aktualis|geändert|изменен|обновл|mis à jour|actualiz|aggiorn", re.I)
_FIGURE = re.compile(r"\d")
_SAID = re.compile(
    r"\W*(?:published|posted|written|first published|date|veröffentlicht|erschienen|publié|publicado|pubblicato|gepubliceerd|"
    r"опубликовано|дата|نشر|تاريخ النشر|发布时间|发表于|公開日|掲載)\b.{0,40}?\d",
    re.I,
)
_LABEL = re.compile(
    r"\W*(?:(?:date |first )?(?:published|posted)(?: on| date)?|(?:release |publication )?date|veröffentlicht(?: am)?|erschienen(?: am)?|"
    r"publié(?: le)?|publicado(?: el| em)?|fecha|pubblicato(?: il)?|data|gepubliceerd(?: op)?|опубликовано|дата|"
    r"تاريخ النشر|发布时间|公開日|掲載日)\W*",
    re.I,
)
_DATELINE = re.compile(r"(.{6,60}?)(?:\s+[-–—:|]\s|:\s)")
_TIMES = 50  # <time> elements that are looked at
_SHORT = 160  # characters of a passage that is read as a date
_NEAR = 12  # shown passages before and after the headline in which a date is the story's
_BEHIND = 3  # shown passages behind the text in which a date is the story's


class Times(NamedTuple):
    """When a story was published and changed, and whether dates in figures on its page name the day first."""

    published: Stamp | None
    modified: Stamp | None
    day_first: bool | None


def published(
    document: Document,
    said: Structured,
    story: Node,
    capture: Capture,
    outlet: Outlet,
    language: str | None,
    near: Vicinity,
) -> Times:
    """What is known of a page -> Times. `language`: of the story; `near`: where it stands."""
    dates = figures(passage.text for passage in document.passages if len(passage.text) < _SHORT and not passage.hidden)
    order = order_shown(dates)

    def first(values: Iterator[tuple[str, str]]) -> Stamp | None:
        best: Stamp | None = None
        for text, source in values:
            stamp = _read(text, source, capture, outlet, language, order)
            if stamp is None:
                continue
            if best is None:
                best = stamp
            if len(best.value) > 10:
                return best
            if len(stamp.value) > 10 and stamp.value[:10] == best.value:
                return Stamp(value=stamp.value, source=f"{best.source}, {source}")
        return best

    found = first(_published(document, said, story, capture, near))
    sure = found.value if found and not found.source.endswith(tuple(GUESSED.values())) else None
    changed = first(_modified(said, story))
    if found and changed and is_earlier(changed.value, found.value):
        changed = None  # when the page was drafted, or its template changed
    return Times(found, changed, order_shown(dates, sure) if order is None else order)


def _read(text: str, source: str, capture: Capture, outlet: Outlet, language: str | None, order: bool | None) -> Stamp | None:
    """Words of a source -> the time that they hold, when it makes sense; of two readings of figures one that does."""
    guess = order is None and is_doubtful(text)
    likely = reads_day_first(text, language) if order is None else order
    found: list[Stamp] = []
    for day_first in (likely, not likely)[: 1 + guess]:
        value = read_time(text, language=language, zone=outlet.zone, day_first=day_first)
        if value is not None and sensible(value, capture.fetched_at, outlet.since):
            found.append(Stamp(value=value, source=source + (GUESSED[day_first] if guess else "")))
    if len(found) > 1 and (day := _url_day(capture.url)) and (day := read_time(day)):
        found.sort(key=lambda stamp: stamp.value[:10] != day)  # the address says which
    return found[0] if found else None


def _published(
    document: Document, said: Structured, story: Node, capture: Capture, near: Vicinity
) -> Iterator[tuple[str, str]]:
    for name in ("datePublished", "dateCreated", "uploadDate"):
        yield from ((text, "json-ld") for text in _texts(story.get(name)))
    for name in PUBLISHED:
        yield from ((text, "meta") for text in said.meta.get(name, ()) if text)
    for name in said.meta:
        if _NAMED_SO.search(name) and name not in PUBLISHED:
            yield from ((text, "meta") for text in said.meta[name] if text)
    yield from ((text, "microdata") for text in said.itemprops.get("datepublished", ())[:2])
    yield from ((text, "time") for text in _time_elements(document.tree))
    if capture.lead.published:
        yield capture.lead.published.isoformat(timespec="seconds"), "feed"
    for url in (said.links.get("canonical", ("",))[0], capture.url):
        if day := _url_day(url):
            yield day, "url"
    yield from ((part, "title") for part in title_parts(document.title) if _DAY.fullmatch(part))
    yield from _visible(near)
    yield from ((text, f"{source}, modified") for text, source in _modified(said, story))


def _url_day(url: str) -> str | None:
    """URL -> the day in its path: /2026/02/03/, /20260203, /2026/feb/3/, /2026/ports/02/03/, /03022026/, /Feb032026/."""
    path = "/" + url.partition("://")[2].partition("/")[2]
    if found := _URL_DAY.search(path) or _URL_SPREAD.search(path) or _URL_TIME.search(path):
        return "-".join(found.groups())
    if found := _URL_DAY_FIRST.search(path):
        return "-".join(reversed(found.groups()))
    if found := _URL_NAMED.search(path):
        year, name, day = found.groups()
    elif found := _URL_WRITTEN.search(path):
        name, day, year = found.groups()
    month = month_of(name) if found else None
    return f"{year}-{month}-{day}" if month else None


def _modified(said: Structured, story: Node) -> Iterator[tuple[str, str]]:
    yield from ((text, "json-ld") for text in _texts(story.get("dateModified")))
    for name in MODIFIED:
        yield from ((text, "meta") for text in said.meta.get(name, ()) if text)
    yield from ((text, "microdata") for text in said.itemprops.get("datemodified", ())[:2])


def _texts(value: object) -> Iterator[str]:
    for each in value if isinstance(value, list) else (value,):
        if isinstance(each, dict):
            each = each.get("@value")
        if isinstance(each, str | int) and str(each).strip():
            yield str(each)


def _time_elements(tree: HtmlElement) -> Iterator[str]:
    """Machine times of <time>, those marked as of publication first, those of lists of other stories not."""
    marked: list[str] = []
    plain: list[str] = []
    for element in islice(tree.iter("time"), _TIMES):
        value = element.get("datetime") or " ".join(islice(element.itertext(), _TIMES))
        names = " ".join(filter(None, (element.get("class"), element.get("itemprop"), element.get("id"))))
        if _CHANGED.search(names):
            continue
        if any(above.tag in ("aside", "nav", "footer", "li") for above in element.iterancestors()):
            continue
        (marked if element.get("pubdate") is not None or "ublish" in names else plain).append(value)
    yield from (marked + plain)[:4]


def _visible(near: Vicinity) -> Iterator[tuple[str, str]]:
    """Shown short passages that look like the story's date, with their source. Near the headline marked ones first; then
    those anywhere that say that something was published; then, near it, when the story was last changed; then a dateline
    of the text, and what stands right before and behind the text."""
    around, *further = near.around(_NEAR, _NEAR)
    yield from ((passage.text, "visible") for passage in _fresh(around))
    yield from ((line, "visible") for line in _said(near.shown))
    yield from ((passage.text, "visible, updated") for passage in around if _is_short(passage))
    if near.start is not None and near.end is not None:
        # The beginnings of passages before a dash or colon: "16 January 2008 – The council ...".
        begun = (_DATELINE.match(passage.text) for passage in near.shown[near.start : near.start + 2])
        yield from ((found[1], "visible") for found in begun if found)
        before = near.shown[max(0, near.start - _NEAR) : near.start + 2]
        further = [[*reversed(before), *near.shown[near.end : near.end + _BEHIND + 1]], *further]
    for passages in further:
        yield from ((passage.text, "visible") for passage in _fresh(passages))
        yield from ((passage.text, "visible, updated") for passage in passages if _is_short(passage))


def _is_short(passage: Passage) -> bool:
    """Whether a passage may be a date and little else."""
    return len(passage.text) < _SHORT and any(c.isdigit() for c in passage.text)


def _fresh(passages: Iterable[Passage]) -> Iterator[Passage]:
    """Short passages that do not speak of a change, marked ones first."""
    fresh = [p for p in passages if _is_short(p) and not _CHANGED.search(_FIGURE.split(p.text, maxsplit=1)[0])]
    yield from sorted(fresh, key=_is_marked, reverse=True)


def _said(shown: Sequence[Passage]) -> Iterator[str]:
    """Short passages that say that something was published, in their own words or in a label over them."""
    for above, passage in zip((None, *shown), shown, strict=False):
        if len(passage.text) >= _SHORT:
            continue
        if _SAID.match(passage.text) or (above is not None and _LABEL.fullmatch(above.text) and passage.text[0].isalnum()):
            yield passage.text


def _is_marked(passage: Passage) -> bool:
    element = passage.element
    return _MARKED.search(" ".join(filter(None, (element.get("class"), element.get("id"))))) is not None
