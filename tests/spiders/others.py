"""The newsstand's other two outlets; `-a origin=…` says where it stands."""

from crawler.outlet import OutletSpider
from tests.newsstand import ARTICLES, FEEDS, LISTINGS, SITEMAPS


class Courier(OutletSpider):
    name = "courier"
    title = "The Courier"
    home = "https://courier.example/"
    feeds = FEEDS["courier"]
    sitemaps = SITEMAPS["courier"]
    article = ARTICLES["courier"]


class Gazette(OutletSpider):
    name = "gazette"
    title = "The Gazette"
    home = "https://gazette.example/"
    feeds = FEEDS["gazette"]
    listings = LISTINGS["gazette"]
    article = ARTICLES["gazette"]
