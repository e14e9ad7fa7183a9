"""The log as JSON: a line an event, whatever stands in it."""

from __future__ import annotations

import json
import logging

from crawler.progress import JsonLines


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
