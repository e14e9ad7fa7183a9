"""scrapy browse: every page and its JSON, nothing but reading, a writer at work, a rebuilt catalogue."""

from __future__ import annotations

import csv
import json
import re
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from storage.archive.keys import article_id
from storage.catalogue.rebuild import put_in_place
from tests.browsed import ARABIC, FERRY, NOW, begin, browsing, enter, fetched, fill, page, told
from tests.conftest import Scrapy

FERRY_ID, HOSTILE_ID = article_id("https://gazette.example/1"), article_id("https://gazette.example/4")


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    archive = tmp_path_factory.mktemp("browse") / "archive"
    fill(archive)
    with browsing(archive) as site:
        yield archive, site


@pytest.fixture
def site(shown: tuple[Path, str]) -> str:
    return shown[1]


def headlines(site: str, query: str) -> list[str]:
    return [story["headline"] for story in told(f"{site}/search.json?{query}")["stories"]]


def test_stories_are_found_by_words_and_filters(site: str) -> None:
    assert headlines(site, "q=boats") == ["Harbour of Lindby closes"]
    assert headlines(site, "q=boats&all=1") == ["No way into Lindby", "Harbour of Lindby closes"]
    assert headlines(site, "q=boats&outlet=courier") == ["No way into Lindby"]
    assert headlines(site, "q=boats&kind=copy") == ["No way into Lindby"]
    assert headlines(site, "q=boats&language=de") == []
    assert headlines(site, "q=boats&until=2020-01-31") == []
    assert headlines(site, "q=" + quote("سيفتح")) == ["ميناء ليندبي يُفتح غدًا"]
    assert headlines(site, "q=" + quote('"')) == []
    found = told(f"{site}/search.json?q=boats")
    marked = [text for text, asked in found["stories"][0]["snippet"]["pieces"] if asked]
    assert marked and {each.lower() for each in marked} == {"boats"}
    assert found["choices"]["outlet"] == ["courier", "gazette"]
    assert found["choices"]["language"] == ["ar", "en"]


def test_a_story_tells_its_text_provenance_versions_and_cluster(site: str) -> None:
    story = told(f"{site}/story/{FERRY_ID[:12]}.json")
    assert "48 boats" in story["text"] and story["provenance"]["warc_file"].startswith("warc/gazette/")
    assert [version["current"] for version in story["versions"]] == [False, True]
    assert {member["outlet"] for member in story["members"]} == {"gazette", "courier"}
    first, second = (version["capture"] for version in story["versions"])
    changed = told(f"{site}/compare/{first}/{second}.json")["changes"]
    assert [(each["op"], each["words"]) for each in changed if each["op"] != "equal"] == [("delete", "40"), ("insert", "48")]
    arabic = fetched(f"{site}/story/{article_id('https://gazette.example/3')}")[2]
    assert '<h1 dir="auto" lang="ar">' in arabic and ARABIC[0] in arabic


def test_the_quarantine_quotes_what_decided_and_shows_the_page(site: str) -> None:
    (refused,) = told(f"{site}/quarantine.json?outlet=gazette&kind=FORBIDDEN")["captures"]
    assert "Forbidden" in refused["decided"]["words"]
    capture = told(f"{site}/capture/{refused['capture']}.json")
    assert "403 Forbidden" in capture["text"] and "<script>" in capture["text"]
    assert told(f"{site}/quarantine.json?outlet=courier")["captures"] == []


def test_outlets_runs_and_the_operator(site: str) -> None:
    by_name = {each["outlet"]: each for each in told(f"{site}/outlets.json")["outlets"]}
    assert by_name["gazette"]["stories"] == 4 and by_name["gazette"]["blocked"] == pytest.approx(1 / 6, abs=1e-3)
    assert by_name["gazette"]["days"][-1]["captures"] == 6
    runs = told(f"{site}/runs.json")["runs"]
    assert {run["outlet"] for run in runs} == {"gazette", "courier"}
    run = told(f"{site}/run/{runs[0]['run']}.json")
    assert run["receipt"]["captures"] == sum(run["receipt"]["outcomes"].values())
    operator = told(f"{site}/operator.json")
    assert {each["outlet"] for each in operator["outlets"]} == {"gazette", "courier"} and operator["disk_free_bytes"] > 0
    assert told(f"{site}/outlet/courier.json")["runs"][0]["reason"] == "finished"


def test_questions_are_answered_as_page_json_and_csv(site: str) -> None:
    for question in told(f"{site}/questions.json")["questions"]:
        assert fetched(f"{site}/catalogue/{question['name']}?outlet=gazette")[0] == 200
    rows = list(csv.DictReader(fetched(f"{site}/catalogue/newest.csv")[2].splitlines()))
    assert len(rows) == 5 and {row["outlet"] for row in rows} == {"gazette", "courier"}
    assert told(f"{site}/catalogue/outcomes.json?outlet=courier&_shape=objects")["rows"][0]["captures"] == 1


