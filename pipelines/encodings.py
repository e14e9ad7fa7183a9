"""Bytes of a page -> its text: by byte order mark, UTF-8, what is declared if it can be true, else what it looks like.

A declaration is believed unless the letters that come out speak against it: pages declare wrongly, twice, or not at
all, and a server's default header often contradicts the page. Labels are those of the WHATWG Encoding Standard
(https://encoding.spec.whatwg.org/#names-and-labels): "latin1" means windows-1252.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

# Letters that make up nearly all of the text of the languages that used these encodings, those of one alphabet by falling frequency.
_CYRILLIC = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфёіїєґјљњћџђўқғңөү«»—–№"
_ARABIC = "اليمنتربودسعهفةقحجكشأصطخىضذئءغزثظإآؤپچژگیکہےںٹڈ،؛؟ًٌٍَُِّْـ"
_HEBREW = "יוהלאתמרבשנדקעפחטגזכצסםןךףץ־״׳"
_GREEK = "αοιετσνηυρπκμλςωγδάίόθχέήφβύώξζψΑΟΙΕΤΣΝΗΠΚΜΛΩΓΔΘΧΦΒ«»"
_THAI = "านรกอเงมยลวดทสตะปบคหแจพชขใไโผซธฉฟศญณภษฐฎฏฒฌฮฬฤๆ่้ัีิ์ื็ุูึำๅ๊๋"
_WESTERN = "éèàáíóúñüöäßçêâôîûëïãõåøæœòìùÉÈÀÁÍÓÚÑÜÖÄÇÊÂÔÅØÆŒ’‘“”–—«»…°£€©®·¿¡ª„‚•´§½²"
_CENTRAL = "áéíóúýčďěňřšťůžąćęłńśźżőűăâîșțşţđäöüôľĺŕÁÉÍÓÚÝČĎĚŇŘŠŤŮŽĄĆĘŁŃŚŹŻŐŰĂÂÎŞŢĐÄÖÜß’“”„–—«»…§"
_TURKISH = "ıİşŞğĞçÇöÖüÜâîûÂÎ’‘“”–—«»…"
_BALTIC = "āčēģīķļņšūžąęėįųĀČĒĢĪĶĻŅŠŪŽĄĘĖĮŲõäöüÕÄÖÜ’“”„–—«»…"
_VIETNAMESE = "ăâđêôơưĂÂĐÊÔƠƯàèìòùáéíóúãõýÀÈÌÒÙÁÉÍÓÚ’“”–—…" + "\u0300\u0309\u0303\u0301\u0323"
_KANA = "".join(map(chr, range(0x3041, 0x3097))) + "".join(map(chr, range(0x30A1, 0x30FD)))
_JAPANESE = _KANA + (
    "、。「」・（）年月日一人大会社国本中時者事出上生東京的分新同前後内方見行地部長自合場手市議対"
    "全最当政学業平経発明高円代以立体用関連動成開選公"
)
_SIMPLIFIED = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然"
    "家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长"
    "把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产新社京市"
    "，。、：；！？“”《》（）"
)
_TRADITIONAL = (
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然"
    "家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日軍者意無力它與長"
    "把機十民第公此已工使情明性知全三又關點正業外將兩高間由問很最重並物手應戰向頭文體政美相見被利什二等產新社京市"
    "，。、：；！？「」《》（）"
)
_KOREAN = (
    "이다는을의에가은하고를로한지도서기사어나대인자아시일해들과리정그수있부으전상만보조원었적제장라국주동경스성선"
    "공구무위비관내중소유세안여오방화계연실간신학게회마음면교된민년등미개생업발물가호트했것결모재산치분진문용출단"
)
_EAST_ASIAN = frozenset(("cp932", "euc_jp", "gb18030", "big5hkscs", "cp949"))


def _weights(letters: str, flat: bool) -> dict[str, float]:
    """Letters by falling frequency -> what each says for the encoding, so that a text of the language has about 1."""
    if flat:
        return dict.fromkeys(letters, 1.0)
    return {letter: 1.25 if at < 12 else 0.9 if at < 22 else 0.4 for at, letter in enumerate(letters)}


# Codec -> (its common letters, languages whose pages are expected in it, whether it writes Latin letters).
_TABLES: dict[str, tuple[dict[str, float], tuple[str, ...], bool]] = {
    codec: (_weights(letters, latin or codec in _EAST_ASIAN), tuple(languages.split()), latin)
    for codec, letters, languages, latin in (
        ("cp1252", _WESTERN, "en de fr es pt it nl sv da no nb nn fi is ca gl eu af id ms", True),
        ("cp1250", _CENTRAL, "pl cs sk hu ro sl hr bs sq", True),
        ("iso8859-2", _CENTRAL, "pl cs sk hu ro sl hr bs sq", True),
        ("cp1254", _TURKISH, "tr az", True),
        ("cp1257", _BALTIC, "lt lv et", True),
        ("cp1258", _VIETNAMESE, "vi", True),
        ("cp1251", _CYRILLIC, "ru uk bg sr mk be kk", False),
        ("koi8-r", _CYRILLIC, "ru", False),
        ("koi8-u", _CYRILLIC, "uk", False),
        ("iso8859-5", _CYRILLIC, "ru bg sr mk", False),
        ("cp866", _CYRILLIC, "ru", False),
        ("cp1253", _GREEK, "el", False),
        ("iso8859-7", _GREEK, "el", False),
        ("cp1255", _HEBREW, "he iw yi", False),
        ("iso8859-8", _HEBREW, "he iw yi", False),
        ("cp1256", _ARABIC, "ar fa ur", False),
        ("iso8859-6", _ARABIC, "ar", False),
        ("cp874", _THAI, "th", False),
        ("cp932", _JAPANESE, "ja", False),
        ("euc_jp", _JAPANESE, "ja", False),
        ("gb18030", _SIMPLIFIED, "zh zh-cn zh-hans", False),
        ("big5hkscs", _TRADITIONAL, "zh zh-tw zh-hk zh-hant", False),
        ("cp949", _KOREAN, "ko", False),
    )
}
CANDIDATES = tuple(_TABLES)
_ALIASES = {"shift_jis": "cp932", "euc_kr": "cp949", "gbk": "gb18030", "gb2312": "gb18030", "big5": "big5hkscs"}
_ABOVE = re.compile(r"[^\x00-\x7f]")
_ADJACENT = re.compile(r"[^\x00-\x7f\u2000-\u206f\u00a0-\u00bf](?=[^\x00-\x7f\u2000-\u206f\u00a0-\u00bf])")
# What stands inside words only when the decoding is wrong.
_SIGN_IN_WORD = re.compile(r"(?<=[a-zA-Z])[\u00a1-\u00a9\u00ab-\u00b6\u00b8-\u00bf\u2020-\u2026\u2030](?=[a-z])")
_BROKEN = re.compile(r"[\ufffd\x80-\x9f\ue000-\uf8ff\u2500-\u259f\uff61-\uff9f]")
_MIXED_CASE = re.compile(r"[а-яёα-ω][А-ЯЁΑ-Ω]")
_IMPOSSIBLE = re.compile(
    r"[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]{3,}|[\u064b-\u0652]{3,}"
    r"|[a-zA-Zà-ÿ][\u0370-\u06ff\u0e01-\u0e4f]|[\u0370-\u06ff\u0e01-\u0e4f][a-z]"
)


def likelihood(sample: bytes, codec: str, language: str) -> float:
    """Bytes with letters above 127, a codec and the page's language tag ("" unknown) -> about -5 (no) to 1 (yes)."""
    table = _TABLES.get(_ALIASES.get(codec, codec))
    text = sample.decode(codec, "replace")
    high = _ABOVE.findall(text)
    if not high:
        return 0.0
    broken = len(_BROKEN.findall(text)) / len(high)
    if table is None:
        return 0.4 - 5 * broken
    letters, languages, latin = table
    score = sum([letters.get(letter, 0.0) for letter in high]) / len(high) - 5 * broken
    if codec in _EAST_ASIAN:
        # Rare characters are half of a Chinese text; by chance a random pair of bytes hits a common one in fifty.
        score = min(1.0, score * 1.6) + (0.2 if not broken and len(high) > 30 else 0.0)
    elif not latin:
        score -= (len(_MIXED_CASE.findall(text)) + 3 * len(_IMPOSSIBLE.findall(text))) / len(high)
    else:
        # In Latin scripts letters above 127 stand alone; a run of them is another script read wrongly.
        score -= 1.5 * max(0.0, len(_ADJACENT.findall(text)) / len(high) - 0.1)
        score -= len(_SIGN_IN_WORD.findall(text)) / len(high)
    if language:
        score += 0.15 if language in languages or language.split("-")[0] in languages else -0.05
    return score


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
