"""Pages of The Strait Courier, a modern system: JSON-LD, og tags, figures, boxes inside the story, a cookie banner."""

from __future__ import annotations

import json
from html import escape

from tests.newsstand.menafn import Links, links, passages
from tests.newsstand.plan import Fault, Printing

NAME = "The Strait Courier"
CAPTION = "The harbour at first light. Photograph: Archive of the Courier"
COOKIES = "We and our 212 partners value your privacy. Accept all cookies to continue, or manage your choices."
SIGN_UP = "Sign up for Morning Tide, our daily letter: the five stories that matter, in your inbox at six."
CLOSING = "Follow the Courier on every platform and download our app."
FURNITURE = (CAPTION, COOKIES, SIGN_UP, CLOSING, "Most popular", "Read next", "© 2026 Strait Courier Media")
GONE = "This page has sailed. Perhaps the address was mistyped, or the story has been taken offline."


def furniture(_page: Printing) -> tuple[str, ...]:
    """What is on a page of this outlet and is no part of the story."""
    return FURNITURE


def render(page: Printing, related: Links, home: str = "") -> str:
    """A printing, other stories to point to, and the outlet's base URL -> the page."""
    language = page.wire.language if page.wire else "en"
    direction = ' dir="rtl"' if language == "ar" else ""
    if page.fault is Fault.MISSING:
        return frame("Page not found", f"<main><h1>Oh no.</h1><p>{GONE}</p>{links(related[:3])}</main>", "", language)
    main = f"<main{direction}>{_article(page, related)}</main>{_rail(related)}"
    return frame(page.headline, main, _head(page, home), language)


def frame(title: str, main: str, head: str = "", language: str = "en") -> str:
    """Everything around the main part of a page."""
    return f"""<!doctype html>
<html lang="{language}" class="no-js">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} – {NAME}</title>
<link rel="alternate" type="application/atom+xml" title="{NAME}" href="/feed.atom">
{head}
</head>
<body>
<div id="cookie-consent" role="dialog" aria-label="Privacy" class="overlay"><p>{COOKIES}</p><button>Accept all</button></div>
<header role="banner"><a class="logo" href="/">{NAME}</a>
<nav aria-label="Main"><ul><li><a href="/section/energy">Energy</a></li>
<li><a href="/section/culture">Culture</a></li></ul></nav></header>
{main}
<footer role="contentinfo"><p>{CLOSING}</p><p>© 2026 Strait Courier Media</p><a href="/privacy">Privacy</a></footer>
</body>
</html>
"""


def _head(page: Printing, home: str) -> str:
    url = home + page.target
    data: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": page.headline,
        "datePublished": page.published.isoformat(),
        "dateModified": page.modified.isoformat(),
        "mainEntityOfPage": {"@type": "WebPage", "@id": url},
        "publisher": {"@type": "NewsMediaOrganization", "name": NAME, "logo": f"{home}/logo.gif"},
        "image": [f"{home}/media/{page.number}.gif"],
    }
    if page.wire:
        data |= {"author": [{"@type": "Person", "name": page.wire.author}], "articleSection": page.wire.section.title()}
    script = json.dumps(data, ensure_ascii=False).replace("</", "<\\/")
    description = page.blocks[0].text[:150].rsplit(" ", 1)[0] + "…" if page.blocks else ""
    return f"""<link rel="canonical" href="{escape(url)}">
<meta name="description" content="{escape(description)}">
<meta property="og:type" content="article"><meta property="og:title" content="{escape(page.headline)}">
<meta property="og:site_name" content="{NAME}"><meta property="og:url" content="{escape(url)}">
<meta property="og:image" content="{home}/media/{page.number}.gif">
<meta property="article:published_time" content="{page.published.isoformat()}">
<script type="application/ld+json">{script}</script>"""


def _article(page: Printing, related: Links) -> str:
    author = page.wire.author if page.wire else "Newsroom"
    blocks = page.blocks
    if page.fault is Fault.LISTING:
        cards = "".join(f'<h3><a href="{to}">{escape(words)}</a></h3>' for words, to in related)
        return f"<h1>{escape(page.headline)}</h1>{cards}"
    related_box = f'<aside class="related-inline"><h3>Read next</h3>{links(related[:2])}</aside>' if blocks else ""
    sign_up = f'<div class="newsletter-box"><p>{SIGN_UP}</p><input type="email"><button>Sign up</button></div>'
    return f"""<article itemscope>
<header><p class="kicker">{page.wire.section.title() if page.wire else "Gallery"}</p>
<h1>{escape(page.headline, quote=False)}</h1>
<p class="byline">By <a rel="author" href="/by/{author.lower().replace(" ", "-")}">{escape(author)}</a></p>
<time datetime="{page.published.isoformat()}">{page.published:%d %B %Y, %H:%M} UTC</time>
<ul class="share"><li><a href="#fb">Share</a></li><li><a href="#mail">Email</a></li></ul></header>
<figure><img src="/media/{page.number}.gif" alt=""><figcaption>{CAPTION}</figcaption></figure>
<div class="article-body">
{passages(blocks[:2])}
{related_box}
{passages(blocks[2:3])}
{sign_up if blocks else ""}
{passages(blocks[3:])}
</div>
<ul class="topics"><li><a href="/topic/strait">Strait</a></li><li><a href="/topic/region">Region</a></li></ul>
</article>"""


def _rail(related: Links) -> str:
    return f'<aside class="rail"><h2>Most popular</h2>{links(related[:5])}</aside>'


def listing(title: str, entries: Links) -> str:
    """The home page or a section's page."""
    cards = "".join(f'<article><h3><a href="{escape(to)}">{escape(words)}</a></h3></article>' for words, to in entries)
    return frame(title, f"<main><h1>{escape(title)}</h1>{cards}</main>")
