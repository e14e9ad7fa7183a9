"""Filters of a selection -> the small sets of articles that they leave, found in indexes alone.

A filter that leaves many articles is cheap to check row by row: what is asked for comes soon. One that leaves few would
make a search read the whole catalogue; so it is answered from its index first.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from storage.records import Relation
from storage.views.figures import languages, providers

FEW = 50_000
"""Articles that a filter leaves at most to be worth a set of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed:
    """Sub-selects of ids with how many they give, fewest first, and the values that they name."""

    sets: tuple[tuple[int, str], ...] = ()
    values: Mapping[str, object] = field(default_factory=dict)


def narrowed(connection: sqlite3.Connection, values: Mapping[str, object], relations: Iterable[Relation]) -> Narrowed:
    """Values of a selection (outlet, since, until, language, provider, each None where nothing is asked; language and
    provider in lower case) and relations -> the sets worth having."""
    named: dict[str, object] = {}
    conditions = []
    span = [f"fetched_at {sign} :{name}" for name, sign in (("since", ">="), ("until", "<")) if values[name] is not None]
    if values["outlet"] is not None:
        conditions.append(" and ".join(["outlet = :outlet", *span]))
    elif span:
        conditions.append(" and ".join(span))
    if values["language"] is not None:
        wanted = str(values["language"])
        known = [name for name in languages(connection) if name.lower() == wanted or name.lower().startswith(f"{wanted}-")]
        conditions.append(_among("language", known, named))
    if values["provider"] is not None:
        known = [name for name in providers(connection) if name.lower() == values["provider"]]
        conditions.append(_among("provider", known, named))
    if asked := list(relations):
        conditions.append(_among("relation", asked, named))
    every = {**values, **named}
    counted = sorted((_count(connection, condition, every), condition) for condition in conditions)
    sets = tuple((count, f"select id from articles where {condition}") for count, condition in counted if count <= FEW)
    return Narrowed(sets=sets, values=named)


def _among(column: str, names: Iterable[str], named: dict[str, object]) -> str:
    marks = {f"{column}_{number}": name for number, name in enumerate(names)}
    named.update(marks)
    return f"{column} in ({', '.join(f':{mark}' for mark in marks)})"


def _count(connection: sqlite3.Connection, condition: str, values: Mapping[str, object]) -> int:
    query = f"select count(*) from (select 1 from articles where {condition} limit {FEW + 1})"
    return int(connection.execute(query, dict(values)).fetchone()[0])
