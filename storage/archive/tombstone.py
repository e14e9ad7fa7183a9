"""A record that is taken away -> what stands in its place: another record whose gzip member has exactly its length.

So nothing else in the file moves, and every address that was ever written down stays true. What is missing in length
is filled into the extra field of the gzip header (RFC 1952, 2.3.1.1) and into empty stored blocks of deflate
(RFC 1951, 3.2.4); every gzip reader passes over both.
"""

from __future__ import annotations

import datetime as dt
import struct
import zlib

from storage.archive import warcrecord as wr
from storage.records import WarcAddress

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
        ("WARC-Date", wr.warc_date(at)),
        (wr.FORGOTTEN, at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")),
    ]
    if moved is not None:
        fields += [
            ("WARC-Refers-To", moved.record_id),
            (wr.MOVED_DIGEST, moved.payload_digest),
            ("WARC-Refers-To-Filename", moved.file.rpartition("/")[2]),
            ("WARC-Refers-To-File-Offset", str(moved.offset)),
            ("WARC-Refers-To-File-Length", str(moved.length)),
        ]
    return padded(wr.record_text(fields, b""), length)


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
