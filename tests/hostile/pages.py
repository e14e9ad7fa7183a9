"""Pages that are not what they seem: soft errors, lying validators, codings, challenges, crooked feeds (22, 24-26, 38-40)."""

from __future__ import annotations

import email.utils
from html import escape
from urllib.parse import urlsplit

from tests.hostile import scripts
from tests.hostile.bodies import well
from tests.hostile.visit import Behaviour, Play, Visit, behaviour, markup, page_path, rss

FEEDS = ("/feed.xml", "/rss/menafn_sa.xml")
XML = "application/rss+xml; charset=utf-8"
CHALLENGE_SIZE = 275_000


def on_feeds(play: Play) -> dict[str, Play]:
    """The same play at every address of the feed."""
    return dict.fromkeys(FEEDS, play)


async def not_found_page(visit: Visit) -> bool:
    """200 and always the same words."""
    words = ["Sorry, we could not find what you were looking for.", "Check the address or go back to our home page."]
    return await visit.reply(markup("Page not found", words).encode())


async def home_page(visit: Visit) -> bool:
    """200 and the home page."""
    words = [
        "Lorry sinks in pond",
        "Baker wins at cards",
        "Snow in June",
        "Bishop on roller skates",
        "Goat elected",
        "Bells too loud",
    ]
    cards = "".join(f'<div><h3><a href="/news/{n}">{word}</a></h3></div>' for n, word in enumerate(words * 4))
    return await visit.reply(
        f"<html><head><title>Hill Post, home</title></head><body><h1>Hill Post</h1>{cards}</body></html>".encode()
    )


async def emptied(visit: Visit) -> bool:
    """A story the first time, then a body of no bytes with status 200."""
    return await visit.reply(visit.story if visit.turn == 1 else b"")


# Validators


async def renewed_by_304(visit: Visit) -> bool:
    """ETag "one" at first; a 304 to it brings ETag "two", which is the only one that matches from then on."""
    asked = visit.request.header("If-None-Match")
    if asked and asked.removeprefix("W/") in ('"one"', '"two"'):
        await visit.send(b'HTTP/1.1 304 Not Modified\r\nETag: "two"\r\n\r\n')
        return True
    return await _announced(visit, visit.leads, 'ETag: "one"')


async def older_date(visit: Visit) -> bool:
    """From the second time on another body under a new ETag, with a Last-Modified that is older than the first."""
    if visit.turn == 1:
        return await _announced(
            visit, visit.leads[1:], 'ETag: "one"', f"Last-Modified: {email.utils.formatdate(1.7e9, usegmt=True)}"
        )
    if visit.request.header("If-None-Match") == '"two"':
        await visit.send(b'HTTP/1.1 304 Not Modified\r\nETag: "two"\r\n\r\n')
        return True
    return await _announced(visit, visit.leads, 'ETag: "two"', f"Last-Modified: {email.utils.formatdate(1.6e9, usegmt=True)}")


async def suffixed(visit: Visit) -> bool:
    """The ETag is sent as "v1-gzip" and matched as "v1"; the third request finds one lead more under "v2"."""
    version, leads = ("v1", visit.leads[1:]) if visit.turn < 3 else ("v2", visit.leads)
    if visit.request.header("If-None-Match") == f'"{version}"':
        await visit.send(f'HTTP/1.1 304 Not Modified\r\nETag: "{version}"\r\n\r\n'.encode())
        return True
    return await _announced(visit, leads, f'ETag: "{version}-gzip"')


async def _announced(visit: Visit, leads: tuple[str, ...], *headers: str) -> bool:
    return await visit.reply(rss(leads), *headers, kind=XML)


# Codings


def coded(codec: str, text: tuple[str, ...], kind: str) -> Play:
    """A story in a coding that nothing names, or that the header denies."""

    async def play(visit: Visit) -> bool:
        return await visit.reply(markup(text[0][:40], text).encode(codec), kind=kind)

    return play


def _codings() -> tuple[Behaviour, ...]:
    rows = (
        ("windows-1256", "cp1256", scripts.ARABIC),
        ("gb18030", "gb18030", scripts.CHINESE),
        ("koi8-r", "koi8_r", scripts.RUSSIAN),
        ("shift-jis", "shift_jis", scripts.JAPANESE),
    )
    kinds = (("says-utf-8", "text/html; charset=utf-8"), ("says-nothing", "text/html"))
    return tuple(
        behaviour(
            38, f"{name}-{said}", f"bytes in {name}, the header {said.replace('-', ' ')}",
            "no mojibake in the clean copy", "kept duplicate",
            coded(codec, text, kind), requests=(1, 1), text=text,
        )
        for name, codec, text in rows
        for said, kind in kinds
    )  # fmt: skip


# Challenges

_SCRIPT = "<script>(function(){{window._cf_chl_opt={{cvId:'3',cType:'managed'}};{pad}}})();</script>"
_PLATFORM = '<script src="/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1?ray=8a1"></script>'


