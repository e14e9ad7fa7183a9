"""The settings, with the street's outlets instead of ours."""

from crawler.settings import *  # noqa: F403

SPIDER_MODULES = ["tests.spiders.street"]
