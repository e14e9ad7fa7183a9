"""What template authors name their elements -> the groups of meaning that the block model knows.

Class, id, role, itemprop and test-id attributes are written in a small common language ("article__body",
"relatedStories", "js-newsletter-signup"). Each known word belongs to a group; an element's names become a bit mask of
groups. Only the language of templates is listed here, no site's own names.
"""

from __future__ import annotations

import re
from functools import lru_cache, reduce
from operator import or_

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
