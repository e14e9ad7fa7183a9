"""Pages that send their reader on, and pages that only look so."""

from __future__ import annotations

import pytest

from crawler.outlet import sends_on
from storage.records import Lead
from tests.exchanges import exchange, page

URL = "http://news.example/a"
LEAD = Lead(url=URL, outlet="daily", source="feed")
ON = b'<meta http-equiv="Refresh" content="0; url=/b?x=1">'


@pytest.mark.parametrize("packed", [True, False])
def test_a_stub_sends_on_whatever_its_coding(packed: bool) -> None:
    assert (
        sends_on(exchange(URL, b"<html><head>" + ON + b"</head>Moved.</html>", packed=packed), LEAD)
        == "http://news.example/b?x=1"
    )


@pytest.mark.parametrize(
    "body",
    [
        ON + page(size=20_000),
        b"<noscript>" + ON + b"</noscript>",
        b'<meta http-equiv="refresh" content="0; url=http://news.example/a#top">',
        b'<meta http-equiv="refresh" content="1800">',
        b'<meta http-equiv="refresh" content="0; url=javascript:alert(1)">',
        b"",
    ],
)
def test_what_stays(body: bytes) -> None:
    assert sends_on(exchange(URL, body), LEAD) is None
    assert sends_on(exchange(URL, ON, status=b"404 Not Found"), LEAD) is None
