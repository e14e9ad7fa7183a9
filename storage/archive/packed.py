"""JSON objects and lines as gzip, and back. What is not packed is read as it is: archives hold both forms.

A key that ends in `.gz` holds one gzip member; the same bytes are packed to the same bytes (no time, no name in its head).
Before that a document is laid out a field a line: the bytes that `json.dumps(…, ensure_ascii=False, indent=1)` gives, in a
third of its time. The standard library leaves its C encoder as soon as it is to indent.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from json.encoder import encode_basestring
from math import isfinite
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


_NAMED = {None: "null", True: "true", False: "false"}
_plain = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def laid_out(value: object, indent: str = "\n") -> str:
    """Objects with text as keys, lists, text, numbers, truth values and None -> JSON. The depth of what is written here is
    that of the records, never that of a page. TypeError or ValueError for what is no JSON."""
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, dict):
        if not value:
            return "{}"
        inner = indent + " "
        fields = [
            f"{encode_basestring(name)}: {encode_basestring(each) if type(each) is str else laid_out(each, inner)}"
            for name, each in value.items()
        ]
        return "{" + inner + f",{inner}".join(fields) + indent + "}"
    if isinstance(value, list | tuple):
        if not value:
            return "[]"
        inner = indent + " "
        lines = [encode_basestring(each) if type(each) is str else laid_out(each, inner) for each in value]
        return "[" + inner + f",{inner}".join(lines) + indent + "]"
    if type(value) is float and isfinite(value):
        return float.__repr__(value)
    return _NAMED[value] if value is None or value is True or value is False else _plain(value)
