"""The hostile server: every behaviour behind a door, and on an address, of its own, so that none can hide another."""

from __future__ import annotations

import asyncio
import re
import sys
from collections import Counter

from tests.hostile import bodies, heads, pages, redirects, robots, waiting
from tests.hostile.visit import Behaviour, Pace, Play, Visit, good_paragraphs, good_story, page_path, rss
from tests.loopback import LOOPBACK, Loopback, Request, read_request

BEHAVIOURS: tuple[Behaviour, ...] = tuple(
    sorted(
        (each for room in (waiting, bodies, redirects, heads, robots, pages) for each in room.BEHAVIOURS),
        key=lambda each: each.number,
    )
)
HUB, ELSEWHERE, FORBIDDEN, FORBIDDEN_6 = "hub", "elsewhere", "forbidden", "forbidden-6"
EXTRA = (HUB, ELSEWHERE, FORBIDDEN, FORBIDDEN_6)
# The addresses of the doors that a crawl under test must be allowed to reach; 127.0.0.1 and ::1 are the forbidden ones.
ALLOWED = "127.0.1.0/24"
EMPTY_FEEDS = ("/rss/menafn_energy.xml", "/rss/menafn_saudi_arabia.xml")


def after_path(behaviour: Behaviour) -> str:
    """The address of the good story that a behaviour's feed names behind the bad page."""
    return page_path(behaviour.number, f"{behaviour.name}-after", 9)


def paragraphs(behaviour: Behaviour, target: str | None = None) -> tuple[str, ...]:
    """What a clean copy of a behaviour's page (or of another target at its door) must hold when it is kept whole."""
    if behaviour.text and target is None:
        return behaviour.text
    return good_paragraphs(_story_name(behaviour, target or behaviour.path))


def _story_name(behaviour: Behaviour, target: str) -> str:
    series = re.match(r"/([2-9])0000\d\d/", target)
    return f"{behaviour.name}-{series[1]}" if series else behaviour.name


class Hostile:
    """`with Hostile() as hostile: hostile.url(behaviour)`; `hostile.requests` is the log, `door` a behaviour's name.

    Doors are on 127.0.1.x (ALLOWED), where the system has these addresses; else all on 127.0.0.1, and then `apart` is
    False: what is told apart by host name cannot be told apart. `hub` is the base URL of a door whose /feed.xml names
    the pages of all behaviours; every door has a feed.xml, and a robots.txt that allows everything, of its own.
    """

    def __init__(self, pace: Pace | None = None) -> None:
        self.pace = pace or Pace()
        self.apart = sys.platform.startswith("linux")
        names = (*(each.name for each in BEHAVIOURS), *EXTRA)
        own = {name: f"127.0.1.{index + 1}" for index, name in enumerate(names) if name not in (FORBIDDEN, FORBIDDEN_6)}
        hosts = (own if self.apart else {}) | {FORBIDDEN: LOOPBACK, FORBIDDEN_6: "::1"}
        self._server = Loopback(doors=dict.fromkeys(names, 0), talk=self._talk, hosts=hosts)
        self._behaviours = {each.name: each for each in BEHAVIOURS}
        self._turns: Counter[tuple[str, str]] = Counter()
        self._connections = 0

    def __enter__(self) -> Hostile:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    @property
    def requests(self) -> tuple[Request, ...]:
        """Every request so far, oldest first."""
        return self._server.requests

    def asked(self, behaviour: Behaviour, target: str | None = None) -> tuple[Request, ...]:
        """The requests for a behaviour's page, or for another target at its door."""
        wanted = target or behaviour.path
        return tuple(each for each in self.requests if (each.door, each.target) == (behaviour.name, wanted))

    @property
    def trespasses(self) -> tuple[Request, ...]:
        """Requests that reached a forbidden address: none, when the crawler guards itself."""
        return tuple(each for each in self.requests if each.door in (FORBIDDEN, FORBIDDEN_6))

    @property
    def hub(self) -> str:
        """Base URL of the door that announces everything."""
        return self._server.url(HUB)

    def origin(self, behaviour: Behaviour) -> str:
        """Base URL of a behaviour's door."""
        return self._server.url(behaviour.name)

    def url(self, behaviour: Behaviour) -> str:
        """URL of a behaviour's page."""
        return self.origin(behaviour) + behaviour.path

    def leads(self, behaviour: Behaviour) -> tuple[str, ...]:
        """What the feed at a behaviour's door names: its page, further ones, the good story behind them."""
        after = (after_path(behaviour),) if behaviour.after else ()
        return tuple(self.origin(behaviour) + target for target in (behaviour.path, *behaviour.leads, *after))

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, door: int) -> None:
        name = self._server.names[door]
        self._connections += 1
        connection, turn = self._connections, 0
        while request := await read_request(reader, name, connection):
            turn += 1
            self._server.log(request)
            self._turns[name, request.target] += 1
            play, visit = self._play(name, request.target), self._visit(request, writer, turn)
            if not await play(visit):
                return

    def _visit(self, request: Request, writer: asyncio.StreamWriter, connection_turn: int) -> Visit:
        behaviour = self._behaviours.get(request.door)
        return Visit(
            request=request,
            turn=self._turns[request.door, request.target],
            connection_turn=connection_turn,
            pace=self.pace,
            here=self._server.url(request.door),
            elsewhere=self._server.url(ELSEWHERE),
            forbidden=(self._server.url(FORBIDDEN), self._server.url(FORBIDDEN_6)),
            story=good_story(_story_name(behaviour, request.target)) if behaviour else good_story(request.target),
            leads=self.leads(behaviour) if behaviour else tuple(url for each in BEHAVIOURS for url in self.leads(each)),
            writer=writer,
        )

    def _play(self, door: str, target: str) -> Play:
        if door in (FORBIDDEN, FORBIDDEN_6):
            return redirects.secret
        if door == ELSEWHERE:
            return _elsewhere
        behaviour = self._behaviours.get(door)
        plays = behaviour.plays if behaviour else {}
        ordinary = {"/robots.txt": _allow, **dict.fromkeys(pages.FEEDS, _feed), **dict.fromkeys(EMPTY_FEEDS, _empty_feed)}
        printed = (behaviour.path, *behaviour.leads, after_path(behaviour)) if behaviour else ()
        otherwise = plays.get("*") or (bodies.well if target in printed else _absent)
        return plays.get(target) or ordinary.get(target) or otherwise


async def _allow(visit: Visit) -> bool:
    return await visit.reply(b"User-agent: *\nDisallow:\n", kind="text/plain")


async def _feed(visit: Visit) -> bool:
    return await visit.reply(rss(visit.leads), kind=pages.XML)


async def _empty_feed(visit: Visit) -> bool:
    return await visit.reply(rss(()), kind=pages.XML)


async def _absent(visit: Visit) -> bool:
    body = b"<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1></body></html>"
    return await visit.reply(body, status="404 Not Found")


async def _elsewhere(visit: Visit) -> bool:
    """The other host: sends /hop-to/ on, has rules for who was led here, and prints the stories of others."""
    target = visit.request.target
    if target.startswith("/hop-to/"):
        return await visit.redirect("http://" + target.removeprefix("/hop-to/"))
    if target == "/rules":
        return await visit.reply(robots.RULES, kind="text/plain")
    if target == "/robots.txt":
        return await _allow(visit)
    printed = next((each for each in BEHAVIOURS if each.path == target), None)
    return await visit.reply(good_story(printed.name)) if printed else await _absent(visit)
