"""Pages in the shape of MENAFN's story template: the error block stands in every page, hidden or shown.

The element ids, the identifier line twice, the disclaimer broken over lines, the body that stands twice: all as the
outlet has them. Text and stories are ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from storage.records import Block, BlockKind
from tests.newsstand.plan import Banner, Fault, Printing

Links = Sequence[tuple[str, str]]  # (headline, target)

DISCLAIMER = (
    "MENAFN provides the information “as is” without warranty of any kind. We do not accept any responsibility or "
    "liability for the accuracy, content, images, videos, licenses, completeness, legality, or reliability of the "
    "information contained in this article. If you have any complaints or copyright issues related to this article, "
    "kindly contact the provider above."
)
SORRY = "Error! We're sorry, but the page you were looking for doesn't exist."
RESEARCH = (
    "Northern Gulf Ready-Mix Concrete Market Size, Share and Outlook to 2033...",
    "Global Camel Milk Powder Market Growth, Trends, Key Players and Fore...",
    "Industrial Drone Battery Market Report, Analysis by Cell Chemistry a...",
)
FURNITURE = (DISCLAIMER, "No comment", "Market Research", "Newsletter", "Copyright MENAFN.COM", *RESEARCH)


def identifier(page: Printing) -> str:
    """The line after the body: MENAFN, the day, twelve digits, ID and the number of the story."""
    return f"MENAFN{page.published:%d%m%Y}{page.number * 7919 % 10**12:012d}ID{page.number}"


def furniture(page: Printing) -> tuple[str, ...]:
    """What is on a page of this outlet and is no part of the story."""
    return (*FURNITURE, identifier(page), SORRY) if page.banner is not Banner.NONE else (*FURNITURE, identifier(page))


def render(page: Printing, related: Links) -> str:
    """A printing and other stories to point to -> the page."""
    title = f"{escape(page.headline)} | MENAFN.COM" if page.wire else "MENAFN.COM"
    direction = ' dir="rtl"' if page.wire and page.wire.language == "ar" else ""
    main = _EMPTY if page.fault is Fault.MISSING else _main(page, related)
    return f"""<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title>
<link rel="alternate" type="application/rss+xml" href="/rss/menafn_sa.xml"><link rel="stylesheet" href="/includes/site.css">
<style>.entry-summary p {{ margin: 0 0 1em }}</style>
<script>window.mn = {{"user": null, "error": "403", "text": "page not found"}};</script></head>
<body>
<nav><a href="/">Home</a> <a href="/mn_main.aspx">News</a> <a href="/mn_marketdata.aspx">Market Data</a>
<a href="/sections/energy">Energy</a></nav>
<section class="main-wrapper single-category"{direction}>
{_error(page.banner)}
{main}
</section>
<footer><p>Copyright MENAFN.COM. All rights reserved.</p><a href="/terms.aspx">Terms</a></footer>
</body>
</html>
"""


def passages(blocks: Sequence[Block]) -> str:
    """Blocks -> markup."""
    return "\n".join(_passage(block) for block in blocks)


def _passage(block: Block) -> str:
    text = escape(block.text, quote=False)
    if block.kind is BlockKind.LIST:
        return "<ul>" + "".join(f"<li>{item}</li>" for item in text.split("\n")) + "</ul>"
    if block.kind is BlockKind.QUOTE:
        return f"<blockquote><p>{text}</p></blockquote>"
    return f"<h2>{text}</h2>" if block.kind is BlockKind.HEADING else f"<p>{text}</p>"


def _error(banner: Banner) -> str:
    if banner is Banner.NONE:
        return ""
    opening, closing = {
        Banner.ATTRIBUTE: ('<div class="text-center" hidden>', "</div>"),
        Banner.DISPLAY: ('<div class="text-center" style="margin-top:0; display: none">', "</div>"),
        Banner.VISIBILITY: ('<div class="text-center" style="visibility:hidden">', "</div>"),
        Banner.ARIA: ('<div class="text-center" aria-hidden="true">', "</div>"),
        Banner.TEMPLATE: ('<template><div class="text-center">', "</div></template>"),
        Banner.SHOWN: ('<div class="text-center">', "</div>"),
    }[banner]
    return f"""  {opening}
    <div class="container">
      <div><img class="MarginIMG text-left" src="/includes/img/error-logo-left.png"><div class="Style403">403</div></div>
      <div>
        <div class="SorryStyle text-left">Sorry!!</div>
        <div class="ErrorTextStyle">Error! We're sorry, but the page you were
