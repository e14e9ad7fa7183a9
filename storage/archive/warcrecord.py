"""One WARC 1.1 record -> the bytes of its gzip member. Pure: the same fields and block give the same bytes.

Assembled here and not by warcio: the body is compressed and hashed once, and no stream objects are made
(figures in docs/archive-format.md). tests/test_warc.py reads every form of record back with warcio and
fastwarc.

A record that is taken away leaves another in its place whose gzip member has exactly its length. So nothing else in the file
moves, and every address that was ever written down stays true. What is missing in length is filled into the extra field of the
gzip header (RFC 1952, 2.3.1.1) and into empty stored blocks of deflate (RFC 1951, 3.2.4); every gzip reader passes over both.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import ipaddress
import re
import struct
import urllib.parse
import uuid
import zlib
from collections.abc import Iterable, Mapping

from storage.records import WarcAddress

SPECIFICATION = "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"
HTTP_REQUEST = "application/http; msgtype=request"
HTTP_RESPONSE = "application/http; msgtype=response"
SAME_PAYLOAD = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
# Our own fields: the record whose id this one has was taken away, then; the payload digest of where its content is now.
FORGOTTEN = "Cleancopy-Forgotten"
MOVED_DIGEST = "Cleancopy-Payload-Digest"

_LEVEL = 6  # of zlib, 0 to 9
_GZIP_HEAD = bytes.fromhex("1f8b080000000000" "0003")  # as zlib writes it: deflate, no name, no time, Unix

_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


def member(fields: Iterable[tuple[str, str]], block: bytes, *, coded: int = 0) -> bytes:
    """Fields of the record and its block -> one whole gzip member.

    `coded`: so many bytes at the end of the block are compressed already. They go in as they are: to look for what cannot be
    found in them took more time than all else about a record.
    """
    if not coded:
        packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, 31)
        parts = _parts(fields, block)
        return b"".join((*(packer.compress(part) for part in parts), packer.flush()))
    head, block, end = _parts(fields, block)
    before, body = block[:-coded], block[-coded:]
    packer, keeper = zlib.compressobj(_LEVEL, zlib.DEFLATED, -15), zlib.compressobj(0, zlib.DEFLATED, -15)
    packed = (packer.compress(head), packer.compress(before), packer.flush(zlib.Z_FULL_FLUSH))
    kept = (keeper.compress(body), keeper.compress(end), keeper.flush())
    crc = zlib.crc32(end, zlib.crc32(block, zlib.crc32(head)))
    size = (len(head) + len(block) + len(end)) & 0xFFFFFFFF
    return b"".join((_GZIP_HEAD, *packed, *kept, crc.to_bytes(4, "little"), size.to_bytes(4, "little")))


def record_text(fields: Iterable[tuple[str, str]], block: bytes) -> bytes:
    """Fields of the record and its block -> the record, not compressed."""
    return b"".join(_parts(fields, block))


def _parts(fields: Iterable[tuple[str, str]], block: bytes) -> tuple[bytes, bytes, bytes]:
    head = "".join(f"{name}: {_CONTROL.sub(' ', value)}\r\n" for name, value in fields)
    return f"WARC/1.1\r\n{head}Content-Length: {len(block)}\r\n\r\n".encode(), block, b"\r\n\r\n"


def digest(data: bytes) -> str:
    """Bytes -> their digest as WARC writes it: sha256 in base32."""
    return "sha256:" + base64.b32encode(hashlib.sha256(data).digest()).decode("ascii")


def record_id(key: str, number: int) -> str:
    """Key of the file and number of the record in it -> a URN that no other record of any archive has."""
    drawn = hashlib.sha256(f"{key}#{number}".encode()).digest()[:16]
    return f"<urn:uuid:{uuid.UUID(bytes=drawn, version=5)}>"


def warc_date(at: dt.datetime) -> str:
    """Aware time -> WARC-Date in UTC with microseconds."""
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read_warc_date(value: str) -> dt.datetime:
    """WARC-Date -> aware time in UTC. ValueError when it is none."""
    return dt.datetime.fromisoformat(value).astimezone(dt.UTC)


def target_uri(url: str) -> str:
    """URL -> the same with everything quoted that may not stand in a WARC field: controls, blanks, other
    scripts.
    """
    return urllib.parse.quote(url, safe="!#$%&'()*+,/:;=?@[]~-._", errors="surrogatepass")


def ip_field(peer: str | None) -> list[tuple[str, str]]:
    """Address of the server -> WARC-IP-Address, when it is one."""
    try:
        return [("WARC-IP-Address", str(ipaddress.ip_address(peer)))] if peer else []
    except ValueError:
        return []


def warc_fields(fields: Mapping[str, str]) -> bytes:
    """Names and values -> a block of application/warc-fields: one line each, whatever stands in a value."""
    return "".join(f"{_CONTROL.sub(' ', name)}: {_CONTROL.sub(' ', value)}\r\n" for name, value in fields.items()).encode(
        "utf-8", "replace"
    )


_HEAD = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff"  # gzip, deflate, with an extra field, no time, unknown system
_EMPTY_BLOCK = b"\0\0\0\xff\xff"
_MOST_EXTRA = 0xFFFF - 4


def tombstone(record_id: str, length: int, at: dt.datetime, moved: WarcAddress | None = None) -> bytes:
    """Id of the record, length of its member in bytes, time -> a member of that length that holds only those.

    `moved`: where its content lies now, when it had to be kept for another URL. ValueError when `length` is too small;
    no record with a digest and a target is.
    """
    fields = [
        ("WARC-Type", "metadata"),
        ("WARC-Record-ID", record_id),
        ("WARC-Date", warc_date(at)),
        (FORGOTTEN, at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")),
    ]
    if moved is not None:
        fields += [
            ("WARC-Refers-To", moved.record_id),
            (MOVED_DIGEST, moved.payload_digest),
            ("WARC-Refers-To-Filename", moved.file.rpartition("/")[2]),
            ("WARC-Refers-To-File-Offset", str(moved.offset)),
            ("WARC-Refers-To-File-Length", str(moved.length)),
        ]
    return padded(record_text(fields, b""), length)


def padded(text: bytes, length: int) -> bytes:
    """Bytes -> one gzip member of them that is exactly `length` bytes long."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = packer.compress(text) + packer.flush(zlib.Z_FULL_FLUSH)  # ends on a byte, and may go on
    last = zlib.compressobj(9, zlib.DEFLATED, -15).flush()
    trailer = struct.pack("<II", zlib.crc32(text), len(text) & 0xFFFFFFFF)
    spare = length - len(_HEAD) - 2 - len(body) - len(last) - len(trailer)
    if spare < 0:
        raise ValueError(f"{len(text)} bytes do not fit into a member of {length}")
    blocks = max(0, -(-(spare - _MOST_EXTRA) // len(_EMPTY_BLOCK)))
    extra = spare - blocks * len(_EMPTY_BLOCK)
    # A subfield of the extra field: two letters, its length, its content; fewer than four bytes are no subfield.
    inner = b"CC" + struct.pack("<H", extra - 4) + bytes(extra - 4) if extra >= 4 else bytes(extra)
    return b"".join((_HEAD, struct.pack("<H", extra), inner, body, _EMPTY_BLOCK * blocks, last, trailer))
