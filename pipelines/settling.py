"""Endings that are durable, said to the catalogue several at a time: a transaction costs as much as its rows."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence

from storage.records import Ending

_TOGETHER, _MOMENT = 8, 0.15  # endings that are enough for a transaction, and seconds in which they gather


class Settling:
    """Gathers endings for `settle`, which is called on the loop of whoever waits. Should the run be killed meanwhile, the
    ledger says it."""

    def __init__(self, settle: Callable[[Sequence[Ending]], None]) -> None:
        self._settle = settle
        self._durable: list[Ending] = []
        self._going: asyncio.Future[None] | None = None
        self._enough = asyncio.Event()

    async def settled(self, ending: Ending) -> None:
        """Returns when the ending has been settled, with others that came within a moment; raises what `settle` raised."""
        if self._going is None:
            self._going = asyncio.ensure_future(self._together())
        self._durable.append(ending)
        if len(self._durable) >= _TOGETHER:
            self._enough.set()
        await asyncio.shield(self._going)

    async def _together(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._enough.wait(), _MOMENT)
        endings, self._durable, self._going = self._durable, [], None
        self._enough.clear()
        self._settle(endings)
