"""The log as JSON: a line an event, whatever stands in it."""

from __future__ import annotations

import json
import logging

from crawler.progress import JsonLines
from tests.conftest import Scrapy
from tests.raw_server import RawServer


def test_a_line_a_record_with_its_traceback() -> None:
    try:
        raise ValueError("no\npage")
    except ValueError as error:
        told = (type(error), error, error.__traceback__)
    record = logging.LogRecord("crawl", logging.WARNING, "x.py", 1, "page %s", ("\x1b[31m\n\u2028",), told)
    line = JsonLines().format(record)
    assert line.isascii() and "\n" not in line and "\x1b" not in line
    fields = json.loads(line)
    assert (fields["level"], fields["logger"], fields["message"]) == ("WARNING", "crawl", "page \x1b[31m\n\u2028")
    assert "ValueError: no" in fields["error"] and fields["at"].endswith("Z")


def test_the_log_of_a_crawl_is_json_when_that_is_set(scrapy_command: Scrapy) -> None:
    with RawServer({}) as server:
        done = scrapy_command(
            "crawl", "menafn", "--json", "-a", f"origin={server.url}", NEWS_LOG_JSON="1", NEWS_LOG_LEVEL="INFO"
        )
    lines = done.err.splitlines()
    begun = next(number for number, line in enumerate(lines) if line.startswith("{"))
    logged = [json.loads(line) for line in lines[begun:-1]]
    assert done.status == 3 and "could not be read: status 404" in lines[-1]
    assert all({"at", "level", "logger", "message"} <= set(each) for each in logged)
    assert logged[-1]["message"] == "Spider closed (unreadable)"
