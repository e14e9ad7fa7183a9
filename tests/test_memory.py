"""What recurs across an outlet's stories is the outlet's, and nothing else of a story is ever taken for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from pipelines.memory import MOST, Memory, digest, passages_of, recall, taken_out, without
from storage.records import Article, Block, BlockKind, Capture, Kind, Lead, Lesson, Page, Recurrence, Removed
from tests.newsstand.wire_stories import stories

NOTE = (
    "Figures in this report come from the exchange and may be delayed by up to fifteen minutes; readers should not rely "
    "on them when they trade."
)
BOX = "The Harbour Letter lands every Friday with the week's best reporting from the docks, free of charge."
ENGLISH = [story for story in stories().values() if story.language == "en"]


def article(headline: str, texts: Sequence[str | Block], sure: tuple[float, ...] = (), url: str = "") -> Article:
    url = url or f"https://harbour.example/{digest(headline)}"
    lead = Lead(url=url, outlet="harbour", source="feed")
    capture = Capture(lead=lead, url=url, status=200, headers=(), body=b"", fetched_at=dt.datetime(2026, 3, 1, tzinfo=dt.UTC))
    blocks = tuple(text if isinstance(text, Block) else Block(kind=BlockKind.PARAGRAPH, text=text) for text in texts)
    page = Page(capture=capture, kind=Kind.ARTICLE, evidence=())
    return Article(page=page, canonical=url, headline=headline, blocks=blocks, sure=sure)


def lesson(one: Article) -> Lesson:
    return Lesson(url=one.canonical, headline=one.headline or "", passages=passages_of(one))


def printed(number: int, *, before_last: str = "", last: str = "") -> Article:
    """A story of the newsstand with the site's own words in it."""
    story = ENGLISH[number % len(ENGLISH)]
    texts: list[str | Block] = [*story.blocks[:2], *([before_last] if before_last else []), *story.blocks[2:]]
    return article(story.headlines["menafn"], [*texts, *([last] if last else [])])


def one_after_the_other(articles: Sequence[Article]) -> list[Article]:
    """As a crawl sees them: each is read with what those before it taught."""
    memory, found = Memory(), []
    for each in articles:
        found.append(recall(each, memory))
        memory.learn(lesson(each))
    return found


def test_from_the_third_page_on_it_is_known() -> None:
    found = one_after_the_other([printed(number, before_last=BOX, last=NOTE) for number in range(8)])
    assert [NOTE in each.text for each in found] == [True, True, *[False] * 6]
    assert [BOX in each.text for each in found] == [True, True, *[False] * 6]
    assert found[2].removed == (
        Removed(rule="recurs in 3 of 3 stories of this outlet", words=BOX),
        Removed(rule="recurs in 3 of 3 stories of this outlet", words=NOTE),
    )
    clean = [printed(number) for number in range(2, 8)]
    assert [each.text for each in found[2:]] == [each.text for each in clean], "and nothing else is gone"


def test_a_background_paragraph_of_follow_ups_stays() -> None:
    background = "The strait has been closed since January, when a tanker ran aground on the reef off Cape Oran."
    headlines = ("Strait to open in spring", "Tanker is towed from strait", "Oran: strait pilots strike", "Reef heals at Oran")
    again = [
        article(headline, [f"On day {number} of the closure, {headline.lower()}, officials said.", background])
        for number, headline in enumerate(headlines)
    ]
    assert all(background in each.text for each in one_after_the_other(again))


def test_a_standing_sentence_now_and_then_stays() -> None:
    line = "The company did not immediately respond to a request for comment on the matter."
    found = one_after_the_other([printed(number, before_last=line if number % 5 == 2 else "") for number in range(24)])
    assert sum(line in each.text for each in found) == 5


def test_a_block_in_doubt_needs_to_recur_in_fewer_stories() -> None:
    texts = [printed(number, before_last=BOX if number % 5 == 2 else "") for number in range(24)]
    doubted = [
        article(each.headline or "", each.blocks, tuple(0.6 if block.text == BOX else 0.99 for block in each.blocks))
        for each in texts
    ]
    assert [number for number, each in enumerate(one_after_the_other(doubted)) if BOX in each.text] == [2, 7]


def test_datelines_and_subheads_stay() -> None:
    pages = [
        article(
            story.headlines["menafn"],
            [
                "LONDON:",
                *story.blocks[:3],
                Block(kind=BlockKind.HEADING, text="Why this story matters to you"),
                *story.blocks[3:],
            ],
        )
        for story in ENGLISH[:6]
    ]
    assert all(found == page for found, page in zip(one_after_the_other(pages), pages, strict=True))


