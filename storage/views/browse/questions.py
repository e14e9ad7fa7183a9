"""Questions to the catalogue that have an address of their own: datasette answers them as a page, JSON and CSV."""

from __future__ import annotations

from typing import TypedDict


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
        "description": "Addresses of an outlet that were heard of and not fetched yet, oldest first.",
        "sql": """select url, source, title, announced_at, attempts, not_before from leads
where outlet = :outlet and state in ('announced', 'leased') order by not_before, announced_at limit 200""",
    },
}