PATHS = ("/", "/search?q=boats", f"/story/{FERRY_ID}", f"/story/{HOSTILE_ID}", "/quarantine", "/outlets", "/outlet/gazette",
         "/runs", "/operator", "/questions", "/catalogue/newest", "/nowhere", "/static/site.css")  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_nothing_of_a_stranger_is_markup_and_every_answer_says_so(site: str, path: str) -> None:
    _, headers, body = fetched(site + path)
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'") and "unsafe" not in policy and "script" not in policy
    assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-cache"
    if path.startswith("/static"):
        return
    assert not re.search(r"<(script|iframe|img|object|embed|style)\b|\son\w+=\"|\sstyle=", body)
    assert not re.search(r"(?:href|src|action)=\"(?!https?://|/|#)", body)
    assert "\u202e" not in body and "49" not in re.findall(r"evil.{0,20}", body)


@pytest.mark.parametrize(
    "path",
    ["/catalogue.db", "/catalogue", "/catalogue.json?sql=select+1", "/catalogue/articles", "/catalogue/articles.json",
     "/-/versions", "/-/plugins.json", "/-/metadata", "/catalogue/newest.blob", "/-/static/app.css", "/static/../server.py",
     "/static/%2e%2e/server.py", "/_internal", "/story/zzzzzz", "/story/%00"],
)  # fmt: skip
def test_nothing_else_of_datasette_is_reachable(site: str, path: str) -> None:
    assert fetched(site + path)[0] == 404


def test_only_reading_and_only_on_this_machine(site: str) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        assert fetched(f"{site}/search", method)[0] == 405
    assert fetched(f"{site}/catalogue/newest?_timelimit=x")[0] == 400
    assert fetched(f"{site}/search", "HEAD")[2] == ""
    assert fetched(f"{site}/search", host="elsewhere.example")[0] == 421
    assert fetched(f"{site}/search", host="localhost:80")[0] == 200
    with socket.create_connection((site.split("//")[1].split(":")[0], int(site.rsplit(":", 1)[1]))) as raw:
        assert raw.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize(
    ("path", "status"),
    [("/search?since=yesterday", 400), ("/search?page=0", 400), ("/search?page=x", 400), ("/search?kind=odd", 400),
     ("/quarantine?kind=odd", 400), ("/quarantine?before=-1", 400), ("/story/" + "0" * 64, 404), ("/capture/999", 404),
     ("/compare/1/999", 404), ("/compare/1/" + "9" * 40, 404), ("/outlet/nobody", 404), ("/run/20260101T0", 404)],
)  # fmt: skip
def test_what_is_asked_wrongly_is_told(site: str, path: str, status: int) -> None:
    code, _, body = fetched(site + path)
    assert code == status and "Not shown" in body and "Traceback" not in body
    parts = path.partition("?")
    assert json.loads(fetched(f"{site}{parts[0]}.json{parts[1]}{parts[2]}")[2])["fault"]


def test_a_writer_at_work_is_seen_at_once_and_locks_nobody_out(shown: tuple[Path, str]) -> None:
    archive, site = shown
    codes: list[int] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            codes.append(fetched(f"{site}/search.json?q=zeppelin")[0])
            codes.append(fetched(f"{site}/operator.json")[0])

    reader = threading.Thread(target=read)
    reader.start()
    run = begin(archive, "herald")
    try:
        for number in range(1, 9):
            enter(run, number, page(f"Zeppelin {number}", [f"{number} of {p} by zeppelin {number * 7919}" for p in FERRY]))
        assert f"Zeppelin {number}" in headlines(site, "q=zeppelin&all=1")
    finally:
        run.finish("finished", NOW)
        done.set()
        reader.join()
    assert set(codes) == {200}


def test_a_rebuilt_catalogue_takes_the_place_of_the_old_one(shown: tuple[Path, str]) -> None:
    archive, site = shown
    fresh = archive / "fresh.sqlite"
    with sqlite3.connect(archive / "catalogue.sqlite") as connection:
        connection.execute("vacuum into ?", (str(fresh),))
    connection.close()
    with sqlite3.connect(fresh) as connection:
        connection.execute("pragma journal_mode = wal")
        connection.execute("update articles set headline = 'Made again' where outlet = 'courier'")
    connection.close()
    put_in_place(fresh, archive / "catalogue.sqlite")
    started = time.monotonic()
    assert headlines(site, "outlet=courier") == ["Made again"]
    assert told(f"{site}/catalogue/newest.json?_shape=objects")["rows"]
    assert time.monotonic() - started < 10


def test_no_archive_no_site(scrapy_command: Scrapy, archive: Path) -> None:
    done = scrapy_command("browse", "--port", "0")
    assert (done.status, len(done.err.splitlines())) == (5, 1)
    assert not archive.exists()


def test_a_port_that_is_taken_is_told(shown: tuple[Path, str], scrapy_command: Scrapy) -> None:
    archive, site = shown
    done = scrapy_command("browse", "--port", site.rsplit(":", 1)[1], NEWS_ARCHIVE_URI=str(archive))
    assert done.status == 5 and "name another with --port" in done.err
