"""Settings from the environment: what is no number is one clear line, whatever the command."""

from __future__ import annotations

import subprocess
import sys

import pytest

from crawler.arguments import fault_of_outlet
from crawler.outlet import OutletSpider
from tests.conftest import ROOT, Scrapy


@pytest.mark.parametrize(
    ("name", "value"), [("NEWS_DELAY", "abc"), ("NEWS_DELAY", "-1"), ("NEWS_REVISIT_SHARE", "nan"), ("NEWS_WORKERS", "1e999")]
)
def test_what_is_no_number_is_one_line(scrapy_command: Scrapy, name: str, value: str) -> None:
    done = scrapy_command("search", "port", **{name: value})
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith(f"{name}={value}: a number from 0 to 1") and done.err.count("\n") == 1


def test_an_empty_value_is_as_none(scrapy_command: Scrapy) -> None:
    assert "a number" not in scrapy_command("search", "port", NEWS_DELAY="").err


def loaded(*modules: str) -> set[str]:
    """Modules that a fresh Python has loaded with these."""
    program = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_commands_that_only_read_load_nothing_of_the_extraction() -> None:
    named = ("merge", "split", "status", "schedule", "forget", "browse", "archive", "report", "crawl")
    modules = ("crawler.settings", *(f"crawler.commands.{name}" for name in named), "crawler.spiders.menafn")
    assert {"numpy", "aiohttp", "boto3", "pipelines.chain"} & loaded(*modules) == set()


def test_commands_that_only_read_load_nothing_that_fetches() -> None:
    named = ("merge", "split", "status", "search", "story", "export", "browse", "archive", "report", "quarantine")
    assert {"crawler.outlet", "crawler.network.wire"} & loaded(*(f"crawler.commands.{name}" for name in named)) == set()


def test_a_setting_of_an_extension_is_let_by(scrapy_command: Scrapy) -> None:
    done = scrapy_command("archive", "du", "-s", "MYEXT_ENABLED=1")
    assert "holds no archive" in done.err and "MYEXT_ENABLED" not in done.err


def test_a_language_that_is_no_text_is_told() -> None:
    class Odd(OutletSpider):
        name, home, language = "odd", "https://odd.example/", 5  # type: ignore[assignment]

    assert fault_of_outlet(Odd) == "The outlet 'odd': language is 5, and a code is asked for, as en."
