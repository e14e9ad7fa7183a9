"""All articles placed anew over many processes: what comes of it is what the crawl's placer says of them one after the other."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import sqlite_utils
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler import recluster
from crawler.bulk import Spread
from crawler.recluster import Made, Task
from pipelines import buckets
from pipelines.dedupe import Arrival, place_arrival
from pipelines.fingerprint import fingerprint
from storage.catalogue import placements, reclustering
from storage.catalogue.placements import Placements
from storage.catalogue.reclustering import Joined, Reclustering
from storage.catalogue.rulings import rule
from storage.catalogue.schema import open_catalogue
from tests.here import here
from tests.test_lookalikes import FOLDER
from tests.test_lookalikes import texts as lookalikes
from tests.test_placements import opened
from tests.test_story import filled

__all__ = ["filled"]

Said = tuple[str, dict[str, str]]
Come = Arrival | Said
WORDS = [f"{first}{last}" for first in ("bar", "lin", "mor", "tes", "vak", "dun") for last in ("a", "eth", "is", "ol", "und")]


def placed_one_by_one(came: Sequence[Come]) -> sqlite3.Connection:
    """What the crawl does."""
    connection = opened()
    for each in came:
        if isinstance(each, Arrival):
            place_arrival(each, Placements(connection))
        else:
            rule(connection, *each)
    return connection


def by_buckets(catalogue: sqlite_utils.Database, path: Path, came: Sequence[Come]) -> sqlite3.Connection:
    """The same from a catalogue in which they stand, by buckets."""
    database, rows = catalogue, 0
    for table in ("articles", "rulings"):
        database.conn.execute(f"delete from {table}")
    prints = {}
    for each in came:
        if isinstance(each, Arrival):
            rows, key = rows + 1, each.fingerprint.digest
            prints[key] = buckets.pack(each.fingerprint)
            values = (rows, each.article, key, rows, each.outlet, each.url, each.url, each.published, key, each.fetched or "")
            database.conn.execute(
                """insert into articles (id, article, content_digest, capture, outlet, url, canonical, published, clean_key, fetched_at,
                   authors, text_zlib, characters, relation, cluster) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', '', 0, '', '')""",
                values,
            )
        else:
            event, fields = each
            one = fields.get("one") or fields["article"]
            database.conn.execute(
                "insert into rulings (after, event, one, other) values (?, ?, ?, ?)", (rows, event, one, fields.get("other"))
            )
    connection = opened()
    with closing(Reclustering(path.with_name("reclustering"), path, "these")) as file:
        file.enter(prints.items())
        recluster.join(file, here(recluster.work))
        assert sum(recluster.place(file, Joined(connection))) == rows
    return connection


def from_archive(folder: Path, spread: Spread[Task, list[Made]]) -> list[list[tuple[object, ...]]]:
    """The folder of an archive and its catalogue -> what an index says of its articles, placed anew."""
    connection = opened()
    with closing(Reclustering(folder / "reclustering", folder / "catalogue.sqlite", "these")) as file:
        assert file.list_lacking() == sum(recluster.look(file, str(folder), spread)) > 0
        recluster.join(file, spread)
        list(recluster.place(file, Joined(connection)))
    return outcome(connection)


def outcome(connection: sqlite3.Connection) -> list[list[tuple[object, ...]]]:
    """All that an index says of its documents, which go by their place."""
    connection.execute(
        "create temp table places as select document, row_number() over (order by document) place from documents"
    )
    connection.execute("create unique index temp.places_document on places (document)")
    documents = """select article, outlet, seen, story, digest, length, words, unspaced, share_of_match, share_of_self, score, ruled,
        (select place from temp.places p where p.document = d.cluster), (select place from temp.places p where p.document = d.match)
      from documents d order by document"""
    moves = """select d.place, m.place, c.place from moves join temp.places d using (document) join temp.places m on m.document = mover
      join temp.places c on c.document = cluster order by 1, 2"""
    return [connection.execute(query).fetchall() for query in (documents, moves)]


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[sqlite_utils.Database, Path]]:
    path = tmp_path_factory.mktemp("recluster") / "catalogue.sqlite"
    with closing(open_catalogue(path)) as database:
        yield database, path


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """An index that soon has enough of a shingle, and buckets and ranges of a few texts."""
    for module in (placements, reclustering, recluster):
        monkeypatch.setattr(module, "HOT", 2)
    for name, size in (("RANGE", 4), ("DEALT", 3), ("A_BUCKET", 2)):
        monkeypatch.setattr(recluster, name, size)


def arrival(number: int, text: str, *, url: str = "", hours: float | None = None) -> Arrival:
    url = url or f"https://outlet{number}.example/{number}"
    return Arrival(
        article=url,
        outlet=url.split("/")[2],
        url=url,
        fingerprint=fingerprint(text),
        published=None if hours is None else f"2026-05-{1 + int(hours) // 24:02}T{int(hours) % 24:02}:00:00+00:00",
        fetched="2026-06-01T00:00:00+00:00",
    )


