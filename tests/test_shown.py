"""Passages: what a reader sees, in reading order, and what it stands in."""

from __future__ import annotations

import lxml.html
import pytest

from pipelines.shown import FOOTER, HEADING, ITEM, MENU, passages
from tests.pages_for_judge import document


def shown(markup: str) -> list[str]:
    """The shown passages of a body."""
    return [p.text for p in document(f"<html><body>{markup}</body></html>").passages if not p.hidden]


@pytest.mark.parametrize(
    "mark",
    ["hidden", 'hidden=""', 'style="color:red; display : none"', 'style="visibility:hidden"', 'aria-hidden="true"'],
)
def test_marked_elements_are_hidden_with_all_in_them(mark: str) -> None:
    assert shown(f"<p>before</p><div {mark}><p>unseen <b>words</b></p></div>after") == ["before", "after"]


@pytest.mark.parametrize("tag", ["script", "style", "template", "noscript", "textarea", "svg", "dialog"])
def test_some_elements_are_never_shown(tag: str) -> None:
    assert shown(f"<p>one</p><{tag}>unseen</{tag}><p>two</p>") == ["one", "two"]


def test_what_only_looks_hidden_is_shown() -> None:
    assert shown('<div hidden="until-found">found</div><div hidden id="S:1a"><p>streamed</p></div>') == ["found", "streamed"]
    assert shown("<dialog open>asked</dialog>") == ["asked"]
    body = document('<html style="visibility:hidden"><body style="display:none"><p>story</p></body></html>')
    assert [p.hidden for p in body.passages] == [False]


def test_passages_break_at_blocks_and_fold_white_space() -> None:
    assert shown("a <b>b</b>\n c<br>d<div>e</div>f<p>g</p>") == ["a b c", "d", "e", "f", "g"]


def test_links_are_counted_and_surroundings_known() -> None:
    parsed = document("<body><nav><ul><li><a href=x>News</a></li></ul></nav><h2>Head</h2><footer><p>End <a>x</a></p></footer>")
    news, head, end = parsed.passages
    assert (news.linked, news.inside) == (4, MENU | ITEM)
    assert (head.linked, head.inside) == (0, HEADING)
    assert (end.linked, end.inside) == (1, FOOTER)


def test_depth_costs_no_stack() -> None:
    root = below = lxml.html.Element("div")
    for _ in range(5_000):
        below = lxml.html.etree.SubElement(below, "div")
    below.text = "deep"
    assert [p.text for p in passages(root)] == ["deep"]
