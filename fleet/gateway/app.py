"""What gates talk to: the contract's two status questions, answered or refused in its words."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from datetime import UTC, datetime
from traceback import format_tb
from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route

from fleet.gateway.asking import Asking
from fleet.gateway.counts import Counts, What
from fleet.gateway.desk import Desk, Question
from fleet.gateway.door import Door
from fleet.gateway.trouble import TOO_OFTEN, Trouble, Unavailable
from fleet.plane.body import Refusal, read
from gate.errors import WireFault
from gate.wire.message import MEDIA_TYPE, NOT_SPOKEN, decode, encode, not_spoken
from gate.wire.status import CODE_PATH, HOLDER_PATH, CodeQuestion, HolderQuestion

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from fleet.gateway.config import Config

MOST_AT_ONCE: Final = 1024
"""Questions under way; more are told to come again."""
MOST_ASKED: Final = 16 * 1024
"""Bytes of a question."""
AGAIN_S: Final = 1
WRITE_EVERY_S: Final = 30
_KINDS: Final[dict[str, type[HolderQuestion | CodeQuestion]]] = {
    HOLDER_PATH: HolderQuestion,
    CODE_PATH: CodeQuestion,
}
LOG: Final = logging.getLogger("fleet.gateway")


def application(config: Config) -> Starlette:
    """A gateway."""
    gateway = Gateway(config)
    return Starlette(routes=[Route("/{path:path}", gateway.answer, methods=["POST", "GET"])], lifespan=gateway.lifespan)


class Gateway:
    """Everything that answers."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._door = Door(config.gates, config.token_key)
        self._desk = Desk(Asking(config.interfaces, config.pseudonyms), config.deadline_s, config.cache_s)
        self._counts = Counts(config.counts)
        self._under_way = 0

    @contextlib.asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        """Serve; forget and write meanwhile."""
        keeping = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            keeping.cancel()
            await asyncio.wait({keeping})
            self._desk.cache.clear()
            self._counts.write()
            for interface in self._config.interfaces:
                interface.close()

    async def _keep(self) -> None:
        while True:
            for _ in range(WRITE_EVERY_S):
                await asyncio.sleep(1)
                self._desk.cache.expire(time.monotonic())
            self._counts.write()

    async def answer(self, request: Request) -> Response:
        """Answer one question; whatever happens, in the contract's words."""
        try:
            address = self._door.address("" if request.client is None else request.client.host)
        except Refusal as refusal:
            return refusal.answer()
        if request.method != "POST":  # gates also come to see what time it is
            return Refusal(404, "there is nothing to get here").answer()
        try:
            gate = self._door.gate(address, request.headers.get("authorization", ""), time.time())
        except Refusal as refusal:
            self._counts.count(address, What.UNKNOWN, datetime.now(UTC))
            return refusal.answer()
        return await self._answer(request, gate)

    async def _answer(self, request: Request, gate: str) -> Response:
        if (strange := not_spoken(request.headers.get("content-type"))) is not None:
            self._counts.count(gate, What.WRONG, datetime.now(UTC))
            return Response(encode(strange), NOT_SPOKEN, media_type=MEDIA_TYPE)
        try:
            answer, what = await self._answered(await self._question(request), gate)
        except (Refusal, WireFault, ClientDisconnect, Unavailable) as fault:
            refusal, what = _refused(fault)
        except Exception as fault:  # noqa: BLE001 - its message is left out: it could name somebody
            LOG.error("gateway-fault kind=%s at=%r", type(fault).__name__, format_tb(fault.__traceback__)[-3:])
            refusal, what = Refusal(500, "a fault of the gateway's"), What.UNAVAILABLE
        else:
            self._counts.count(gate, what, datetime.now(UTC))
            return Response(answer, media_type=MEDIA_TYPE)
        self._counts.count(gate, what, datetime.now(UTC))
        return refusal.answer()

    async def _question(self, request: Request) -> Question:
        kind = _KINDS.get(request.url.path)
        if kind is None:
            raise Refusal(404, "there is nothing here")
        return decode(await read(request, MOST_ASKED), kind)

    async def _answered(self, question: Question, gate: str) -> tuple[bytes, What]:
        if self._under_way >= MOST_AT_ONCE:
            raise Unavailable("the gateway", Trouble.BUSY)
        self._under_way += 1
        try:
            return await self._desk.answer(question, gate)
        finally:
            self._under_way -= 1


def _refused(fault: Exception) -> tuple[Refusal, What]:
    """A refusal, and as what it counts."""
    match fault:
        case Unavailable(trouble=trouble) if trouble in TOO_OFTEN:
            return Refusal(429, str(fault), AGAIN_S), What.TOO_OFTEN
        case Unavailable():
            return Refusal(503, str(fault), AGAIN_S), What.UNAVAILABLE
        case Refusal():
            return fault, What.WRONG
        case ClientDisconnect():
            return Refusal(400, "the question broke off"), What.WRONG
        case _:
            return Refusal(400, str(fault)), What.WRONG
