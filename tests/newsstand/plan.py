"""What the newsstand prints where: one Printing a page, as data. Everything else follows from it.

`Expected` is what a good archive makes of a page on a first crawl; tests of the crawl compare with it.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import quote

from storage.records import Block, Kind, Outcome
from tests.newsstand.wire_stories import BASE, Story, stories

OUTLETS = ("menafn", "courier", "gazette")
LATIN_CODEC = "cp1252"


class Fault(StrEnum):
    """What is wrong with a page, if anything."""

    NONE = "none"
    MISSING = "missing"  # status 200 and an error page
    FORBIDDEN = "forbidden"  # 403
    ABSENT = "absent"  # 404
    BROKEN = "broken"  # 500, every time
    CUT_SHORT = "cut short"  # Content-Length says more than comes
    WRONG_CHARSET = "wrong charset"  # the header names another than the bytes have; the story is whole
    NO_TEXT = "no text"  # the story's template around nothing
    NO_BYTES = "no bytes"
    LISTING = "listing"  # a list of headlines under the address of a story
    BINARY = "binary"
    DISALLOWED = "disallowed"  # robots.txt forbids it, the feed announces it


class Banner(StrEnum):
    """The error block of MENAFN's template: hidden in one of several ways, or shown above a good story."""

    ATTRIBUTE = "hidden"
    DISPLAY = "display:none"
    VISIBILITY = "visibility:hidden"
    ARIA = "aria-hidden"
    TEMPLATE = "template"
    SHOWN = "shown"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Printing:
    """One page of one outlet. `trim`: only so many passages; `prefix`: the agency in front of the first one;
    `announced`: the sources that name it (feed paths, "listing", "sitemap"); `moved_from`: an old address that
    redirects here and is announced instead; `trackers`: queries under which sources name the same page as well; `late`:
    not printed before `Newsstand.publish`.
    """

    outlet: str
    number: int
    story: str | None = None
    headline: str = ""
    fault: Fault = Fault.NONE
    banner: Banner = Banner.NONE
    repeated: bool = False
    trim: int | None = None
    prefix: str = ""
    announced: tuple[str, ...] = ()
    moved_from: str | None = None
    trackers: tuple[str, ...] = ()
    late: bool = False
    corrected: bool = False
    withdrawn: bool = False

    @property
    def target(self) -> str:
        """Path and query of the page."""
        if self.outlet == "menafn":
            return f"/{self.number:010d}/{quote(slug(self.headline).title())}"
        if self.outlet == "courier":
            day = self.published.strftime("%Y/%m/%d")
            return f"/{day}/{quote(slug(self.headline).lower())}-{self.number}"
        return f"/story.asp?sid={self.number}"

    @property
    def wire(self) -> Story | None:
        """The story on it; None on a page without one."""
        return stories()[self.story] if self.story else None

    @property
    def published(self) -> dt.datetime:
        """UTC. Each outlet prints a story some minutes after the wire; pages without a story are spread in between."""
        if self.wire:
            return self.wire.published + dt.timedelta(minutes=7 * OUTLETS.index(self.outlet) + self.number % 5)
        return BASE - dt.timedelta(minutes=97 * (self.number * 7 % 29) + 41)

    @property
    def modified(self) -> dt.datetime:
        """UTC: when it was published, or an hour after BASE once it was corrected."""
        return BASE + dt.timedelta(hours=1) if self.corrected else self.published

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The passages that the page's story has, as a clean copy should hold them."""
        if self.wire is None:
            return ()
        blocks = (self.wire.corrected() if self.corrected else self.wire.blocks)[: self.trim]
        first = replace(blocks[0], text=self.prefix + blocks[0].text)
        return (first, *blocks[1:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What becomes of one page. `outcome` is None where nothing may be fetched; `kinds` are the right verdicts.

    `allowed` are the outcomes that are right, `outcome` first: more than one where a page was cut short, or where the
    order of the crawl decides which of two equal texts is kept.

    `story` is the wire story's key; `copy_of` the URL, in the same outlet, whose text is the same: of such a group one
    is kept and the others are duplicates, whichever comes first. `furniture` is on the page and must not be in the
    text. `asked` are the announced addresses of the page (old ones, those with tracking parameters) beside `url`.
    """

    url: str
    outlet: str
    outcome: Outcome | None
    allowed: tuple[Outcome, ...]
    kinds: tuple[Kind, ...]
    fault: Fault
    banner: Banner
    headline: str | None = None
    blocks: tuple[Block, ...] = ()
    story: str | None = None
    copy_of: str | None = None
    excerpt: bool = False
    language: str | None = None
    authors: tuple[str, ...] = ()
    published: dt.datetime | None = None
    furniture: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    late: bool = False

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """The text of every passage, in order; items of a list are lines of one."""
        return tuple(block.text for block in self.blocks)


def slug(headline: str) -> str:
    """A headline as it stands in an address: letters and digits of any script, joined by hyphens."""
    return re.sub(r"\W+", "-", headline.replace("'", "").replace("’", "")).strip("-")


_AGENCIES = ("(MENAFN) ", "(MENAFN- Meridian Wire) ", "(MENAFN- Gulf Press Service) ")
_HIDDEN = (Banner.ATTRIBUTE, Banner.ATTRIBUTE, Banner.DISPLAY, Banner.ARIA, Banner.TEMPLATE, Banner.VISIBILITY)
_SHOWN_ABOVE = ("sukuk", "heat", "chess", "transplant")
_LISTED_ONLY = ("harvest", "library")
_SA, _ENERGY, _COUNTRY = "/rss/menafn_sa.xml", "/rss/menafn_energy.xml", "/rss/menafn_saudi_arabia.xml"
_GAZETTE_TRIMS = {"gasfield": 3, "solar": 4, "sukuk": 2, "storm": 2, "census": 2, "library": 3, "final": 4}
_COURIER_TRIMS = {"desalination": 4, "bank": 3, "verdict": 4, "harvest": 3}
_NOT_MENAFN = ("german-wind", "marathon", "library")
_NOT_COURIER = ("sukuk", "ferry", "chess", "arabic-oil", "german-wind")
_GAZETTE = [
    "desalination",
    "gasfield",
    "solar",
    "bank",
    "sukuk",
    "container",
    "ferry",
    "harvest",
    "transplant",
    "verdict",
    "storm",
    "bridge",
    "census",
    "final",
    "marathon",
    "museum",
    "library",
    "spanish-glacier",
    "german-clock",
    "german-wind",
]


def printings() -> tuple[Printing, ...]:
    """Every page of the three outlets."""
    return (*_menafn(), *_courier(), *_gazette())


def _menafn() -> list[Printing]:
    pages = []
    for index, story in enumerate(each for key, each in stories().items() if key not in _NOT_MENAFN):
        headline = story.headlines["menafn"]
        where = _ENERGY if story.section == "energy" else _COUNTRY if index % 4 == 3 else _SA
        pages.append(
            Printing(
                outlet="menafn",
                number=1110520100 + 13 * index,
                story=story.key,
                headline=headline,
                banner=Banner.SHOWN if story.key in _SHOWN_ABOVE else _HIDDEN[index % len(_HIDDEN)],
                repeated=index % 2 == 0,
                prefix="" if story.key == "ferry" else _AGENCIES[index % 3],
                announced=("listing",) if story.key in _LISTED_ONLY else (where, _SA) if where == _ENERGY else (where,),
                moved_from="/1110519007/Bronze-Lion-To-Go-Home" if story.key == "museum" else None,
                trackers=("utm_source=rss&utm_medium=feed",) if story.key == "gasfield" else (),
                late=story.key in ("robots", "trial"),
            )
        )
    by_key = {page.story: page for page in pages}
    for number, key, headline in (
        (1110520903, "container", "Strait of Oran Reopens as Giant Box Ship Floats Free"),
        (1110520917, "bank", "Regulator Tells Corniche Bank to Repay Heirs"),
    ):
        pages.append(replace(by_key[key], number=number, headline=headline, announced=(_COUNTRY,), repeated=False))
    return (
        pages
        + [
            Printing(outlet="menafn", number=number, headline=headline, fault=fault, banner=banner, announced=(feed,))
            for number, headline, fault, banner, feed in (
                (1110520301, "Ministry Denies Rumours of Fuel Shortage", Fault.MISSING, Banner.SHOWN, _SA),
                (1110520305, "Two Held After Warehouse Fire in Al Mina", Fault.MISSING, Banner.SHOWN, _COUNTRY),
                (1110520312, "Gold Slips as Dollar Firms", Fault.MISSING, Banner.SHOWN, _SA),
                (1110520318, "Pipeline Talks Adjourned Until Spring", Fault.MISSING, Banner.SHOWN, _ENERGY),
                (1110520323, "Members of the Chamber Elect New Board", Fault.FORBIDDEN, Banner.NONE, _SA),
                (1110520336, "Airline Adds Three Winter Routes", Fault.ABSENT, Banner.NONE, _COUNTRY),
                (1110520344, "Cement Prices Steady in February", Fault.BROKEN, Banner.NONE, _SA),
                (1110520351, "Photo Gallery of the Spring Regatta", Fault.NO_TEXT, Banner.ATTRIBUTE, _SA),
                (1110520358, "Tender Notice for School Furniture", Fault.NO_BYTES, Banner.NONE, _COUNTRY),
                (1110520362, "All Energy News of the Week", Fault.LISTING, Banner.ATTRIBUTE, _ENERGY),
                (1110520377, "Annual Report of the Port in Figures", Fault.BINARY, Banner.NONE, _SA),
                (1110599001, "For Subscribers of the Research Desk", Fault.DISALLOWED, Banner.ATTRIBUTE, _SA),
            )
        ]
        + [replace(by_key["bridge"], number=1110520391, headline="Swaying Bridge, Second Edition", fault=Fault.CUT_SHORT)]
    )


def _courier() -> list[Printing]:
    pages = []
    for index, story in enumerate(each for key, each in stories().items() if key not in _NOT_COURIER):
        dateline = f"{story.place} — " if story.language != "en" else f"{story.place} (Meridian Wire) — "
        pages.append(
            Printing(
                outlet="courier",
                number=48100 + 7 * index,
                story=story.key,
                headline=story.headlines["courier"],
                trim=_COURIER_TRIMS.get(story.key),
                prefix="" if index % 5 == 4 else dateline,
                announced=("sitemap",) if index % 6 == 5 else ("/feed.atom", "sitemap"),
                late=story.key == "robots",
            )
        )
    return pages + [
        Printing(outlet="courier", number=number, headline=headline, fault=fault, announced=("/feed.atom",))
        for number, headline, fault in (
            (48401, "The week in pictures", Fault.NO_TEXT),
            (48402, "Mayor answers readers' letters", Fault.MISSING),
            (48403, "Inside the control tower", Fault.FORBIDDEN),
            (48404, "Old harbour crane to be sold", Fault.ABSENT),
            (48405, "Everything about water", Fault.LISTING),
        )
    ]


def _gazette() -> list[Printing]:
    pages = []
    for index, key in enumerate(_GAZETTE):
        story = stories()[key]
        pages.append(
            Printing(
                outlet="gazette",
                number=7003 + 11 * index,
                story=key,
                headline=story.headlines["gazette"],
                fault=Fault.WRONG_CHARSET if key in ("museum", "german-clock", "verdict") else Fault.NONE,
                trim=_GAZETTE_TRIMS.get(key),
                prefix=f"{story.place} (MW) - " if index % 3 == 0 and key != "ferry" else "",
                announced=("/rss.xml",),
                trackers=("PHPSESSID=0f3c9a1be2d44e7788aa5c61",) if key == "solar" else (),
            )
        )
    return pages + [
        Printing(outlet="gazette", number=number, headline=headline, fault=fault, announced=("/rss.xml",))
        for number, headline, fault in (
            (7401, "Parish fair postponed", Fault.MISSING),
            (7402, "Road works in Mill Lane", Fault.MISSING),
            (7403, "Letters to the editor", Fault.BROKEN),
        )
    ]
