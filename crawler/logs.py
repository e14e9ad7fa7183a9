"""The log as lines of JSON, for programs that collect logs (NEWS_LOG_JSON)."""

from __future__ import annotations

import datetime as dt
import json
import logging


class JsonLines(logging.Formatter):
    """A record of the log -> one line: `at` (UTC), `level`, `logger`, `message`, and `error` with the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "at": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "error": self.formatException(record.exc_info) if record.exc_info else None,
        }
        # ASCII: no control character or line break of a page can forge a line.
        return json.dumps({name: value for name, value in fields.items() if value is not None}, ensure_ascii=True)


def log_as_json() -> None:
    """From now on every handler of the log writes JSON."""
    for handler in logging.getLogger().handlers:
        handler.setFormatter(JsonLines())
