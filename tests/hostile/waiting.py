"""Servers that ask for time, take it, or take a connection and nothing more (1-4, 30-32)."""

from __future__ import annotations

import asyncio
import datetime as dt
import email.utils

from tests.hostile.visit import Behaviour, Play, Visit, behaviour, head, page_path

_BUSY = b"<html><head><title>Busy</title></head><body><h1>Please come back later</h1></body></html>"


def first_refused(status: str, *headers: str, times: int = 1) -> Play:
    """The first `times` requests are refused, then the story comes. `{wait}` stands for the pace's seconds."""

    async def play(visit: Visit) -> bool:
        if visit.turn > times:
            return await visit.good()
        return await visit.reply(_BUSY, *(line.format(wait=visit.pace.wait) for line in headers), status=status)

    return play


def dated(ahead: dt.timedelta) -> Play:
    """503 with Retry-After as a date, by a clock that is `ahead` of ours."""

    async def play(visit: Visit) -> bool:
        if visit.turn > 1:
            return await visit.good()
        now = dt.datetime.now(dt.UTC).replace(microsecond=0) + ahead
        until = now + dt.timedelta(seconds=visit.pace.wait + 1)  # a date has no fractions: up to a second is lost
        dates = [email.utils.format_datetime(each, usegmt=True) for each in (now, until)]
        return await visit.reply(_BUSY, f"Date: {dates[0]}", f"Retry-After: {dates[1]}", status="503 Service Unavailable")

    return play


async def drip(visit: Visit) -> None:
    """The story, then one byte after the other."""
    await visit.send(head("200 OK", "Content-Type: text/html; charset=utf-8", "Connection: close"), visit.story[:200])
    for _ in range(int(visit.pace.hold / visit.pace.drip)):
        if visit.writer.is_closing():
            return
        await visit.send(b"x")
        await asyncio.sleep(visit.pace.drip)


async def drip_head(visit: Visit) -> None:
    """The same within the head: the answer never begins."""
    await visit.send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    for _ in range(int(visit.pace.hold / visit.pace.drip)):
        if visit.writer.is_closing():
            return
        await visit.send(b"x")
        await asyncio.sleep(visit.pace.drip)


async def endless(visit: Visit) -> None:
    """A body without a length and without an end; the pace ends it."""
    await visit.send(head("200 OK", "Content-Type: text/html; charset=utf-8", "Connection: close"), visit.story[:400])
    row = b"<p>And another line of a page that has no end, for as long as somebody reads it.</p>\n" * 700
    sent = 0
    while sent < visit.pace.endless and not visit.writer.is_closing():
        await visit.send(row)
        sent += len(row)


async def silent(visit: Visit) -> None:
    """The connection is taken and nothing is said."""
    await visit.hold()


async def dropped(visit: Visit) -> bool | None:
    """The second request over a kept-alive connection finds it closed; over a new one it is answered."""
    return None if visit.connection_turn > 1 else await visit.good("Keep-Alive: timeout=60")


async def broken_off(visit: Visit) -> bool | None:
    """The first request is answered by RST."""
    if visit.turn == 1:
        visit.reset()
        return None
    return await visit.good()


_AGAIN = "waits as asked, asks again, keeps the page"
_CLAMPED = "clamps it to a set maximum or ignores it, and says so"
_BOUNDED = "ends it by a total time limit; a part that is kept says so"

BEHAVIOURS: tuple[Behaviour, ...] = (
    behaviour(
        1, "retry-after-seconds", "429 with Retry-After in seconds, then the page", _AGAIN, "kept",
        first_refused("429 Too Many Requests", "Retry-After: {wait}"), requests=(2, 2),
    ),
    behaviour(2, "retry-after-date", "503 with Retry-After as a date", _AGAIN, "kept", dated(dt.timedelta()), requests=(2, 2)),
    behaviour(
        2, "retry-after-date-ahead", "the same by a clock that is an hour ahead",
        "counts from the server's Date, or leaves it for a later run", "kept waiting quarantined", dated(dt.timedelta(hours=1)),
        requests=(1, 2),
    ),
    behaviour(
        3, "retry-after-ten-years", "429, Retry-After of ten years", _CLAMPED, "kept waiting quarantined",
        first_refused("429 Too Many Requests", "Retry-After: 315360000"), requests=(1, 2), after=False,
    ),
    behaviour(
        3, "retry-after-negative", "429, Retry-After: -5", _CLAMPED, "kept",
        first_refused("429 Too Many Requests", "Retry-After: -5"), requests=(2, 2),
    ),
    behaviour(
        3, "retry-after-soon", "429, Retry-After: soon", _CLAMPED, "kept",
        first_refused("429 Too Many Requests", "Retry-After: soon"), requests=(2, 2),
    ),
    behaviour(
        3, "retry-after-past", "503, Retry-After of a day in 2001", _CLAMPED, "kept",
        first_refused("503 Service Unavailable", "Retry-After: Sun, 04 Mar 2001 10:00:00 GMT"), requests=(2, 2),
    ),
    behaviour(
        4, "busy-three-times", "503 three times, then the page", "growing bounded waits, never more than the set tries",
        "kept quarantined failed", first_refused("503 Service Unavailable", times=3), requests=(1, 4), after=False,
    ),
    behaviour(30, "drip", "one byte after the other for ever", _BOUNDED, "failed kept quarantined", drip),
    behaviour(30, "drip-head", "the same within a header line", _BOUNDED, "failed", drip_head),
    behaviour(
        31, "endless", "a body without length or end", "stops at the size limit; digests are of what is stored",
        "failed quarantined kept", endless, requests=(1, 1),
    ),
    behaviour(
        32, "silent", "takes the connection, never answers", "retries, then gives up; the slot is freed", "failed", silent,
    ),
    behaviour(
        32, "dropped", "closes a kept-alive connection instead of the second answer", "asks again over a new one", "kept",
        dropped, also={page_path(32, "dropped", 2): dropped}, leads=(page_path(32, "dropped", 2),),
    ),
    behaviour(32, "reset", "RST instead of the first answer", "asks again", "kept", broken_off, requests=(2, 3)),
)  # fmt: skip
