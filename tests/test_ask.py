"""`scrapy ask page` and `scrapy explain`: the chain for other programs and for people."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path

from tests.conftest import ROOT, Scrapy
from tests.raw_server import RawServer, answer

PAGES = ROOT / "tests" / "pages"
EXPECTED = json.loads((PAGES / "error_block_expected.json").read_text())


def question(ident: object, body: bytes, **more: object) -> bytes:
    asked = {"id": ident, "url": "https://news.example/1", "body_b64": base64.b64encode(body).decode(), **more}
    return json.dumps(asked).encode() + b"\n"


def ask(scrapy_command: Scrapy, *lines: bytes) -> list[dict[str, object]]:
    done = scrapy_command("ask", "page", stdin=b"".join(lines))
    assert (done.status, done.err) == (0, "")
    return [json.loads(line) for line in done.out.splitlines()]


def test_pages_are_answered_in_order_with_every_field(scrapy_command: Scrapy) -> None:
    hidden, shown = (PAGES / "error_block_hidden.html").read_bytes(), (PAGES / "error_block_shown.html").read_bytes()
    answers = ask(
        scrapy_command, question(1, hidden), question("two", shown, status=403, headers={"Content-Type": "text/html"})
    )
    assert [each["id"] for each in answers] == [1, "two"]
    for each in answers:
        assert each["kind"] == "ARTICLE"
        assert each["title"] == EXPECTED["headline"]
        assert str(each["text"]).split("\n") == EXPECTED["paragraphs"]
        assert each.keys() >= {
            "evidence", "published", "modified", "authors", "language", "encoding", "canonical", "removed",
        }  # fmt: skip
    assert answers[1]["flags"] == ["status-403"]


def test_a_gzip_body_is_decoded_by_its_header(scrapy_command: Scrapy) -> None:
    body = gzip.compress((PAGES / "error_block_hidden.html").read_bytes())
    (found,) = ask(scrapy_command, question(1, body, headers={"content-encoding": ["gzip"]}))
    assert found["title"] == EXPECTED["headline"]


def test_what_cannot_be_read_is_answered_with_an_error_and_the_rest_goes_on(scrapy_command: Scrapy) -> None:
    answers = ask(
        scrapy_command,
        b"{not json\n",
        b"[1, 2]\n",
        b"\xff\xfe\n",
        b'{"id": 4, "body_b64": "%%%"}\n',
        b'{"id": 5, "body_b64": 17}\n',
        b'{"id": 6, "body_b64": "", "headers": 3}\n',
        b'{"id": 7, "body_b64": "", "status": "fine"}\n',
        question(8, b""),
        question(9, b"\x00\xff" * 5000),
        question(10, b"<div>" * 100_000),
    )
    assert [each["id"] for each in answers] == [None, None, None, 4, 5, 6, 7, 8, 9, 10]
    assert all("error" in each for each in answers[:7])
    assert all(each["kind"] != "ARTICLE" and "error" not in each for each in answers[7:])


def test_a_file_is_explained_with_what_was_removed_and_why(scrapy_command: Scrapy) -> None:
    done = scrapy_command("explain", str(PAGES / "error_block_shown.html"))
    assert done.status == 0, done.err
    assert "kind       ARTICLE" in done.out
    assert EXPECTED["headline"] in done.out
    assert all(paragraph in done.out for paragraph in EXPECTED["paragraphs"])
    assert "removed (" in done.out and "repeated: “" in done.out


def test_an_archived_url_is_explained_without_fetching_it(scrapy_command: Scrapy) -> None:
    page = (PAGES / "error_block_hidden.html").read_bytes()
    with RawServer({"/1000001/story": answer(page)}) as server:
        url = f"{server.url}/1000001/story"
        assert scrapy_command("crawl", "menafn", "-a", f"origin={server.url}", "-a", f"url={url}").status == 0
    done = scrapy_command("explain", url, "--json")
    assert done.status == 0, done.err
    found = json.loads(done.out)
    assert found["title"] == EXPECTED["headline"]
    assert found["copies"] == [], "the page itself is none"


def test_a_page_that_nobody_has_is_one_clear_line(scrapy_command: Scrapy, tmp_path: Path) -> None:
    for name, status, line in (
        ("https://news.example/9", 5, "There is no catalogue"),
        (str(tmp_path / "none.html"), 2, "No such file"),
    ):
        done = scrapy_command("explain", name)
        assert done.status == status
        assert line in done.err and len(done.err.strip().splitlines()) == 1


def test_empty_lines_are_no_questions(scrapy_command: Scrapy) -> None:
    done = scrapy_command("ask", "address", stdin=b'\n{"id": 1, "host": "10.0.0.1"}\n  \n')
    assert done.status == 0 and len(done.out.splitlines()) == 1 and json.loads(done.out)["id"] == 1
