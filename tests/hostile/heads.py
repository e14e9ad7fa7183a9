"""Status lines and header sections that are odd, broken or huge (27-29)."""

from __future__ import annotations

from tests.hostile.bodies import HTML
from tests.hostile.visit import Behaviour, Play, Visit, behaviour

COOKIES = 5_000


def raw_head(*lines: bytes) -> Play:
    """The good story behind a head of these lines."""

    async def play(visit: Visit) -> bool:
        ending = (HTML.encode(), b"Content-Length: %d" % len(visit.story), b"", b"")
        await visit.send(b"\r\n".join((*lines, *ending)), visit.story)
        return True

    return play


async def huge_head(visit: Visit) -> bool:
    """A header section of the pace's size, in lines of 8,000 bytes."""
    await visit.send(b"HTTP/1.1 200 OK\r\n")
    for number in range(visit.pace.head // 8_000 + 1):
        await visit.send(b"X-Filler-%d: " % number + b"f" * 8_000 + b"\r\n")
    await visit.send(b"\r\n".join((HTML.encode(), b"Content-Length: %d" % len(visit.story), b"", b"")), visit.story)
    return True


async def huge_line(visit: Visit) -> bool:
    """One header line of the pace's size."""
    await visit.send(b"HTTP/1.1 200 OK\r\nX-Filler: " + b"f" * visit.pace.head + b"\r\n")
    await visit.send(b"\r\n".join((HTML.encode(), b"Content-Length: %d" % len(visit.story), b"", b"")), visit.story)
    return True


_BOUNDED = "bounded: takes the page or fails it with that reason"
_COOKIES = tuple(b"Set-Cookie: c%d=%s; Path=/" % (number, b"v" * 60) for number in range(COOKIES))

BEHAVIOURS: tuple[Behaviour, ...] = (
    behaviour(27, "no-reason", "status line without a reason", "takes it", "kept", raw_head(b"HTTP/1.1 200"), requests=(1, 1)),
    behaviour(
        27, "no-reason-space", "the same with the space", "takes it", "kept", raw_head(b"HTTP/1.1 200 "), requests=(1, 1),
    ),
    behaviour(
        28, "no-colon", "a header line without a colon", "takes the page, or fails it with that reason", "kept failed",
        raw_head(b"HTTP/1.1 200 OK", b"this line has no colon"),
    ),
    behaviour(
        28, "quoted-name", "a header name in curly quotes (UTF-8)", "takes the page, or fails it with that reason",
        "kept failed",
        raw_head(b"HTTP/1.1 200 OK", "“X-Frame-Options”: SAMEORIGIN".encode()),
    ),
    behaviour(29, "huge-head", "a header section of a megabyte", _BOUNDED, "kept failed", huge_head),
    behaviour(29, "huge-line", "one header line of a megabyte", _BOUNDED, "failed kept", huge_line),
    behaviour(29, "cookies", "5,000 Set-Cookie", _BOUNDED, "kept failed", raw_head(b"HTTP/1.1 200 OK", *_COOKIES)),
)  # fmt: skip
