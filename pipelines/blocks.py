"""Passages of a page -> its units of text, and the boxes around them.

A unit is the smallest piece that is kept or taken out as one. A box is an element that holds text: the block element
of a passage, or an element above one. Nothing is judged here. Iterative: depth of the markup costs no stack.

What template authors name their elements gives the groups of meaning that the block model knows. Class, id, role, itemprop and
test-id attributes are written in a small common language ("article__body", "relatedStories", "js-newsletter-signup"). Each known
word belongs to a group; an element's names become a bit mask of groups. No site's own names are listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache, reduce
from operator import or_
from typing import NamedTuple

from lxml.html import HtmlElement

from pipelines.shown import Passage, hides

# Group -> stems. A stem in angle brackets counts only as a whole word; others also inside a longer word.
_STEMS = {
    "comment": "<comment> <comments> commentlist commentarea commentsection commentcount commentform commentthread "
    "commentbody commentcontent commentbox disqus respond discuss <kommentare> kommentarbereich leserkommentar "
    "leserbrief <comentario> comentarios commentaires <commenti> reacties <reply> replies replie <reaction> reactions "
    "<forum> livefyre viafoura spotim",
    "related": "related recommend readmore readalso seealso similar suggest outbrain taboola associated morenews "
    "morestories weiter recirc upnext verwandt <more> alsoread interlink",
    "teaser": "teaser promo card tile thumb trending popular mostread latest headlines carousel slider swiper river "
    "<feed> <item> <grid> spotlight featured",
    "share": "share sharing social facebook twitter whatsapp addthis a2a follow sns <like> telegram linkedin pinterest",
    "nav": "<nav> navig navbar menu breadcrumb pagination pager paging <skip> crumb toolbar topbar tablist sitemap",
    "footer": "footer copyright colophon impressum <bottom> <foot> siteinfo",
    "header": "masthead <header> banner <top> logo branding pageheader siteheader",
    "sidebar": "sidebar <aside> <rail> rightcol secondary widget complementary <side> <right> sidecol marginal",
    "ad": "<ad> <ads> advert sponsor anzeige werbung publicid <dfp> <gpt> promoted affiliate adslot reklam <pub>",
    "newsletter": "newsletter subscri signup signin login register regwall cta <abo> inscri mailing optin callout",
    "paywall": "paywall premium piano <offer> metered locked plus",
    "caption": "caption credit legend <copyright> bildunter",
    "media": "image <img> photo picture figure foto bild gallery video player embed media audio iframe lightbox slideshow",
    "byline": "byline author autor writer contributor <bio> profile avatar signature <by>",
    "date": "date time publish posted updated pubdate",
    "meta": "<meta> kicker category rubri section eyebrow overline flag badge label <info> dateline",
    "tags": "<tag> <tags> keyword topic hashtag taglist",
    "title": "title headline heading <hed>",
    "lead": "<lead> lede intro summary standfirst abstract excerpt <dek> <deck> chapeau sapo subhead subtitle "
    "description leadin vorspann",
    "body": "articlebody storybody entrycontent postcontent articletext articlecontent bodytext bodycopy bodycontent "
    "postbody richtext wysiwyg prose textblock paragraph contentbody maincontent storytext fulltext newstext",
    "article": "article <story> <post> <entry> <news> hentry",
    "content": "content <main> <text> <body> <single> <detail> details <page> <copy>",
    "consent": "cookie consent gdpr onetrust optanon sourcepoint didomi usercentrics cmpbox cybot <cmp>",
    "overlay": "privacy modal popup overlay tooltip dialog toast lightbox",
    "unseen": "<hidden> <hide> screenreader visuallyhidden <sr> <offscreen> invisible noprint collapsed <none>",
    "quote": "quote citation <zitat>",
    "infobox": "infobox factbox <fact> <facts> <box> <toc> <contents> tableof summarybox keypoint takeaway highlight",
    "form": "<form> search input survey poll quiz newsletterform select",
    "shop": "product price shop cart <buy> deal booking ticketing amazon",
    "tools": "tools <tool> utilit action button <btn> print bookmark fontsize <icon> icons <save> <listen>",
    "list": "<list> liste listing",
    "live": "ticker <live> liveblog timeline",
    "disclaimer": "disclaimer legal <terms> correction <note> footnote",
}
GROUPS = tuple(_STEMS)
BIT = {group: 1 << index for index, group in enumerate(GROUPS)}

_WHOLE = {
    stem[1:-1]: BIT[group] for group, stems in _STEMS.items() for stem in stems.split() if stem.startswith("<")
}
_PART = {stem: BIT[group] for group, stems in _STEMS.items() for stem in stems.split() if not stem.startswith("<")}
_TOKEN = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
# "article-body" and "articleBody" are the stem "articlebody": pairs of neighbouring tokens are looked up joined.
_PAIRED = frozenset(_PART)
_LENGTHS = sorted({len(stem) for stem in _PART})
_LONG = 24  # letters of a token, beyond which there are fewer stems than pieces of it


@lru_cache(maxsize=1 << 16)
def _token(token: str) -> int:
    mask, size, part = _WHOLE.get(token, 0), len(token), _PART.get
    if size > _LONG:  # an identifier; each stem is looked for
        return mask | reduce(or_, (bit for stem, bit in _PART.items() if stem in token), 0)
    for length in _LENGTHS:
        for start in range(size - length + 1):
            mask |= part(token[start : start + length], 0)
    return mask


@lru_cache(maxsize=1 << 13)
def groups(names: str) -> int:
    """The names of an element (class, id, role …, joined by spaces) -> bit mask over GROUPS."""
    tokens = [token.lower() for token in _TOKEN.findall(names[:200])]
    mask = 0
    before = ""
    for token in tokens:
        mask |= _token(token)
        if before and before + token in _PAIRED:
            mask |= _PART[before + token]
        before = token
    return mask


_NAMING = frozenset(("class", "id", "role", "itemprop", "data-testid", "data-component", "data-qa", "data-type"))
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))

# Bits of `Box.above`: which elements stand at or above a box.
ABOVE = (
    "nav", "footer", "header", "aside", "form", "figure", "figcaption", "article", "main", "table", "li", "blockquote",
    "section", "details", "button", "a", "address", "pre", "dl", "label",
)  # fmt: skip
_ABOVE = {tag: 1 << index for index, tag in enumerate(ABOVE)}
_ROLES = {
    "navigation": "nav", "contentinfo": "footer", "banner": "header", "complementary": "aside", "article": "article",
    "main": "main", "search": "form", "form": "form", "button": "button",
}  # fmt: skip
_MADE = tuple.__new__  # half the cost of a named tuple's own
_LISTS, _ITEMS = frozenset(("ul", "ol", "dl")), frozenset(("li", "dd", "dt"))


class Box(NamedTuple):
    """An element. `parent` and the last four are indexes of boxes (-1: none); `own` and `above` are bit masks."""

    element: HtmlElement
    tag: str
    parent: int
    names: str
    own: int
    depth: int
    above: int
    listed: int
    item: int
    quoted: int
    row: int


class Unit(NamedTuple):
    """A piece of text in the box `box`; `linked` counts the characters of it inside links."""

    text: str
    box: int
    linked: int
    hidden: bool


def segment(passages: Sequence[Passage]) -> tuple[list[Unit], list[Box]]:
    """Passages in reading order -> (units in reading order, boxes with parents before children)."""
    boxes: list[Box] = []
    places: dict[HtmlElement | None, int] = {None: -1}
    units: list[Unit] = []
    last, before = -1, ""  # box and text of the last unit
    for element, text, linked, hidden, _ in passages:
        place = places[element] if element in places else _place(element, boxes, places)
        if place == last and units[-1].hidden == hidden and _goes_on(boxes[place].tag, before, text):
            text = f"{before} {text}"
            units[-1] = Unit(text, place, units[-1].linked + linked, hidden)
        else:
            units.append(_MADE(Unit, (text, place, linked, hidden)))
        last, before = place, text
    if any(unit.hidden for unit in units):
        for index in _revealed(units, boxes):
            units[index] = units[index]._replace(hidden=False)
    return units, boxes


def _goes_on(tag: str, before: str, text: str) -> bool:
    """Whether text after a <br> goes on with the line before it rather than starting a paragraph."""
    return tag in _HEADINGS or text[0].islower() or (len(before) < 40 and before[-1] in ":：")


def _place(element: HtmlElement, boxes: list[Box], places: dict[HtmlElement | None, int]) -> int:
    """Element -> index of its box; makes it and the boxes above it that are not there yet."""
    row = []
    while element not in places:
        row.append(element)
        element = element.getparent()
    parent = places[element]
    for below in reversed(row):
        index = len(boxes)
        boxes.append(_box(below, parent, index, boxes))
        places[below] = parent = index
    return parent


def _box(element: HtmlElement, parent: int, index: int, boxes: list[Box]) -> Box:
    tag = element.tag
    bits, names = _ABOVE.get(tag, 0), ""
    for key, value in element.items():
        if key in _NAMING:
            names = f"{names} {value}" if names else value
            if key == "role":
                bits |= _ABOVE.get(_ROLES.get(value, ""), 0)
    own = groups(names) if names and tag not in ("html", "body") else 0
    depth, listed, item, quoted, row = 0, -1, -1, -1, -1
    if parent >= 0:
        _, _, _, _, _, depth, above, listed, item, quoted, row = boxes[parent]
        depth, bits = depth + 1, bits | above
    if tag in _LISTS:
        listed = index
    elif tag in _ITEMS:
        item = index
    elif tag == "blockquote":
        quoted = index
    elif tag == "tr":
        row = index
    return _MADE(Box, (element, tag, parent, names, own, depth, bits, listed, item, quoted, row))


# A hidden element that carries this much running text, and more than all that is shown, is the story waiting for
# its script or behind a wall of the page's own making.
_STORY = 500
_NEVER_STORY = BIT["consent"] | BIT["overlay"] | BIT["nav"] | BIT["footer"] | BIT["comment"] | BIT["form"] | BIT["newsletter"]


def _revealed(units: list[Unit], boxes: list[Box]) -> Iterator[int]:
    """Units and boxes -> indexes of the hidden units that are hidden only until the page's script has run."""
    barred: list[bool] = []
    for box in boxes:
        barred.append(bool(box.own & _NEVER_STORY) or (box.parent >= 0 and barred[box.parent]))
    shown, mass = 0, dict[int, int]()
    for unit in units:
        if len(unit.text) < 80 or unit.linked * 2 > len(unit.text) or barred[unit.box]:
            continue
        if unit.hidden:
            top = _top(unit.box, boxes)
            mass[top] = mass.get(top, 0) + len(unit.text)
        else:
            shown += len(unit.text)
    revealed = {top for top, sum_ in mass.items() if sum_ > max(_STORY, shown)}
    for index, unit in enumerate(units):
        if revealed and unit.hidden and _top(unit.box, boxes) in revealed:
            yield index


def _top(index: int, boxes: list[Box]) -> int:
    """Index of a hidden unit's box -> index of the outermost box that hides it (or of the box itself)."""
    top, at = index, index
    while at >= 0:
        if hides(boxes[at].element):
            top = at
        at = boxes[at].parent
    return top
