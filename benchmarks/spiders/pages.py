"""The outlet that benchmarks.page_server serves, for `python -m benchmarks.crawl`."""

import os

from crawler.outlet import OutletSpider


class Pages(OutletSpider):
    name = "pages"
    title = "Pages"
    home = os.environ.get("BENCH_ORIGIN", "http://127.0.0.1/")
    feeds = tuple(f"feed/{n}.xml" for n in range(int(os.environ.get("BENCH_FEEDS", "1"))))
    article = r"/story$"
