"""Bodies of every kind of fault become a Document, or None; never an exception."""

from __future__ import annotations

from pipelines.document import read
from tests.test_chain import capture

STORY = "<p>The ferry to the outer islands keeps its late crossing through the winter, the council decided.</p>"


def shown(body: str | bytes) -> str:
    document = read(capture(body if isinstance(body, bytes) else body.encode()))
    return "" if document is None else "\n".join(passage.text for passage in document.passages)


def test_nothing_and_rubbish_are_no_document() -> None:
    assert read(capture(b"")) is None
    assert read(capture(b"   \n")) is None
    assert read(capture(b"%PDF-1.7 stream of bytes")) is None
    assert read(capture(b"\x00" * 500)) is None


def test_numeric_entities_of_windows_1252_are_what_they_look_like() -> None:
    assert shown("<p>&#145;Late&#146; &#150; and &#128;5</p>") == "‘Late’ – and €5"


def test_control_characters_do_not_reach_the_text() -> None:
    assert shown(STORY + "<p>the\x01 ferry\x00 sa\x1fils</p>" + STORY).split("\n")[1] == "the ferry sails"


def test_an_unclosed_title_does_not_swallow_the_page() -> None:
    page = "<html><head><title>The ferry<link rel=icon><body>" + STORY * 2 + "<i></i>" * 20 + "</body></html>"
    assert shown(page).count("late crossing") == 2


def test_a_closed_root_element_does_not_end_the_page() -> None:
    assert "late crossing" in shown('<html class="a" /><body>' + "<div><div>" * 12 + STORY)


def test_a_hundred_thousand_open_elements_leave_the_story() -> None:
    for tag in ("b", "div", "font"):
        text = shown("<html><body>" + STORY + f"<{tag}>" * 100_000 + "<p>After the flood.</p>")
        assert "late crossing" in text
        assert "After the flood." in text


def test_the_title_is_folded_to_one_line() -> None:
    document = read(capture(b"<title>The\n  ferry </title><p>x</p>"))
    assert document is not None
    assert document.title == "The ferry"