looking for doesn't exist.</div>
      </div>
    </div>
  {closing}"""


_EMPTY = (
    '  <div id="HiddenMainDiv"><div class="container"><div id="ContentPlaceHolder1_div_story" class="col-sm-9">'
    '<h1 class="main-entry-title"></h1><div class="entry-summary tit"></div></div></div></div>'
)


def _main(page: Printing, related: Links) -> str:
    return f"""  <div id="HiddenMainDiv">
    <div class="container">
      <div id="ContentPlaceHolder1_div_story" class="col-sm-9">
        <div class="text-center"><a id="ContentPlaceHolder1_img_link" target="_blank">
          <img id="ImgNews" src="/updates/{page.number}.gif" alt=""></a></div>
        <div class="col-sm-12"><h1 class="main-entry-title">{escape(page.headline, quote=False)}</h1><br>
          <p id="ContentPlaceHolder1_author_section"></p></div>
{_date(page)}
{_body(page)}
{_below(page)}
      </div>
{_aside(related)}
    </div>
  </div>"""


def _date(page: Printing) -> str:
    day = page.published
    stamp = f"{day.month}/{day.day}/{day.year} {day.hour % 12 or 12}:{day:%M:%S} {day:%p}"
    return f"""        <div class="entry-blog-meta mt-0"><div class="entry-blog-meta-list"><div class="author-avatar-text">
          <p class="author"><a href="#" rel="author">Date</a></p>
          <span id="ContentPlaceHolder1_lbl_date_story" class="entry-date">{stamp}</span></div></div>
          <div class="newedge-social-share"><ul><li><a href="#">Share on Facebook</a></li>
            <li><a href="#">Tweet on Twitter</a></li></ul></div></div>"""


def _body(page: Printing) -> str:
    blocks = page.blocks
    if not blocks:
        return '        <div class="entry-summary"></div><div class="entry-summary tit"></div>'
    rest = passages(blocks[1:])
    again = f'<div class="mb-4"><div class="entry-summary">\n{rest}\n</div></div>' if page.repeated else ""
    return f"""        <div class="entry-summary">
{passages(blocks[:1])}
        </div>
        <div class="entry-summary tit">
{rest}
          <br>
        </div>
        {again}"""


def _below(page: Printing) -> str:
    if page.fault is Fault.NO_TEXT:
        return ""
    lines = escape(DISCLAIMER.removeprefix("MENAFN "), quote=False).replace(". ", ".\n", 2)
    return f"""        <div class="entry-summary"><p>{identifier(page)}</p></div>
        <div class="entry-summary"><p>{identifier(page)}</p></div>
        <div class="entry-summary">
          <p><b>Legal Disclaimer:</b><br> <a href="/" target="_blank">MENAFN</a> {lines}</p>
        </div>
        <div class="post-meta-info">
          <div class="post-meta-info-list tags"><p>Tags</p>
            <span id="ContentPlaceHolder1_lbl_hashtags">Label</span></div>
          <div class="post-meta-info-list comments"><p>Comments</p>
            <a href="#"><span class="leave-reply">No comment</span></a></div>
          <div class="post-meta-info-list category"><p>Category</p></div>
        </div>"""


def _aside(related: Links) -> str:
    research = "\n".join(f'<li><a href="/mr/{index}">{words}</a></li>' for index, words in enumerate(RESEARCH))
    return f"""      <div class="col-sm-3"><div class="latest-comments"><h4 class="heading-large-left">Market Research</h4>
        <ul class="popular-news-list">{research}</ul></div>
        <div class="latest-comments"><h4 class="heading-large-left">Most Read</h4>{links(related[:4])}</div></div>
      <div class="container"><h3 class="heading-large-left">More Stories</h3>{links(related[4:8])}
        <h2 class="title">Newsletter</h2><form action="/newsletter"><input name="mail" placeholder="Mail"></form></div>"""


def links(entries: Links) -> str:
    """(headline, target) -> a list of links."""
    return "<ul>" + "".join(f'<li><a href="{escape(to)}">{escape(words)}</a></li>' for words, to in entries) + "</ul>"


def listing(title: str, entries: Links, following: str | None = None) -> str:
    """A section's page: headlines with links, and a link to the next page of it."""
    rows = "\n".join(
        f'<div class="col-sm-4"><h3><a href="{escape(to)}">{escape(words)}</a></h3><span class="date">(MENAFN)</span></div>'
        for words, to in entries
    )
    more = f'<a rel="next" class="page-link" href="{following}">Next</a>' if following else ""
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title} | MENAFN.COM</title>
<link rel="alternate" type="application/rss+xml" title="MENAFN" href="/rss/menafn_sa.xml">
<link rel="alternate" type="application/rss+xml" title="Energy" href="/rss/menafn_energy.xml"></head>
<body><nav><a href="/">Home</a> <a href="/mn_main.aspx">News</a> <a href="/sections/energy">Energy</a></nav>
<section class="main-wrapper"><h1>{title}</h1>
{rows}
{more}</section>
<footer><p>Copyright MENAFN.COM. All rights reserved.</p></footer></body></html>
"""
