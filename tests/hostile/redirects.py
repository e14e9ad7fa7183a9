"""Redirects that circle, never end, leave the web, or lead to where nobody may go; links that grow (15-21, 23)."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote, urlsplit

from tests.hostile.visit import Behaviour, Play, Visit, behaviour, markup, page_path

CHAIN = 25
PERSIAN = "/خبر/باران-در-شهر"


def leads_to(target: str | Callable[[Visit], str | bytes], status: str = "302 Found") -> Play:
    """A redirect to a target of this host, or to what a function of the visit says."""

    async def play(visit: Visit) -> bool:
        return await visit.redirect(target if isinstance(target, str) else target(visit), status)

    return play


async def arrived(visit: Visit) -> bool:
    """The good story, where a redirect led."""
    return await visit.good()


async def secret(visit: Visit) -> bool:
    """What stands on a forbidden host."""
    return await visit.reply(markup("Internal", ["Keys of the house."]).encode())


def _chain(path: str) -> dict[str, Play]:
    steps: dict[str, Play] = {f"{path}-{n}": leads_to(f"{path}-{n + 1}", "301 Moved Permanently") for n in range(1, CHAIN)}
    return steps | {f"{path}-{CHAIN}": arrived}


def _forbidden(index: int, spelling: str) -> Callable[[Visit], str]:
    """The forbidden host of that index, its address spelt otherwise."""

    def target(visit: Visit) -> str:
        port = urlsplit(visit.forbidden[index]).port
        return f"http://{spelling}:{port}/10000/secret"

    return target


# Metadata services and private networks answer nobody here; the others lead to a door of ours that must stay unasked.
PRIVATE: dict[str, Callable[[Visit], str]] = {
    "literal": _forbidden(0, "127.0.0.1"),
    "name": _forbidden(0, "localhost"),
    "decimal": _forbidden(0, "2130706433"),
    "hex": _forbidden(0, "0x7f000001"),
    "octal": _forbidden(0, "0177.0.0.1"),
    "short": _forbidden(0, "127.1"),
    "ipv6": _forbidden(1, "[::1]"),
    "ipv6-mapped": _forbidden(0, "[::ffff:127.0.0.1]"),
    "unspecified": _forbidden(0, "0.0.0.0"),
    "link-local": lambda _: "http://169.254.169.254/latest/meta-data/",
    "private": lambda _: "http://10.0.0.1/",
    "carrier": lambda _: "http://100.64.0.1/",
}


def _meta(extra: str) -> Play:
    async def play(visit: Visit) -> bool:
        page = visit.story.decode().replace("</head>", extra.format(here=visit.request.target) + "</head>")
        return await visit.reply(page.encode())

    return play


async def growing(visit: Visit) -> bool:
    """A listing whose links are relative and grow: /products/products/…"""
    links = "".join(f'<li><a href="products/{word}">{word}</a></li>' for word in ("", "10000/lamps", "10001/chairs"))
    return await visit.reply(f"<html><head><title>Products</title></head><body><ul>{links}</ul></body></html>".encode())


_STOPPED = "stops, one outcome"
_REFUSED = "refuses it, reads nothing"
_AT_CONNECT = "refuses by the address connected to"
_ASIS = "percent-encodes the bytes as they are and follows"
_ENDS = "failed quarantined refused"


def _private(name: str) -> Behaviour:
    return behaviour(18, f"to-{name}", f"redirect to {name}", _AT_CONNECT, _ENDS, leads_to(PRIVATE[name]), requests=(1, 3))


_CIRCLE, _FAR, _RAW = page_path(15, "circle"), page_path(16, "far"), page_path(19, "raw-utf-8")
_SPACES, _SLASHES = page_path(19, "spaces"), page_path(20, "three-slashes")

BEHAVIOURS: tuple[Behaviour, ...] = (
    behaviour(
        15, "circle", "redirect A to B to A", _STOPPED, _ENDS, leads_to(f"{_CIRCLE}-b"),
        also={f"{_CIRCLE}-b": leads_to(_CIRCLE)},
        requests=(1, 20),
    ),
    behaviour(15, "itself", "redirect to itself", _STOPPED, _ENDS, leads_to(page_path(15, "itself")), requests=(1, 21)),
    behaviour(
        16, "far", f"{CHAIN} redirects in a row", "stops at the limit, the chain recorded", _ENDS, leads_to(f"{_FAR}-1"),
        also=_chain(_FAR), requests=(1, 1),
    ),
    behaviour(17, "to-file", "redirect to file:", _REFUSED, _ENDS, leads_to("file:///etc/passwd"), requests=(1, 3)),
    behaviour(17, "to-data", "redirect to data:", _REFUSED, _ENDS, leads_to("data:text/html,<h1>Hello</h1>"), requests=(1, 3)),
    behaviour(
        17, "to-ftp", "redirect to ftp:", _REFUSED, _ENDS,
        leads_to(lambda visit: visit.forbidden[0].replace("http:", "ftp:") + "/10000/secret"), requests=(1, 3),
    ),
    *(_private(name) for name in PRIVATE),
    behaviour(
        19, "raw-utf-8", "Location in raw UTF-8", _ASIS, "kept",
        leads_to(lambda _: (_RAW + PERSIAN).encode()), also={_RAW + quote(PERSIAN): arrived}, requests=(1, 1),
    ),
    behaviour(
        19, "spaces", "Location with spaces", _ASIS, "kept", leads_to(f"{_SPACES}/a story  of two words"),
        also={f"{_SPACES}/a%20story%20%20of%20two%20words": arrived}, requests=(1, 1),
    ),
    behaviour(
        19, "coded-scheme", "Location that begins with a percent-encoded scheme", "reads it as a relative path", "kept",
        leads_to("http%3A%2F%2Fexample.org%2Fstory"), also={"/1000019/http%3A%2F%2Fexample.org%2Fstory": arrived},
        requests=(1, 1),
    ),
    behaviour(
        20, "three-slashes", "Location: ///host/path", "reads it as //host/path", "kept",
        leads_to(lambda visit: f"///{urlsplit(visit.here).netloc}{_SLASHES}/arrived"), also={f"{_SLASHES}/arrived": arrived},
        requests=(1, 1),
    ),
    behaviour(
        21, "refresh-itself", "meta refresh to itself", "no loop", "kept",
        _meta('<meta http-equiv="refresh" content="0; url={here}">'), requests=(1, 2),
    ),
    behaviour(
        21, "refresh-noscript", "meta refresh inside noscript", "no loop", "kept",
        _meta('<noscript><meta http-equiv="refresh" content="0; url={here}?noscript=1"></noscript>'), requests=(1, 2),
    ),
    behaviour(
        21, "refresh-late", "meta refresh after half an hour", "no wait", "kept",
        _meta('<meta http-equiv="refresh" content="1800">'), requests=(1, 2),
    ),
    behaviour(
        23, "growing-links", "relative links grow for ever", "bounded depth or repetition", "quarantined", growing,
        also={"/products/": growing}, requests=(1, 1),
    ),
)  # fmt: skip
