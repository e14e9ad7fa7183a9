"""Placing: what is a copy, what only looks like one, and what a person's word changes.

The stories are written for these tests. Every test runs the crawl's own `place_arrival` against an index on SQLite.
"""

from __future__ import annotations

import datetime as dt
import json
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from pipelines.dedupe import Arrival, canonical, near_in_time, place_arrival, story_of
from pipelines.fingerprint import fingerprint
from storage.catalogue.moves import MOVE_TABLES
from storage.catalogue.placements import PLACEMENT_STANDING, PLACEMENT_TABLES, Placements
from storage.records import Neighbour, Placement, Relation

ROOT = Path(__file__).resolve().parent.parent

FERRY = [
    "The harbour of Lindby will be closed for two weeks from 3 May while divers clear the wreck of a ferry that sank in "
    "1961, the port authority said on Monday after a meeting with the pilots and the fishing fleet.",
    "Ships of more than 1,200 tonnes are to use the northern quay, where a second crane has been hired. Smaller boats may "
    "pass in the early morning, before the divers begin, and again after eight in the evening.",
    "Fishermen asked for a lower fee during the works. 'We pay for a harbour that we cannot enter,' said Arne Holm, who "
    "speaks for the 40 boats of the cooperative. A decision is expected on Thursday, the mayor's office said.",
    "The last closure, in 2009, cost the town 40,000 crowns in lost dues, according to the treasurer, who added that the "
    "insurance of the shipping company would pay this time, as the court in the capital had ruled in autumn.",
    "The wreck lies eleven metres deep and has torn nets for decades. Two earlier attempts to lift it failed when the hull "
    "broke; the divers now cut it into pieces under water and bring up the engine last.",
]
ORCHESTRA = [
    "The city orchestra of Marn opens its season with a concert in the old tram depot, because the roof of its hall is "
    "being mended until winter, the director said while presenting the programme.",
    "Nine hundred seats have been put up between the rails. The acoustics were tested with a school choir last week and "
    "found to be warmer than anybody had hoped, although trams still pass on one side until ten.",
    "The programme names three new works by composers from the region and ends with a symphony that was first played in "
    "the depot itself, in the winter after the war, when there was no other room with a stove.",
]
LETTER = [
    "We, the undersigned teachers of the valley, ask the council to keep the three village schools open until the new "
    "road is finished. Children of six cannot be sent over a pass that is closed by snow one day in five.",
    "We have offered to teach two classes in one room, as our grandparents did, and the parents have offered to heat the "
    "buildings with wood from their own forests. No answer has come to either offer in seven months.",
    "A school that is closed does not open again. We ask for two winters, no more, and we ask that the members of the "
    "council who mean to vote for the closure come and drive the road with us once, in January, before it is light.",
]
NOTICE = (
    "The central bank said it provided the money market with {a} million crowns of help in the afternoon session. The bank "
    "bought {b} million of treasury bills at its established rate. This brings its total help so far today to {c} million "
    "crowns, beside a shortage that it has estimated at around 600 million, a spokesman said."
)


def told(start: int, count: int, own: int = 0) -> str:
    """So many words from a place of a tale in which no word comes twice, and so many that stand nowhere else."""
    numbers = [*range(start, start + count), *range(900, 900 + own)]
    return " ".join(f"{'abcdefghij'[n // 100]}{'klmnopqrst'[n // 10 % 10]}{'uvwxyzabcd'[n % 10]}" for n in numbers)


