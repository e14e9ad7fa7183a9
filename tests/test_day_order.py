"""3 April or 4 March: what the page shows, and what its outlet's other pages show, settles it."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.chain import refine
from pipelines.dates import GUESSED, SETTLED, figures, is_doubtful, order_shown, settled
from pipelines.memory import Memory
from storage.records import Article, Capture, Lead, Lesson, Outlet, Stamp

NOW = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)


def page(date: str, *, more: str = "", declared: str | None = None, lang: str = "en") -> Capture:
    story = {"@type": "NewsArticle", "headline": "Quay", "datePublished": declared}
    ld = f"<script type='application/ld+json'>{json.dumps(story)}</script>"
    text = "".join(
        f"<p>The quay of district {n} was opened by the harbour master, who said that work had gone well.</p>" for n in "abcdef"
    )
    body = f"<h1>Quay opens to ships</h1><span class='date'>{date}</span>{text}<footer><p>{more}</p></footer>"
    lead = Lead(url="https://harbour.example/1", outlet="harbour", source="feed")
    markup = f"<html lang='{lang}'><head>{ld if declared else ''}</head><body>{body}</body></html>"
    return Capture(lead=lead, url=lead.url, status=200, headers=(), body=markup.encode(), fetched_at=NOW)


def published(capture: Capture, memory: Memory | None = None) -> Stamp | None:
    found = refine(capture, Outlet(name="harbour"), memory)
    assert isinstance(found, Article)
    return found.published


def taught(*orders: bool) -> Memory:
    return Memory(Lesson(url=str(n), day_first=order) for n, order in enumerate(orders))


def test_the_outlets_other_pages_settle_it() -> None:
    assert published(page("03/04/2026")) == Stamp(value="2026-04-03", source="visible" + GUESSED[True])
    assert published(page("03/04/2026"), taught(False, False)) == Stamp(value="2026-03-04", source="visible" + SETTLED)
    assert published(page("03/04/2026"), taught(True)) == Stamp(value="2026-04-03", source="visible" + SETTLED)
    assert published(page("03/04/2026", lang="en-US"), taught(True)) == Stamp(value="2026-04-03", source="visible" + SETTLED)
    disagreeing = taught(True, False)
    assert published(page("03/04/2026"), disagreeing) == Stamp(value="2026-04-03", source="visible" + GUESSED[True])


def test_other_dates_on_the_page_settle_it() -> None:
    assert published(page("03/04/2026", more="Also read: storm, 02/17/2026")) == Stamp(value="2026-03-04", source="visible")
    assert published(page("03/04/2026", more="17/02/2026"), taught(False)) == Stamp(value="2026-04-03", source="visible")


def test_of_two_readings_one_that_is_not_in_the_future() -> None:
    assert published(page("11/12/2026")) == Stamp(value="2026-11-12", source="visible" + GUESSED[False])


def test_what_is_certain_is_left_alone() -> None:
    assert published(page("03.04.2026"), taught(False)) == Stamp(value="2026-04-03", source="visible")
    assert published(page("3 April 2026"), taught(False)) == Stamp(value="2026-04-03", source="visible")
    assert published(page("", declared="2026-04-03"), taught(False)) == Stamp(value="2026-04-03", source="json-ld")


def test_a_page_teaches_by_a_date_that_is_known_from_elsewhere() -> None:
    found = refine(page("03/04/2026", declared="2026-03-04T10:00:00Z"), Outlet(name="harbour"))
    assert isinstance(found, Article)
    assert found.day_first is False


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["17/02/2026"], True),
        (["2/17/26"], False),
        (["17-02-2026", "03/04/2026"], True),
        (["17/02/2026", "02/17/2026"], None),
        (["03/04/2026"], None),
        (["17.02.2026"], None),
        (["2026/02/17", "1/17/2026/5", "45/17/2026"], None),
        ([], None),
    ],
)
def test_what_figures_show(texts: list[str], order: bool | None) -> None:
    assert order_shown(figures(texts)) is order


@given(st.dates(dt.date(2000, 1, 1), dt.date(2026, 11, 1)), st.booleans(), st.booleans())
def test_a_guess_that_is_settled_is_the_right_day(day: dt.date, day_first: bool, guess: bool) -> None:
    written = f"{day:%d/%m/%Y}" if day_first else f"{day:%m/%d/%Y}"
    if not is_doubtful(written):
        assert day.day > 12 or day.day == day.month
        return
    read = day if guess is day_first else day.replace(month=day.day, day=day.month)
    stamp = Stamp(value=read.isoformat(), source="visible" + GUESSED[guess])
    assert settled(stamp, day_first, NOW).value == day.isoformat()
    assert settled(stamp, None, NOW) is stamp


@given(st.text(alphabet="0123456789/- x", max_size=60))
def test_any_figures(text: str) -> None:
    assert order_shown(figures([text]), "2026-03-04") in (True, False, None)
    assert isinstance(is_doubtful(text), bool)