@pytest.mark.parametrize("order", range(2))
def test_texts_that_look_alike(catalogue: tuple[sqlite_utils.Database, Path], narrow: None, order: int) -> None:
    listed = [text for path in sorted(FOLDER.glob("*.txt")) for text in lookalikes(path.stem)]
    numbers = list(range(len(listed)))
    random.Random(order).shuffle(numbers)
    came = [arrival(number, listed[number][2], hours=listed[number][1]) for number in numbers]
    alone = outcome(placed_one_by_one(came))
    assert outcome(by_buckets(*catalogue, came)) == alone
    assert len(alone[0]) > 80 and any(row[-1] for row in alone[0])


@st.composite
def passages(draw: st.DrawFn) -> list[str]:
    """Some sentences, as few words as they have, of which texts are made."""
    seeds = draw(st.lists(st.integers(0, 10_000), min_size=2, max_size=5, unique=True))
    return [
        " ".join(random.Random(seed).choices([*WORDS, str(seed)], k=random.Random(seed).choice([9, 30, 70, 110])))
        for seed in seeds
    ]


@st.composite
def corpora(draw: st.DrawFn) -> list[Come]:
    """Texts that share passages, copies, revisions (some to the text of another article), now and then a person's word."""
    of = draw(passages())
    bodies = draw(st.lists(st.lists(st.sampled_from(of), min_size=1, max_size=5), min_size=1, max_size=6))
    came, known = list[Come](), list[Arrival]()
    for number in range(draw(st.integers(2, 20))):
        if len(known) > 1 and draw(st.integers(0, 7)) == 0:
            one, other = draw(st.sampled_from(known)).article, draw(st.sampled_from(known)).article
            came.append(draw(st.sampled_from([("merged", {"one": one, "other": other}), ("split", {"article": one})])))
        host = f"https://o{number % 3}.example"
        urls = [f"{host}/{number}", f"{host}/a-{number}-12345{number % 2}", *(each.url for each in known[-2:])]
        known.append(
            arrival(
                number,
                "\n".join(draw(st.sampled_from(bodies))),
                url=draw(st.sampled_from(urls)),
                hours=draw(st.sampled_from([None, 1, 2, 40])),
            )
        )
        came.append(known[-1])
    return came


def crowded(seed: int) -> list[Come]:
    """Many texts of a few passages: the same ones again and again, also as revisions."""
    dice = random.Random(seed)
    of = [" ".join(dice.choices([*WORDS, str(number)], k=dice.choice([9, 30, 70, 110]))) for number in range(6)]
    bodies = ["\n".join(dice.choices(of, k=dice.randint(1, 5))) for _ in range(12)]
    urls = [f"https://o{number % 5}.example/{number}" for number in range(40)]
    return [
        arrival(number, dice.choice(bodies), url=dice.choice(urls), hours=dice.choice([None, 1, 2, 40])) for number in range(60)
    ]


@pytest.mark.parametrize("seed", (3, 5, 14))
def test_a_few_texts_again_and_again(catalogue: tuple[sqlite_utils.Database, Path], narrow: None, seed: int) -> None:
    came = crowded(seed)
    assert outcome(by_buckets(*catalogue, came)) == outcome(placed_one_by_one(came))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(corpora())
def test_any_texts_in_any_order(catalogue: tuple[sqlite_utils.Database, Path], narrow: None, came: list[Come]) -> None:
    assert outcome(by_buckets(*catalogue, came)) == outcome(placed_one_by_one(came))


@given(st.text(), st.booleans())
def test_a_fingerprint_is_packed_and_unpacked(text: str, certain: bool) -> None:
    made = fingerprint(text)
    again = buckets.unpack(buckets.pack(made))
    assert (again.digest, again.length, again.shingles, again.positions) == (
        made.digest,
        made.length,
        made.shingles,
        made.positions,
    )
    assert (sorted(again.anchors), again.words, again.unspaced) == (sorted(made.anchors), made.words, made.unspaced)
    anchors, asked = buckets.entries(7, buckets.pack(made), certain)
    assert {int(each) for each in asked["shingle"]} == {shingle >> 16 for shingle in made.shingles}
    assert {int(each) & (1 << 63) - 1 for each in anchors["shingle"]} == {anchor >> 16 for anchor in made.anchors}


def test_what_a_text_has_and_what_it_asks_for_is_dealt_into_the_same_buckets() -> None:
    anchors, asked = buckets.entries(1, buckets.pack(fingerprint(" ".join(map(str, range(2000))))), certain=True)
    for count in (1, 3, 8):
        asked_of = {
            number: set(np.frombuffer(data, buckets.ENTRY)["shingle"].tolist()) for number, data in buckets.dealt(asked, count)
        }
        kept = [
            (number, int(each))
            for number, data in buckets.dealt(anchors, count)
            for each in np.frombuffer(data, buckets.ENTRY)["shingle"]
        ]
        assert len(asked_of) == count and len(kept) == len(anchors) > 20
        assert all(shingle & (1 << 63) - 1 in asked_of[number] for number, shingle in kept)