class Stand:
    """A newsstand in memory: what is put on it is placed in order."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:")
        for statement in PLACEMENT_TABLES + PLACEMENT_STANDING + MOVE_TABLES:
            self.connection.execute(statement)
        self.connection.execute("create table articles (article text, cluster text)")
        self.index = Placements(self.connection)
        self.count = 0

    def put(
        self,
        paragraphs: Iterable[str] | str,
        url: str = "",
        outlet: str = "",
        hours: float | None = None,
        story: str | None = None,
    ) -> Placement:
        self.count += 1
        text = paragraphs if isinstance(paragraphs, str) else "\n".join(paragraphs)
        outlet = outlet or f"outlet{self.count}"
        url = url or f"https://{outlet}.example/news/{self.count}"
        published = dt.datetime(2026, 5, 1, tzinfo=dt.UTC) + dt.timedelta(hours=hours or 0)
        return place_arrival(
            Arrival(
                article=url,
                outlet=outlet,
                url=url,
                fingerprint=fingerprint(text),
                story=story,
                published=None if hours is None else published.isoformat(),
            ),
            self.index,
        )

    def clusters(self) -> dict[int, str]:
        """Number that an address ends in -> the cluster in which its article stands now."""
        query = "select d.article, c.article from documents d join documents c on c.document = d.cluster order by d.document"
        return {int(article.rsplit("/", 1)[1]): cluster for article, cluster in self.connection.execute(query)}


@pytest.fixture
def stand() -> Stand:
    return Stand()


def test_the_first_of_its_kind_is_new_and_stands_for_itself(stand: Stand) -> None:
    placed = stand.put(FERRY, url="https://a.example/ferry")
    assert placed == Placement(relation=Relation.NEW, cluster="https://a.example/ferry", canonical="https://a.example/ferry")
    assert stand.put(ORCHESTRA).relation is Relation.NEW


def test_the_same_text_elsewhere_is_an_exact_duplicate_however_it_is_set(stand: Stand) -> None:
    first = stand.put(FERRY)
    placed = stand.put([p.replace("'", "’").replace(" ", "\u00a0") for p in FERRY])
    assert placed.relation is Relation.EXACT_DUPLICATE
    assert placed.cluster == first.cluster and placed.match == first.canonical
    assert placed.share_of_self == placed.share_of_match == placed.score == 1
    assert placed.canonical == first.canonical, "of several at an unknown time the first that came"
    query = (
        "select match, length(words) > 0, (select count(*) from postings p where p.document = d.document) > 0 from documents d"
    )
    assert stand.connection.execute(query).fetchall() == [(None, 1, 1), (1, 0, 0)], "the words of a text are kept once"


def test_the_first_of_several_stands_for_them_however_many_there_were_before(stand: Stand) -> None:
    for number in range(8):
        stand.put(told(100 * number, 5))
    first = stand.put("Closed.")
    assert stand.put("Closed.").canonical == first.canonical


def test_the_same_address_is_unchanged_or_a_revision_before_any_likeness(stand: Stand) -> None:
    first = stand.put(FERRY, url="https://a.example/ferry")
    assert stand.put(FERRY, url="https://a.example/ferry").relation is Relation.UNCHANGED
    corrected = stand.put([p.replace("40,000", "400,000") for p in FERRY], url="https://a.example/ferry")
    assert corrected.relation is Relation.REVISION
    assert corrected.cluster == first.cluster
    assert 0.9 < corrected.share_of_self < 1
    other = stand.put(ORCHESTRA, url="https://a.example/ferry")
    assert other.relation is Relation.REVISION and other.cluster == first.cluster
    assert stand.put(ORCHESTRA, url="https://a.example/ferry").relation is Relation.UNCHANGED


def test_a_duplicate_that_is_changed_later_is_a_revision_with_its_shares(stand: Stand) -> None:
    first = stand.put(FERRY)
    stand.put(FERRY, url="https://b.example/ferry")
    assert stand.put(FERRY, url="https://b.example/ferry").share_of_match == 1
    changed = stand.put(FERRY[:-1], url="https://b.example/ferry")
    assert changed.relation is Relation.REVISION and changed.cluster == first.cluster
    assert changed.share_of_self == 1 and 0.7 < changed.share_of_match < 0.9
    assert (changed.share_of_match, changed.score) == (0.8081, 0.9808), "four decimals"


def test_an_outlets_new_text_under_its_old_story_number_is_a_revision(stand: Stand) -> None:
    first = stand.put(FERRY, url="https://a.example/closed-1234567.html", outlet="a")
    changed = stand.put([FERRY[0], *ORCHESTRA[:1], *FERRY[2:]], url="https://a.example/open-1234567.html", outlet="a")
    assert changed.relation is Relation.REVISION and changed.cluster == first.cluster
    elsewhere = stand.put(ORCHESTRA, url="https://b.example/x-1234567.html", outlet="b")
    assert elsewhere.relation is Relation.NEW
    assert stand.put(LETTER, url="https://a.example/gallery/1234567", outlet="a").relation is Relation.NEW


@pytest.mark.parametrize(("kept", "relation"), [(40, Relation.REVISION), (39, Relation.NEW)])
def test_half_of_the_text_makes_a_revision_of_what_has_an_old_number(stand: Stand, kept: int, relation: Relation) -> None:
    stand.put(told(0, 80), url="https://a.example/closed-1234567.html", outlet="a")
    changed = stand.put(told(40, kept, own=80 - kept), url="https://a.example/open-1234567.html", outlet="a")
    assert changed.relation is relation


def test_what_an_outlet_copied_and_then_tells_anew_under_its_number_is_a_revision(stand: Stand) -> None:
    first = stand.put(FERRY)
    stand.put(FERRY, url="https://b.example/closed-1234567.html", outlet="b")
    changed = stand.put(FERRY[1:], url="https://b.example/still-closed-1234567.html", outlet="b")
    assert changed.relation is Relation.REVISION and changed.cluster == first.cluster


def test_a_page_without_words_is_unchanged_when_it_is_seen_again(stand: Stand) -> None:
    first = stand.put("", url="https://a.example/empty")
    again = stand.put("", url="https://a.example/empty")
    assert again.relation is Relation.UNCHANGED and again.cluster == first.cluster
    assert stand.put(FERRY, url="https://a.example/empty").relation is Relation.REVISION


@pytest.mark.parametrize(
    ("url", "number"),
    [
        ("https://a.example/1108234567/Some-Headline", "1108234567"),
        ("https://a.example/world/some-headline-98765432", "98765432"),
        ("https://a.example/2026/05/01/headline", None),
        ("https://a.example/20260501/headline", None),
        ("https://a.example/202605011230", None),
        ("https://a.example/list?id=1234567", None),
        ("https://a.example/20260501/headline-7654321", "7654321"),
    ],
)
def test_the_number_of_a_story_is_read_from_its_address(url: str, number: str | None) -> None:
    assert story_of(url) == number


@pytest.mark.parametrize(
    "copy",
    [
        ["LINDBY, May 2 (Agency) - " + FERRY[0], *FERRY[1:]],
        FERRY[:-1],
        [*FERRY[:2], "Readers of this paper will remember the storm of 2009, of which we told at the time.", *FERRY[2:]],
        [FERRY[0], FERRY[1], FERRY[4], FERRY[3], FERRY[2]],
        [*FERRY, "This story was supplied by a third party, and our paper has not edited it in any way."],
        [p.replace(" said", " told reporters").replace("two weeks", "a fortnight") for p in FERRY],
        [p.replace("40 boats", "48 boats") for p in FERRY],
    ],
    ids=["dateline", "cut", "extended", "reordered", "disclaimer", "house style", "one figure corrected"],
)
def test_a_copy_is_known_whichever_comes_first(copy: list[str]) -> None:
    for texts in ((FERRY, copy), (copy, FERRY)):
        stand = Stand()
        first, second = (stand.put(text) for text in texts)
        assert second.relation is Relation.NEAR_DUPLICATE
        assert second.cluster == first.cluster
        assert max(second.share_of_self, second.share_of_match) > 0.8


def test_an_excerpt_and_the_whole_that_comes_after_it(stand: Stand) -> None:
    whole = stand.put(FERRY, url="https://a.example/whole")
    part = stand.put(FERRY[:2])
    assert part.relation is Relation.EXCERPT and part.cluster == whole.cluster
    assert part.share_of_self > 0.9 and part.share_of_match < 0.5
    other = Stand()
    part, whole = other.put(FERRY[:2]), other.put(FERRY, url="https://a.example/whole")
    assert whole.relation is Relation.NEAR_DUPLICATE and whole.cluster == part.cluster
    assert whole.canonical == "https://a.example/whole", "the fullest text stands for the cluster"


@pytest.mark.parametrize(
    ("count", "own", "whole", "relation"),
    [
        (80, 20, 200, Relation.EXCERPT),
        (79, 21, 200, Relation.NEAR_DUPLICATE),
        (59, 0, 100, Relation.EXCERPT),
        (60, 0, 100, Relation.NEAR_DUPLICATE),
    ],
)
def test_an_excerpt_is_mostly_of_a_text_of_which_it_has_less_than_part(
    stand: Stand, count: int, own: int, whole: int, relation: Relation
) -> None:
    stand.put(told(0, whole))
    placed = stand.put(told(0, count, own))
    assert placed.relation is relation
    assert (placed.share_of_self, placed.share_of_match) == (round(count / (count + own), 4), count / whole)


@pytest.mark.parametrize(
    ("first", "second", "relation"),
    [(58, 59, Relation.NEAR_DUPLICATE), (59, 60, Relation.NEW), (60, 61, Relation.NEAR_DUPLICATE)],
)
def test_a_full_text_joins_no_short_one(stand: Stand, first: int, second: int, relation: Relation) -> None:
    """Of 60 words and more is a full text; the short one that came before goes to it."""
    short = stand.put(told(0, first))
    placed = stand.put(told(0, first, own=second - first))
    assert placed.relation is relation
    assert placed.adopted == ((short.cluster,) if relation is Relation.NEW else ())
    assert len(set(stand.clusters().values())) == 1


def test_the_match_is_the_text_that_it_is_most_like_and_of_several_alike_the_first(stand: Stand) -> None:
    stand.put(FERRY)
    stand.put(FERRY[:3], url="https://cut.example/ferry")
    assert stand.put([*FERRY[:2], FERRY[2].replace("Thursday", "Friday")]).match == "https://cut.example/ferry"
    stand = Stand()
    first = stand.put(told(0, 200, own=3))
    stand.put(told(0, 200, own=1))
    assert stand.put(told(0, 200)).match == first.canonical


def test_the_beginning_with_a_link_to_the_rest_is_an_excerpt(stand: Stand) -> None:
    stand.put(ORCHESTRA)
    whole = stand.put(FERRY)
    stub = stand.put([" ".join(FERRY[0].split()[:28]) + " …", "Continue reading on the publisher's site."])
    assert stub.relation is Relation.EXCERPT and stub.cluster == whole.cluster


def test_independent_stories_that_print_the_same_letter_are_not_copies(stand: Stand) -> None:
    first = stand.put([FERRY[0], *LETTER, FERRY[1]])
    second = stand.put([ORCHESTRA[0], *LETTER, ORCHESTRA[1]])
    assert (first.relation, second.relation) == (Relation.NEW, Relation.NEW)


def test_a_follow_up_that_repeats_the_background_is_not_a_copy(stand: Stand) -> None:
    stand.put(FERRY)
    news = [
        "The engine of the ferry in the harbour of Lindby was brought up on Saturday, four days earlier than planned, and "
        "is to be shown in the museum of the town once the mud has been washed out of it.",
        "Hundreds watched from the quay when the crane set the rusty block down; the youngest of the divers, who is 23, "
        "was carried to the pub. Traffic begins again on Sunday at noon with a parade of all boats of the bay.",
    ]
    assert stand.put([*news, *FERRY[3:]]).relation is Relation.NEW


def test_a_roundup_that_prints_a_story_among_others_is_not_its_copy(stand: Stand) -> None:
    stand.put([ORCHESTRA[0]])
    roundup = stand.put(["The day in brief.", *LETTER, FERRY[0], ORCHESTRA[0], *FERRY[2:]])
    assert roundup.relation is Relation.NEW
    whole = stand.put(ORCHESTRA)
    assert stand.clusters() == {1: whole.cluster, 2: roundup.cluster, 3: whole.cluster}


def test_a_short_text_that_came_first_goes_to_its_story_when_that_comes(stand: Stand) -> None:
    stub = "Harbour of Lindby: " + " ".join(FERRY[0].split()[:25])
    first = stand.put(stub)
    again = stand.put(stub)
    assert again.relation is Relation.EXACT_DUPLICATE and again.cluster == first.cluster
    whole = stand.put(FERRY)
    assert whole.relation is Relation.NEW and whole.adopted == (
        "https://outlet1.example/news/1",
        "https://outlet2.example/news/2",
    )
    assert set(stand.clusters().values()) == {whole.cluster}
    later = stand.put(FERRY[:-1])
    assert later.cluster == whole.cluster and later.adopted == ()


def test_a_part_that_stood_alone_goes_where_the_whole_goes(stand: Stand) -> None:
    """The whole shows that two texts which have nothing in common are of one story."""
    stand.put([ORCHESTRA[0], *FERRY], outlet="update")
    stand.put(FERRY[:2])
    stand.put(FERRY)
    assert len(set(stand.clusters().values())) == 1


def test_a_part_that_stood_alone_is_found_beyond_the_copies_of_a_long_text(stand: Stand) -> None:
    whole = [*FERRY, *ORCHESTRA, *LETTER]
    update = "The harbour opens again, two weeks earlier than planned, on Saturday:"
    first = stand.put([update, *whole])
    stand.put([update, *whole, "By our reporter."])
    alone = stand.put(FERRY[:2])
    assert alone.relation is Relation.NEW
    placed = stand.put(whole)
    assert placed.relation is Relation.NEAR_DUPLICATE and placed.cluster == first.cluster
    assert placed.adopted == (alone.cluster,)


def test_what_a_person_put_together_takes_the_copies_of_each_of_its_members(stand: Stand) -> None:
    first = stand.put(FERRY)
    stand.put([*FERRY[:4], *ORCHESTRA])
    other = stand.put(LETTER)
    stand.connection.execute("update documents set cluster = 1, ruled = 1 where document = 3")
    copy = stand.put(["(Agency) - " + LETTER[0], *LETTER[1:]])
    assert (copy.relation, copy.match, copy.cluster) == (Relation.NEAR_DUPLICATE, other.canonical, first.cluster)


def test_a_teaser_that_stands_in_a_roundup_too_goes_to_the_story_that_more_tell(stand: Stand) -> None:
    items = [FERRY[0], LETTER[0], LETTER[1], LETTER[2], ORCHESTRA[1], ORCHESTRA[2]]
    teaser = " ".join(FERRY[0].split()[:28]) + " … Read on"
    for order in ([0, 1, 2, 3], [1, 0, 2, 3], [2, 1, 0, 3], [3, 2, 1, 0], [0, 2, 3, 1]):
        stand, texts = Stand(), [items, teaser, FERRY, ["(Agency) - " + FERRY[0], *FERRY[1:]]]
        for number in order:
            stand.put(texts[number], url=f"https://a{number}.example/{number}")
        clusters = stand.clusters()
        assert clusters[1] == clusters[2] == clusters[3] != clusters[0], order


def test_notices_in_which_two_figures_change_are_two_notices(stand: Stand) -> None:
    placed = [
        stand.put(NOTICE.format(a=a, b=b, c=c), outlet="wire", hours=hours)
        for hours, (a, b, c) in enumerate([(206, 31, 237), (94, 31, 331), (48, 20, 379), (206, 31, 512)])
    ]
    assert {placement.relation for placement in placed} == {Relation.NEW}
    copy = stand.put("(Agency) - " + NOTICE.format(a=94, b=31, c=331), outlet="paper", hours=2)
    assert copy.relation is Relation.NEAR_DUPLICATE and copy.cluster == placed[1].cluster


def test_the_same_notice_on_another_day_is_another_notice(stand: Stand) -> None:
    first = stand.put(NOTICE.format(a=206, b=31, c=237), outlet="wire", hours=0)
    stand.put(NOTICE.format(a=94, b=35, c=331), outlet="wire", hours=24)
    same_hour = stand.put(NOTICE.format(a=206, b=31, c=237), outlet="paper", hours=1)
    later = stand.put(NOTICE.format(a=206, b=31, c=237), outlet="wire", hours=72)
    assert same_hour.relation is Relation.EXACT_DUPLICATE and same_hour.cluster == first.cluster
    assert later.relation is Relation.NEW


def test_the_same_notice_within_the_hour_of_its_copy_is_one_whose_words_are_known(stand: Stand) -> None:
    """Of the texts that are the same, only the one that came first has its words in the index."""
    notice = NOTICE.format(a=206, b=31, c=237)
    first = stand.put(notice, hours=0)
    stand.put(NOTICE.format(a=94, b=35, c=331), hours=24)
    stand.put(notice, hours=2)
    third = stand.put(notice, hours=3)
    assert third.relation is Relation.EXACT_DUPLICATE and third.cluster == first.cluster
    assert third.share_of_self == third.share_of_match == 1


@pytest.mark.parametrize(("count", "relation"), [(300, Relation.NEW), (301, Relation.EXACT_DUPLICATE)])
def test_the_longest_report_of_a_series_has_300_words(stand: Stand, count: int, relation: Relation) -> None:
    def report(a: int, b: int, c: int) -> str:
        notice = NOTICE.format(a=a, b=b, c=c)
        return f"{notice} {told(0, count - len(fingerprint(notice).words))}"

    stand.put(report(206, 31, 237), hours=0)
    stand.put(report(94, 35, 331), hours=24)
    assert stand.put(report(206, 31, 237), hours=72).relation is relation


def test_the_same_story_on_another_day_is_the_same_story_however_many_copies_there_are(stand: Stand) -> None:
    first = stand.put(FERRY, hours=0)
    stand.put(["(Agency) - " + FERRY[0], *FERRY[1:]], hours=1)
    later = stand.put(FERRY, hours=200)
    assert later.relation is Relation.EXACT_DUPLICATE and later.cluster == first.cluster


@pytest.fixture
def far_east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose own zone is not UTC."""
    with monkeypatch.context() as machine:
        machine.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("mine", "theirs", "near"),
    [
        ("2026-05-01T10:00:00+00:00", "2026-05-01T12:00:00+00:00", True),
        ("2026-05-01T10:00:00+00:00", "2026-05-01T12:00:01+00:00", False),
        ("2026-05-01T12:30:00+02:00", "2026-05-01T12:30:00+00:00", True),
        ("2026-05-01T12:29:00+02:00", "2026-05-01T12:30:00+00:00", False),
        ("2026-05-01T10:00:00", "2026-05-01T11:00:00+00:00", True),
        ("2026-05-01T10:00:00", "2026-05-01T10:00:00+09:00", False),
        ("2026-05-01", "2026-05-01T23:30:00+00:00", True),
        ("2026-05-01", "2026-05-02T00:30:00+00:00", False),
        ("2026-05-01", "2026-05-02T00:30:00+01:00", True),
        ("2026-05-01", "2026-05-01", True),
        ("2026-05-01", "2026-05-02", False),
        ("2026-05-01T10:00:00+00:00", "", True),
        ("2026-05-01", "some day", True),
        ("2026-05-01", "0001-01-01T00:00:00+05:00", True),
    ],
)
@pytest.mark.usefixtures("far_east")
def test_what_is_near_in_time(mine: str, theirs: str, near: bool) -> None:
    for one, other in ((mine, theirs), (theirs, mine)):
        arrival = Arrival(article="a", outlet="a", url="a", fingerprint=fingerprint("a"), published=one)
        neighbour = Neighbour(document=1, article="b", cluster="b", digest="", length=1, seen=other)
        assert near_in_time(arrival, neighbour) is near


