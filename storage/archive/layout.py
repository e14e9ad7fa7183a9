"""A document -> its JSON text, a field a line: the bytes that `json.dumps(…, ensure_ascii=False, indent=1)` gives, in a third
of its time. The standard library leaves its C encoder as soon as it is to indent.
"""

from __future__ import annotations

import json
from json.encoder import encode_basestring
from math import isfinite

_NAMED = {None: "null", True: "true", False: "false"}
_plain = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def laid_out(value: object, indent: str = "\n") -> str:
    """Objects with text as keys, lists, text, numbers, truth values and None -> JSON. The depth of what is written here is
    that of the records, never that of a page. TypeError or ValueError for what is no JSON."""
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, dict):
        if not value:
            return "{}"
        inner = indent + " "
        fields = [
            f"{encode_basestring(name)}: {encode_basestring(each) if type(each) is str else laid_out(each, inner)}"
            for name, each in value.items()
        ]
        return "{" + inner + f",{inner}".join(fields) + indent + "}"
    if isinstance(value, list | tuple):
        if not value:
            return "[]"
        inner = indent + " "
        lines = [encode_basestring(each) if type(each) is str else laid_out(each, inner) for each in value]
        return "[" + inner + f",{inner}".join(lines) + indent + "]"
    if type(value) is float and isfinite(value):
        return float.__repr__(value)
    return _NAMED[value] if value is None or value is True or value is False else _plain(value)
