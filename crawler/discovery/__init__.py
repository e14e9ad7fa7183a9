"""Bytes that an outlet answered -> what it announces: feeds, sitemaps, listing pages. Pure: no network, no clock."""

from crawler.discovery.announced import Entry, Feed, Link, Listing, Sitemap, SitemapEntry
from crawler.discovery.feeds import read_feed
from crawler.discovery.links import read_links, read_listing
from crawler.discovery.sitemaps import read_sitemap

__all__ = [
    "Entry",
    "Feed",
    "Link",
    "Listing",
    "Sitemap",
    "SitemapEntry",
    "read_feed",
    "read_links",
    "read_listing",
    "read_sitemap",
]