def test_a_block_about_the_company_joins_nothing(stand: Stand) -> None:
    about = [
        "About Nordal: Nordal is a maker of pumps and valves with works in nine countries. It serves customers in mining, "
        "shipping and agriculture and is owned by the family that founded it in 1911. More is told on the company's site.",
        "This release contains statements about the future that are subject to risks; what comes may differ from them in "
        "substance. The company is under no duty to bring them up to date when circumstances change.",
    ]
    releases = [
        ["Nordal has named Ida Berg to its board. She led the works in Marn for six years and before that its foundry."],
        ["The Nordal group bought a valve maker in the south for an amount that neither side would tell. Its 80 people stay."],
        ["Pumps by Nordal will drain the tunnel under the sound, the builders said after comparing the bids of five firms."],
    ]
    assert {stand.put([*release, *about]).relation for release in releases} == {Relation.NEW}


def test_a_chain_of_small_changes_ends_where_the_story_is_another(stand: Stand) -> None:
    rng = random.Random(3)
    sentences = [" ".join(rng.choice(" ".join(FERRY + ORCHESTRA + LETTER).split()) for _ in range(30)) + "." for _ in range(30)]
    clusters = [stand.put(sentences[start : start + 8]).cluster for start in range(0, 22, 2)]
    assert clusters[0] == clusters[1]
    assert clusters[-1] != clusters[0]


