"""The embedded newsstand: three outlets on loopback that print the same wire stories in their own ways.

`with Newsstand(port=0) as stand:` then `stand.url`, `stand.outlets`, `stand.requests`, `stand.expected`; or
`python -m tests.newsstand --port N`. No network but loopback; the same bytes every time.
"""

from tests.newsstand.plan import Banner, Expected, Fault
from tests.newsstand.rack import ARTICLES, FEEDS, LISTINGS, SITEMAPS
from tests.newsstand.stand import Newsstand

__all__ = ["ARTICLES", "FEEDS", "LISTINGS", "SITEMAPS", "Banner", "Expected", "Fault", "Newsstand"]
