"""The hostile server and the newsstand's hard pages as outlets; what they announce is said when they are started."""

from __future__ import annotations

from typing import Any

from crawler.outlet import OutletSpider
from tests.newsstand import ARTICLES


class HostileOutlet(OutletSpider):
    """Every door of the hostile server. `-a sources=URL,URL` are feeds, or sitemaps where they are named so."""

    name = "hostile"
    title = "The Hostile Server"
    home = "http://127.0.1.1/"
    hosts = tuple(f"127.0.1.{number}" for number in range(1, 255))
    article = r"^/\d{7}/"

    def __init__(self, sources: str = "", **rest: Any) -> None:
        super().__init__(**rest)
        named = sources.split(",") if sources else []
        self.feeds = tuple(url for url in named if "sitemap" not in url)
        self.sitemaps = tuple(url for url in named if "sitemap" in url)


class HardPages(OutletSpider):
    """The pages of the newsstand that no ordinary feed names; `-a origin=…` says where it stands."""

    name = "hard"
    title = "Hard Pages"
    home = "https://menafn.com/"
    feeds = ("/rss/hard.xml",)
    article = ARTICLES["menafn"]