def test_short_texts_attract_nobody(stand: Stand) -> None:
    stand.put("Read all about the harbour of Lindby in our paper tomorrow morning, with pictures by our own reporter.")
    placed = stand.put(
        [*FERRY, "Read all about the harbour of Lindby in our paper tomorrow morning, with pictures by our own reporter."]
    )
    assert placed.relation is Relation.NEW


def test_chinese_and_japanese_copies_are_found(stand: Stand) -> None:
    chinese = (
        "林德比港将从五月三日起关闭两周,以便潜水员清理一九六一年沉没的渡轮残骸,港务局周一在与引航员和渔民会面后表示。"
        "超过一千二百吨的船只将使用北码头,那里已经租用了第二台起重机。较小的船只可以在清晨潜水员开工之前以及晚上八点以后通过。"
        "渔民要求在施工期间降低费用。市长办公室说,预计星期四作出决定。上一次关闭是在二零零九年,使该镇损失了四万克朗。"
    )
    first = stand.put(chinese)
    copy = stand.put("本报讯:" + chinese + "请关注我们的公众号。")
    assert copy.relation is Relation.NEAR_DUPLICATE and copy.cluster == first.cluster
    other = chinese[::-1]
    assert stand.put(other).relation is Relation.NEW


def test_persian_copies_are_found_across_keyboards(stand: Stand) -> None:
    persian = (
        "بندر لیندبی از سوم مه به مدت دو هفته بسته خواهد بود تا غواصان لاشه کشتی غرق شده را بردارند، اداره بندر روز دوشنبه "
        "پس از دیدار با ناخدایان و ماهیگیران گفت. "
        "کشتی‌های بزرگ‌تر از اسکله شمالی استفاده خواهند کرد که در آن جرثقیل دوم کرایه شده است."
    )
    first = stand.put(persian)
    copy = stand.put(persian.replace("ی", "ي").replace("ک", "ك").replace("\u200c", ""))
    assert copy.relation is Relation.EXACT_DUPLICATE and copy.cluster == first.cluster


