"""A street of small outlets on loopback, each behind a door of its own, that print many of the same wire stories.

For the fleet: as many outlets as are wanted, none of them hard. `robots.txt` asks for DELAY between two requests, and the log of
requests says whether that was kept.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from html import escape

from tests.loopback import Loopback, Request, doors, read_request
from tests.newsstand.wire_stories import Story, stories

DELAY = 0.25


class Street:
    """`outlets` doors with `pages` stories each. `delay`: seconds that every outlet asks for between two requests."""

    def __init__(self, outlets: int, pages: int, delay: float = DELAY) -> None:
        self.names = tuple(f"paper-{number:02}" for number in range(outlets))
        self.pages, self.delay = pages, delay
        self._server = Loopback(doors=doors(self.names, 0), talk=self._talk)

    def __enter__(self) -> Street:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    @property
    def environment(self) -> dict[str, str]:
        """What makes `scrapy` know these outlets."""
        where = " ".join(f"{name}={self._server.url(name)}/" for name in self.names)
        return {"SCRAPY_SETTINGS_MODULE": "tests.spiders.street_settings", "TEST_STREET": where}

    def forget(self) -> None:
        """Empty the log of requests."""
        self._server.forget()

    @property
    def printed(self) -> dict[str, tuple[str, str]]:
        """URL of a story -> its text, and the key of the wire story that it is."""
        return {
            f"{self._server.url(name)}/story/{story.key}": ("\n".join(block.text for block in story.blocks), story.key)
            for door, name in enumerate(self.names)
            for story in self._printed(door)
        }

    def stories_asked(self) -> Counter[tuple[str, str]]:
        """(outlet, target) of a story -> how often it was asked for."""
        return Counter((each.door, each.target) for each in self._stories())

    def closest(self) -> float:
        """Seconds between the two requests for stories of one outlet that came closest to each other."""
        last: dict[str, float] = {}
        gaps = []
        for each in self._stories():
            if each.door in last:
                gaps.append(each.at - last[each.door])
            last[each.door] = each.at
        return min(gaps, default=0.0)

    def _stories(self) -> list[Request]:
        return [each for each in self._server.requests if each.target.startswith("/story/") and "." not in each.target]

    def _printed(self, door: int) -> list[Story]:
        wire = list(stories().values())
        return [wire[(door * 3 + place) % len(wire)] for place in range(self.pages)]

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, door: int) -> None:
        while request := await read_request(reader, self.names[door]):
            self._server.log(request)
            status, kind, body = self._answer(request.path, door)
            head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            await writer.drain()

    def _answer(self, path: str, door: int) -> tuple[str, str, bytes]:
        if path == "/robots.txt":
            return "200 OK", "text/plain", f"User-agent: *\nCrawl-delay: {self.delay}\n".encode()
        printed = {f"/story/{story.key}": story for story in self._printed(door)}
        if path == "/feed.xml":
            return "200 OK", "application/rss+xml", _feed(self._server.url(self.names[door]), printed)
        if path in printed:
            return "200 OK", "text/html", _page(self.names[door], printed[path])
        return "404 Not Found", "text/html", b"<title>404 Not Found</title><h1>404 Not Found</h1><p>There is no such page.</p>"


def _feed(home: str, printed: dict[str, Story]) -> bytes:
    entries = "".join(
        f"<item><title>{escape(story.headlines['menafn'])}</title><link>{home}{path}</link></item>"
        for path, story in printed.items()
    )
    return f"<?xml version='1.0'?><rss version='2.0'><channel><title>Paper</title>{entries}</channel></rss>".encode()


def _page(outlet: str, story: Story) -> bytes:
    title = escape(story.headlines["menafn"])
    text = "".join(f"<p>{escape(block.text)}</p>" for block in story.blocks)
    return (
        f"<!doctype html><html lang={story.language}><head><meta charset=utf-8><title>{title} - {outlet}</title>"
        f'<meta property="article:published_time" content="{story.published.isoformat()}"></head><body>'
        f'<nav><a href="/">{outlet}</a></nav><article><h1>{title}</h1>{text}</article>'
        f"<footer><p>© {outlet}, all rights reserved</p></footer></body></html>"
    ).encode()


def outlets() -> dict[str, str]:
    """Outlets of the street that the environment names -> where they stand."""
    return dict(each.split("=", 1) for each in os.environ.get("TEST_STREET", "").split())  # type: ignore[misc]
