"""An address and an outlet -> whether a crawl would fetch it, and the first reason against it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from crawler.network.addresses import Network, refused_url
from crawler.network.robots import Robots


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What decides: the outlet's hosts and pattern, our user agent, private networks let through, the catalogue's
    connection (None: there is none, nothing is known)."""

    hosts: tuple[str, ...]
    article: str
    agent: str
    allow: tuple[Network, ...]
    known: sqlite3.Connection | None


def before_asking(url: str, rules: Rules) -> str | None:
    """URL -> why it would not be fetched, as far as nobody need be asked; None when nothing speaks against it."""
    parts = urlsplit(url)
    private = refused_url(url, rules.allow)
    if private:
        return f"refused address ({private})"
    if not belongs(parts.hostname, rules.hosts):
        return f"off host (the outlet is {', '.join(rules.hosts)})"
    if not re.search(rules.article, parts.path):
        return f"no story by the pattern {rules.article}"
    if rules.known is None:
        return None
    row = rules.known.execute("select state, outcome from leads where url = ?", (url,)).fetchone()
    if row is None or row[0] in ("announced", "leased"):
        return None
    return f"known: {row[0]}" + (f" ({row[1]})" if row[1] else "")


def by_robots(url: str, robots: Robots | None, agent: str) -> str | None:
    """URL and its host's robots.txt, None where that cannot be read -> why it would not be fetched."""
    if robots is None:
        return "robots.txt cannot be read: nothing is fetched"
    return None if robots.allowed(agent, url) else "robots.txt disallows it"


def belongs(host: str | None, hosts: Sequence[str]) -> bool:
    """Whether a host is one of the outlet's, or below one."""
    return any(host == ours or (host or "").endswith("." + ours) for ours in hosts)