def test_a_label_and_a_heading_go_with_what_stood_below_them() -> None:
    heading = Block(kind=BlockKind.HEADING, text="Small print")
    pages = [article(s.headlines["menafn"], [*s.blocks, "Note:", NOTE, heading, BOX]) for s in ENGLISH[:3]]
    last = one_after_the_other(pages)[2]
    assert last.blocks == ENGLISH[2].blocks
    assert [each.words for each in last.removed] == ["Note:", NOTE, "Small print", BOX]


def test_one_story_at_many_addresses_says_nothing_about_the_outlet() -> None:
    story = ENGLISH[0]
    pages = [
        article(f"{word} {story.headlines['menafn']}", story.blocks, url=f"https://harbour.example/{word}")
        for word in ("Again", "Update", "Corrected")
    ]
    assert all(found == page for found, page in zip(one_after_the_other(pages), pages, strict=True))


def test_a_story_printed_again_is_not_taken_for_boilerplate() -> None:
    """Two earlier printings that the index of copies did not see as one, beside stories of other topics."""
    story = ENGLISH[0]
    memory = Memory(lesson(printed(number)) for number in range(1, 4))
    memory.learn(lesson(article("Morning brief", story.blocks, url="https://harbour.example/a")))
    again = article("Evening round-up", story.blocks, url="https://harbour.example/b")
    assert recall(again, memory) == again


def test_its_own_earlier_revision_says_nothing() -> None:
    page = printed(0, last=NOTE)
    memory = Memory([lesson(page), lesson(printed(1, last=NOTE))])
    assert recall(page, memory) == page


def test_a_story_is_never_emptied() -> None:
    pages = [article(f"Notice {number}", [BOX, NOTE]) for number in "abcd"]
    assert all(found == page for found, page in zip(one_after_the_other(pages), pages, strict=True))


def test_scripts_without_spaces() -> None:
    note = "本報導之數據由交易所提供，可能延遲十五分鐘，讀者不應據此進行交易。"
    texts = (
        "市議會昨日通過新橋工程預算，預計明年春季動工。",
        "颱風逼近東岸，漁船紛紛回港避風。",
        "博物館失竊銅獅尋回，館方喜出望外。",
    )
    pages = [article(text[:8], [text + "詳情稍後公布。" * 2, note]) for text in texts]
    assert [note in each.text for each in one_after_the_other(pages)] == [True, True, False]


def test_what_was_taken_out_is_known_from_the_clean_copy() -> None:
    found = one_after_the_other([printed(number, before_last=BOX, last=NOTE) for number in range(3)])[2]
    assert (
        taken_out(found)
        == found.recurring
        == (
            Recurrence(passage=digest(BOX), stories=3, of=3),
            Recurrence(passage=digest(NOTE), stories=3, of=3),
        )
    )
    assert without(printed(2, before_last=BOX, last=NOTE), taken_out(found)) == found


def test_the_agency_is_found_when_it_is_no_longer_followed_by_a_note() -> None:
    pages = [printed(number, last=NOTE) for number in range(2)]
    third = article(
        "Quay opens", ["The quay was opened on Tuesday by the harbour master himself.", "The work took a year. (AFP)", NOTE]
    )
    assert [each.provider for each in one_after_the_other([*pages, third])][2] == "AFP"


def test_the_memory_has_a_limit() -> None:
    lessons = [lesson(printed(number, last=f"Edition {number}")) for number in range(60)]
    unlimited, limited = Memory(lessons[-20:]), Memory(lessons, most=20)
    assert limited._holders == unlimited._holders
    assert limited._headlines == unlimited._headlines
    assert Memory().others("") == 0 < limited.others("") == 20 < MOST


@given(st.lists(st.sampled_from([True, False, None]), max_size=40))
def test_the_order_of_day_and_month_is_what_nearly_all_pages_show(orders: list[bool | None]) -> None:
    memory = Memory((Lesson(url=str(n), day_first=order) for n, order in enumerate(orders)), most=30)
    seen = orders[-30:]
    first, second = seen.count(True), seen.count(False)
    if first and not second:
        assert memory.day_first is True
    if second and not first:
        assert memory.day_first is False
    if first == second:
        assert memory.day_first is None


TEXTS = st.lists(
    st.sampled_from([NOTE, BOX, "LONDON:", *(block.text for story in ENGLISH[:4] for block in story.blocks)]), max_size=9
)


@given(TEXTS, st.lists(st.tuples(st.sampled_from([s.headlines["menafn"] for s in ENGLISH]), TEXTS), max_size=8))
def test_what_stays_and_what_goes_is_all_there_was(texts: list[str], others: list[tuple[str, list[str]]]) -> None:
    memory = Memory(lesson(article(headline, rest, url=f"https://a.example/{n}")) for n, (headline, rest) in enumerate(others))
    page = article("Quay opens", texts)
    found = recall(page, memory)
    gone = [each.words for each in found.removed]
    assert sorted([*(block.text for block in found.blocks), *gone]) == sorted(texts)
    assert without(page, found.recurring) == found
    assert bool(found.blocks) == bool(texts)
