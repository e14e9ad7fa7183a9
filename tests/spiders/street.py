"""The outlets of the street that the environment names (tests/street.py)."""

from crawler.outlet import OutletSpider
from tests.street import outlets

for _name, _home in outlets().items():
    _members = {
        "name": _name,
        "title": _name,
        "home": _home,
        "feeds": ("/feed.xml",),
        "article": "^/story/",
        "__module__": __name__,
    }
    globals()[_name.replace("-", "_")] = type(_name, (OutletSpider,), _members)
