"""When a story was published, by what its page shows and where."""

from __future__ import annotations

import datetime as dt

import pytest

from pipelines.chain import refine
from storage.records import Article, Capture, Lead, Outlet, Stamp

MENU = "".join(f"<li><a href='/{n}'>Section {n} of the paper</a></li>" for n in range(40))
TEXT = "".join(
    f"<p>The quay of {place} was opened on Tuesday, and was built in 1998 by people who came from {place} every morning, "
    "as the harbour master told a crowd that had waited in the rain for the ships.</p>"
    for place in ("Aldmoor", "Brenwick", "Carrow")
)


NAMED = "<title>Quay opens to ships</title><meta property='og:title' content='Quay opens to ships'>"


def published(body: str, url: str = "https://harbour.example/1", head: str = NAMED) -> Stamp | None:
    """A page whose first h1 is its masthead, far above the headline."""
    page = f"<html><head>{head}</head><body><h1>The Harbour Post</h1><ul>{MENU}</ul>{body}</body></html>"
    lead = Lead(url=url, outlet="harbour", source="feed")
    now = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
    capture = Capture(lead=lead, url=url, status=200, headers=(), body=page.encode(), fetched_at=now)
    article = refine(capture, Outlet(name="harbour"))
    assert isinstance(article, Article)
    return article.published


@pytest.mark.parametrize(
    ("line", "value", "source"),
    [
        ("19. Oktober 2019 15:07", "2019-10-19T15:07:00", "visible"),
        ("Written: 2023-11-07 15:03:30 / Updated: 2023-11-08 15:30:46", "2023-11-07T15:03:30", "visible"),
        ("Last Updated: Saturday, 12 January 2008, 14:28 GMT", "2008-01-12T14:28:00+00:00", "visible, updated"),
        ("20080109 15:24", "2008-01-09T15:24:00", "visible"),
        ("الأحد، 04 آب/اغسطس 2013، آخر تحديث 02:21 (GMT+0400)", "2013-08-04T02:21:00+04:00", "visible"),
    ],
)
def test_beside_the_headline_wherever_that_stands(line: str, value: str, source: str) -> None:
    assert published(f"<h2>Quay opens to ships</h2><p>{line}</p>{TEXT}") == Stamp(value=value, source=source)


def test_far_from_the_headline_where_it_says_what_it_is() -> None:
    behind = "<p>More of the paper</p>" * 40 + "<p>Posted by Ida Kern on January 9, 2008 in Ports | Permalink</p>"
    assert published(f"<h2>Quay opens to ships</h2>{TEXT}{behind}") == Stamp(value="2008-01-09", source="visible")
    other = "<p>More of the paper</p>" * 40 + "<p>Founded on January 9, 1908</p>"
    assert published(f"<h2>Quay opens to ships</h2>{TEXT}{other}") is None


@pytest.mark.parametrize(
    ("path", "day"),
    [
        ("/2008/01/19/quay.html", "2008-01-19"),
        ("/20080119/quay", "2008-01-19"),
        ("/2008/SPORT/golf/01/19/hope.html", "2008-01-19"),
        ("/2013/middle_east/8/3/syria/index.html", "2013-08-03"),
        ("/news/2008/January/10/holders", "2008-01-10"),
        ("/19012008/quay.html", "2008-01-19"),
        ("/Jan192008/quay.html", "2008-01-19"),
        ("/story/20080119085406tsop.nb", "2008-01-19"),
        ("/news/2008/01/20080119_46221.html", "2008-01-19"),
        ("/read?fuente=IB&day=20080119&n=3", "2008-01-19"),
        ("/2008/ports/quay-10-of-12/", None),
        ("/2008/quays/10/", None),
    ],
)
def test_days_in_addresses(path: str, day: str | None) -> None:
    found = published(f"<h2>Quay opens to ships</h2>{TEXT}", f"https://harbour.example{path}")
    assert (found.value if found else None) == day


@pytest.mark.parametrize(
    ("before", "behind", "value", "source"),
    [
        ("<p>Harbour Press - January 11, 2008 4:13 PM ET</p>", "", "2008-01-11T16:13:00-05:00", "visible"),
        ("<p>Last updated: January 11, 2008</p>", "", "2008-01-11", "visible, updated"),
        ("", "<p>28/12/2007 11:27 - (SA)</p>", "2007-12-28T11:27:00", "visible"),
        ("<p>16 January 2008 – The harbour board met.</p>", "", "2008-01-16", "visible"),
        ("<aside><h3>Published</h3><p><time>August 30, 2024</time></p></aside>", "", "2024-08-30", "visible"),
    ],
)
def test_beside_the_text_where_no_headline_is_found(before: str, behind: str, value: str, source: str) -> None:
    page = f"<ul>{MENU}{MENU}</ul>{before}{TEXT}{behind}<ul>{MENU}</ul><p>Tuesday, January 22, 2008</p>"
    assert published(page, head="<title>The Harbour Post</title>") == Stamp(value=value, source=source)


def test_a_tag_of_a_house_of_its_own() -> None:
    head = f"{NAMED}<meta name='w-published-date' content='2025-05-27T06:03:43.274Z'>"
    assert published(TEXT, head=head) == Stamp(value="2025-05-27T06:03:43+00:00", source="meta")


def test_when_it_was_changed_where_nothing_else_is_said() -> None:
    head = f"{NAMED}<meta property='article:modified_time' content='2025-05-27T06:03:43Z'>"
    assert published(TEXT, head=head) == Stamp(value="2025-05-27T06:03:43+00:00", source="meta, modified")


def test_the_address_settles_the_order_of_day_and_month() -> None:
    head = f"{NAMED}<meta name='publish_date' content='01/05/2008 18:43:18'>"
    for path, day in (("/2008/01/05/quay", "2008-01-05"), ("/2008/05/01/quay", "2008-05-01")):
        found = published(TEXT, f"https://harbour.example{path}", head)
        assert found is not None and found.value == f"{day}T18:43:18"
