"""The application that gates talk to: what is asked where, who may, and how much at once."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import TYPE_CHECKING, Final

import psycopg
from psycopg_pool import PoolTimeout, TooManyRequests
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from fleet.plane import body as bodies
from fleet.plane.access import Access
from fleet.plane.audit import Audit
from fleet.plane.beats import Beats
from fleet.plane.body import Refusal, said
from fleet.plane.database import CLAIMS_KEY, TOKEN_SECRET, pool_of, secret
from fleet.plane.devices import Devices
from fleet.plane.enrolment import Enrolment
from fleet.plane.limits import Rates
from fleet.plane.metrics import Metrics
from fleet.plane.passages import Passages
from fleet.plane.scrape import Scrape
from fleet.plane.writing import QuarantineFull
from gate.errors import WireFault
from gate.wire import enrol, heartbeat, inventory, passages
from gate.wire.claims import Declined
from gate.wire.enrol import EnrolRequest, Refused
from gate.wire.heartbeat import Heartbeat
from gate.wire.inventory import Inventory, InventoryAnswer
from gate.wire.message import MEDIA_TYPE, MOST_BYTES, NOT_SPOKEN, decode, encode, not_spoken
from gate.wire.passages import open_batch
from gate.wire.token import CHALLENGE_PATH, TOKEN_PATH, ChallengeRequest, TokenRequest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from psycopg import AsyncConnection
    from psycopg_pool import AsyncConnectionPool
    from starlette.types import ASGIApp, Receive, Scope, Send

    from fleet.plane.devices import Known
    from fleet.plane.enrolment import Entrance

MOST_AT_ONCE: Final = 2048
"""Questions under way, two seconds of them; more are told to come again."""
UPLOADS_AT_ONCE: Final = 6
"""Each may take 8 MiB of memory while it is unpacked, and heartbeats wait while one is; more are no faster."""
SMALL: Final = 2048
"""Bytes of an upload that waits for none of those: a few rows, and no more of them unpacked than of a heartbeat."""
MOST_UPLOADS: Final = 64
"""That wait for their turn: seconds, and no heartbeat is turned away for them."""
MOST_ASKED: Final = 16 * 1024
"""Bytes of a question that anybody may ask."""
MOST_TOLD: Final = 64 * 1024
"""Bytes of a heartbeat or an inventory."""
AGAIN_S: Final = 5
UPLOAD_AGAIN_S: Final = 15
FULL_AGAIN_S: Final = 3600
SAY_AGAIN_S: Final = 10.0

LOG = logging.getLogger("fleet.plane")


def application(dsn: str, entrance: Entrance, metrics_port: int | None = None) -> ASGIApp:
    """The device plane over a database.

    Args:
        dsn: how to connect.
        entrance: how gates know this server.
        metrics_port: what comes in there is Prometheus, and gets nothing else; None: nowhere.
    """
    plane = Plane(dsn, entrance, metrics_port)
    start_and_end = Starlette(lifespan=plane.lifespan)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await start_and_end(scope, receive, send)
            return
        # Routes and their layers would cost as much as a heartbeat does.
        found = await plane.answer(Request(scope, receive))
        await found(scope, receive, send)

    return answer


class Plane:
    """Everything that answers, once the database is there."""

    def __init__(self, dsn: str, entrance: Entrance, metrics_port: int | None) -> None:
        self._dsn = dsn
        self._entrance = entrance
        self._metrics_port = metrics_port
        self._under_way = 0
        self._uploading = 0
        self._uploads = asyncio.Semaphore(UPLOADS_AT_ONCE)
        self._rates = Rates()
        self._said_at = float("-inf")

    @contextlib.asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        """Open the database, serve, write what has gathered."""
        async with pool_of(self._dsn) as pool:
            await self._ready(pool)
            writing = asyncio.create_task(self._beats.run())
            try:
                yield
            finally:
                writing.cancel()
                await asyncio.wait({writing})
                await self._beats.flush()

    async def _ready(self, pool: AsyncConnectionPool[AsyncConnection]) -> None:
        audit, devices = Audit(pool), Devices(pool)
        token_secret, claims_key = await secret(pool, TOKEN_SECRET), await secret(pool, CLAIMS_KEY)
        self._audit = audit
        self._access = Access(pool, devices, audit, self._entrance.url, token_secret)
        self._enrolment = Enrolment(pool, audit, self._entrance, claims_key)
        self._passages = Passages(pool)
        self._beats = Beats(pool)
        self._anybody: dict[str, Callable[[bytes], Awaitable[Response]]] = {
            CHALLENGE_PATH: self._challenge,
            TOKEN_PATH: self._token,
            enrol.PATH: self._enrol,
        }
        self._gates: dict[str, Callable[[Known, bytes], Awaitable[Response]]] = {
            passages.PATH: self._upload,
            heartbeat.PATH: self._heartbeat,
            inventory.PATH: self._inventory,
        }
        self._metrics = Metrics([*self._anybody, *self._gates])
        self._scrape = Scrape(pool, self._metrics)

    async def answer(self, request: Request) -> Response:
        """Answer one question, and count it."""
        if self._metrics_port is not None and request.scope["server"][1] == self._metrics_port:
            return await self._scrape.answer(request, self._under_way)
        began = time.monotonic()
        found = await self._in_words(request)
        self._metrics.answered(request.url.path, found.status_code, time.monotonic() - began)
        return found

    async def _in_words(self, request: Request) -> Response:
        """Whatever happens, the contract has words for it."""
        try:
            with self._counted():
                return await self._routed(request)
        except Refusal as refusal:
            return refusal.answer()
        except WireFault as fault:
            return Refusal(400, str(fault)).answer()
        except ClientDisconnect:
            return Refusal(400, "the question broke off").answer()
        except (psycopg.OperationalError, PoolTimeout, TooManyRequests) as fault:
            self._away(fault)
            return Refusal(503, "the server can't keep anything at the moment; come again", AGAIN_S).answer()
        except Exception:
            LOG.exception("a fault of the server's")
            return Refusal(500, "a fault of the server's").answer()

    def _away(self, fault: Exception) -> None:
        """One line now and then: a city's gates ask all the same."""
        if (now := time.monotonic()) >= self._said_at + SAY_AGAIN_S:
            self._said_at = now
            LOG.warning("database-away why=%r", str(fault)[:200])

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        if self._under_way >= MOST_AT_ONCE:
            raise Refusal(503, "too much is asked at once; come again", AGAIN_S)
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1

    async def _routed(self, request: Request) -> Response:
        if request.method != "POST":
            raise Refusal(404, "there is nothing to get here")
        if (strange := not_spoken(request.headers.get("content-type"))) is not None:
            return Response(encode(strange), NOT_SPOKEN, media_type=MEDIA_TYPE)
        if (anybody := self._anybody.get(request.url.path)) is not None:
            return await anybody(await bodies.read(request, MOST_ASKED))
        return await self._from_gate(request)

    async def _from_gate(self, request: Request) -> Response:
        gate = await self._access.gate(request.headers.get("authorization", ""))
        if gate is None:
            raise Refusal(401, "no token, or one that is not good any more")
        if not self._rates.allows(gate.id, time.monotonic()):
            raise Refusal(429, "this gate asks too often", AGAIN_S)
        if (answers := self._gates.get(request.url.path)) is None:
            raise Refusal(404, "there is nothing here")
        if request.url.path == passages.PATH and int(request.headers.get("content-length", MOST_BYTES)) > SMALL:
            async with self._turn():
                return await answers(gate, await bodies.read(request, MOST_BYTES))
        return await answers(gate, await bodies.read(request, MOST_TOLD))

    @contextlib.asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._uploading >= MOST_UPLOADS:
            raise Refusal(503, "too many gates upload at once; come again", UPLOAD_AGAIN_S)
        self._uploading += 1
        try:
            async with self._uploads:
                yield
        finally:
            self._uploading -= 1

    async def _challenge(self, body: bytes) -> Response:
        return said(self._access.challenge(decode(body, ChallengeRequest)))

    async def _token(self, body: bytes) -> Response:
        asked = decode(body, TokenRequest)
        try:
            return said(await self._access.token(asked))
        except WireFault as fault:
            raise Refusal(401, str(fault)) from None

    async def _enrol(self, body: bytes) -> Response:
        asked = decode(body, EnrolRequest)
        try:
            return said(await self._enrolment.enrol(asked))
        except Declined as declined:
            refusal = Refused(why=str(declined), reason=declined.reason.value)
            return Response(encode(refusal), enrol.REFUSED, media_type=MEDIA_TYPE)

    async def _upload(self, gate: Known, body: bytes) -> Response:
        batch = open_batch(body)
        if batch.device != gate.name:
            await self._of_another(gate, batch.device)
        try:
            taken = await self._passages.take(gate, batch)
        except QuarantineFull:
            why = "too many of this gate's rows are in quarantine; somebody must look"
            raise Refusal(503, why, FULL_AGAIN_S) from None
        refused = sum(one.result == "refused" for one in taken.rows)
        self._metrics.rows(len(taken.rows) - refused, refused)
        return said(taken)

    async def _heartbeat(self, gate: Known, body: bytes) -> Response:
        beat = decode(body, Heartbeat)
        if beat.device != gate.name:
            await self._of_another(gate, beat.device)
        self._metrics.heartbeat()
        return said(await self._beats.take(gate, beat, body))

    async def _inventory(self, gate: Known, body: bytes) -> Response:
        about = decode(body, Inventory)
        if about.device != gate.name:
            await self._of_another(gate, about.device)
        await self._beats.inventory(gate, body)
        return said(InventoryAnswer())

    async def _of_another(self, gate: Known, name: str) -> None:
        await self._audit.note(f"gate {gate.name}", "wrote for another gate", gate.name, f"as {name}")
        raise Refusal(403, "the token is another gate's")