def test_texts_without_words_are_no_copies(stand: Stand) -> None:
    assert stand.put("").relation is Relation.NEW
    assert stand.put("… — …").relation is Relation.NEW
    assert stand.put("").relation is Relation.NEW


def test_the_canonical_is_the_earliest_of_the_fullest() -> None:
    members = [("2026-05-02", 1, 400, "part"), ("2026-05-03", 2, 1000, "whole"), ("2026-05-01", 3, 900, "early")]
    assert canonical(members) == "early"
    assert canonical(members[:2]) == "whole"
    assert canonical([("", 4, 10, "unknown time"), ("2026-05-01", 5, 10, "known")]) == "known"
    assert canonical([("", 4, 10, "unknown time"), ("9999-12-31", 5, 10, "known")]) == "known"
    assert canonical([("2026-05-01", 1, 800, "just as full"), ("2026-05-02", 2, 1000, "whole")]) == "just as full"
    assert canonical([("2026-05-01", 1, 799, "less"), ("2026-05-02", 2, 1000, "whole")]) == "whole"
    assert canonical([("2026-05-01", 1, 900, "first"), ("2026-05-01", 2, 850, "second")]) == "first"


def variants() -> list[list[str]]:
    made = []
    for story in (FERRY, ORCHESTRA, LETTER):
        made += [story, story[:2], ["(Agency) - " + story[0], *story[1:]], [*story, "All rights are with the publisher."]]
    return made


