"""Bytes of a WARC file -> its records, one gzip member at a time, so that a cut end is seen. No third-party
reader.

warcio and fastwarc both return a cut record as whole; here a member that does not end is an error with its
offset.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

# A record larger than this when unpacked is refused, not read: no capture of ours comes near
# (DOWNLOAD_MAXSIZE).
LARGEST = 256 * 1024 * 1024
_PIECE = 64 * 1024
_LONGEST_LINE = 1 << 16
_LONGEST_HEAD = 1 << 20
_LENGTH = re.compile(rb"(?im)^content-length[ \t]*:[ \t]*([0-9]{1,15})[ \t]*\r?$")
_MEMBER_START = b"\x1f\x8b\x08"


class BadRecord(ValueError):
    """A record that cannot be read. `offset` of its member in the file; `cut`: the file ends within it."""

    def __init__(self, fault: str, offset: int, *, cut: bool = False) -> None:
        super().__init__(f"offset {offset}: {fault}")
        self.fault, self.offset, self.cut = fault, offset, cut


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One WARC record: offset and length of its member in the file, its fields in order, its block.

    `named` has the first value of each field by its name in small letters.
    """

    offset: int
    length: int
    fields: tuple[tuple[str, str], ...]
    named: Mapping[str, str]
    block: bytes

    def field(self, name: str) -> str | None:
        """The first value of a field, by name in any case."""
        return self.named.get(name.lower())

    @property
    def kind(self) -> str:
        """WARC-Type, or "" where it is missing."""
        return self.field("WARC-Type") or ""


def parse(member: bytes, offset: int = 0) -> Record:
    """One gzip member (bytes behind it are ignored) -> its record. BadRecord when it is cut or not whole."""
    unpacker = zlib.decompressobj(31)
    try:
        data = unpacker.decompress(member, LARGEST)
    except zlib.error as error:
        raise BadRecord(f"not a gzip member ({error})", offset) from error
    if not unpacker.eof:
        raise BadRecord("record is cut" if not unpacker.unconsumed_tail else "record is too large", offset, cut=True)
    return _record(data, offset, len(member) - len(unpacker.unused_data))


def records(stream: BinaryIO) -> Iterator[Record]:
    """An open WARC file -> its records in order. BadRecord at the first that is not whole; memory stays flat."""
    for offset, length, data in members(stream):
        yield _record(data, offset, length)


def whole_records(stream: BinaryIO) -> Iterator[Record | BadRecord]:
    """An open WARC file, gzip or plain -> its records, and once for each damaged place what is wrong there.

    Behind a damaged place it goes on at the next whole record. The stream must be seekable.
    """
    if stream.read(5) == b"WARC/":
        yield from _plain_records(stream)
        return
    at: int | None = 0
    damaged = False
    while at is not None:
        stream.seek(at)
        try:
            for offset, length, data in members(stream, at):
                try:
                    found = _record(data, offset, length)
                except BadRecord as error:
                    if not damaged:  # else it is a gzip body within the damaged record
                        yield error
                else:
                    damaged = False
                    yield found
            return
        except BadRecord as error:
            if not damaged:
                yield error
            damaged = True
            at = _next_start(stream, error.offset + 1)


def members(stream: BinaryIO, offset: int = 0) -> Iterator[tuple[int, int, bytes]]:
    """A gzip file that stands at `offset` -> (offset, length, unpacked bytes) of each member; BadRecord at one that is
    not whole."""
    waiting = b""
    while waiting or (waiting := stream.read(_PIECE)):
        unpacker = zlib.decompressobj(31)
        parts: list[bytes] = []
        taken = size = 0
        try:
            while True:
                parts.append(unpacker.decompress(waiting))
                size += len(parts[-1])
                taken += len(waiting)
                if unpacker.eof:
                    break
                if size > LARGEST:
                    raise BadRecord("record is too large", offset)
                if not (waiting := stream.read(_PIECE)):
                    raise BadRecord("the file is cut off within this record", offset, cut=True)
        except zlib.error as error:
            raise BadRecord(f"not a whole gzip member ({error})", offset) from error
        waiting = unpacker.unused_data
        length = taken - len(waiting)
        yield offset, length, b"".join(parts)
        offset += length


def whole_length(path: Path) -> int:
    """A WARC file -> the offset at which its last whole record ends: behind it is only what was torn.

    A damaged record with whole ones after it is no torn end: nothing of it is cut off.
    """
    with path.open("rb") as stream:
        ends = (each.offset + each.length for each in whole_records(stream) if isinstance(each, Record))
        return max(ends, default=0)


def _next_start(stream: BinaryIO, start: int) -> int | None:
    """Where the next gzip member may begin, from `start` on."""
    stream.seek(start)
    at, held = start, b""
    while piece := stream.read(1 << 20):
        held += piece
        if (found := held.find(_MEMBER_START)) >= 0:
            return at + found
        at += len(held) - 2
        held = held[-2:]
    return None


def _plain_records(stream: BinaryIO) -> Iterator[Record | BadRecord]:
    """The records of a file that is not compressed; it ends at the first that is not whole."""
    offset = stream.seek(0)
    while True:
        head = bytearray()
        while (line := stream.readline(_LONGEST_LINE)) not in (b"\r\n", b"\n", b""):
            head += line
            if len(head) > _LONGEST_HEAD:
                yield BadRecord("the head of this record does not end", offset)
                return
        if not line and not head:
            return
        if not line:
            yield BadRecord("the file is cut off within this record", offset, cut=True)
            return
        said = _LENGTH.search(bytes(head))
        size = int(said.group(1)) if said else 0
        rest = stream.read(min(size, LARGEST) + 4)
        try:
            if len(rest) < size + 4:
                raise BadRecord("the file is cut off within this record", offset, cut=True)
            found = _record(bytes(head) + line + rest, offset, len(head) + len(line) + len(rest))
        except BadRecord as error:
            yield error
            return
        yield found
        offset += found.length


def _record(data: bytes, offset: int, length: int) -> Record:
    head_end = data.find(b"\r\n\r\n")
    if not data.startswith(b"WARC/1.") or head_end < 0:
        raise BadRecord("no WARC record in this member", offset)
    lines = data[:head_end].decode("utf-8", "replace").split("\r\n")[1:]
    fields = tuple((name.strip(), value.strip()) for name, colon, value in (line.partition(":") for line in lines) if colon)
    named = {name.lower(): value for name, value in reversed(fields)}
    said = named.get("content-length", "")
    block = data[head_end + 4 : -4]
    if not said.isdigit() or int(said) != len(block) or data[-4:] != b"\r\n\r\n":
        if said.isdigit() and data[head_end + 4 + int(said) :].startswith(b"\r\n\r\nWARC/"):
            raise BadRecord("several records in one gzip member: none but the first can be read by its offset", offset)
        raise BadRecord(f"Content-Length says {said or 'nothing'}, the block has {len(block)} bytes", offset)
    return Record(offset=offset, length=length, fields=fields, named=named, block=block)
