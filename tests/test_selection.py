"""scrapy search: stories are found once, in every script, with the passage that has the words."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.views.search import marked, snippet
from tests.conftest import Scrapy
from tests.test_dedupe import FERRY, ORCHESTRA
from tests.test_run import NOW, begin, fetched, keep
from tests.test_story import page, url


@pytest.fixture
def filled(archive: Path) -> Path:
    """An archive with one story three times (2 is cut, 3 says 48 boats), and another."""
    run = begin(archive)
    keep(run, fetched(run, 1, page("Harbour of Lindby closes", FERRY)))
    keep(run, fetched(run, 2, page("No way into Lindby", FERRY[:-1])))
    keep(run, fetched(run, 3, page("Harbour shut", [p.replace("40 boats", "48 boats") for p in FERRY])))
    keep(run, fetched(run, 4, page("Music in the depot", ORCHESTRA)))
    run.finish("finished", NOW)
    return archive


def lines(out: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.splitlines()]


def test_a_story_is_found_once_and_with_all_its_copies(filled: Path, scrapy_command: Scrapy) -> None:
    once = scrapy_command("search", "boats", "--json")
    assert once.status == 0, once.err
    (found,) = lines(once.out)
    assert found["url"] == url(1)
    (start, end), *_ = found["marks"]  # type: ignore[misc]
    assert str(found["snippet"])[start:end].lower() == "boats"
    every = lines(scrapy_command("search", "boats", "--json", "--all").out)
    assert [each["url"] for each in every] == [url(3), url(2), url(1)]


def test_a_copy_is_shown_where_the_canonical_one_has_not_the_words(filled: Path, scrapy_command: Scrapy) -> None:
    assert [each["url"] for each in lines(scrapy_command("search", "48 boats", "--json").out)] == [url(3)]


def test_words_for_a_person(filled: Path, scrapy_command: Scrapy) -> None:
    shown = scrapy_command("search", "boats", "--limit", "1")
    assert "Harbour of Lindby closes" in shown.out and "*boats*" in shown.out
    assert "*boats*" in scrapy_command("search", "boa*", "--limit", "1").out
    assert "read 2026-03-01  outlet" in shown.out and "published" not in shown.out
    assert scrapy_command("search", "boats", "--since", "2026-03-02").status == 1
    assert scrapy_command("search", "boats", "--outlet", "another").status == 2


def test_nothing_found_and_nothing_asked_are_one_line(filled: Path, scrapy_command: Scrapy) -> None:
    none = scrapy_command("search", '"', "zeppelin")
    assert none.status == 1 and none.err.startswith("Nothing found for '\" zeppelin'. ")
    assert none.err.count("\n") == 1
    assert scrapy_command("search").status == 2


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (("zeppelin",), "A word is found as it stands; with a star behind it, longer ones too."),
        (("zeppelin", "--kind", "new"), "Fewer filters find more."),
        (("p*",), "A star needs 3 letters before it."),
        (("zepp*",), ""),
        (('"boats of lindby"',), "Without the quotes the words need not stand together."),
    ],
)
def test_what_to_try_when_nothing_is_found(
    filled: Path, scrapy_command: Scrapy, words: tuple[str, ...], advice: str
) -> None:
    done = scrapy_command("search", *words)
    assert (done.status, done.err) == (1, f"Nothing found for '{words[0]}'. {advice}".rstrip() + "\n")


def test_no_archive_is_made_by_asking(archive: Path, scrapy_command: Scrapy) -> None:
    done = scrapy_command("search", "boats")
    assert (done.status, len(done.err.splitlines())) == (5, 1)
    assert not archive.exists()


@pytest.mark.parametrize(
    ("text", "words", "shown"),
    [
        ("The Zürich harbour", "zurich", "The *Zürich* harbour"),
        ("東京電力は今日の記者会見で発表した", "記者会見", "東京電力は今日の*記者会見*で発表した"),
        ("سيُفتح الميناء غدًا", "سيفتح", "*سيُفتح* الميناء غدًا"),
        ("nothing of that", "storm", "nothing of that"),
        ("a\nb c", "b", "a *b* c"),
        ("of all the port the head of the port speaks", '"of the port"', "of all the port the head *of the port* speaks"),
        ("a port, of the Port: one", '"of the port" port', "a *port*, *of the Port*: one"),
        ("port of the portal", '"of the port"', "port of the portal"),
        ("a well-known storm known well", "well-known", "a *well-known* storm known well"),
        ("the *ferries* of the port", 'ferr* "the port"', "the **ferries** of *the port*"),
    ],
)
def test_the_words_are_marked_in_every_script(text: str, words: str, shown: str) -> None:
    assert marked(snippet(text, words)) == shown


def test_a_long_text_is_cut_around_the_words() -> None:
    found = snippet("before " * 500 + "the storm came " + "after " * 500, "storm")
    assert found.cut == (True, True) and len(found.text) <= 200
    assert [found.text[start:end] for start, end in found.marks] == ["storm"]


def test_a_pasted_page_as_a_phrase_is_looked_for_in_little_time() -> None:
    began = time.process_time()
    assert marked(snippet("the " * 40_000, '"' + "the " * 3_000 + 'end the"')).count("*") == 2
    assert time.process_time() - began < 2


def test_the_passage_is_that_of_the_phrase() -> None:
    found = snippet("the port of old " + "between " * 100 + "the head of the port " + "after " * 100, 'port "of the port"')
    assert [found.text[start:end] for start, end in found.marks] == ["of the port"]


@given(st.text(max_size=400), st.text(max_size=30))
def test_any_text_has_a_passage(text: str, words: str) -> None:
    found = snippet(text, words)
    assert len(found.text) <= 200
    assert all(0 <= start < end <= len(found.text) for start, end in found.marks)
