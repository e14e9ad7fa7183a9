"""All settings. Those that begin with NEWS_ are ours; each can be set in the environment or with -s NAME=VALUE.

docs/settings.md tells what each is for; a test fails when one is missing there.
"""

import inspect
import os
import sys
from importlib.util import find_spec

from crawler.interrupts import one_line

one_line()

# What two libraries do at their import takes a third of a command's start, and nobody here has a use for it. Scrapy looks
# through every module loaded so far, to name the home of classes that are deprecated; sqlite_utils loads numpy and pandas,
# for columns of their types.
_stack, inspect.stack = inspect.stack, lambda: ((), (None,))  # type: ignore[assignment, misc]
import scrapy.core.downloader.contextfactory  # noqa: E402, F401

inspect.stack = _stack
_unwanted = {name: None for name in ("numpy", "pandas") if name not in sys.modules}
sys.modules.update(_unwanted)  # type: ignore[arg-type]
import sqlite_utils  # noqa: E402, F401

from storage.software import SOFTWARE  # noqa: E402

for _name in _unwanted:
    del sys.modules[_name]


def _number(name: str, usual: float, most: float = 1e6) -> float:
    """A number from the environment, 0 to `most`; ends the command with one line when it is none."""
    said = os.environ.get(name, "").strip()
    try:
        number = float(said or usual)
    except ValueError:
        number = -1
    if not 0 <= number <= most:
        sys.stderr.write(f"{name}={said}: a number from 0 to {most:,.0f} is asked for; left away it is {usual:g} (docs/settings.md)\n")
        raise SystemExit(2)
    return number


BOT_NAME = "cleancopy"
SPIDER_MODULES = ["crawler.spiders"]
NEWSPIDER_MODULE = "crawler.spiders"
# Our commands tell by exit status what happened; Scrapy's exit 0 whatever happens. Scrapy loads all that lie here before
# it runs one of them: the one that is asked for is named alone, which saves a run from cron half its start.
_NAMED = f"crawler.commands.{sys.argv[1]}" if len(sys.argv) > 1 and sys.argv[1].isidentifier() else ""
COMMANDS_MODULE = _NAMED if _NAMED and find_spec(_NAMED) else "crawler.commands"

# Where things are kept.
NEWS_ARCHIVE_URI = os.environ.get("NEWS_ARCHIVE_URI", "./archive")
NEWS_CATALOGUE = os.environ.get("NEWS_CATALOGUE", "")  # empty: catalogue.sqlite in the archive's folder
NEWS_SPOOL = os.environ.get("NEWS_SPOOL", "")  # empty: spool/ in the archive's folder, ./spool beside S3

# Who we are. A contact lets an outlet write to a person instead of blocking a program.
NEWS_CONTACT = os.environ.get("NEWS_CONTACT", "")
USER_AGENT = f"{SOFTWARE} (news archive; {NEWS_CONTACT or 'set NEWS_CONTACT'})"

# Manners: one request at a time an outlet, with a delay that grows with the outlet's own slowness.
DOWNLOAD_DELAY = _number("NEWS_DELAY", 1)
CONCURRENT_REQUESTS_PER_DOMAIN = 1
CONCURRENT_REQUESTS = 4  # what may wait for its turn: a run that ends early has little to let go
AUTOTHROTTLE_ENABLED = True
AUTOTHROTTLE_START_DELAY = DOWNLOAD_DELAY
ROBOTSTXT_OBEY = False  # crawler.network.manners does it: Scrapy takes a robots.txt that fails for permission
RETRY_ENABLED = False  # crawler.network.manners does it: Scrapy ignores Retry-After
NEWS_OBEY_ROBOTS = True
NEWS_RETRIES = 2  # further tries of one page after 429, 5xx, a broken connection or a body cut short
NEWS_RETRY_WAIT = _number("NEWS_RETRY_WAIT", 5)  # seconds before the first further try; doubles with each
NEWS_RETRY_AFTER_MOST = 120  # seconds; an outlet that asks for more is left until the next run
NEWS_PROBE = os.environ.get("NEWS_PROBE", "1") not in ("0", "")  # one page a day that cannot exist (crawler.impossible)
NEWS_BLOCKS_IN_A_ROW = 5  # then the run of this outlet ends

# Known stories are looked at again at these ages, for corrections and for what was taken away; empty: never.
NEWS_REVISITS = os.environ.get("NEWS_REVISITS", "30m 3h 1d 4d 14d")
NEWS_REVISIT_SHARE = _number("NEWS_REVISIT_SHARE", 0.25)  # of a run's pages; ten are always allowed

