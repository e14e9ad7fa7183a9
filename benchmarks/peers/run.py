"""Run one of the reference spiders by the name of its class, without the project's settings."""

import sys

from scrapy.crawler import AsyncCrawlerProcess

from benchmarks.peers import spiders

if __name__ == "__main__":
    process = AsyncCrawlerProcess(spiders.SETTINGS)
    process.crawl(getattr(spiders, sys.argv[1]))
    process.start()
