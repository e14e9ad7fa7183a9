"""When a story was published, by what its page shows and where."""

from __future__ import annotations

import datetime as dt

import pytest

from pipelines.document import read
from pipelines.metadata import metadata
from storage.records import Capture, Lead, Outlet, Stamp

MENU = "".join(f"<li><a href='/{n}'>Section {n} of the paper</a></li>" for n in range(40))
TEXT = "<p>The quay was opened on Tuesday, and was built in 1998.</p>" * 3


def published(body: str, url: str = "https://harbour.example/1") -> Stamp | None:
    """A page whose first h1 is its masthead, far above the headline."""
    head = "<title>Quay opens to ships</title><meta property='og:title' content='Quay opens to ships'>"
    page = f"<html><head>{head}</head><body><h1>The Harbour Post</h1><ul>{MENU}</ul>{body}</body></html>"
    lead = Lead(url=url, outlet="harbour", source="feed")
    now = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
    document = read(capture := Capture(lead=lead, url=url, status=200, headers=(), body=page.encode(), fetched_at=now))
    assert document is not None
    return metadata(document, capture, Outlet(name="harbour")).published


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
        ("/2008/ports/quay-10-of-12/", None),
        ("/2008/quays/10/", None),
    ],
)
def test_days_in_addresses(path: str, day: str | None) -> None:
    found = published(f"<h2>Quay opens to ships</h2>{TEXT}", f"https://harbour.example{path}")
    assert (found.value if found else None) == day