# What a server may do to us.
NEWS_ALLOW_ADDRESSES: list[str] = [a for a in os.environ.get("NEWS_ALLOW_ADDRESSES", "").split(",") if a]
TWISTED_DNS_RESOLVER = "crawler.network.addresses.CheckingResolver"
DOWNLOAD_TIMEOUT = 60
DOWNLOAD_MAXSIZE = 32 * 1024 * 1024
DOWNLOAD_VERIFY_CERTIFICATES = True
DOWNLOAD_HANDLERS = {
    "http": "crawler.network.wire.WireDownloadHandler",
    "https": "crawler.network.wire.WireDownloadHandler",
    "data": None,
    "file": None,
    "ftp": None,
    "s3": None,
}
COMPRESSION_ENABLED = False  # storage.archive decodes, the same way for the crawl and for re-extraction
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "*",
    "Accept-Encoding": "gzip, deflate, br",
}
METAREFRESH_ENABLED = False
REDIRECT_MAX_TIMES = 10
REFERRER_POLICY = "no-referrer"
COOKIES_ENABLED = False
HTTPPROXY_ENABLED = False
DUPEFILTER_CLASS = "scrapy.dupefilters.BaseDupeFilter"  # the catalogue's leads are the filter
REMOTE_CONTROL_ENABLED = False
TELNETCONSOLE_ENABLED = False

# What a request and its answer go through. The lists named _BASE are in the place of Scrapy's: of what is only switched off
# there, every start would load the code, and an HTTP client and a server with it.
_SCRAPY = "scrapy.downloadermiddlewares"
DOWNLOADER_MIDDLEWARES_BASE = {
    f"{_SCRAPY}.downloadtimeout.DownloadTimeoutMiddleware": 350,
    f"{_SCRAPY}.defaultheaders.DefaultHeadersMiddleware": 400,
    f"{_SCRAPY}.useragent.UserAgentMiddleware": 500,
    # Feeds, listings and sitemaps may live on other hosts than the stories; leads are judged by the outlet's hosts. A page
    # that sends its readers on is for crawler.outlet: bodies are still packed here.
    f"{_SCRAPY}.redirect.RedirectMiddleware": 600,
    f"{_SCRAPY}.stats.DownloaderStats": 850,
}
DOWNLOADER_MIDDLEWARES = {
    "crawler.network.manners.Manners": 550,
}
SPIDER_MIDDLEWARES_BASE = {  # without HttpError: the body of a 403 or 404 is judged like any other
    "scrapy.spidermiddlewares.start.StartSpiderMiddleware": 25,
    "scrapy.spidermiddlewares.referer.RefererMiddleware": 700,  # RedirectMiddleware warns where it is not
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": 800,
}
WARN_ON_GENERATOR_RETURN_VALUE = False  # it parses the source of every callback

# What becomes of a capture, in this order.
ITEM_PIPELINES = {
    "pipelines.stages.Refine": 100,
    "pipelines.stages.Keep": 200,
}
CONCURRENT_ITEMS = 16
NEWS_MEMORY = 500  # stories of an outlet by which passages that recur are known; 0: none
# Processes that judge and extract; 0: the crawl does it itself, and a page that hangs or crashes its parser takes it along.
NEWS_WORKERS = int(_number("NEWS_WORKERS", min(2, os.cpu_count() or 1), most=1024))

# Who is told when an outlet breaks (scrapy status).
NEWS_ALERT_WEBHOOK = os.environ.get("NEWS_ALERT_WEBHOOK", "")  # an address that JSON is posted to
NEWS_PROMETHEUS_FILE = os.environ.get("NEWS_PROMETHEUS_FILE", "")  # a file for node_exporter's textfile collector

EXTENSIONS_BASE = {
    "scrapy.extensions.corestats.CoreStats": 0,
    "scrapy.extensions.logcount.LogCount": 0,
    "scrapy.extensions.memusage.MemoryUsage": 0,
    "scrapy.extensions.closespider.CloseSpider": 0,
    "scrapy.extensions.feedexport.FeedExporter": 0,
    "scrapy.extensions.throttle.AutoThrottle": 0,
}
EXTENSIONS = {
    "crawler.progress.Progress": 10,
}
NEWS_LOG_JSON = os.environ.get("NEWS_LOG_JSON", "") not in ("", "0")  # the log as lines of JSON
LOG_LEVEL = os.environ.get("NEWS_LOG_LEVEL", "WARNING")
STATS_DUMP = False
LOG_VERSIONS: list[str] = []
FEED_EXPORT_ENCODING = "utf-8"
