"""Heartbeats and commands. What was seen when is gathered and written once a second, not once a heartbeat.

A replica that is killed loses a second of them, and the next one comes within a minute; what a gate said of its
commands is written before it is answered.
"""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec
import psycopg
from psycopg_pool import PoolTimeout

from fleet.plane import arrays, audit, sql
from gate.wire.commands import Command
from gate.wire.heartbeat import Heartbeat, HeartbeatAnswer
from gate.wire.message import encode

if TYPE_CHECKING:
    from psycopg import AsyncConnection
    from psycopg_pool import AsyncConnectionPool

    from fleet.plane.devices import Known
    from gate.wire.commands import CommandOutcome

FLUSH_S: Final = 1.0
HISTORY_EVERY_S: Final = 3600.0
"""A row of history at least so often; and one where something changed."""
HISTORY_DAYS: Final = 30
TIDY_EVERY_S: Final = 600.0
_MOST_HISTORY: Final = 50_000
"""Rows that wait while the database is away; the oldest are dropped first."""
_LONGEST_S: Final = 30 * 86_400

LOG = logging.getLogger("fleet.plane")

Seen = tuple[int, datetime, bytes]


class Beats:
    """What gates have told since the last second, and which of them there is a command for."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection]) -> None:
        self._pool = pool
        self._latest: dict[int, Seen] = {}
        self._history: list[Seen] = []
        self._told: dict[int, tuple[int, float]] = {}
        """Gate -> hash of what matters of its last row of history, and when that was."""
        self._commanded: frozenset[int] = frozenset()
        self._tidied = float("-inf")

    async def take(self, gate: Known, beat: Heartbeat, body: bytes) -> HeartbeatAnswer:
        """Take one, and give what there is for the gate."""
        if any(one.lines for one in beat.outcomes):  # they are kept with the command, not with every heartbeat
            body = encode(msgspec.structs.replace(beat, outcomes=()))
        seen = gate.id, datetime.now(UTC), body
        self._latest[gate.id] = seen
        if self._matters(gate.id, beat):
            self._history.append(seen)
        if not beat.outcomes and gate.id not in self._commanded:
            return HeartbeatAnswer()
        async with self._pool.connection() as link:
            for outcome in beat.outcomes:
                await _done(link, gate, outcome)
            found = await (await link.execute(sql.COMMANDS, (gate.id,))).fetchall()
        return HeartbeatAnswer(tuple(Command(id_, kind, _left(expires)) for id_, kind, expires in found))

    async def inventory(self, gate: Known, body: bytes) -> None:
        """Keep an inventory."""
        async with self._pool.connection() as link:
            await link.execute(sql.TAKE_INVENTORY, (gate.id, datetime.now(UTC), body))

    async def run(self) -> None:
        """Write every second, until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_S)
            try:
                await self.flush()
                await self._tidy()
            except (psycopg.Error, PoolTimeout) as fault:
                LOG.warning("heartbeats-wait why=%r", str(fault)[:200])

    async def flush(self) -> None:
        """Write what has come, and learn whom there are commands for."""
        latest, self._latest = self._latest, {}
        history, self._history = self._history[-_MOST_HISTORY:], []
        try:
            async with self._pool.connection() as link:
                if latest:
                    await link.execute(sql.TAKE_HEARTBEATS, _columns(list(latest.values())))
                if history:
                    await link.execute(sql.KEEP_HEARTBEATS, _columns(history))
                found = await (await link.execute(sql.COMMANDED)).fetchall()
        except BaseException:
            self._latest = latest | self._latest
            self._history = history + self._history
            raise
        self._commanded = frozenset(id_ for (id_,) in found)

    async def _tidy(self) -> None:
        if (now := time.monotonic()) < self._tidied + TIDY_EVERY_S:
            return
        today = datetime.now(UTC)
        async with self._pool.connection() as link:
            await link.execute(sql.FORGET_NONCES, (today,))
            await link.execute(sql.FORGET_HEARTBEATS, (today - timedelta(days=HISTORY_DAYS),))
            await link.execute(sql.FORGET_LINES, (today - timedelta(days=HISTORY_DAYS),))
        self._tidied = now

    def _matters(self, id_: int, beat: Heartbeat) -> bool:
        told = (beat.software, beat.clock.trusted, beat.flags, beat.settings, beat.outcomes)
        gist = hash((*told, tuple(_gone(beat)), _names(beat)))
        now = time.monotonic()
        before, when = self._told.get(id_, (None, 0.0))
        if gist == before and now < when + HISTORY_EVERY_S:
            return False
        self._told[id_] = gist, now
        return True


async def _done(link: AsyncConnection, gate: Known, outcome: CommandOutcome) -> None:
    """Note what became of a command; a gate that has erased itself is one no more."""
    now, detail, lines = datetime.now(UTC), outcome.detail, "\n".join(outcome.lines)
    told = (outcome.result.value, detail.replace("\0", ""), lines.replace("\0", ""))
    noted = await link.execute(sql.COMMAND_DONE, (now, *told, outcome.id, gate.id))
    if noted.rowcount != 1:
        return
    wiped = await link.execute(sql.REVOKE_WIPED, (now, gate.id, outcome.id))
    if wiped.rowcount == 1:
        await audit.write(link, f"gate {gate.name}", "wiped", gate.name, f"command {outcome.id}")


def _gone(beat: Heartbeat) -> list[str]:
    parts = beat.readers if beat.barrier is None else (*beat.readers, beat.barrier)
    return [part.name for part in parts if part.gone_s is not None]


def _names(beat: Heartbeat) -> tuple[str, ...]:
    return tuple(held.name for held in (beat.rules, beat.trust) if held is not None)


def _columns(seen: list[Seen]) -> tuple[str, str, str]:
    ids, times, bodies = zip(*seen, strict=True)
    return arrays.plain(ids), arrays.plain(at.isoformat() for at in times), arrays.binaries(bodies)


def _left(expires: datetime) -> int:
    return min(max(0, int((expires - datetime.now(UTC)).total_seconds())), _LONGEST_S)
