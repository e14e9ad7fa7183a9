"""What decides between an article and a page that is none, and the kind of the latter."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.classify import classify, judge_model, status_figures
from pipelines.document import read
from pipelines.judge_features import signs
from storage.records import Evidence, Kind
from tests.pages_for_judge import PARAGRAPHS, STORY, capture, document, page, verdict

HEADLINE = "Harbour Town Votes to Keep Its Night Ferry"
WHOLE = f"<article><h1>{HEADLINE}</h1>{STORY}</article>"
BANNER = "<div><h2>403</h2><p>Error! We're sorry, but the page you were looking for doesn't exist.</p></div>"


@pytest.mark.parametrize("status", [200, 403, 404, 410, 451, 500, 503])
def test_a_story_is_an_article_whatever_its_status(status: int) -> None:
    said = verdict(page(WHOLE, HEADLINE, frame=True), status)
    assert said.kind is Kind.ARTICLE
    assert said.flags == ((f"status-{status}",) if status >= 400 else ())
    assert PARAGRAPHS[3] in said.text.splitlines()


@pytest.mark.parametrize("inner", [BANNER + WHOLE, WHOLE + BANNER, f"<div hidden>{BANNER}</div>{WHOLE}"])
def test_an_error_block_costs_a_story_nothing(inner: str) -> None:
    assert verdict(page(inner, HEADLINE, frame=True)).kind is Kind.ARTICLE


def test_a_story_about_errors_is_an_article() -> None:
    about = STORY.replace("The operator", 'The page said "404 not found", and the operator')
    inner = f"<article><h1>Ferry timetable answered 404 Not Found for a week</h1>{about}</article>"
    assert verdict(page(inner, "Ferry timetable answered 404 Not Found for a week", frame=True)).kind is Kind.ARTICLE


ERRORS = [
    ("403 Forbidden", "You don't have permission to access this resource.", Kind.FORBIDDEN),
    ("Zugriff verweigert", "Sie haben keine Berechtigung, diese Seite zu sehen.", Kind.FORBIDDEN),
    ("Доступ запрещён", "Доступ к ресурсу ограничен.", Kind.FORBIDDEN),
    ("Page introuvable", "La page que vous cherchez n'existe plus.", Kind.NOT_FOUND),
    ("ページが見つかりません", "お探しのページは存在しません。", Kind.NOT_FOUND),
    ("페이지를 찾을 수 없습니다", "요청하신 페이지가 존재하지 않습니다.", Kind.NOT_FOUND),
    ("الصفحة غير موجودة", "لم يتم العثور على الصفحة المطلوبة.", Kind.NOT_FOUND),
    ("ไม่พบหน้านี้", "ขออภัย ไม่พบหน้าที่คุณต้องการ", Kind.NOT_FOUND),
    ("Sayfa bulunamadı", "Aradığınız sayfa mevcut değil.", Kind.NOT_FOUND),
    ("पृष्ठ नहीं मिला", "यह पृष्ठ मौजूद नहीं है।", Kind.NOT_FOUND),
    ("Không tìm thấy trang", "Trang bạn tìm không tồn tại.", Kind.NOT_FOUND),
    ("Wystąpił błąd", "Wystąpił błąd serwera, spróbuj ponownie później.", Kind.SOFT_ERROR),
    ("502 Bad Gateway", "nginx", Kind.SOFT_ERROR),
    ("Just a moment...", "Checking your browser before accessing. Enable JavaScript and cookies to continue.", Kind.CHALLENGE),
    ("Vui lòng chờ", "Xác minh bạn là con người. Kiểm tra bảo mật.", Kind.CHALLENGE),
]


@pytest.mark.parametrize(("title", "words", "kind"), ERRORS, ids=[title for title, _, _ in ERRORS])
@pytest.mark.parametrize("frame", [False, True], ids=["bare", "framed"])
def test_error_pages_of_many_languages_with_status_200(title: str, words: str, kind: Kind, frame: bool) -> None:
    said = verdict(page(f"<h1>{title}</h1><p>{words}</p>", title, frame=frame))
    assert said.kind is kind
    assert any(one.words and one.weight > 0 for one in said.evidence)


def test_script_shells_are_empty() -> None:
    assert verdict(page("<div id=root></div><script src=/app.js></script>", "Gazette")).kind is Kind.EMPTY
    assert verdict(page(f"<noscript>{STORY}</noscript><template>{STORY}</template>", "Gazette")).kind is Kind.EMPTY


@pytest.mark.parametrize("body", [b"", b"   \n", b"%PDF-1.7 rubbish", b"\x89PNG\r\n\x1a\n" + bytes(300)], ids=repr)
def test_what_is_no_markup_is_empty_and_says_why(body: bytes) -> None:
    said = verdict(body, headers=(("Content-Type", "application/pdf"),))
    assert said.kind is Kind.EMPTY
    why = "application/pdf" if body else "the answer has no body"
    assert said.evidence == (Evidence(rule="no-markup", words=why, weight=10.0),)
    assert said.capture.body == body


def test_a_front_page_is_a_listing() -> None:
    cards = "".join(
        f"<div class=card><h3><a href=/s/{n}>Island council weighs plan number {n} for the quay</a></h3><p>{PARAGRAPHS[n % 5]}</p></div>"
        for n in range(14)
    )
    assert verdict(page(cards, "Harbour Gazette", frame=True)).kind is Kind.LISTING


def test_a_stub_before_a_wall_is_a_paywall() -> None:
    wall = "<div class=offer><h3>To continue reading, subscribe</h3><p>Already a subscriber? Log in to read the full story.</p></div>"
    inner = f"<article><h1>{HEADLINE}</h1><p>{PARAGRAPHS[0]}</p>{wall}</article>"
    assert verdict(page(inner, HEADLINE, frame=True)).kind is Kind.PAYWALL


def test_marks_of_a_challenge_vendor_tell_the_kind_without_words() -> None:
    inner = '<form id="challenge-form" action="/?x"><input type=hidden name=jschl_vc></form><p>gazette.test</p>'
    assert verdict(page(inner, "gazette.test"), 503, (("Server", "cloudflare"),)).kind is Kind.CHALLENGE


STATUSES = {
    "wall": (401, 402, 403, 407, 429, 451),
    "gone": (404, 410),
    "server": (500, 503, 599),
    "nothing": (200, 301, 400, 405, 499),
}


@pytest.mark.parametrize(("said", "status"), [(said, status) for said in STATUSES for status in STATUSES[said]])
def test_a_status_says_more_where_the_page_holds_little(said: str, status: int) -> None:
    figures = status_figures(status, (), 0.25)
    assert {name for name, figure in figures.items() if figure} == (
        set() if said == "nothing" else {f"status-{said}", f"status-{said}-thin"}
    )
    if said != "nothing":
        assert (figures[f"status-{said}"], figures[f"status-{said}-thin"]) == (1.0, 0.25)


@pytest.mark.parametrize(
    ("name", "wall"),
    [("cf-mitigated", True), ("CF-Mitigated", True), ("X-DataDome", True), ("x-amzn-waf-action", True), ("server", False)],
)
def test_headers_of_walls_are_known_in_either_case(name: str, wall: bool) -> None:
    assert status_figures(200, (("Date", "x"), (name, "challenge")), 0.0)["header-of-wall"] == wall


@pytest.mark.parametrize(
    ("markup", "status"),
    [
        (page(WHOLE, HEADLINE, frame=True), 200),
        (page(WHOLE), 403),
        (page(BANNER, "Sorry", frame=True), 404),
        (page("<p>x"), 503),
    ],
    ids=["story", "story behind 403", "banner", "hardly anything"],
)
def test_evidence_is_what_the_model_weighs_the_heaviest_first(markup: str, status: int) -> None:
    seen, model = signs(document(markup)), judge_model()
    figures = seen.figures | status_figures(status, (), seen.figures["thin"])
    weights = model.weights(figures)
    *named, rest = [one for one in verdict(markup, status).evidence if not one.rule.startswith("kind-")]
    assert {one.rule: one.weight for one in named} == {
        name: round(weight, 3) for name, weight in weights.items() if abs(weight) >= 0.15
    }
    assert [abs(one.weight) for one in named] == sorted((abs(one.weight) for one in named), reverse=True)
    light = sum(weight for weight in weights.values() if abs(weight) < 0.15)
    assert rest == Evidence(rule="rest", words="", weight=round(model.bias + light, 3))
    for one in named:
        plain = str(status) if one.rule.startswith("status-") else f"{figures[one.rule]:.2f}"
        assert one.words == (seen.words.get(one.rule) or plain)


def test_a_verdict_holds_what_the_page_shows_and_why_it_is_of_its_kind() -> None:
    hidden = "<p hidden>Nobody sees this.</p>"
    said = verdict(page(f"<h1>Access denied</h1><p>You are not allowed here.</p>{hidden}", "Access denied"), 403)
    assert said.kind is Kind.FORBIDDEN
    assert (said.title, said.text, said.encoding) == ("Access denied", "Access denied\nYou are not allowed here.", "utf-8")
    assert said.flags == ()
    assert said.evidence[-1].rule == "kind-forbidden" and said.evidence[-1].weight == 0
    assert sum(one.weight for one in said.evidence) > 0
    assert not any(one.rule.startswith("kind-") for one in verdict(page(WHOLE, HEADLINE, frame=True)).evidence)


@pytest.mark.parametrize(("status", "flags"), [(399, ()), (400, ("status-400",))])
def test_the_status_of_a_story_is_told_from_400_on(status: int, flags: tuple[str, ...]) -> None:
    assert verdict(page(WHOLE, HEADLINE, frame=True), status).flags == flags


def outside(body: str, title: str | None = None, **known: float | str) -> dict[str, tuple[str, float]]:
    """What speaks for or against a page from beside it, by rule."""
    one = capture(body, title=title)
    said = classify(one, read(one), **known)  # type: ignore[arg-type]
    names = ("same-body-elsewhere", "like-impossible-url", "headline-of-the-feed", "no-headline-of-the-feed")
    return {each.rule: (each.words, each.weight) for each in said.evidence if each.rule in names}


@pytest.mark.parametrize(("copies", "weight"), [(0, 0), (1, 0), (2, 0.8), (3, 1.2), (5, 2.0), (6, 2.0), (500, 2.0)])
def test_the_more_addresses_have_one_body_the_more_it_says_up_to_a_limit(copies: int, weight: float) -> None:
    said = outside(page(WHOLE, HEADLINE), copies=copies)
    assert said == ({"same-body-elsewhere": (f"{copies} other URLs", weight)} if weight else {})


@pytest.mark.parametrize(("likeness", "weight"), [(0.0, None), (0.49, None), (0.5, 0.8), (0.7654, 2.923), (1.0, 4.8)])
def test_the_liker_a_page_is_to_the_answer_for_an_impossible_url_the_more_it_says(
    likeness: float, weight: float | None
) -> None:
    said = outside(page(WHOLE, HEADLINE), likeness=likeness)
    assert said == ({} if weight is None else {"like-impossible-url": (f"{likeness:.2f}", weight)})


LONG = "Lighthouse keeper retires after forty years, and the harbour says goodbye to a man who"


@pytest.mark.parametrize(
    ("markup", "announced", "rule"),
    [
        (page(f"<h1>{LONG}</h1>"), LONG, "headline-of-the-feed"),
        (page(f"<h1>{LONG}</h1>"), f"  {LONG.upper()}\n", "headline-of-the-feed"),
        (page("<p>x</p>", title=f"{LONG} | Gazette"), LONG.replace(" ", "\n\t"), "headline-of-the-feed"),
        (page(f"<h1 hidden>{LONG}</h1><p>x</p>"), LONG, "no-headline-of-the-feed"),
        (page("<p>x</p>").replace("<title>Harbour Gazette</title>", ""), LONG, "no-headline-of-the-feed"),
        (page(f"<p>{LONG}{'.' * (399 - len(LONG))}</p>"), LONG, "headline-of-the-feed"),
        (page(f"<p>{LONG}{'.' * (400 - len(LONG))}</p>"), LONG, "no-headline-of-the-feed"),
        (page("<p>x</p>"), "Ferry   sailed", "no-headline-of-the-feed"),
        (page("<p>x</p>"), "Ferry  sails", None),
        (page("<p>x</p>"), "", None),
    ],
    ids=["shown", "in capitals", "in the title", "hidden", "no title", "in a line", "in a long text", "12", "11", "none"],
)
def test_where_a_headline_of_the_feed_counts_as_shown(markup: str, announced: str, rule: str | None) -> None:
    words = " ".join(announced.lower().split())[:80]
    weight = -0.5 if rule == "headline-of-the-feed" else 0.5
    assert outside(markup, announced) == ({} if rule is None else {rule: (words, weight)})


def test_what_an_outlet_answers_for_an_impossible_url_speaks_against_a_page() -> None:
    one = capture(page(f"<h1>Welcome aboard</h1><p>{PARAGRAPHS[0]}</p><p>{PARAGRAPHS[1]}</p>", "Gazette", frame=True))
    alike = classify(one, read(one), likeness=1.0)
    assert alike.kind is not Kind.ARTICLE
    assert any(two.rule == "like-impossible-url" for two in alike.evidence)
    assert not any(two.rule == "like-impossible-url" for two in classify(one, read(one), likeness=0.1).evidence)


def test_one_body_under_many_addresses_is_evidence_and_no_verdict() -> None:
    one = capture(page(WHOLE, HEADLINE, frame=True))
    said = classify(one, read(one), copies=6)
    assert said.kind is Kind.ARTICLE
    assert {e.rule: e.words for e in said.evidence}["same-body-elsewhere"] == "6 other URLs"
    assert not any(e.rule == "same-body-elsewhere" for e in classify(one, read(one), copies=1).evidence)


def test_the_headline_of_the_feed_is_evidence_for_and_its_absence_against() -> None:
    body = page(WHOLE, HEADLINE, frame=True)
    rules = {one.rule: one.weight for one in verdict(body, title=HEADLINE).evidence}
    assert rules["headline-of-the-feed"] < 0
    absent = verdict(body, title="Lighthouse keeper retires after forty years")
    assert {one.rule: one.weight for one in absent.evidence}["no-headline-of-the-feed"] > 0
    assert absent.kind is Kind.ARTICLE  # headlines are changed after they were announced


def test_the_same_evidence_gives_the_same_verdict() -> None:
    body = page(BANNER, "Sorry", frame=True)
    assert verdict(body) == verdict(body)


@pytest.mark.parametrize(
    "body",
    [
        "<div>" * 50_000 + "deep",
        "<html><body>" + "<p>404 not found " * 5_000,
        "<title>" + "404 " * 50_000,
        "<h1>" + "| - : " * 50_000,
        page("<p>" + "a" * 2_000_000),
        page("\x07\x00&#0;&#xFFFF;<h1>\ud83d</h1>".encode("utf-8", "replace").decode()),
        '<link rel=canonical href="http://[::1"><meta property=og:url content="http://[">' + STORY,
    ],
    ids=["deep", "many", "title", "separators", "one-word", "control-characters", "broken-addresses"],
)
def test_hostile_pages_get_a_verdict(body: str) -> None:
    assert verdict(body).kind in Kind


def test_a_page_of_thirty_megabytes_gets_a_verdict() -> None:
    paragraph = f"<p>{PARAGRAPHS[0]}</p>"
    assert verdict(page(f"<h1>{HEADLINE}</h1>" + paragraph * (30_000_000 // len(paragraph)), HEADLINE)).kind is Kind.ARTICLE


@settings(max_examples=60)
@given(st.text(max_size=400), st.text(max_size=200), st.integers(100, 599))
def test_any_text_gets_a_verdict_whose_weights_decide(title: str, words: str, status: int) -> None:
    markup = page(f"<h1>{title}</h1><p>{words}</p>".replace("\x00", ""), "x")
    said = verdict(markup.encode("utf-8", "replace"), status)
    total = sum(one.weight for one in said.evidence)
    assert (said.kind is Kind.ARTICLE) == (total <= 0)


def test_document_is_left_as_it_was() -> None:
    parsed = document(page(WHOLE, HEADLINE))
    before = len(list(parsed.tree.iter()))
    classify(capture(""), parsed)
    assert len(list(parsed.tree.iter())) == before
