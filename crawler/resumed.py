"""What a long command has done so far, so that it goes on there when it was interrupted: a small file beside the catalogue."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Self


class Resumed:
    """`with Resumed(path, asked) as before: … before.done …; before.add(name); before.finish()`.

    `asked`: what was asked for; the file of other words is begun anew. One JSON line each: the words, then what is done;
    a torn last line does not count.
    """

    def __init__(self, path: Path, asked: Mapping[str, object], *, afresh: bool = False) -> None:
        self.path = path
        self._head = json.dumps(asked, sort_keys=True)
        self.done: frozenset[str] = frozenset() if afresh else self._read()
        self._out: IO[str] | None = None

    def _read(self) -> frozenset[str]:
        try:
            head, *lines = self.path.read_text("utf-8", "replace").split("\n")
        except FileNotFoundError:
            return frozenset()
        if head != self._head:
            return frozenset()
        found = []
        for line in lines[:-1]:
            with contextlib.suppress(ValueError):
                found.append(str(json.loads(line)))
        return frozenset(found)

    def __enter__(self) -> Self:
        self._out = self.path.open("w", encoding="utf-8")
        self._out.write("".join(line + "\n" for line in (self._head, *map(json.dumps, sorted(self.done)))))
        self._out.flush()
        return self

    def __exit__(self, *_: object) -> None:
        if self._out is not None:
            self._out.close()

    def add(self, name: str) -> None:
        """This is done, and stays so when the process is killed."""
        if self._out is not None:
            self._out.write(json.dumps(name) + "\n")
            self._out.flush()

    def finish(self) -> None:
        """All is done: the next time begins anew."""
        self.path.unlink(missing_ok=True)