def test_the_order_of_arrival_does_not_change_the_clusters() -> None:
    texts = variants()
    for seed in range(8):
        order = list(range(len(texts)))
        random.Random(seed).shuffle(order)
        stand = Stand()
        clusters = {number: stand.put(texts[number]).cluster for number in order}
        assert [len({clusters[i] for i in range(n, n + 4)}) for n in (0, 4, 8)] == [1, 1, 1]
        assert len(set(clusters.values())) == 3


def test_the_same_order_gives_the_same_placements() -> None:
    def all_of(stand: Stand) -> list[Placement]:
        return [stand.put(text) for text in variants()]

    assert all_of(Stand()) == all_of(Stand())


@pytest.mark.shared
@pytest.mark.slow
def test_a_syndication_set_is_clustered_as_the_benchmark_asks(tmp_path: Path) -> None:
    bench, pages = ROOT.parent / "shared" / "bench", ROOT.parent / "shared" / "pages"
    made, out = tmp_path / "set.jsonl", tmp_path / "prediction.json"
    truth = pages / "real-news" / "truth.json"
    arguments = [str(truth), "--seed", "31", "--stories", "120", "--hard", "--out", str(made)]
    subprocess.run([sys.executable, str(bench / "make_syndication.py"), *arguments], check=True, capture_output=True)
    command = [sys.executable, "-m", "benchmarks.cluster", str(made), "--out", str(out)]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    scored = subprocess.run(
        [sys.executable, str(bench / "score_clusters.py"), str(made), str(out)], check=True, capture_output=True, text=True
    )
    assert float(scored.stdout.split("f1=")[1].split()[0]) >= 0.96
    assert len(json.loads(out.read_text())) == len(made.read_text().splitlines())
