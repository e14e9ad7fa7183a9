"""Questions of other programs, well put and ill put."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.discovery import answers

SITE = "https://gazette.example/"
KINDS = [getattr(answers, name) for name in sorted(vars(answers)) if name.startswith("answer_")]


def question(body: str | bytes = b"", **fields: Any) -> dict[str, Any]:
    octets = body if isinstance(body, bytes) else body.encode()
    return {"id": "q", "url": SITE, "body_b64": base64.b64encode(octets).decode(), **fields}


def test_feed() -> None:
    body = "<rss><channel><item><title>A</title></item><item><link>/b</link></item></channel></rss>"
    answer = answers.answer_feed(question(body))
    assert answer["id"] == "q"
    assert answer["entries"] == [
        {"url": None, "title": "A", "published": None},
        {"url": SITE + "b", "title": None, "published": None},
    ]


def test_sitemap() -> None:
    body = gzip.compress(f"<urlset><url><loc>{SITE}a</loc></url></urlset>".encode())
    answer = answers.answer_sitemap(question(gzip.compress(body), headers={"Content-Encoding": "gzip"}))
    assert (answer["urls"], answer["index"]) == ([SITE + "a"], False)
    index = question(f"<sitemapindex><sitemap><loc>{SITE}a</loc></sitemap></sitemapindex>")
    assert answers.answer_sitemap(index)["index"] is True


def test_links() -> None:
    body = "<base href=/x/><a href='?я'>x</a>".encode("cp1251")
    answer = answers.answer_links(question(body, headers={"Content-Type": "text/html; charset=windows-1251"}))
    assert answer["links"] == [SITE + "x/?%FF"]


def test_robots_url_and_address() -> None:
    assert answers.answer_robots(question("User-agent: R\nDisallow: /a", url=SITE + "a", agent="r"))["allowed"] is False
    assert answers.answer_url({"id": 1, "url": "HTTPS://Gazette.example:443/a#b"}) == {
        "id": 1,
        "canonical": SITE + "a",
        "key": "gazette.example/a",
    }
    assert answers.answer_url({"id": 1, "url": "mailto:x"})["canonical"] is None
    assert answers.answer_address({"id": 1, "url": "http://0x7f.1/"})["refused"] is True
    assert answers.answer_address({"id": 1, "url": "gazette.example"})["refused"] is False


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_questions = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("id", "url", "body_b64", "headers", "agent", "status"), _json)
)


@pytest.mark.parametrize("answer", KINDS, ids=lambda answer: str(answer.__name__))
@given(asked=st.one_of(_questions, _json))
def test_whatever_is_asked_has_an_answer(answer: Any, asked: Any) -> None:
    found = answer(asked)
    assert json.dumps(found["id"]) == json.dumps(asked.get("id") if isinstance(asked, dict) else None)
    json.dumps(found)
