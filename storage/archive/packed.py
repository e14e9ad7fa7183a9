"""JSON objects and lines as gzip, and back. What is not packed is read as it is: archives hold both forms.

A key that ends in `.gz` holds one gzip member; the same bytes are packed to the same bytes (no time, no name in its head).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import BinaryIO

SUFFIX = ".gz"
# Bytes of an unpacked clean copy that are read; the text of a page of DOWNLOAD_MAXSIZE has room in it several times.
LARGEST = 256 * 1024 * 1024
_MAGIC = b"\x1f\x8b"
_LEVEL = 9  # of a clean copy 6 takes as long, and makes more
_PIECE = 1 << 16


def packed(data: bytes) -> bytes:
    """Bytes -> one gzip member of them."""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, 31)
    return packer.compress(data) + packer.flush()


def plain(data: bytes) -> bytes:
    """The bytes of an object -> without gzip, where it is packed. ValueError when it is cut, damaged or a bomb."""
    if data[:2] != _MAGIC:
        return data
    unpacker = zlib.decompressobj(31)
    try:
        found = unpacker.decompress(data, LARGEST)
    except zlib.error as error:
        raise ValueError(f"damaged gzip ({error})") from error
    if not unpacker.eof:
        raise ValueError("cut gzip, or more than it may hold")
    if unpacker.unused_data:
        raise ValueError("something stands behind its gzip member")
    return found


def in_form_of(key: str, data: bytes) -> bytes:
    """A key, and the bytes of its object in either form -> in the form that the key's name says."""
    return packed(plain(data)) if key.endswith(SUFFIX) else plain(data)


def packed_stream(source: BinaryIO) -> Iterator[bytes]:
    """A readable stream -> pieces of one gzip member of what it holds; memory stays flat."""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, 31)
    while piece := source.read(_PIECE):
        yield packer.compress(piece)
    yield packer.flush()


def lines(stream: BinaryIO) -> Iterator[bytes]:
    """A seekable stream of lines, packed or not -> its lines with their line breaks; the last may have none.

    Memory grows with the longest line alone. ValueError behind the last whole line of what is damaged or cut.
    """
    magic = stream.read(len(_MAGIC))
    stream.seek(0)
    if magic != _MAGIC:
        yield from stream
        return
    rest: list[bytes] = []
    for piece in _unpacked(stream):
        first, *others = piece.split(b"\n")
        rest.append(first)
        for other in others:
            yield b"".join((*rest, b"\n"))
            rest = [other]
    if any(rest):
        yield b"".join(rest)


def _unpacked(stream: BinaryIO) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(31)
    piece = stream.read(_PIECE)
    while piece:
        try:
            yield unpacker.decompress(piece, _PIECE)
        except zlib.error as error:
            raise ValueError(f"damaged gzip ({error})") from error
        piece = unpacker.unconsumed_tail
        if unpacker.eof and (piece := unpacker.unused_data or stream.read(_PIECE)):
            unpacker = zlib.decompressobj(31)  # another member follows
        piece = piece or stream.read(_PIECE)
    if not unpacker.eof:
        raise ValueError("cut gzip")
