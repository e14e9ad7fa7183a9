"""Pages written for the tests of the judge, and the way from a body to a verdict."""

from __future__ import annotations

import datetime as dt

from pipelines.classify import classify
from pipelines.document import Document, read
from storage.records import Capture, Lead, Page

PARAGRAPHS = (
    "The council of Harbour Town voted on Monday night to keep the ferry to the outer islands running after dark through the "
    "winter, setting aside a plan by the operator to end the service at six in the evening.",
    "About two hundred islanders had come across on the afternoon boat to hear the debate, and most stayed until the count, "
    "which ended at nine votes to four with one member absent.",
    "The operator had argued that the late crossing carries eleven passengers on an average weekday, while a second crew has "
    "to be paid until midnight and the engine wants an overhaul.",
    "Under the compromise, the town pays a third of the wages until the end of March, and the operator publishes the number "
    "of passengers each week on the board at the quay.",
    "A proposal to replace the boat with a taxi launch on call was withdrawn before the vote. The harbour master had warned "
    "that a launch could not land at the inner quay at low water.",
)
STORY = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)


def capture(body: str | bytes, status: int = 200, headers: tuple[tuple[str, str], ...] = (), title: str | None = None) -> Capture:
    """A capture of this body; `title` is the headline in the feed."""
    lead = Lead(url="https://gazette.test/s/1", outlet="gazette", source="by hand", title=title)
    encoded = body.encode() if isinstance(body, str) else body
    now = dt.datetime(2026, 1, 10, tzinfo=dt.UTC)
    return Capture(lead=lead, url=lead.url, status=status, headers=headers, body=encoded, fetched_at=now)


def page(inner: str, title: str = "Harbour Gazette", head: str = "", frame: bool = False) -> str:
    """A whole page around some markup, with menus and a footer when `frame`."""
    links = "".join(f"<li><a href=/{word}>{word}</a></li>" for word in ("News", "Tides", "Boats", "People", "Letters", "Shop"))
    above, below = (f"<nav><ul>{links}</ul></nav>", "<footer><p>© Harbour Gazette</p></footer>") if frame else ("", "")
    return f"<!DOCTYPE html><html><head><title>{title}</title>{head}</head><body>{above}{inner}{below}</body></html>"


def document(markup: str) -> Document:
    """Markup as a Document."""
    parsed = read(capture(markup))
    assert parsed is not None
    return parsed


def verdict(body: str | bytes, status: int = 200, headers: tuple[tuple[str, str], ...] = (), title: str | None = None) -> Page:
    """What the judge says of this body."""
    one = capture(body, status, headers, title)
    return classify(one, read(one))
