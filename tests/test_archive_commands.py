"""scrapy verify, archive and forget, as a person calls them, on an archive that a crawl made."""

from __future__ import annotations

import gzip
import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.conftest import Scrapy
from tests.raw_server import RawServer, answer
from tests.test_crawl import asked, crawl, outlet, story
from tests.test_run import NOW, begin, fetched, keep
from tests.test_run import story as bridge

SECRET = b"<p>The witness, whose name is Jane Roe, asked to be forgotten by the papers of Brenwick that evening.</p></body>"


@pytest.fixture
def crawled(scrapy_command: Scrapy) -> RawServer:
    """Three stories; the second is met again at another address."""
    secret = story(1).replace(b"</body>", SECRET)
    with outlet({0: answer(story(0)), 1: answer(secret), 2: answer(story(2)), 7: answer(secret + b" ")}) as server:
        assert crawl(server, scrapy_command).status == 0
        yield server


def plain(folder: Path) -> bytes:
    """Everything in an archive's folder but its WARC files, in one piece."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.endswith(".warc.gz"))
    return b"".join(gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes() for path in files)


def test_verify_and_what_mends(archive: Path, crawled: RawServer, scrapy_command: Scrapy) -> None:
    sound = scrapy_command("verify", "--deep")
    assert (sound.status, sound.err) == (0, ""), sound.out
    exchanges = len(crawled.paths)
    records = 1 + 2 * exchanges + len(asked(crawled))  # warcinfo, request and answer each, a note of each page
    events = 2 + 2 * 4 + 3  # the run begins and ends; each page as a lead and its outcome; each feed's newest version
    assert f": {records} WARC records with {exchanges} answers, 3 clean copies, {events} events" in sound.out
    lost, damaged, _whole = sorted((archive / "clean").rglob("*.json.gz"))
    kept = {path: path.read_bytes() for path in (lost, damaged)}
    lost.unlink()
    damaged.write_bytes(damaged.read_bytes()[:-100])
    next((archive / "warc").rglob("*.cdxj")).unlink()
    bad = scrapy_command("verify")
    assert bad.status == 1
    assert bad.out.count("-> scrapy verify --mend") >= 3
    mended = scrapy_command("verify", "--mend")
    assert mended.status == 0, mended.out
    assert {path: path.read_bytes() for path in kept} == kept


@pytest.mark.slow
def test_verify_of_single_files(archive: Path, crawled: RawServer, scrapy_command: Scrapy, tmp_path: Path) -> None:
    (warc,) = (archive / "warc").rglob("*.warc.gz")
    assert scrapy_command("verify", str(warc)).status == 0
    assert scrapy_command("verify", warc.relative_to(archive).as_posix()).status == 0
    cut = tmp_path / "cut.warc.gz"
    cut.write_bytes(warc.read_bytes()[:-40])
    done = scrapy_command("verify", "--json", str(cut))
    finding, tally = (json.loads(line) for line in done.out.splitlines())
    assert (done.status, finding["severity"], finding["what"]) == (1, "error", "the file is cut off within this record")
    assert tally["records"] > 5
    assert scrapy_command("verify", str(tmp_path / "none.warc.gz")).status == 2


def test_verify_sees_a_catalogue_that_lost_rows(archive: Path, crawled: RawServer, scrapy_command: Scrapy) -> None:
    with sqlite3.connect(archive / "catalogue.sqlite") as connection:
        connection.execute("delete from captures where id = 1")
    done = scrapy_command("verify")
    assert done.status == 1
    assert "the catalogue holds 3 captures, the ledger 4 -> scrapy rebuild" in done.out


def test_an_archive_that_is_none(tmp_path: Path, scrapy_command: Scrapy) -> None:
    for words in (("verify",), ("archive", "du")):
        done = scrapy_command(*words, NEWS_ARCHIVE_URI=str(tmp_path / "none"))
        assert (done.status, done.err.count("\n")) == (5, 1)
        assert "holds no archive" in done.err
    assert not (tmp_path / "none").exists()


def test_an_archive_moves_and_the_crawl_goes_on(
    archive: Path, crawled: RawServer, scrapy_command: Scrapy, tmp_path: Path
) -> None:
    moved = tmp_path / "moved"
    done = scrapy_command("archive", "sync", str(archive), str(moved), "--json")
    assert (done.status, json.loads(done.out)["copied"]) == (0, 7)
    assert scrapy_command("archive", "sync", str(archive), str(moved)).out.startswith("0 objects copied")
    shutil.rmtree(archive)
    before = asked(crawled)
    assert scrapy_command("rebuild", NEWS_ARCHIVE_URI=str(moved)).status == 0
    again = crawl(crawled, scrapy_command, NEWS_ARCHIVE_URI=str(moved))
    assert (again.status, again.receipt["captures"], asked(crawled)) == (0, 0, before)
    assert scrapy_command("verify", NEWS_ARCHIVE_URI=str(moved)).status == 0


def test_du(archive: Path, crawled: RawServer, scrapy_command: Scrapy) -> None:
    kinds = [json.loads(line)["kind"] for line in scrapy_command("archive", "du", "--json").out.splitlines()]
    assert kinds == ["clean", "index", "ledger", "receipts", "warc"]
    assert "in all" in scrapy_command("archive", "du", str(archive)).out


@pytest.mark.slow
def test_what_is_no_capture_is_forgotten_once(archive: Path, crawled: RawServer, scrapy_command: Scrapy) -> None:
    url = f"{crawled.url}/robots.txt"
    assert "Gone: 0 captures, 0 clean copies, 1 WARC record." in scrapy_command("forget", url, "--reason", "theirs").out
    assert "It was forgotten before" in scrapy_command("forget", url, "--reason", "again").out
    assert scrapy_command("verify").status == 0


@pytest.mark.slow
def test_forget(archive: Path, crawled: RawServer, scrapy_command: Scrapy) -> None:
    url, copy = (f"{crawled.url}/{number}/ferry" for number in (1000001, 1000007))
    done = scrapy_command("forget", url, "--reason", "court order 12/2026", "--json")
    assert done.status == 0, done.err
    assert (json.loads(done.out)["captures"], json.loads(done.out)["others"]) == (1, [copy])
    assert "It was forgotten before" in scrapy_command("forget", url, "--reason", "again").out
    assert scrapy_command("verify").status == 0, scrapy_command("verify").out
    assert scrapy_command("rebuild", "--check").status == 0, scrapy_command("rebuild", "--check").out
    assert scrapy_command("rebuild").status == 0
    # The copy at the other address keeps the text until it is forgotten as well.
    assert b"Jane Roe" in plain(archive / "clean")
    assert scrapy_command("forget", copy, "--reason", "the same").status == 0
    assert b"Jane Roe" not in plain(archive)
    before = asked(crawled)
    assert crawl(crawled, scrapy_command).receipt["captures"] == 0
    assert asked(crawled) == before, "what was forgotten is not fetched again"
    for again in (url, f"{url}/?utm_source=mail"):
        done = crawl(crawled, scrapy_command, "-a", f"url={again}")
        assert (done.receipt["captures"], asked(crawled)) == (0, before), "nor by hand"
        assert "was forgotten on request; it is not fetched." in done.receipt["notes"][-1]
    assert scrapy_command("verify").status == 0
    assert scrapy_command("rebuild", "--check").status == 0, scrapy_command("rebuild", "--check").out
    crawled.answers["/1000000/ferry"] = [answer(b"", "302 Found", f"Location: {url}")]
    crawl(crawled, scrapy_command, "-a", f"url={crawled.url}/1000000/ferry", NEWS_CATALOGUE=str(archive.parent / "other.sqlite"))
    assert asked(crawled) == [*before, "/1000000/ferry"], "nor by a redirect, nor by another machine"
    assert scrapy_command("verify", NEWS_CATALOGUE=str(archive.parent / "none.sqlite")).status == 0


@pytest.mark.parametrize(
    "words",
    [
        ("forget", "http://news.example/1", "--reason", " "),
        ("forget", "javascript:alert(1)", "--reason", "x"),
        ("archive", "sync", "a"),
    ],
)
def test_wrong_use(words: tuple[str, ...], archive: Path, scrapy_command: Scrapy) -> None:
    done = scrapy_command(*words)
    assert done.status == 2
    assert not archive.exists()


def test_what_waits_in_the_spool_is_told_and_what_is_damaged_does_not_pass(
    archive: Path, tmp_path: Path, scrapy_command: Scrapy
) -> None:
    run = begin(archive)
    ending = keep(run, fetched(run, 1, bridge(1)))
    told = scrapy_command("archive", "sync", str(archive), str(tmp_path / "early"))
    assert "Still in the spool of SRC: " in told.err and "what is there goes with the next sync" in told.err
    run.finish("finished", NOW)
    clean, copied = archive / str(ending.clean_key), tmp_path / "early" / str(ending.clean_key)
    assert scrapy_command("archive", "sync", str(archive), str(tmp_path / "early")).status == 0
    clean.write_bytes(clean.read_bytes()[:-9])
    done = scrapy_command("archive", "sync", str(archive), str(tmp_path / "early"))
    assert done.status == 1 and f"{ending.clean_key}: damaged in the source; not copied" in done.err
    assert len(copied.read_bytes()) == len(clean.read_bytes()) + 9, "the sound one stays"


def test_single_objects_of_an_archive_are_checked_by_their_names(archive: Path, scrapy_command: Scrapy) -> None:
    run = begin(archive)
    copy = str(keep(run, fetched(run, 1, bridge(1))).clean_key)
    run.finish("finished", NOW)
    receipt = next(archive.rglob("receipts/**/*.json")).relative_to(archive)
    assert scrapy_command("verify", copy, str(receipt)).status == 0
    (archive / copy).write_bytes((archive / copy).read_bytes()[:-9])
    done = scrapy_command("verify", copy)
    assert (done.status, f"{copy}: it is damaged" in done.out, "scrapy verify --mend" in done.out) == (1, True, True), done.out
    never = scrapy_command("forget", "https://outlet.example/77", "--reason", "asked for")
    assert never.status == 0 and "The archive held no capture of it; it will not be fetched." in never.out


def test_what_was_forgotten_in_one_archive_is_forgotten_in_its_copy(archive: Path, tmp_path: Path, scrapy_command: Scrapy) -> None:
    run = begin(archive)
    copies = [str(keep(run, fetched(run, number, bridge(number))).clean_key) for number in (1, 2)]
    run.finish("finished", NOW)
    words = ("archive", "sync", str(archive), str(tmp_path / "copy"))
    assert scrapy_command(*words).status == 0
    assert scrapy_command("forget", "https://outlet.example/1", "--reason", "asked for").status == 0
    assert scrapy_command(*words).status == 0
    assert [(tmp_path / "copy" / key).exists() for key in copies] == [False, True]
    other = begin(tmp_path / "other")  # of a machine that has not heard of it
    again = str(keep(other, fetched(other, 1, bridge(1))).clean_key)
    other.finish("finished", NOW)
    done = scrapy_command("archive", "sync", str(tmp_path / "other"), str(archive))
    assert done.status == 0 and "Forgotten in DST as well, or again: 1 page. Its catalogue knows by: scrapy rebuild" in done.out
    assert not (archive / again).exists()
