"""What the catalogue holds in a shorter form: texts packed with zlib, for a story is most of its row and halves so, and keys
of pages as digests, for they are only compared.

What is searched lies in the index of words; a text is read only when its story is shown, exported or taken back.
"""

from __future__ import annotations

import hashlib
import zlib

PACKED_TEXTS: tuple[str, ...] = (
    "alter table articles add column characters integer not null default 0",
    "update articles set characters = length(text), text = packed(text)",
    "alter table articles rename column text to text_zlib",
    # Of the leads, which stay for ever, only those that wait are looked for in the order of their time.
    "drop index leads_waiting",
    """create index leads_waiting on leads (outlet, state, not_before, announced_at)
       where state in ('announced', 'leased')""",
    "update leads set key = digested(key)",
)
"""The migration to packed texts; it needs `packed` and `digested` as functions of the connection."""


def packed(text: str) -> bytes:
    """Text -> its UTF-8 bytes in a zlib stream (RFC 1950)."""
    return zlib.compress(text.encode())


def digested(key: str) -> bytes:
    """Key of any length -> 16 bytes that stand for it (BLAKE2b, RFC 7693)."""
    return hashlib.blake2b(key.encode(errors="surrogatepass"), digest_size=16).digest()


def unpacked(stored: bytes) -> str:
    """What `packed` made -> the text. ValueError when it is damaged."""
    try:
        return zlib.decompress(stored).decode()
    except zlib.error as error:
        raise ValueError(f"A text in the catalogue is damaged ({error}); run `scrapy rebuild`.") from error
