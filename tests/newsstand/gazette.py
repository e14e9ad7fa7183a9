"""Pages of The Lowland Gazette, built from tables in 1999 and never since: windows-1252, no metadata, no paragraphs."""

from __future__ import annotations

from html import escape

from tests.newsstand.menafn import Links, passages
from tests.newsstand.plan import Fault, Printing

NAME = "The Lowland Gazette"
RIGHTS = "© 2026 The Lowland Gazette. Reproduction of any part needs written permission of the publisher."
ADVERT = "Boersma & Sons, roofing since 1921. Ring 0114 496 0000 for a free estimate."
FURNITURE = (RIGHTS, ADVERT, "Printer friendly version", "Tell a friend", "Other news")
NOWHERE = "Sorry, this story is no longer in our database."


def furniture(_page: Printing) -> tuple[str, ...]:
    """What is on a page of this outlet and is no part of the story."""
    return FURNITURE


def render(page: Printing, related: Links) -> str:
    """A printing and other stories to point to -> the page, as text that windows-1252 can hold."""
    if page.fault is Fault.MISSING:
        return frame(NAME, f"<b>{NOWHERE}</b><br>Please use the search.", related)
    day = page.published
    if page.number % 2:
        text = "<br><br>\n".join(escape(block.text, quote=False) for block in page.blocks)
        body = f'<font face="Times New Roman" size="3">{text}</font>'
    else:
        body = passages(page.blocks)
    author = page.wire.author if page.wire else "our staff"
    story = f"""<h2>{escape(page.headline, quote=False)}</h2>
<font size="1" color="#666666">{day.day} {day:%B %Y} | by {escape(author)}</font><hr noshade>
{body}
<hr noshade><font size="1"><a href="/print.asp?sid={page.number}">Printer friendly version</a> |
<a href="/tell.asp">Tell a friend</a></font>"""
    return frame(f"{page.headline} - {NAME}", story, related)


def frame(title: str, middle: str, related: Links) -> str:
    """The three columns around a story."""
    rows = "".join(
        f'<tr><td><font size="2"><a href="{escape(to)}">{escape(words)}</a></font></td></tr>' for words, to in related[:6]
    )
    return f"""<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN">
<HTML>
<HEAD><META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset=iso-8859-1">
<TITLE>{escape(title)}</TITLE></HEAD>
<BODY BGCOLOR="#FFFFFF">
<CENTER><TABLE WIDTH="760" BORDER="0" CELLPADDING="6">
<TR><TD COLSPAN="3" BGCOLOR="#003366"><FONT COLOR="#FFFFFF" SIZE="5">{NAME}</FONT></TD></TR>
<TR VALIGN="top">
<TD WIDTH="120" BGCOLOR="#EEEEEE"><a href="/">Front page</a><br><a href="/archive.asp">Archive</a><br>
<a href="/contact.asp">Contact</a></TD>
<TD WIDTH="480">
{middle}
</TD>
<TD WIDTH="160"><table border="1"><tr><td><b>Other news</b></td></tr>{rows}</table>
<p><font size="1">{escape(ADVERT)}</font></p></TD>
</TR>
<TR><TD COLSPAN="3" ALIGN="center"><FONT SIZE="1">{RIGHTS}</FONT></TD></TR>
</TABLE></CENTER>
</BODY>
</HTML>
"""


def listing(entries: Links) -> str:
    """The front page."""
    rows = "<br>\n".join(f'<a href="{escape(to)}">{escape(words)}</a>' for words, to in entries)
    return frame(NAME, rows, entries)
