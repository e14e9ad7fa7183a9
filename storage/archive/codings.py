"""Content codings undone (gzip, deflate, br, zstd), tolerant to what servers send and bounded against bombs.
Pure.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterator

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# Bytes of a decoded body that are kept: the crawl's DOWNLOAD_MAXSIZE. A larger one is cut there.
LIMIT = 32 * 1024 * 1024
_STEP = 256 * 1024
_MOST_CODINGS = 4
_TEXT_STARTS = (b"<", b"{", b"[", b"")


def decode_body(body: bytes, codings: str | None, limit: int = LIMIT) -> tuple[bytes, str | None]:
    """Body and its Content-Encoding header -> (decoded body, fault).

    Fault: None; "coding" (not in the coding it claims: returned as it is from there); "cut" (its end is
    missing: what came is returned); "limit" (larger than `limit` bytes: cut there).
    """
    fault: str | None = None
    names = [name.strip().lower() for name in (codings or "").split(",") if name.strip()]
    for name in reversed(names[-_MOST_CODINGS:]):
        decoder = _DECODERS.get(name)
        if name in ("identity", "none", "utf-8") or not body:
            continue
        if decoder is None:
            return body[:limit], fault or "coding"
        body, found = _undo(body, decoder, limit)
        fault = fault or found
        if found == "coding":
            break
    return body[:limit], fault or ("limit" if len(body) > limit else None)


def _undo(body: bytes, decoder: Callable[[bytes], Iterator[bytes | None]], limit: int) -> tuple[bytes, str | None]:
    """One coding undone. A decoder yields pieces, and None at the end when the stream was whole."""
    pieces: list[bytes] = []
    size = 0
    try:
        for piece in decoder(body):
            if piece is None:
                return b"".join(pieces), None
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                return b"".join(pieces)[:limit], "limit"
    except (zlib.error, brotli.error, zstd.ZstdError, EOFError):
        # Plain text under a coding's name; br and raw deflate may yield some rubbish before they notice.
        if not size and decoder is _gzip and (story := _gzip_without_trailer(body, limit)):
            return story, "cut"
        if not size or body.lstrip()[:1] in _TEXT_STARTS:
            return body, "coding"
    return b"".join(pieces), "cut"


def _gzip(body: bytes) -> Iterator[bytes | None]:
    rest, whole = body, False
    while rest[:2] == b"\x1f\x8b":  # members may follow each other
        inner = zlib.decompressobj(31)
        yield from _zlib(inner, rest)
        if not inner.eof:
            return
        rest, whole = inner.unused_data, True
    if not whole:
        raise zlib.error("no gzip member")
    yield None  # what is left is padding


def _gzip_without_trailer(body: bytes, limit: int) -> bytes:
    """A member whose checksum or length is wrong -> what it holds all the same; nothing when it is no gzip."""
    try:
        return zlib.decompressobj(31).decompress(body[:-8], limit) if body[:2] == b"\x1f\x8b" else b""
    except zlib.error:
        return b""


def _deflate(body: bytes) -> Iterator[bytes | None]:
    # RFC 9110 means zlib's form; some servers send the raw one.
    zlib_form = len(body) > 1 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0
    inner = zlib.decompressobj(15 if zlib_form else -15)
    yield from _zlib(inner, body)
    if inner.eof:
        yield None


def _zlib(inner: zlib._Decompress, body: bytes) -> Iterator[bytes]:
    yield inner.decompress(body, _STEP)
    while not inner.eof and inner.unconsumed_tail:
        yield inner.decompress(inner.unconsumed_tail, _STEP)


def _brotli(body: bytes) -> Iterator[bytes | None]:
    inner = brotli.Decompressor()
    piece = inner.process(body, output_buffer_limit=_STEP)
    # Until nothing comes: version 1.2 says that it can take more input while it still holds output back.
    while piece:
        yield piece
        piece = b"" if inner.is_finished() else inner.process(b"", output_buffer_limit=_STEP)
    if inner.is_finished():
        yield None


def _zstd(body: bytes) -> Iterator[bytes | None]:
    inner = zstd.ZstdDecompressor()
    yield inner.decompress(body, _STEP)
    while not inner.eof and not inner.needs_input:
        yield inner.decompress(b"", _STEP)
    if inner.eof:
        yield None


_DECODERS: dict[str, Callable[[bytes], Iterator[bytes | None]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
