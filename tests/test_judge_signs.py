"""What the judge sees on a page: whom it speaks to, what reports have, and what the steps of a figure weigh."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.classify import WEIGHTS, Steps, from_json, judge_model
from pipelines.error_words import PHRASES, find, fold
from pipelines.judge_features import signs
from pipelines.judge_said import attend
from tests.pages_for_judge import PARAGRAPHS, document, page

TO_THE_READER = {
    "en": "Please check the address, or contact us if you believe that your access was blocked by mistake.",
    "de": "Bitte prüfen Sie die Adresse oder schreiben Sie uns, wenn Ihre Anfrage ein Versehen ist.",
    "fr": "Veuillez vérifier l'adresse ou nous écrire si votre navigateur affiche encore cette page.",
    "pl": "Prosimy sprawdzić adres strony albo skontaktuj się z nami.",
    "ru": "Пожалуйста, проверьте адрес страницы или обратитесь к нам, если вы видите это сообщение.",
    "el": "Παρακαλούμε ελέγξτε τη διεύθυνση της σελίδας ή επικοινωνήστε μαζί μας.",
    "tr": "Lütfen sayfanın adresini kontrol ediniz, sizin için düzeltelim.",
    "ar": "يرجى التحقق من عنوان الصفحة أو الاتصال بنا عبر هذا الموقع.",
    "he": "אנא בדקו את כתובת הדף או פנו אל מנהל האתר.",
    "hi": "कृपया पृष्ठ का पता जाँचें, आपका अनुरोध पूरा नहीं हुआ।",
    "th": "กรุณาตรวจสอบที่อยู่ของหน้านี้ หรือติดต่อเรา",
    "ja": "お手数ですがページのアドレスをご確認ください。",
    "zh": "请检查您要访问的页面地址，或与我们联系。",
    "ko": "페이지 주소를 다시 확인해 주시기 바랍니다.",
    "sw": "Tafadhali angalia anwani ya ukurasa au wasiliana nasi.",
    "fi": "Tarkista sivun osoite tai ota yhteyttä, pahoittelemme häiriötä.",
}


@pytest.mark.parametrize("language", TO_THE_READER)
def test_a_message_speaks_to_its_reader(language: str) -> None:
    text = TO_THE_READER[language]
    heard = attend(text, fold(text))
    assert heard.reader + heard.page >= 2
    assert heard.said


def test_a_report_speaks_of_others() -> None:
    for text in PARAGRAPHS:
        heard = attend(text, fold(text))
        assert 10 * (heard.reader + heard.page) < heard.words


@pytest.mark.parametrize(
    "date",
    ["2023-08-29", "12.03.2021", "March 4, 2019", "3 May 2020", "21 janvier 2020", "7 de julio de 2015", "Do 25.04.24 | 14:07",
     "5 ноября 2017", "2018年3月7日", "2022.10.05", "۱۴۰۲/۰۷/۱۲", "12 มีนาคม 2567", "२९ अगस्त २०२३"],
)  # fmt: skip
def test_a_date_above_a_story_is_seen(date: str) -> None:
    story = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
    assert signs(document(page(f"<h1>A headline</h1><p>{date}</p>{story}"))).figures["date-above"] == 1.0


@pytest.mark.parametrize("number", ["192.0.2.44", "+44 20 7946 0321", "© 2024 Gazette", "Ref 18.3b4c3917.1563828686", "12:30"])
def test_other_numbers_are_no_date(number: str) -> None:
    story = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
    assert signs(document(page(f"<h1>A headline</h1><p>{number}</p>{story}"))).figures["date-above"] == 0.0


@pytest.mark.parametrize(
    ("start", "placed"),
    [
        ("LAS VEGAS--The company", 1.0),
        ("New York, NY (Sports Network) - Two captains", 1.0),
        ("London, Dec 29: A book", 1.0),
        ("МОСКВА, 5 мая — Совет", 1.0),
        ("PARIS — Le président", 1.0),
        ("You have received a mail - and followed a link in it", 0.0),
        ("The council of Harbour Town voted", 0.0),
        ("Our Cable TV - like other providers - was told", 0.0),
    ],
)
def test_the_place_of_a_report_has_capitals(start: str, placed: float) -> None:
    assert signs(document(page(f"<h1>A headline</h1><p>{start} {PARAGRAPHS[0]}</p>"))).figures["placed"] == placed


def test_a_cookie_banner_is_not_listened_to() -> None:
    banner = (
        "<p>This site uses cookies. By going on you agree to cookies; our cookie policy tells you more about all of it.</p>"
    )
    figures = signs(document(page(f"<h1>Ferry kept</h1><p>{PARAGRAPHS[0]}</p>{banner}"))).figures
    assert (figures["to-the-reader"], figures["of-the-page"]) == (0.0, 0.0)


def test_a_story_behind_a_button_that_is_not_closed_is_a_story() -> None:
    story = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
    figures = signs(document(page(f"<h1>A headline</h1><button class=share>Share{story}"))).figures
    assert figures["core-over-800"] == 1.0


def test_steps_weigh_what_their_border_says() -> None:
    steps = Steps((0.2, 0.6), (0.0, -0.5, -1.5))
    assert [steps.weight(figure) for figure in (0.0, 0.2, 0.3, 0.6, 0.61, 9.0)] == [0.0, 0.0, -0.5, -0.5, -1.5, -1.5]
    model = from_json({"bias": 1, "figures": {"core": [[0.2, -0.5], [0.6, -1.5]], "title-speaks": [[0.5, 2.0]]}})
    assert model.weights({"core": 0.7, "title-speaks": 0.5, "unknown": 1.0}) == {"core": -1.5}


def test_the_weights_name_figures_that_there_are() -> None:
    from pipelines.classify import status_figures

    known = set(signs(document(page("<p>x</p>"))).figures) | set(status_figures(200, (), 0.0))
    said = json.loads(WEIGHTS.read_text("utf-8"))["figures"]
    assert set(said) <= known
    assert all(steps == sorted(steps) for steps in said.values())
    assert judge_model().steps


@given(st.sampled_from(sorted(PHRASES)), st.text("abc .,'éж中", max_size=12), st.text("abc .,'éж中", max_size=12))
def test_every_phrase_is_found_among_other_words(phrase: str, before: str, after: str) -> None:
    folded = fold(f"{before} {phrase} {after}")
    found = find(folded)
    at = len(fold(f"{before} "))
    assert any(said.start <= at < said.start + len(said.phrase) for said in found)
