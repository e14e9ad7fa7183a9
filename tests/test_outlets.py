"""What is read from a saved page of each outlet is what a person found right. `scrapy addoutlet` saves both files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader

from crawler.commands.addoutlet import expected
from crawler.outlet import OutletSpider

FOLDER = Path(__file__).parent / "outlets"
SPIDERS = {
    name: spider
    for loader in [SpiderLoader.from_settings(Settings({"SPIDER_MODULES": ["crawler.spiders"]}))]
    for name in loader.list()
    if issubclass(spider := loader.load(name), OutletSpider)
}


@pytest.mark.parametrize("name", SPIDERS)
def test_a_saved_page_is_read_as_expected(name: str) -> None:
    stem = name.replace("-", "_")
    told = json.loads((FOLDER / f"{stem}.json").read_text(encoding="utf-8"))
    body = (FOLDER / f"{stem}.html").read_bytes()
    assert expected(SPIDERS[name]().profile, told["url"], body, told["contentType"]) == told
