"""Bad uses of every command (tests/bad_uses.py): a clear line each, the documented exit status, no traceback, nothing changed."""

from __future__ import annotations

import contextlib
import shlex
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.catalogue.schema import claim_catalogue, lock_outlet, locks_folder
from tests.bad_places import Places
from tests.bad_uses import USES, Use
from tests.conftest import ROOT, Scrapy
from tests.starter import Finished, Starter


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    places = Places(tmp_path_factory.mktemp("bad"))
    yield places
    places.close()


def told(done: Finished) -> str:
    """The one line of a command that did not do what was asked; of a wrong use, below how it is used."""
    assert "Traceback" not in done.out + done.err
    lines = done.err.splitlines()
    if lines[:2] == ["Usage", "====="]:
        name, line = lines[-1].split(": error: ", 1)
        assert (name, len(lines)) == ("scrapy", 4), done.err
        return line
    assert len(lines) == 1, done.err
    return lines[0]


@pytest.mark.parametrize("use", USES, ids=str)
def test_a_bad_use_is_one_clear_line_and_changes_nothing(use: Use, places: Places, starter: Starter) -> None:
    try:
        archive = places.archive(use.where)
    except LookupError as error:
        pytest.skip(str(error))
    named = {"things": places.things, "archive": archive, "sound": places.archive("sound")}
    words = shlex.split(use.line) if isinstance(use.line, str) else use.line
    environment = {"NEWS_ARCHIVE_URI": str(archive)} | {name: value.format(**named) for name, value in use.env.items()}
    before, here = places.content(), sorted(ROOT.iterdir())
    done = starter.run(tuple(word.format(**named) for word in words), b"", environment)
    assert (done.status, done.out) == (use.status, ""), done
    assert use.says in told(done)
    assert (places.content(), sorted(ROOT.iterdir())) == (before, here)


def test_every_command_is_used_badly() -> None:
    commands = {path.stem for path in (ROOT / "crawler" / "commands").glob("*.py") if path.stem != "__init__"}
    used = {(use.line.split() if isinstance(use.line, str) else use.line)[0] for use in USES}
    assert used == commands | {"fetch"}  # the last is Scrapy's own
    assert len({(use.line, use.where, tuple(use.env.items())) for use in USES}) == len(USES) > 100


@pytest.fixture
def own(places: Places, tmp_path: Path) -> Path:
    """A sound archive of the test's own."""
    return Path(shutil.copytree(places.archive("sound"), tmp_path / "archive"))


@pytest.mark.parametrize(
    "line", ["crawl menafn", "rebuild", "catalogue sync", "refeed", "reextract", "merge https://gazette.example/1 https://gazette.example/2"]
)  # fmt: skip
def test_two_at_once(line: str, own: Path, scrapy_command: Scrapy) -> None:
    locks = locks_folder(own / "catalogue.sqlite")
    with contextlib.ExitStack() as held:
        if line == "crawl menafn":
            held.enter_context(lock_outlet(locks, "menafn"))
        else:
            held.enter_context(claim_catalogue(locks))
        done = scrapy_command(*line.split())
    assert done.status == 6
    assert "already going" in told(done) or "being made again" in told(done) or "at work on this catalogue" in told(done)


def test_a_port_that_is_taken(own: Path, scrapy_command: Scrapy) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = scrapy_command("browse", "--port", str(taken.getsockname()[1]))
    assert done.status == 5 and "it is taken; name another with --port" in told(done)
    done = scrapy_command("browse", "--port", "0", "--host", "nowhere.invalid")
    assert done.status == 5 and "Port 0 of nowhere.invalid cannot be opened" in told(done)


def test_figures_for_prometheus_that_cannot_be_written(own: Path, tmp_path: Path, scrapy_command: Scrapy) -> None:
    done = scrapy_command("status", NEWS_PROMETHEUS_FILE=str(tmp_path / "none" / "x.prom"))
    assert done.status == 5 and "none/x.prom cannot be written" in told(done)
    assert "gazette" in done.out, "what was asked for is shown all the same"


@pytest.mark.parametrize("site", ["http://127.0.0.1:1", "http://nowhere.invalid"])
@pytest.mark.parametrize("line", ["crawl menafn -a origin={}", "discover menafn --origin {}", "addoutlet new {} --out ."])
def test_no_network(line: str, site: str, own: Path, scrapy_command: Scrapy) -> None:
    """The log says which robots.txt; the last line what has become of it."""
    done = scrapy_command(*line.format(site).split(), NEWS_LOG_LEVEL="ERROR", HTTP_PROXY="http://127.0.0.1:1")
    assert done.status == 3
    assert "ould not be read" in told(done) or "othing could be read" in told(done)
    assert scrapy_command("verify").status == 0


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("feeds = 'rss.xml'", "feeds is 'rss.xml', and texts in brackets are asked for"),
        ("article = '[0-9'", "article is '[0-9', which is no regular expression"),
        ("home = 'news.example'", "home is 'news.example', and an address that begins with https://"),
        ("home = None", "home is None, and text is asked for"),
        ("zone = 'Moon/Base'", "zone is 'Moon/Base', and a name is asked for"),
        ("founded = '2001'", "founded is '2001', and a day is asked for"),
        ("overrides = ('h1',)", "overrides is ('h1',), and Override(…) in brackets are asked for"),
        ("name = 'a/b'", "'a/b' cannot be the name of an outlet"),
    ],
)
def test_an_outlet_with_wrong_data(data: str, says: str, own: Path, tmp_path: Path, scrapy_command: Scrapy) -> None:
    code = "from crawler.outlet import OutletSpider\n\n\nclass Odd(OutletSpider):\n    name = 'odd'\n    home = 'https://odd.example'\n"
    (tmp_path / "odd.py").write_text(f"{code}    {data}\n")
    name = "a/b" if data.startswith("name") else "odd"
    given = ("-s", "SPIDER_MODULES=odd", "-a", "limit=1")
    done = scrapy_command("crawl", name, *given, PYTHONPATH=str(tmp_path))
    assert done.status == 2 and says in told(done)


@pytest.mark.parametrize(
    "env",
    [
        {"LANG": "C", "LC_ALL": "C"}, {"LC_ALL": "nowhere"}, {"TZ": "Nowhere/Land"}, {"HOME": ""}, {"NO_COLOR": "maybe"},
        {"COLUMNS": "-1", "TERM": "nothing"}, {"PYTHONIOENCODING": "ascii"}, {"TMPDIR": "/none"},
    ],
    ids=str,
)  # fmt: skip
def test_an_odd_environment_is_borne(env: dict[str, str], own: Path, scrapy_command: Scrapy) -> None:
    for line in ("search ميناء", "report", "quarantine show 6"):
        done = scrapy_command(*line.split(), **env)
        assert (done.status, done.err) == (0, ""), done
        assert len(done.out) > 200
