"""What cannot be a page is told by its bytes."""

import pytest

from pipelines.document import is_markup

PAGE = "<!DOCTYPE html><html><body><p>Übermorgen öffnet der Hafen. غدًا 東京</p></body></html>"


@pytest.mark.parametrize("codec", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "utf-8-sig"])
def test_pages_in_any_encoding_are_markup(codec: str) -> None:
    assert is_markup(PAGE.encode(codec))


def test_a_stray_control_character_costs_a_page_nothing() -> None:
    assert is_markup((PAGE * 20).encode() + b"\x00\x07")
    assert is_markup(b"")


@pytest.mark.parametrize(
    "body", [b"%PDF-1.7\n%\xe2\xe3", b"\x89PNG\r\n\x1a\n" + bytes(100), bytes(range(256)) * 10, b"\x00\xff" * 500], ids=repr
)
def test_other_formats_and_rubbish_are_not(body: bytes) -> None:
    assert not is_markup(body)
