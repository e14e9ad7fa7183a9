"""What belongs to another cluster when all articles are placed anew: kept in the ledger, brought into the catalogue, told."""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from scrapy.settings import BaseSettings
from scrapy.utils.project import get_project_settings

from crawler import recluster
from crawler.commands.catalogue import Command, _misuse
from crawler.recluster import keep, placed_anew
from pipelines import likeness
from storage.archive.keys import article_id
from storage.catalogue import moves
from storage.catalogue.reclustering import Compared
from storage.catalogue.rulings import recluster as put_elsewhere
from storage.catalogue.schema import OutletBusy, open_catalogue
from storage.catalogue.stories import newest_clean_copies
from tests.conftest import Scrapy
from tests.here import here
from tests.test_dedupe import FERRY, LETTER, ORCHESTRA
from tests.test_placements import clusters, opened, put
from tests.test_rebuild import abandon, begin_next_day, rebuilt
from tests.test_recluster import crowded, placed_one_by_one
from tests.test_rulings import bring, say, standing
from tests.test_run import NOW, begin, fetched, story
from tests.test_run import keep as keep_story
from tests.test_story import filled, url

__all__ = ["filled"]


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Rules by which nothing but the same text is a copy, until `undo`."""
    for share in ("CONTAINED", "LED", "SHORT_CONTAINED"):
        monkeypatch.setattr(likeness, share, 1.1)
    return monkeypatch


def test_what_belongs_elsewhere_by_the_rules_of_today_goes_there_and_a_rebuild_says_so(
    tmp_path: Path, strict: pytest.MonkeyPatch
) -> None:
    run = begin(tmp_path)
    for number in range(1, 7):
        bring(run, number)
    say(run, "split", 6, article=6)
    run.finish("finished", NOW)
    before = standing(tmp_path / "catalogue.sqlite")
    assert len(set(before.values())) == 6
    strict.undo()
    said = reclustered(tmp_path)
    after = standing(tmp_path / "catalogue.sqlite")
    assert after == {1: after[2], 2: before[2], 3: after[2], 4: before[4], 5: before[4], 6: before[6]}, "split stays split"
    assert said == Compared(articles=6, clusters_before=6, clusters=3, changed=3)
    assert rebuilt(tmp_path)[1] == []
    assert reclustered(tmp_path) == Compared(articles=6, clusters_before=3, clusters=3, changed=0), (
        "a second time nothing changes"
    )
    later = begin_next_day(tmp_path)
    bring(later, 7)
    later.finish("finished", NOW)
    assert standing(tmp_path / "catalogue.sqlite") == {**after, 7: after[6]}
    assert rebuilt(tmp_path)[1] == []
    assert reclustered(tmp_path).changed == 0, "what came since was placed by it"


def test_what_a_killed_run_wrote_down_is_brought_to_its_end(tmp_path: Path, strict: pytest.MonkeyPatch) -> None:
    run = begin(tmp_path)
    for number in (3, 4, 7):
        bring(run, number)
    run.finish("finished", NOW)
    ferry, orchestra, copy = (article_id(url(number)) for number in (3, 4, 7))
    assert standing(tmp_path / "catalogue.sqlite") == {3: ferry, 4: orchestra, 7: copy}
    second = begin_next_day(tmp_path)
    second.ledger.append("reclustered", {"sequence": 3, "articles": [[copy, ferry, False]]})
    second.ledger.sync()
    abandon(second)  # before the catalogue said so
    begin_next_day(tmp_path).finish("finished", NOW)
    assert standing(tmp_path / "catalogue.sqlite") == {3: ferry, 4: orchestra, 7: ferry}
    assert rebuilt(tmp_path)[1] == []


def test_without_its_clean_copy_an_article_stays_and_the_others_are_placed(tmp_path: Path, strict: pytest.MonkeyPatch) -> None:
    run = begin(tmp_path)
    for number in (3, 6, 7):
        bring(run, number)
    lost = next(each.clean_key for each in newest_clean_copies(run.catalogue) if each.lead.url == url(3))
    run.finish("finished", NOW)
    strict.undo()
    (tmp_path / lost).unlink()
    assert reclustered(tmp_path, dry=True, unread=[lost]).changed == 1
    assert reclustered(tmp_path, unread=[lost]) == Compared(articles=2, clusters_before=3, clusters=1, changed=1)
    after = standing(tmp_path / "catalogue.sqlite")
    assert (after[3], after[6], after[7]) == (article_id(url(3)), *[article_id(url(6))] * 2)


def test_what_comes_in_between_is_not_passed_over(tmp_path: Path, strict: pytest.MonkeyPatch) -> None:
    run = begin(tmp_path)
    for number in (3, 7):
        bring(run, number)
    run.finish("finished", NOW)
    strict.undo()
    settings = BaseSettings({"NEWS_ARCHIVE_URI": str(tmp_path), "USER_AGENT": "test"})
    with (
        pytest.raises(OutletBusy, match="start again"),
        placed_anew(settings, tmp_path / "catalogue.sqlite", here(recluster.work)) as placed,
    ):
        later = begin_next_day(tmp_path)
        bring(later, 4)
        later.finish("finished", NOW)
        keep(settings, placed)
    assert len(set(standing(tmp_path / "catalogue.sqlite").values())) == 3
    assert rebuilt(tmp_path)[1] == []
    assert reclustered(tmp_path).changed == 1, "the texts that were read are not read again"


@pytest.mark.parametrize("seed", (3, 5))
def test_articles_go_to_their_clusters_in_any_order_and_number(strict: pytest.MonkeyPatch, seed: int) -> None:
    came = crowded(seed)
    apart = placed_one_by_one(came)
    strict.undo()
    together = placed_one_by_one(came)
    one, other = clusters(apart), clusters(together)
    assert len(set(one.values())) > len(set(other.values()))
    for connection, before, after in ((apart, one, other), (together, other, one)):
        connection.executemany("insert into articles values (?, ?)", before.items())
        rows = [(article, cluster, False) for article, cluster in after.items() if before[article] != cluster]
        random.Random(seed).shuffle(rows)
        for some in (rows[:5], rows[5:], [("nobody", "nobody", False)], rows):
            put_elsewhere(connection, some)
        assert clusters(connection) == after == dict(connection.execute("select article, cluster from articles").fetchall())
        assert {moves.resolved(connection, cluster) for cluster in before.values()} <= set(after.values())
        astray = "select count(*) from documents d join documents c on c.document = d.cluster where c.cluster <> c.document"
        assert connection.execute(astray).fetchone() == (0,)


def test_what_is_not_named_goes_with_the_first_of_its_cluster_and_so_does_what_comes_under_its_name() -> None:
    connection = opened()
    for article, text in (("a", FERRY), ("b", FERRY[:-1]), ("c", ORCHESTRA), ("d", LETTER)):
        put(connection, article, text)
        connection.execute(
            "insert into articles select article, 'a' from documents where article in ('a', 'b') and article = ?", (article,)
        )
    put_elsewhere(connection, [("a", "c", False)])
    assert clusters(connection) == {"a": "c", "b": "c", "c": "c", "d": "d"}
    assert connection.execute("select distinct cluster from articles").fetchall() == [("c",)]
    assert moves.resolved(connection, "a") == "c"
    put_elsewhere(connection, [("a", "a", False)])
    assert clusters(connection) == {"a": "a", "b": "c", "c": "c", "d": "d"} and moves.resolved(connection, "a") == "a"


def test_the_command_says_what_changes_and_changes_it(filled: Path, scrapy_command: Scrapy) -> None:
    assert scrapy_command("split", url(2)).status == 0
    with closing(open_catalogue(filled / "catalogue.sqlite")) as database:
        database.conn.execute("delete from rulings")
        database.conn.execute("update documents set ruled = 0")
    ferry, cut = article_id(url(1)), article_id(url(2))
    tried = scrapy_command("catalogue", "recluster", "--dry-run")
    assert (tried.status, tried.err) == (0, "")
    assert (
        tried.out.startswith(f"{url(2)}: cluster {cut[:10]} -> {ferry[:10]}\n")
        and "1  articles in another cluster" in tried.out
    )
    done = scrapy_command("catalogue", "recluster", "--json")
    changed, numbers = map(json.loads, done.out.splitlines())
    assert changed == {"article": cut, "url": url(2), "before": cut, "after": ferry}
    assert numbers == {"articles": 4, "clusters_before": 3, "clusters": 2, "changed": 1, "unread": 0, "kept": True}
    assert json.loads(scrapy_command("story", url(1), "--json").out)["cluster"] == ferry


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["sync", "--dry-run"], "are for recluster."),
        (["recluster", "--scheduler", "tcp://127.0.0.1:1"], "--scheduler is for --engine dask."),
    ],
)
def test_wrong_use(words: list[str], line: str) -> None:
    parser = argparse.ArgumentParser()
    command = Command()
    command.settings = get_project_settings()
    command.add_options(parser)
    opts, args = parser.parse_known_args(words)
    assert line in (_misuse(args[0], opts) or "")


def reclustered(folder: Path, *, dry: bool = False, unread: Sequence[str] = ()) -> Compared:
    settings = BaseSettings({"NEWS_ARCHIVE_URI": str(folder), "USER_AGENT": "test"})
    with placed_anew(settings, folder / "catalogue.sqlite", here(recluster.work)) as placed:
        assert placed.file.unread() == list(unread)
        kept = not dry and keep(settings, placed)
    assert kept is (placed.compared.changed > 0 and not dry)
    assert not list(folder.glob("*.recluster*"))
    return placed.compared


def test_the_command_names_twenty_articles_and_how_many_more_and_what_cannot_be_read(
    archive: Path, scrapy_command: Scrapy, strict: pytest.MonkeyPatch
) -> None:
    run = begin(archive)
    for number in range(24):
        keep_story(run, fetched(run, number, story(1).replace(b"out.</p></body>", b"out." + b"." * number + b"</p></body>")))
    lost = [each.clean_key for each in newest_clean_copies(run.catalogue)][-1]
    run.finish("finished", NOW)
    strict.undo()
    told = scrapy_command("catalogue", "recluster", "--dry-run")
    lines = told.out.splitlines()
    assert (told.status, told.err) == (0, "")
    assert all(" -> " in line and ": cluster " in line for line in lines[:20]) and lines[20] == "and 3 more: --json names all."
    assert [line.split()[0] for line in lines[21:]] == ["24", "24", "1", "23"]
    (archive / lost).unlink()
    done = scrapy_command("catalogue", "recluster")
    assert done.status == 1 and f"1 clean copies are gone or damaged, among them {lost}; run `scrapy verify`." in done.err
    again = scrapy_command("catalogue", "recluster")
    assert "0  articles in another cluster" in again.out and "->" not in again.out
