"""The city's gateway first, with what is held here beside it: both are asked at once, and neither waits for the other.

What both say is put together, as of any sources: presence in one beats absence in the other, and of two records the
newer counts, so an adverse one that the city has just learnt of overrides a good one that is held here. Where the city
does not answer in time, what is held here is all there is, and the decision says so.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from gate.errors import StatusUnavailable
from gate.status.merged import together
from gate.status.source import Found

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from gate.model import CodeReference
    from gate.status.lookup import Lookup
    from gate.status.source import StatusSource

T = TypeVar("T")


class OnlineFirst:
    """A ``StatusSource`` and a ``CodeGateway``.

    Args:
        city: asked first; keeps its own deadline.
        here: what answers without the network; None: nothing does.
        here_s: how long a person waits for that at most.
    """

    def __init__(self, city: Lookup, here: StatusSource | None, here_s: float) -> None:
        self._city = city
        self._here = here
        self._here_s = here_s

    async def find(self, holders: Sequence[bytes]) -> Found:
        said, held = await asyncio.gather(_or_none(self._city.find(holders)), _or_none(self._held(holders)))
        if said is None:
            if held is None or self._here is None:
                raise StatusUnavailable("neither the gateway nor a source that is held here answers")
            return replace(held, offline=True)
        if said.holder in holders:
            return _beside(said, held)
        return await self._with_held(said)  # the city knows the person by another document than was presented

    async def resolve(self, reference: CodeReference) -> Sequence[Found]:
        return [await self._with_held(person) for person in await self._city.resolve(reference)]

    async def _with_held(self, said: Found) -> Found:
        return _beside(said, await _or_none(self._held((said.holder,))))

    async def _held(self, holders: Sequence[bytes]) -> Found:
        if self._here is None:
            return Found(holders[0], None)
        try:
            async with asyncio.timeout(self._here_s):
                return await self._here.find(holders)
        except TimeoutError:
            raise StatusUnavailable("what is held here can't be read in time") from None


def _beside(said: Found, held: Found | None) -> Found:
    """What the city says, and what is held here; of permits that can't be read nobody knows."""
    if held is None:
        return replace(said, permits_known=False, complete=True)
    return replace(together(said, held), complete=True)


async def _or_none(question: Coroutine[None, None, T]) -> T | None:
    try:
        return await question
    except StatusUnavailable:
        return None
