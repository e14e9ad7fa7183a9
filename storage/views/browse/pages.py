"""Every page of the site as data: its address, its template, and what makes it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict

from storage.views.browse import reading, watching
from storage.views.browse.site import Asked, Data, Site


class Question(TypedDict):
    """A canned query: its title, what it tells, its SQL. `:name` in the SQL is asked for on the page."""

    title: str
    description: str
    sql: str


QUESTIONS: dict[str, Question] = {
    "newest": {
        "title": "Newest articles",
        "description": "The last 100 that came in, with where their clean copy lies.",
        "sql": """select fetched_at, outlet, provider, language, headline, relation, canonical, clean_key
from articles where current = 1 order by id desc limit 100""",
    },
    "outcomes": {
        "title": "Outcomes of an outlet's captures by day",
        "description": "Give the name of an outlet; the last 400 days and outcomes.",
        "sql": """select substr(fetched_at, 1, 10) as day, outcome, kind, count(*) as captures
from captures where outlet = :outlet group by 1, 2, 3 order by 1 desc, 2, 3 limit 400""",
    },
    "much-copied": {
        "title": "Much copied stories",
        "description": "Stories on most addresses among the last 20,000 articles.",
        "sql": """select cluster, count(*) as addresses, count(distinct outlet) as outlets, min(headline) as one_headline,
  min(fetched_at) as first_fetched from (select * from articles where current = 1 order by id desc limit 20000)
group by cluster having count(*) > 1 order by 2 desc, 5 limit 100""",
    },
    "revised": {
        "title": "Stories that changed",
        "description": "Articles with more than one version among the last 20,000 revisions.",
        "sql": """select article, outlet, count(*) as versions, max(headline) as headline, max(fetched_at) as changed_at
from (select * from articles order by id desc limit 20000) group by article having count(*) > 1
order by changed_at desc limit 100""",
    },
    "waiting": {
        "title": "Leads that wait",
        "description": "Addresses of an outlet that wait for a run: heard of and not fetched, or to be asked for once more; oldest first.",
        "sql": """select url, source, title, announced_at, attempts, not_before from leads
where outlet = :outlet and state in ('announced', 'leased') order by not_before, announced_at limit 200""",
    },
}


Build = Callable[[sqlite3.Connection, Site, Asked], Data]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """`path` is a regular expression whose named groups are Asked.parts; with ".json" after it the page is JSON."""

    path: str
    template: str
    build: Build

    @property
    def address(self) -> str:
        """The regular expression of the page's addresses."""
        return self.path if self.path == "/" else self.path + r"(?P<form>\.json)?"


def _questions(connection: sqlite3.Connection, site: Site, asked: Asked) -> Data:
    return {"questions": [{"name": name, **question} for name, question in QUESTIONS.items()]}


_ID = r"[0-9a-f]{6,64}"
PAGES: tuple[Page, ...] = (
    Page(path="/", template="search.html", build=reading.search),
    Page(path="/search", template="search.html", build=reading.search),
    Page(path=f"/story/(?P<article>{_ID})", template="story.html", build=reading.read),
    Page(path=rf"/compare/(?P<old>{_ID}|\d+)/(?P<new>{_ID}|\d+)", template="compare.html", build=reading.compare),
    Page(path="/quarantine", template="quarantine.html", build=reading.quarantine),
    Page(path=r"/capture/(?P<capture>\d{1,15})", template="capture.html", build=reading.capture),
    Page(path="/outlets", template="outlets.html", build=watching.outlets),
    Page(path=r"/outlet/(?P<outlet>[a-z][a-z0-9._-]{0,63}?)", template="outlet.html", build=watching.outlet),
    Page(path="/runs", template="runs.html", build=watching.runs),
    Page(path=r"/run/(?P<run>[0-9TZa-f-]{5,64})", template="run.html", build=watching.run),
    Page(path="/operator", template="operator.html", build=watching.operator),
    Page(path="/questions", template="questions.html", build=_questions),
)