def challenge_page() -> bytes:
    """In the shape of the page that is served while a browser is checked; almost all of it is script."""
    words = (
        '<div class="main-wrapper" role="main"><h1 class="zone-name-title">hillpost.example</h1>'
        "<h2>Checking if the site connection is secure</h2>"
        "<noscript><p>Enable JavaScript and cookies to continue</p></noscript>"
        "<p>hillpost.example needs to review the security of your connection before proceeding.</p></div>"
    )
    start = f"<!DOCTYPE html><html><head><title>Just a moment...</title>{_PLATFORM}</head><body>{words}"
    pad = "var a=[" + "0x1f2e," * ((CHALLENGE_SIZE - len(start)) // 7) + "0];"
    return f"{start}{_SCRIPT.format(pad=pad)}</body></html>".encode()


def challenged(status: str, *headers: str) -> Play:
    """The challenge under a status."""

    async def play(visit: Visit) -> bool:
        return await visit.reply(challenge_page(), "Server: cloudflare", "CF-RAY: 8a1-FRA", *headers, status=status)

    return play


async def story_with_platform(visit: Visit) -> bool:
    """A normal story that carries the same script at its end, as pages behind that shield do."""
    source = "/cdn-cgi/challenge-platform/scripts/jsd/main.js"
    extra = f"<script>(function(){{var d=document.createElement('script');d.src='{source}'}})();</script>"
    return await visit.reply(visit.story.replace(b"</body>", extra.encode() + b"</body>"), "Server: cloudflare")


# Feeds and sitemaps

ODD_DATES = (
    "Thu, 03 Sep 15",
    "Mon, May 25 2020 04:45:26 +0000",
    "Mon, 25 May 2020 17:00:00 Z",
    "2017-08-01 13:55:44.36 +0200 CEST",
    "Fri, 01 Jan 2100 00:00:00 GMT",
)


def crooked_feed(opening: str, title: str) -> dict[str, Play]:
    """A feed with this opening tag and these titles, neither of them escaped; each lead with one of the odd dates."""

    async def play(visit: Visit) -> bool:
        items = "".join(
            f"<item><title>{title}</title><link>{escape(url)}</link><pubDate>{ODD_DATES[n % len(ODD_DATES)]}</pubDate></item>"
            for n, url in enumerate(visit.leads)
        )
        return await visit.reply(f"{opening}<channel><title>Hill Post</title>{items}</channel></rss>".encode(), kind="text/xml")

    return on_feeds(play)


async def foreign_sitemap(visit: Visit) -> bool:
    """A sitemap that lists a page of this host and one of another."""
    urls = (visit.leads[0], visit.elsewhere + urlsplit(visit.leads[0]).path)
    rows = "".join(f"<url><loc>{url}</loc></url>" for url in urls)
    body = f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</urlset>'
    return await visit.reply(body.encode(), kind="application/xml")


async def rotating(visit: Visit) -> bool:
    """Every second time the feed names the same story on another host."""
    home = visit.here if visit.turn % 2 else visit.elsewhere
    return await _announced(visit, (home + urlsplit(visit.leads[0]).path,))


_RSS = '<?xml version="1.0"?><rss version="2.0">'
_RSS_SITEMAP = '<?xml version="1.0"?><rss version="2.0" xmlns:sm="http://www.sitemaps.org/schemas/sitemap/0.9">'
_SOFT = tuple(page_path(22, "soft-404", series) for series in range(2, 6))
_HOME = tuple(page_path(22, "soft-home", series) for series in range(2, 6))
_REFUSE = "refuses the challenge"
_ETAG = "newest validators stored and sent"

BEHAVIOURS: tuple[Behaviour, ...] = (
    behaviour(
        22, "soft-404", "every unknown URL: 200 with the same page", "no article, not many copies", "quarantined",
        not_found_page,
        also={"*": not_found_page}, leads=_SOFT, requests=(1, 1), after=False,
    ),
    behaviour(
        22, "soft-home", "every unknown URL: 200 with the home page", "no article, not many copies", "quarantined", home_page,
        also={"*": home_page}, leads=_HOME, requests=(1, 1), after=False,
    ),
    behaviour(
        24, "emptied", "200 and an empty body where a story was", "no revision; the earlier copy stays", "kept", emptied,
        again="quarantined unchanged failed", requests=(1, 1),
    ),
    behaviour(25, "renewed-by-304", "304 with a new ETag", _ETAG, "kept", None, also=on_feeds(renewed_by_304), requests=(1, 1)),
    behaviour(25, "older-date", "ETag new, Last-Modified old", _ETAG, "kept", None, also=on_feeds(older_date), requests=(0, 1)),
    behaviour(
        26, "suffixed", "ETag sent with -gzip, matched without", "never loses an update", "kept", None, also=on_feeds(suffixed),
        requests=(0, 1),
    ),
    *_codings(),
    behaviour(
        39, "challenge-403", "the challenge as 403", _REFUSE, "quarantined",
        challenged("403 Forbidden", "cf-mitigated: challenge"), after=False,
    ),
    behaviour(
        39, "challenge-503", "as 503", _REFUSE, "quarantined waiting", challenged("503 Service Unavailable"), after=False,
    ),
    behaviour(39, "challenge-200", "as 200 (275 KB)", _REFUSE, "quarantined", challenged("200 OK"), after=False),
    behaviour(
        39, "challenge-script", "a story with the challenge's script", "keeps it", "kept", story_with_platform,
        requests=(1, 1),
    ),
    behaviour(
        40, "crooked-feed", "feed with &lsquo; and a bare &, odd dates", "finds the entries", "kept", well,
        also=crooked_feed(_RSS, "&lsquo;Fish & chips&rsquo;"), requests=(1, 1),
        leads=tuple(page_path(40, "crooked-feed", series) for series in range(2, 6)),
    ),
    behaviour(
        40, "sitemap-namespace", "RSS that names the sitemap namespace", "a feed", "kept", well,
        also=crooked_feed(_RSS_SITEMAP, "Plain"), requests=(1, 1),
    ),
    behaviour(
        40, "foreign-sitemap", "sitemap that lists another host", "left out or marked", "kept", well,
        also={"/sitemap.xml": foreign_sitemap}, requests=(1, 1),
    ),
    behaviour(
        40, "rotating", "the same story on rotating hosts", "no endless refetch", "kept", well, also=on_feeds(rotating),
        requests=(1, 1), after=False,
    ),
)  # fmt: skip
