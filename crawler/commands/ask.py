"""scrapy ask KIND: the chain for other programs. JSON objects on standard input, one a line; answers likewise.

No network, no archive, one process for thousands of questions.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

from scrapy.exceptions import UsageError

from crawler.answers import answer_page
from crawler.command import CheckedCommand
from crawler.console import write_json_line
from crawler.discovery import answers

Answer = Callable[[dict[str, Any]], Mapping[str, Any]]

KINDS: dict[str, Answer] = {
    "page": answer_page,
    "feed": answers.answer_feed,
    "sitemap": answers.answer_sitemap,
    "links": answers.answer_links,
    "robots": answers.answer_robots,
    "url": answers.answer_url,
    "address": answers.answer_address,
}


class Command(CheckedCommand):
    """Answers questions in JSON lines; a question that cannot be read is answered with `error`."""

    usage = "KIND < QUESTIONS > ANSWERS"
    short = "Answer JSON lines from other programs (page, feed, sitemap, links, robots, url, address)"
    long = (
        'One JSON object a line on standard input, for KIND page as in {"id": 1, "url": "https://…", "body_b64": "…", '
        '"headers": {"Content-Type": "text/html"}, "status": 200}; one a line on standard output, with id and the '
        f"answer, or id and error. KIND is one of: {', '.join(KINDS)}."
    )

    def work(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1 or args[0] not in KINDS:
            raise UsageError(f"Name a kind of question: {', '.join(KINDS)}")
        answer = KINDS[args[0]]
        for line in sys.stdin.buffer:
            if line.strip():
                write_json_line(answered(answer, line))


def answered(answer: Answer, line: bytes) -> Mapping[str, Any]:
    """A line -> the answer to the question on it, or {"id", "error"}."""
    try:
        question = json.loads(line)
    except (ValueError, RecursionError) as error:
        return {"id": None, "error": f"not JSON: {error}"}
    if not isinstance(question, dict):
        return {"id": None, "error": "a question is a JSON object"}
    try:
        return answer(question)
    except (ValueError, TypeError) as error:
        return {"id": question.get("id"), "error": str(error)}
