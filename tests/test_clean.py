"""The clean copy: every field comes back, its JSON is plain, and the same records give the same bytes."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.archive.clean import clean_copy, read_clean_copy, read_text
from storage.archive.keys import article_id, clean_key
from storage.archive.packed import plain
from storage.archive.store import ArchiveError
from storage.records import Article, Block, BlockKind, Relation, Removed, WarcAddress
from tests.exchanges import FINGERPRINT, article, placement

ADDRESS = WarcAddress(
    file="warc/daily/2026/x.warc.gz", offset=10, length=20, record_id="<urn:uuid:1>", payload_digest="sha256:A"
)


def made(of: Article, **how: str) -> bytes:
    return clean_copy(of, FINGERPRINT, placement(), extractor="cleancopy/1", **how)


def test_every_field_comes_back() -> None:
    whole = article(address=ADDRESS)
    found = read_clean_copy(made(whole, publisher="The Daily"))
    assert found.article == whole
    assert found.placement == placement()
    assert (found.digest, found.extractor) == (FINGERPRINT.digest, "cleancopy/1")


def test_a_copy_that_is_not_packed_is_read_as_well() -> None:
    data = made(article(address=ADDRESS))
    assert plain(data).startswith(b'{\n "@context"')
    assert read_clean_copy(plain(data)) == read_clean_copy(data)
    assert gzip.decompress(data) == plain(data)


def test_an_article_with_nothing_but_its_text_comes_back() -> None:
    bare = Article(
        page=article().page,
        canonical="http://news.example/1",
        headline=None,
        blocks=(Block(kind=BlockKind.PARAGRAPH, text="x"),),
    )
    assert read_clean_copy(made(bare)).article == bare


def test_it_speaks_the_words_of_schema_org() -> None:
    document = json.loads(plain(made(article(address=ADDRESS), publisher="The Daily")))
    assert document["@type"] == "NewsArticle"
    assert document["identifier"] == article_id("http://news.example/1")
    assert document["url"] == "http://news.example/1"
    assert document["headline"] == "The bridge opens"
    assert document["text"] == ["The bridge opens.", "What comes next", "one\ntwo", "“At last”, said the mayor."]
    assert document["textKinds"] == {"1": "heading", "2": "list", "3": "quote"}
    assert document["author"] == [{"@type": "Person", "name": "Ann Lee"}, {"@type": "Person", "name": "Bo Öst"}]
    assert document["publisher"] == {"@type": "Organization", "identifier": "daily", "name": "The Daily"}
    assert document["provider"]["name"] == "Agency"
    assert document["datePublished"] == "2026-11-24T20:00:00Z"
    assert document["isBasedOn"] == "c"
    assert document["removed"] == [{"rule": "share", "words": "Share this"}]
    assert document["provenance"]["warc"]["offset"] == 10
    assert document["provenance"]["fetchedAt"] == "2026-11-24T21:00:00.000250Z"
    assert document["provenance"]["evidence"] == [{"rule": "words", "words": "Forbidden", "weight": 0.5}]


def test_the_manual_names_every_field() -> None:
    manual = (Path(__file__).parent.parent / "docs" / "archive-format.md").read_text()
    document = json.loads(plain(made(article(address=ADDRESS))))
    names = [*document, *document["provenance"], *document["provenance"]["warc"], *document["placement"]]
    assert [name for name in names if name not in manual] == []


def test_a_text_that_stands_for_itself_is_based_on_nothing() -> None:
    own = placement(Relation.NEW, article_id("http://news.example/1"))
    assert "isBasedOn" not in json.loads(plain(clean_copy(article(), FINGERPRINT, own, extractor="x")))


def test_the_bytes_do_not_depend_on_the_order_of_the_sources() -> None:
    one = article(sources={"a": "1", "b": "2"})
    assert made(one) == made(replace(one, sources={"b": "2", "a": "1"}))


@given(st.text(max_size=200), st.text(max_size=50))
def test_any_text_comes_back_and_the_json_is_utf_8(text: str, words: str) -> None:
    odd = article(text=text, headline=words, removed=(Removed(rule="r", words=words),), authors=(words,))
    found = read_clean_copy(made(odd)).article
    assert found.blocks[0].text == text
    assert read_text(made(odd)) == found.text
    assert (found.headline, found.authors, found.removed[0].words) == (words, (words,), words)


def test_a_lone_surrogate_becomes_a_question_mark() -> None:
    data = made(article(text="a\ud800b"))
    assert read_clean_copy(data).article.blocks[0].text == "a?b"
    plain(data).decode("utf-8")


def test_a_newer_format_is_refused() -> None:
    document = {**json.loads(plain(made(article()))), "format": 2}
    with pytest.raises(ValueError, match="format 2, this version reads 1: upgrade"):
        read_clean_copy(json.dumps(document).encode())


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"null", b'{"format": 1}', b"\xff\xfe\x00", b'{"format": 1, "provenance": []}', b"1"]
)
def test_what_is_no_clean_copy(data: bytes) -> None:
    with pytest.raises(ValueError):
        read_clean_copy(data)
    with pytest.raises(ValueError):
        read_text(data)


@pytest.mark.parametrize("form", [made, lambda of: plain(made(of))], ids=["packed", "plain"])
def test_every_cut_of_a_clean_copy_is_seen(form: Callable[[Article], bytes]) -> None:
    data = form(article())
    for length in range(0, len(data) - 1, 11):
        with pytest.raises(ValueError):
            read_clean_copy(data[:length])
        with pytest.raises(ValueError):
            read_text(data[:length])


def test_several_passages_are_read_as_one_text() -> None:
    whole = article(blocks=tuple(Block(kind=BlockKind.PARAGRAPH, text=text) for text in ("One.", "Two.", "Three.")))
    assert read_text(made(whole)) == whole.text == "One.\nTwo.\nThree."


def test_keys_of_clean_copies() -> None:
    ident = article_id("http://news.example/1")
    assert clean_key("daily", ident, "ab" * 32) == f"clean/daily/{ident[:2]}/{ident}-abababababababab.json.gz"
    assert clean_key("daily", ident, "ab" * 32, 7).endswith("-abababababababab.7.json.gz")
    for outlet, article_, digest in (("..", ident, "ab" * 32), ("daily", "../../x", "ab" * 32), ("daily", ident, "short")):
        with pytest.raises(ArchiveError):
            clean_key(outlet, article_, digest)
