"""Whether bytes can be a page at all: pictures, PDF and rubbish come under .html too."""

from __future__ import annotations

MAGIC = (
    b"%PDF-", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PK\x03\x04", b"\x1f\x8b", b"BM", b"II*\x00", b"MM\x00*", b"RIFF", b"OggS",
    b"ID3", b"\x00\x00\x00\x18ftyp", b"\x00\x00\x00\x20ftyp", b"7z\xbc\xaf", b"Rar!", b"\x7fELF", b"SQLite format 3\x00", b"wOFF",
)  # fmt: skip
_CONTROL = bytes(byte for byte in range(32) if byte not in b"\t\n\v\f\r\x1b")
_SEEN = 16_384
_MOST_CONTROL = 0.02


def is_markup(body: bytes) -> bool:
    """Body -> False for known binary formats and for bytes of which more than a fiftieth are control characters.

    UTF-16 is told by its byte order mark or its first tag; half of its bytes may be control characters.
    """
    start = body[:_SEEN]
    if start.startswith(MAGIC) and b"<html" not in start[:1024].lower():
        return False
    if start[:2] in (b"\xff\xfe", b"\xfe\xff") or b"<\x00" in start[:64] or b"\x00<" in start[:64]:
        return True
    control = len(start) - len(start.translate(None, _CONTROL))
    return control <= _MOST_CONTROL * max(len(start), 1)
