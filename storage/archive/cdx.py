"""CDXJ: the index beside each WARC file, one line a response, sorted by bytes. What pywb and wacz look up.

A line is `<search key> <14 digits of time> <JSON>`; the search key is the URL with its host turned round
(SURT).
"""

from __future__ import annotations

import datetime as dt
import json
import re
import urllib.parse
from collections.abc import Iterable

from storage.archive.warcrecord import read_warc_date
from storage.records import WarcAddress

_DEFAULT_PORTS = {"http": 80, "https": 443}
_WWW = re.compile(r"^www\d*\.")


def line(address: WarcAddress, *, url: str, date: str, mime: str, status: int) -> str:
    """What is indexed of one record -> its line, without the line break. `date` is the record's WARC-Date."""
    at = read_warc_date(date).astimezone(dt.UTC).strftime("%Y%m%d%H%M%S")
    fields = {
        "url": url,
        "mime": mime,
        "status": str(status),
        "digest": address.payload_digest or "-",
        "length": str(address.length),
        "offset": str(address.offset),
        "filename": address.file.rpartition("/")[2],
    }
    return f"{search_key(url)} {at} {json.dumps(fields)}"


def mime(content_type: str | None) -> str:
    """Content-Type header -> the type alone, small letters; "unk" when there is none, as other indexers write
    it.
    """
    return (content_type or "").partition(";")[0].strip().lower() or "unk"


def index(lines: Iterable[str]) -> bytes:
    """Lines in any order -> the content of an index file."""
    return "".join(f"{each}\n" for each in sorted(lines)).encode("ascii", "backslashreplace")


def search_key(url: str) -> str:
    """URL -> its SURT form: `com,example)/path?a=1&b=2`. Scheme, `www.`, default port, fragment and case go."""
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return urllib.parse.quote(url.lower(), safe=":/?&=,%")
    turned = ",".join(reversed(_WWW.sub("", host.lower()).split(".")))
    if port and port != _DEFAULT_PORTS.get(parts.scheme):
        turned += f":{port}"
    query = "&".join(sorted(parts.query.lower().split("&"))) if parts.query else ""
    path = parts.path.lower().rstrip("/") or "/"
    key = f"{turned}){path}" + (f"?{query}" if query else "")
    return urllib.parse.quote(key, safe="!#$%&'()*+,/:;=?@[]~-._")
