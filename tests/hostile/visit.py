"""One request to the hostile server, with everything that a behaviour needs to answer it byte by byte."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import struct
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from html import escape

from tests.loopback import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How far the server goes. Times in seconds, sizes in bytes: small enough for a test, larger where one asks.

    `wait` is what Retry-After asks for; `drip` the pause between single bytes; `hold` how long the server holds a
    connection that goes nowhere, at most; `bomb` what a compressed body unpacks to; `endless` what an endless body
    sends at most; `head` the size of a huge header section.
    """

    wait: int = 1
    drip: float = 0.02
    hold: float = 30.0
    bomb: int = 64 << 20
    endless: int = 48 << 20
    head: int = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request at a door. `turn` counts requests for this target at this door, from 1, `connection_turn` those over
    this connection.

    URLs have no slash at the end: `leads` are those that this door's feed names, `here` is its own base URL, `elsewhere`
    that of a harmless other host, `forbidden` those of hosts that a crawler with the right settings never reaches.
    `story` is a good story that stands nowhere else.
    """

    request: Request
    turn: int
    connection_turn: int
    pace: Pace
    here: str
    elsewhere: str
    forbidden: tuple[str, ...]
    story: bytes
    leads: tuple[str, ...]
    writer: asyncio.StreamWriter

    async def send(self, *parts: bytes) -> None:
        """Write, and wait until the system has taken it: memory stays flat however long the body is."""
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()

    async def reply(
        self, body: bytes, *headers: str, status: str = "200 OK", kind: str = "text/html; charset=utf-8", length: bool = True
    ) -> bool:
        """A well-formed answer -> True: the connection may go on."""
        measured = [f"Content-Length: {len(body)}"] if length else ["Connection: close"]
        await self.send(head(status, f"Content-Type: {kind}", *headers, *measured), body)
        return length

    async def good(self, *headers: str) -> bool:
        """The good story of this door."""
        return await self.reply(self.story, *headers)

    async def redirect(self, location: str | bytes, status: str = "302 Found", *headers: str) -> bool:
        """A redirect; a location in bytes goes out as it is."""
        raw = location if isinstance(location, bytes) else location.encode()
        start = head(status, *headers, "Content-Length: 0")[:-2]
        await self.send(start + b"Location: " + raw + b"\r\n\r\n")
        return True

    def reset(self) -> None:
        """End the connection by RST: no FIN, unsent bytes are dropped."""
        taken: socket.socket = self.writer.get_extra_info("socket")
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def hold(self) -> None:
        """Say nothing for as long as the pace's `hold`."""
        await asyncio.sleep(self.pace.hold)


