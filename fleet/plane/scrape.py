"""Answers Prometheus, at a port of its own on loopback."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import psycopg
from psycopg_pool import PoolTimeout, TooManyRequests
from starlette.responses import PlainTextResponse, Response

from fleet.plane import sql
from fleet.plane.metrics import MEDIA_TYPE
from fleet.planned import REMEMBERED, Timetable
from fleet.troubles import condition, read

if TYPE_CHECKING:
    from psycopg import AsyncConnection
    from psycopg_pool import AsyncConnectionPool
    from starlette.requests import Request

    from fleet.plane.metrics import Metrics

PATH: Final = "/metrics"
KEPT_S: Final = 15.0
"""For so long the gates are not counted again, however often somebody asks."""
_AT_ONCE: Final = 100
"""Heartbeats that are looked at before gates get their answers again."""


class Scrape:
    """Puts together what is told."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection], metrics: Metrics) -> None:
        self._pool = pool
        self._metrics = metrics
        self._counting = asyncio.Lock()
        self._counted: Counter[str] | None = None
        self._until = float("-inf")

    async def answer(self, request: Request, under_way: int) -> Response:
        """Everything that is known now."""
        if request.method != "GET" or request.url.path != PATH:
            return PlainTextResponse(f"there is {PATH} here and nothing else\n", 404)
        text = self._metrics.text(await self._gates(), self._pool.get_stats(), under_way)
        return Response(text, media_type=MEDIA_TYPE)

    async def _gates(self) -> Counter[str] | None:
        async with self._counting:
            if time.monotonic() >= self._until:
                try:
                    self._counted = await self._count()
                except (psycopg.Error, PoolTimeout, TooManyRequests):
                    self._counted = None
                self._until = time.monotonic() + KEPT_S
            return self._counted

    async def _count(self) -> Counter[str]:
        found, now = Counter[str](), datetime.now(UTC)
        async with self._pool.connection() as link:
            hours = await (await link.execute(sql.OPENING_HOURS)).fetchall()
            away = await (await link.execute(sql.ABSENCES, (now - REMEMBERED,))).fetchall()
            plans = Timetable(hours, away)
            async with link.cursor(name="gates") as cursor:
                cursor.itersize = _AT_ONCE
                await cursor.execute(sql.GATES)
                async for device, site, state, seen_at, heartbeat in cursor:
                    found[condition(state, seen_at, read(heartbeat), now, plans.of(device, site))] += 1
        return found
