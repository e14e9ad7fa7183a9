"""Every page of the site as data: its address, its template, and what makes it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from storage.views.browse import reading, watching
from storage.views.browse.questions import QUESTIONS
from storage.views.browse.site import Asked, Data, Site

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