# What a behaviour does with a request: True when the connection may take another one.
Play = Callable[[Visit], Awaitable[bool | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """One thing that servers do, at a door of its own.

    `number` is the line of the list (1 to 40), `name` unique; `does` says what the server does, `good` what a good
    crawler does. `path` is the page to ask for; `ends` the outcomes of it that are right, best first: words of Outcome,
    or "refused" (not to be asked) or "waiting" (to be asked in a later run) where nothing is captured. `requests` are
    the fewest and most requests for `path` in one run; None where settings decide. `again` are the right outcomes of a
    second fetch, empty where it says nothing. `plays` answer by target ("*": any other), `leads` are more targets that
    the feed names beside `path`; `after` is whether it names a good story behind them that must be kept. `text` is the
    story that a clean copy must hold, where it is not the door's good story.
    """

    number: int
    name: str
    does: str
    good: str
    path: str
    ends: tuple[str, ...]
    plays: dict[str, Play] = field(repr=False, compare=False)
    requests: tuple[int, int] | None = None
    again: tuple[str, ...] = ()
    leads: tuple[str, ...] = ()
    after: bool = True
    text: tuple[str, ...] = ()


def behaviour(
    number: int,
    name: str,
    does: str,
    good: str,
    ends: str,
    play: Play | None,
    *,
    also: dict[str, Play] | None = None,
    requests: tuple[int, int] | None = None,
    again: str = "",
    leads: tuple[str, ...] = (),
    after: bool = True,
    text: tuple[str, ...] = (),
    path: str | None = None,
) -> Behaviour:
    """A line of the table; outcomes as words with a space between them. Without a `play` the page is the good story."""
    place = path or page_path(number, name)
    plays = {place: play} if play else {}
    return Behaviour(
        number=number,
        name=name,
        does=does,
        good=good,
        path=place,
        ends=tuple(ends.split()),
        plays=plays | (also or {}),
        requests=requests,
        again=tuple(again.split()),
        leads=leads,
        after=after,
        text=text,
    )


def page_path(number: int, name: str, series: int = 1) -> str:
    """The address of a behaviour's page, in the shape of a story's; `series` tells pages of one behaviour apart."""
    return f"/{series}0000{number:02d}/{name}"


def head(status: str, *headers: str) -> bytes:
    """Status and header lines -> the head of a response."""
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode("latin-1")


def chunk(part: bytes) -> bytes:
    """A chunk of the chunked coding (RFC 9112 7.1)."""
    return b"%x\r\n" % len(part) + part + b"\r\n"


LAST_CHUNK = b"0\r\n\r\n"


def markup(title: str, paragraphs: Iterable[str], extra: str = "") -> str:
    """A plain page of a story; `extra` goes into its head."""
    body = "\n".join(f"<p>{escape(text, quote=False)}</p>" for text in paragraphs)
    return (
        f"<!DOCTYPE html>\n<html><head><title>{escape(title)}</title>{extra}</head>\n"
        f"<body><h1>{escape(title)}</h1>\n{body}\n</body></html>\n"
    )


_PLACES = (
    "Aldmoor", "Brenwick", "Carrow", "Dunsby", "Elmstead", "Farleigh", "Garth", "Hexley",
    "Ingram", "Jarvale", "Kelby", "Lorton", "Maddock", "Norwell", "Ostley", "Penrow",
    "Quenby", "Ravensea", "Stainmoor", "Thurle", "Upwell", "Varley", "Wexmoor", "Yarrow",
)  # fmt: skip
_TRADES = (
    "ferry", "quarry", "brewery", "tannery", "foundry", "laundry", "bakery", "smithy",
    "orchard", "granary", "nursery", "pottery", "sawmill", "mint", "ropewalk", "kiln",
    "dairy", "cannery", "boatyard", "weaver's", "printer's", "chandler's", "glassworks", "windmill",
)  # fmt: skip
_TURNS = (
    "The {trade} of {place} will take on {a} people before the end of the year, its owner {name} told a full hall on Tuesday.",
    "Nobody in {place} had expected the {trade} to last; {a} years ago it stood empty and the roof had come down.",
    "A bridge of {b} metres is to join the {trade} of {place} to the railway, at a price that {name} would not give.",
    "Of {b} households asked in {place}, all but {c} wanted the {trade} to stay where it is, behind the church.",
    '"We count in winters here," said {name} of {place}, who has kept the books of the {trade} for {c} of them.',
    "The council votes in {c} weeks, and {place} has hired a bus with {a} seats for those who wish to watch.",
    "Rain had washed out the road to {place} {c} times since spring, so the {trade} sends its goods by barge.",
    "An old photograph from {place} shows the {trade} with {b} workers in front of it, every one of them in a hat.",
    "{name} plans to plant {b} lime trees around the {trade}, one for each house that {place} had before the flood.",
    "What {place} needs, the priest said, is not a larger {trade} but {c} good plumbers and somebody like {name}.",
    "For {a} days the bell of {place} did not ring, because {name} had lent its rope to the {trade} and gone on a journey.",
    "The school of {place} counts {b} pupils again, {c} of them children of people who came for the {trade}.",
    "In a field behind the {trade} of {place}, {name} found {a} coins under a stone that everybody had sat on.",
    "A petition with {b} names asks that the {trade} of {place} should whistle at noon, as it did until {name} left.",
    "After {c} attempts {name} has rowed around the island off {place} in {a} hours, with a cake from the {trade} on board.",
    "The winner of the prize of {b} crowns is {name}, whose hen laid {a} eggs for the {trade} of {place} in one summer.",
)


def good_paragraphs(name: str) -> tuple[str, ...]:
    """A word -> six paragraphs of a story that no other word gives; always the same."""
    order = sorted(range(len(_TURNS)), key=lambda index: _seed(name, index)[0])[:6]
    return tuple(_TURNS[index].format(**_words(_seed(name, index))) for index in order)


def good_story(name: str) -> bytes:
    """The page with `good_paragraphs`. Its headline says nothing of what the page is for: a judge reads it too."""
    words = _words(_seed(name, 99))
    return markup(f"{words['place']} and its {words['trade']}: news of the day", good_paragraphs(name)).encode()


def _seed(name: str, index: int) -> bytes:
    return hashlib.sha256(f"{name} {index}".encode()).digest()


def _words(seed: bytes) -> dict[str, str | int]:
    first, last = _PLACES[seed[3] % len(_PLACES)], _PLACES[seed[4] % len(_PLACES)]
    figures: dict[str, str | int] = {"a": 11 + seed[5] % 80, "b": 100 + seed[6] * 3, "c": 2 + seed[7] % 9}
    words = {"place": _PLACES[seed[1] % len(_PLACES)], "trade": _TRADES[seed[2] % len(_TRADES)], "name": f"{first} {last}son"}
    return figures | words


def rss(urls: Sequence[str]) -> bytes:
    """A plain feed of URLs."""
    items = "".join(f"<item><title>{escape(url)}</title><link>{escape(url)}</link></item>" for url in urls)
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Feed</title>{items}</channel></rss>'.encode()
