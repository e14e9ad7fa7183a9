"""What servers do to a crawler, each on a real socket of the loopback: forty behaviours, some in several forms.

`with Hostile(Pace(hold=5)) as hostile:` then `hostile.url(behaviour)` for one of BEHAVIOURS, `hostile.hub` for a feed
of all, `hostile.requests` for what was asked. A crawl under test is let through to ALLOWED and to nothing else.
"""

from tests.hostile.server import ALLOWED, BEHAVIOURS, Hostile, after_path, paragraphs
from tests.hostile.visit import Behaviour, Pace

__all__ = ["ALLOWED", "BEHAVIOURS", "Behaviour", "Hostile", "Pace", "after_path", "paragraphs"]
