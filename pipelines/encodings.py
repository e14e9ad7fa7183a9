"""Bytes of a page -> its text: by byte order mark, UTF-8, what is declared if it can be true, else what it looks like.

A declaration is believed unless the letters that come out speak against it: pages declare wrongly, twice, or not at
all, and a server's default header often contradicts the page. Labels are those of the WHATWG Encoding Standard
(https://encoding.spec.whatwg.org/#names-and-labels): "latin1" means windows-1252.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from pipelines.letters import CANDIDATES, likelihood

_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.I)
_XML_ENCODING = re.compile(rb"^\s*<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([\w.:-]+)", re.I)
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.I)
_LANGUAGE = re.compile(rb"<html[^>]{0,300}?\blang\s*=\s*[\"']?\s*([a-z]{2,3}(?:-[a-z]+)?)", re.I)
# Text between tags that holds a byte above 127.
_TELLING = re.compile(rb"[a-zA-Z]{0,3}[\x80-\xff][^<>{}]{0,400}")
_SAMPLE = 8_000
_HEAD = 8_192
_PART = 200_000
# Labels that mean another encoding than Python's codec of that name.
_CODECS = {
    **dict.fromkeys(["iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "latin-1", "l1", "ascii", "us-ascii", "x-cp1252"], "cp1252"),
    **dict.fromkeys(["iso-8859-9", "iso8859-9", "latin5", "l5"], "cp1254"),
    **dict.fromkeys(["gb2312", "gbk", "gb_2312", "gb_2312-80", "x-gbk", "chinese", "cp936", "ms936"], "gb18030"),
    **dict.fromkeys(["shift_jis", "shift-jis", "sjis", "x-sjis", "ms_kanji", "windows-31j"], "cp932"),
    **dict.fromkeys(["euc-kr", "ks_c_5601-1987", "ksc5601", "korean", "windows-949", "ksc_5601", "x-windows-949"], "cp949"),
    **dict.fromkeys(["big5", "big5-hkscs", "cn-big5", "x-x-big5"], "big5hkscs"),
    **dict.fromkeys(["tis-620", "iso-8859-11", "windows-874", "dos-874"], "cp874"),
    **dict.fromkeys(["iso-8859-8-i", "logical", "iso-8859-8-e", "visual"], "iso8859-8"),
    **dict.fromkeys(["koi8-r", "koi8_r", "koi8", "koi"], "koi8-r"),
    **dict.fromkeys(["x-euc-jp", "eucjp"], "euc_jp"),
    # Said in a page that could be read to find it said.
    **dict.fromkeys(["utf-16", "unicode", "ucs-2", "utf-16le", "utf-16be", "utf-7", "utf8mb4"], "utf-8"),
}
_SURE = 0.9  # likelihood from which a declaration is believed unseen what else it could be
_OF_PAGES = ("cp", "iso8859", "iso2022", "koi8", "gb", "big5", "euc", "shift_jis", "mac", "kz1048", "ptcp154", "tis", "hz", "johab")
_PLAUSIBLE = 0.5  # and from which it is believed when nothing else is much likelier
_BETTER = 0.25  # by how much another encoding must be likelier than the declared one


def decode(body: bytes, content_type: str | None) -> tuple[str, str]:
    """Body and Content-Type header -> (text, codec name). Never fails: at last windows-1252, as browsers do."""
    return transcoded(body, content_type)[:2]


def transcoded(body: bytes, content_type: str | None) -> tuple[str, str, bytes]:
    """Body and Content-Type header -> (text, codec name, the text in UTF-8: the body itself where it is that)."""
    text, codec = "", "utf-8"
    if body.startswith(b"\xef\xbb\xbf"):
        body = body[3:]
        text = body.decode("utf-8", "replace")
    elif wide := _wide(body):
        text, codec = body.decode(wide, "replace").lstrip("\ufeff"), wide
    else:
        try:
            return body.decode("utf-8"), codec, body
        except UnicodeDecodeError as error:
            text, codec = _no_utf8(body, content_type, error.start)
    return text, codec, text.encode("utf-8", "replace")


def _no_utf8(body: bytes, content_type: str | None, broken: int) -> tuple[str, str]:
    """Body that is no UTF-8 from its byte `broken` on, and Content-Type header -> (text, codec name)."""
    # A part is looked at, around the first broken byte: a body of many megabytes is held in memory often enough.
    start = max(0, broken - _PART // 2)
    lenient = body[start : start + _PART].decode("utf-8", "replace")
    if lenient.count("\ufffd") * 20 < sum(map(len, _HIGH.findall(lenient))):
        # UTF-8 with a few bytes of something else, mostly quotes and dashes of windows-1252.
        return body.decode("utf-8", "windows-1252-bytes"), "utf-8"
    codec = _likeliest(body, content_type)
    return body.decode(codec, "replace"), codec


_HIGH = re.compile(r"[^\x00-\x7f\ufffd]+")


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    """Codec error handler: the bytes that are no UTF-8 read as windows-1252."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("windows-1252-bytes", _as_windows)


def _wide(body: bytes) -> str | None:
    """UTF-16 by its mark or by the zeros of its first letters, ISO-2022-JP by its escapes; None for others."""
    start = body[:64]
    if start.startswith(b"\xff\xfe"):
        return "utf-16-le"
    if start.startswith(b"\xfe\xff"):
        return "utf-16-be"
    if b"\x00" in start:
        even, odd = start[::2].count(0), start[1::2].count(0)
        if odd > len(start) * 0.35 and even < odd * 0.1:
            return "utf-16-le"
        if even > len(start) * 0.35 and odd < even * 0.1:
            return "utf-16-be"
    if b"\x1b" in body and (b"\x1b$B" in body or b"\x1b$@" in body) and b"\x1b(" in body:
        return "iso2022_jp"
    return None


def _likeliest(body: bytes, content_type: str | None) -> str:
    sample = bytearray()
    for match in _TELLING.finditer(body):
        sample += match.group() + b" "
        if len(sample) > _SAMPLE:
            break
    found = _LANGUAGE.search(body[:_HEAD])
    language = found.group(1).decode("ascii").lower() if found else ""
    said = list(dict.fromkeys(_declared(body, content_type)))
    for codec in said:
        if likelihood(bytes(sample), codec, "") >= _SURE:
            return codec
    scores = {codec: likelihood(bytes(sample), codec, language) for codec in dict.fromkeys((*said, *CANDIDATES))}
    best = max(scores, key=scores.__getitem__)
    for codec in said:
        if scores[codec] >= _PLAUSIBLE and scores[codec] >= scores[best] - _BETTER:
            return codec
    if scores[best] > 0:
        return best
    return said[0] if said and scores[said[0]] > -1 else "cp1252"


def _declared(body: bytes, content_type: str | None) -> Iterator[str]:
    """Codec names of the declarations that Python can read: header, XML declaration, every meta; not UTF-8."""
    labels = _HEADER_CHARSET.findall(content_type or "")
    labels += [match.decode("ascii") for match in _XML_ENCODING.findall(body[:200])]
    labels += [match.decode("ascii", "replace") for match in _META_CHARSET.findall(body[:_HEAD])]
    for label in labels:
        named = _CODECS.get(label.strip().lower(), label)
        try:
            codec = codecs.lookup(named)
        except (LookupError, ValueError):
            continue
        # Python has codecs that are no encoding of pages: base64, idna, undefined.
        if codec.name.startswith(_OF_PAGES):
            yield named if named in _CODECS.values() else codec.name
