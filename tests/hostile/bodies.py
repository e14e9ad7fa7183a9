"""Bodies that end wrong, count wrong, unpack wrong or unpack to too much (5-14, 33)."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import zlib
from collections.abc import Iterator

import brotli
from backports import zstd

from tests.hostile.visit import LAST_CHUNK, Behaviour, Play, Visit, behaviour, chunk, head, page_path

HTML = "Content-Type: text/html; charset=utf-8"
BOMB_PIECE = b"\n" * (1 << 20)


# Framing


async def short_of_length(visit: Visit) -> None:
    """Content-Length promises 1,000 bytes more than come; then a clean close."""
    await visit.send(head("200 OK", HTML, f"Content-Length: {len(visit.story) + 1000}"), visit.story[:-400])


async def no_last_chunk(visit: Visit) -> None:
    """Chunks, and no last one."""
    await visit.send(head("200 OK", HTML, "Transfer-Encoding: chunked"), chunk(visit.story[:300]), chunk(visit.story[300:-300]))


async def until_close(visit: Visit) -> None:
    """Neither length nor chunks: the close is the end (RFC 9112 6.3, rule 8)."""
    await visit.send(head("200 OK", HTML), visit.story)


async def until_reset(visit: Visit) -> None:
    """The same, cut off by RST."""
    await visit.send(head("200 OK", HTML), visit.story[: len(visit.story) // 2])
    await asyncio.sleep(0.1)  # RST drops what the other side has not read yet
    visit.reset()


async def huge_chunk(visit: Visit) -> None:
    """A chunk size of 17 hex digits: more than 64 bits hold."""
    await visit.send(head("200 OK", HTML, "Transfer-Encoding: chunked"), b"1" + b"0" * 16 + b"\r\n", visit.story, b"\r\n")
    await visit.hold()


async def both_framings(visit: Visit) -> bool:
    """Transfer-Encoding and a Content-Length that is wrong; the connection stays open to see whether it is used again."""
    framing = ("Content-Length: 20", "Transfer-Encoding: chunked")
    await visit.send(head("200 OK", HTML, *framing), chunk(visit.story), LAST_CHUNK)
    return True


async def other_chunks(visit: Visit) -> bool:
    """The same bytes in other chunks each time, sizes from the number of the request."""
    await visit.send(head("200 OK", HTML, "Transfer-Encoding: chunked"))
    size = 37 * visit.turn
    for start in range(0, len(visit.story), size):
        await visit.send(chunk(visit.story[start : start + size]))
    await visit.send(LAST_CHUNK)
    return True


# Bombs: a piece is packed once and its packed form repeated, so that the server needs neither memory nor time.


def gzip_bomb(size: int) -> Iterator[bytes]:
    """Pieces of a gzip stream that unpacks to `size` bytes; the check value is left out, nobody gets that far."""
    return _flushed(zlib.compressobj(9, zlib.DEFLATED, 31), size)


def deflate_bomb(size: int) -> Iterator[bytes]:
    """The same as a zlib stream ("deflate")."""
    return _flushed(zlib.compressobj(9, zlib.DEFLATED, 15), size)


def _flushed(packer: zlib._Compress, size: int) -> Iterator[bytes]:
    yield packer.compress(BOMB_PIECE) + packer.flush(zlib.Z_FULL_FLUSH)
    # After a full flush nothing before it is referred to: the next piece has the same packed form for ever.
    packed = packer.compress(BOMB_PIECE) + packer.flush(zlib.Z_FULL_FLUSH)
    for _ in range(size // len(BOMB_PIECE) - 1):
        yield packed


def brotli_bomb(size: int) -> Iterator[bytes]:
    """The same in brotli; a megabyte packs to almost nothing."""
    packer = brotli.Compressor(quality=5)
    for _ in range(size // len(BOMB_PIECE)):
        yield packer.process(BOMB_PIECE)
    yield packer.finish()


def zstd_bomb(size: int) -> Iterator[bytes]:
    """The same in zstd: frames one after the other."""
    packed = zstd.compress(BOMB_PIECE)
    for _ in range(size // len(BOMB_PIECE)):
        yield packed


def gzip_twice(size: int) -> Iterator[bytes]:
    """gzip within gzip: a few hundred bytes on the wire."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    for piece in gzip_bomb(size):
        yield packer.compress(piece)
    yield packer.flush()


def bomb(coding: str) -> Play:
    """An answer in a coding that unpacks to the pace's `bomb`."""
    pieces = {"gzip": gzip_bomb, "deflate": deflate_bomb, "br": brotli_bomb, "zstd": zstd_bomb, "gzip, gzip": gzip_twice}[
        coding
    ]

    async def play(visit: Visit) -> None:
        await visit.send(head("200 OK", HTML, f"Content-Encoding: {coding}", "Connection: close"))
        for piece in pieces(visit.pace.bomb):
            if visit.writer.is_closing():
                return
            await visit.send(piece)

    return play


# Codings that are not what they say


def plainly(status: str = "200 OK") -> Play:
    """`Content-Encoding: gzip` over a plain body."""

    async def play(visit: Visit) -> bool:
        if status.startswith("302"):
            return await visit.redirect(visit.request.target + "-arrived", status, "Content-Encoding: gzip")
        refusal = b"<html><head><title>403 Forbidden</title></head><body><h1>403 Forbidden</h1></body></html>"
        body = visit.story if status.startswith("200") else refusal
        return await visit.reply(body, "Content-Encoding: gzip", status=status)

    return play


