"""Bytes that declare wrongly, twice or nothing come out as the text that was written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.encodings import decode

RUSSIAN = "Паром на внешние острова будет ходить и зимой, решил городской совет в понедельник вечером."
POLISH = "Zażółć gęślą jaźń: prom na wyspy będzie pływał także zimą, zdecydowała rada miasta późnym wieczorem."
TURKISH = "Dış adalara giden vapur kışın da çalışacak; belediye meclisi pazartesi gecesi böyle karar verdi, şimdilik."
GREEK = "Το πλοίο για τα νησιά θα ταξιδεύει και τον χειμώνα, αποφάσισε το δημοτικό συμβούλιο."
HEBREW = "המעבורת לאיים תפליג גם בחורף, כך החליטה מועצת העיר ביום שני בערב לאחר דיון ארוך."
ARABIC = "ستبحر العبارة إلى الجزر في الشتاء أيضا، هكذا قرر مجلس المدينة مساء الاثنين بعد نقاش طويل."
PERSIAN = "کشتی جزایر در زمستان هم حرکت می کند، شورای شهر دوشنبه شب پس از بحثی طولانی چنین تصمیم گرفت."
THAI = "สภาเมืองมีมติเมื่อคืนวันจันทร์ว่าเรือข้ามฟากไปยังเกาะจะเดินทางต่อไปในฤดูหนาว"
JAPANESE = "島へ渡るフェリーは冬も運航を続けることになった。町議会が月曜日の夜に決めたと関係者は話している。"
SIMPLIFIED = "市议会星期一晚上决定，开往外岛的渡轮冬天也将继续运行，这是经过长时间的讨论以后作出的。"
TRADITIONAL = "市議會星期一晚上決定，開往外島的渡輪冬天也將繼續運行，這是經過長時間的討論以後作出的。"
KOREAN = "섬으로 가는 여객선은 겨울에도 계속 운항하기로 시의회가 월요일 밤에 결정했다고 관계자는 말했다."
GERMAN = "Die Fähre zu den äußeren Inseln fährt auch im Winter, beschloss der Gemeinderat – über „Größe“ stritt man länger."

CASES = [
    (RUSSIAN, "cp1251"), (RUSSIAN, "koi8-r"), (RUSSIAN, "iso8859-5"), (POLISH, "cp1250"), (POLISH, "iso8859-2"),
    (TURKISH, "cp1254"), (GREEK, "cp1253"), (HEBREW, "cp1255"), (ARABIC, "cp1256"), (PERSIAN, "cp1256"),
    (THAI, "cp874"), (JAPANESE, "cp932"), (JAPANESE, "euc_jp"), (JAPANESE, "iso2022_jp"), (SIMPLIFIED, "gb18030"),
    (TRADITIONAL, "big5"), (KOREAN, "cp949"), (GERMAN, "cp1252"),
    *((text, codec) for text in (RUSSIAN, JAPANESE, ARABIC, GERMAN) for codec in ("utf-8", "utf-16-le", "utf-16-be")),
]  # fmt: skip


def page(text: str, codec: str, head: str = "") -> bytes:
    return f"<html><head>{head}<title>Ferry</title></head><body><p>{text}</p></body></html>".encode(codec, "ignore")


@pytest.mark.parametrize(("text", "codec"), CASES)
@pytest.mark.parametrize("header", [None, "text/html", "text/html; charset=ISO-8859-1", "text/html; charset=utf-8"])
def test_text_survives_no_declaration_and_a_wrong_header(text: str, codec: str, header: str | None) -> None:
    body = page(text, codec)
    if text == POLISH and header and "8859" in header:
        pytest.skip("Polish letters are Latin letters elsewhere: the header is believed without a language")
    decoded, _ = decode(body, header)
    assert decoded.lstrip("\ufeff") == body.decode(codec)


@pytest.mark.parametrize(("text", "codec"), CASES)
def test_a_right_meta_wins_over_a_wrong_header(text: str, codec: str) -> None:
    body = page(text, codec, f'<meta charset="{codec}">')
    assert decode(body, "text/html; charset=iso-8859-1")[0].lstrip("\ufeff") == body.decode(codec)


def test_two_declarations_of_which_the_second_is_right() -> None:
    body = page(RUSSIAN, "cp1251", '<meta charset="koi8-r"><meta charset="windows-1251">')
    assert RUSSIAN in decode(body, None)[0]


def test_latin1_means_windows_1252() -> None:
    assert decode(b"<p>It\x92s \x93quoted\x94 \x96 caf\xe9</p>", "text/html; charset=latin1") == (
        "<p>It’s “quoted” – café</p>",
        "cp1252",
    )


def test_utf8_with_a_few_windows_bytes_stays_utf8() -> None:
    body = page(RUSSIAN, "utf-8") + b"<p>It\x92s</p>"
    text, codec = decode(body, None)
    assert RUSSIAN in text
    assert "It’s" in text
    assert codec == "utf-8"


@pytest.mark.parametrize("label", ["base64", "hex", "rot13", "nonsense", "", "utf-7", "undefined", "idna"])
def test_a_label_that_is_no_encoding_of_text_is_ignored(label: str) -> None:
    assert "café" in decode("<p>café au lait</p>".encode("cp1252"), f"text/html; charset={label}")[0]


@given(st.binary(max_size=400), st.one_of(st.none(), st.text(max_size=40)))
def test_never_fails(body: bytes, header: str | None) -> None:
    text, codec = decode(body, header)
    assert isinstance(text, str)
    "".encode(codec)
