"""An outlet that begins to block is noticed against its own history."""

from storage.catalogue.runs import began_to_block
from tests.conftest import Scrapy
from tests.raw_server import answer
from tests.test_crawl import FORBIDDEN, crawl, outlet, story


def test_only_what_is_many_and_more_than_usual_is_a_block() -> None:
    assert began_to_block(10, {"FORBIDDEN": 2, "CHALLENGE": 2}, {}) is not None
    assert began_to_block(10, {"FORBIDDEN": 2}, {}) is None, "too few to say"
    assert began_to_block(100, {"FORBIDDEN": 10}, {}) is None, "a tenth is no news"
    assert began_to_block(10, {"FORBIDDEN": 4}, {"FORBIDDEN": 0.3}) is None, "it is always like that there"
    assert began_to_block(10, {"NOT_FOUND": 9}, {}) is None


def test_a_run_in_which_blocks_begin_ends_with_status_4(scrapy_command: Scrapy) -> None:
    refusal = answer(FORBIDDEN, "403 Forbidden")
    pages = {n: answer(story(n)) if n % 3 else refusal for n in range(9)}
    with outlet({n: answer(story(n)) for n in range(20, 26)}) as server:
        assert crawl(server, scrapy_command).status == 0
    with outlet(pages) as server:
        done = crawl(server, scrapy_command)
    assert done.status == 4
    assert "3 of 9 pages were refused, 0% are usual there" in done.err
