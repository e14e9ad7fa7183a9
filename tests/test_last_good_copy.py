"""A story that was kept stays what it was when its page is later blocked, gone, empty or made a stub: an event, no version."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.catalogue.quarantine import same_body
from storage.catalogue.rows import unpacked
from storage.records import Outcome
from tests.test_run import NOW, begin, fetched, keep, states, story

BLOCKED = b"<html><head><title>403 Forbidden</title></head><body><h1>403 Forbidden</h1><p>nginx</p></body></html>"
GONE = b"<html><head><title>Page not found</title></head><body><h1>Page not found</h1><p>It was removed.</p></body></html>"
WALL = (
    b"<html><head><title>Just a moment...</title></head><body><h1>Checking your browser before accessing</h1>"
    b"<p>Enable JavaScript and cookies to continue</p><form id=challenge-form></form></body></html>"
)
SHELL = b"<html><head><title>Bridge 1</title></head><body><div id=root></div><script src=/app.js></script></body></html>"
STUB = story(1).partition(b"<p>Paragraph 2")[0] + b"<h3>To continue reading, subscribe</h3></body></html>"
SHRUNKEN = story(1).partition(b"<p>Paragraph 3")[0] + b"</body></html>"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (BLOCKED, "403 Forbidden"),
        (BLOCKED, "200 OK"),
        (GONE, "404 Not Found"),
        (GONE, "200 OK"),
        (WALL, "503 Service Unavailable"),
        (SHELL, "200 OK"),
        (b"", "200 OK"),
        (b"%PDF-1.7 a form that took the place of the page", "200 OK"),
        (STUB, "200 OK"),
        (SHRUNKEN, "200 OK"),
    ],
    ids=["403", "403-as-200", "404", "404-as-200", "challenge", "shell", "nothing", "pdf", "paywall", "shrunken"],
)
def test_what_comes_in_the_place_of_a_story_is_an_event_and_never_its_newest_version(
    tmp_path: Path, body: bytes, status: str
) -> None:
    run = begin(tmp_path)
    good = keep(run, fetched(run, 1, story(1)))
    bad = keep(run, fetched(run, 1, body, status))
    assert (good.outcome, bad.outcome) == (Outcome.KEPT, Outcome.QUARANTINED)
    assert bad.evidence, "it says why"
    connection = run.catalogue.conn
    newest = connection.execute("select text_zlib, clean_key from articles where current = 1").fetchall()
    assert [("Paragraph 6 of story 1" in unpacked(text), key) for text, key in newest] == [(True, good.clean_key)]
    history = connection.execute("select outcome from captures order by id").fetchall()
    assert history == [("kept",), ("quarantined",)]
    again = keep(run, fetched(run, 1, story(1)))
    assert again.outcome is Outcome.UNCHANGED, "the next good answer is measured against the good copy"
    assert states(run)["https://outlet.example/1"]
    run.finish("finished", NOW)


def test_how_many_other_addresses_sent_the_same_body_is_counted(tmp_path: Path) -> None:
    run = begin(tmp_path)
    endings = [keep(run, fetched(run, number, BLOCKED)) for number in (1, 2, 3)]
    keep(run, fetched(run, 4, GONE))
    assert endings[0].address is not None
    digest = endings[0].address.payload_digest
    assert same_body(run.catalogue, "outlet", digest, "https://outlet.example/1") == 2
    assert same_body(run.catalogue, "outlet", digest, "https://outlet.example/9") == 3
    assert same_body(run.catalogue, "another", digest, "https://outlet.example/9") == 0
    run.finish("finished", NOW)