async def plain_robots(visit: Visit) -> bool:
    """robots.txt with the same lie."""
    return await visit.reply(b"User-agent: *\nDisallow: /10\n", "Content-Encoding: gzip", kind="text/plain")


async def well(visit: Visit) -> bool:
    """The good story."""
    return await visit.good()


async def cut_gzip(visit: Visit) -> bool:
    """A gzip body that lacks its last third, with the right Content-Length for what is sent."""
    packed = gzip.compress(visit.story, mtime=0)
    return await visit.reply(packed[: len(packed) * 2 // 3], "Content-Encoding: gzip")


async def wrong_crc(visit: Visit) -> bool:
    """A whole gzip body whose CRC is that of another."""
    packed = gzip.compress(visit.story, mtime=0)
    return await visit.reply(packed[:-8] + b"\xde\xad\xbe\xef" + packed[-4:], "Content-Encoding: gzip")


async def more_after_gzip(visit: Visit) -> bool:
    """A whole gzip body and 200 bytes of something else behind it."""
    rubbish = hashlib.sha256(b"rubbish").digest() * 7
    return await visit.reply(gzip.compress(visit.story, mtime=0) + rubbish[:200], "Content-Encoding: gzip")


def packed_sitemap(layers: int) -> Play:
    """sitemap.xml.gz as application/octet-stream with `Content-Encoding: gzip`, packed `layers` times."""

    async def play(visit: Visit) -> bool:
        name = f"packed-sitemap-{layers}"
        body = f"""<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>{visit.here}{page_path(14, name)}</loc></url></urlset>
""".encode()
        for _ in range(layers):
            body = gzip.compress(body, mtime=0)
        return await visit.reply(body, "Content-Encoding: gzip", kind="application/octet-stream")

    return play


_INCOMPLETE = "retries, then fails it or keeps it as truncated, never as whole"
_LIMIT = "stops at the size limit, memory flat, and says so"
_PLAIN = "uses the plain body"
_MARKED = "judges what was decoded and marks it"

BEHAVIOURS: tuple[Behaviour, ...] = (
    behaviour(5, "short-of-length", "Content-Length larger than the body", _INCOMPLETE, "failed kept", short_of_length),
    behaviour(6, "no-last-chunk", "chunked body without the last chunk", _INCOMPLETE, "failed kept", no_last_chunk),
    behaviour(
        7, "until-close", "neither length nor chunks, clean close", "takes it as whole", "kept", until_close,
        requests=(1, 1),
    ),
    behaviour(7, "until-reset", "neither length nor chunks, RST", _INCOMPLETE, "failed kept", until_reset),
    behaviour(8, "huge-chunk", "chunk size of 17 hex digits", "an error, nothing allocated", "failed", huge_chunk),
    behaviour(
        9, "both-framings", "Transfer-Encoding and Content-Length",
        "reads the chunks, does not use the connection again", "kept",
        both_framings, requests=(1, 1), also={page_path(9, "both-framings", 2): well},
        leads=(page_path(9, "both-framings", 2),),
    ),
    behaviour(
        10, "gzip-bomb", "gzip that unpacks to the bomb's size", _LIMIT, "failed quarantined", bomb("gzip"),
        requests=(1, 1),
    ),
    behaviour(10, "gzip-twice", "gzip within gzip", _LIMIT, "failed quarantined", bomb("gzip, gzip"), requests=(1, 1)),
    behaviour(11, "brotli-bomb", "brotli bomb", _LIMIT, "failed quarantined", bomb("br"), requests=(1, 1)),
    behaviour(11, "deflate-bomb", "deflate bomb", _LIMIT, "failed quarantined", bomb("deflate"), requests=(1, 1)),
    behaviour(11, "zstd-bomb", "zstd bomb", _LIMIT, "failed quarantined", bomb("zstd"), requests=(1, 1)),
    behaviour(12, "plain-200", "Content-Encoding: gzip, body plain", _PLAIN, "kept", plainly(), requests=(1, 1)),
    behaviour(12, "plain-403", "the same with 403", _PLAIN, "quarantined", plainly("403 Forbidden")),
    behaviour(
        12, "plain-302", "the same with a redirect", "follows it", "kept", plainly("302 Found"),
        also={page_path(12, "plain-302") + "-arrived": well}, requests=(1, 1),
    ),
    behaviour(
        12, "plain-robots", "the same with robots.txt", "obeys the plain rules", "refused", None,
        also={"/robots.txt": plain_robots}, requests=(0, 0), after=False,
    ),
    behaviour(13, "cut-gzip", "gzip cut, length right", _MARKED, "kept failed quarantined", cut_gzip),
    behaviour(13, "wrong-crc", "gzip whole, CRC wrong", _MARKED, "kept failed", wrong_crc),
    behaviour(13, "more-after-gzip", "bytes after the end of gzip", _MARKED, "kept", more_after_gzip),
    behaviour(
        14, "packed-sitemap-1", "sitemap.xml.gz as octet-stream, gzip once", "finds the URLs", "kept", None,
        also={"/sitemap.xml.gz": packed_sitemap(1)}, requests=(1, 1),
    ),
    behaviour(
        14, "packed-sitemap-2", "sitemap.xml.gz as octet-stream, gzip twice", "finds the URLs", "kept", None,
        also={"/sitemap.xml.gz": packed_sitemap(2)}, requests=(1, 1),
    ),
    behaviour(
        33, "other-chunks", "the same bytes in other chunks each time", "the same payload digest; stored without framing",
        "kept", other_chunks, requests=(1, 1), again="unchanged",
    ),
)  # fmt: skip
