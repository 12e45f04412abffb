"""An enrolled gate at a server, and rows of its journal."""

from __future__ import annotations

import itertools
import secrets
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from uploads import session

from gate.model import Outcome
from gate.presentation_id import new_presentation_id
from gate.wire import heartbeat, passages
from gate.wire.heartbeat import Clock, Device, Heartbeat, HeartbeatAnswer, KeyTier
from gate.wire.passages import Acknowledgement, Batch, Passage

if TYPE_CHECKING:
    from fleet_rig import FleetServer

    from gate.app.fleet.session import Session
    from gate.wire.commands import Command

DEVICES = (f"plane-gate-{number}" for number in itertools.count())


class Gate:
    """An enrolled gate at a server."""

    def __init__(self, server: FleetServer) -> None:
        self.name = next(DEVICES)
        self.server = server
        self.key = server.enrolled(self.name)
        self.session = self.at(server.url)
        self.id = int(server.sql("SELECT id FROM devices WHERE name = %s", self.name)[0][0])

    def at(self, url: str) -> Session:
        return session(url, self.key, self.name)

    def send(self, *rows: Any) -> Acknowledgement:
        return self.session.ask(passages.PATH, Batch(secrets.token_hex(8), self.name, 1, rows), Acknowledgement)

    def beat(self, **changes: Any) -> HeartbeatAnswer:
        told = msgspec.structs.replace(
            Heartbeat(
                device=self.name,
                software="0.5.0",
                uptime_s=60,
                clock=Clock(datetime.now(UTC), trusted=False),
                readers=(Device("id-reader"),),
                key_tier=KeyTier.FILE,
            ),
            **changes,
        )
        return self.session.ask(heartbeat.PATH, told, HeartbeatAnswer)

    def commands(self) -> tuple[Command, ...]:
        """Beat until there are commands: the plane looks for them once a second, however fast it answers."""
        until = time.monotonic() + 30
        while not (found := self.beat().commands):
            assert time.monotonic() < until, "no command came"
            time.sleep(0.1)
        return found

    def rows(self, table: str) -> int:
        return int(self.server.sql(f"SELECT count(*) FROM {table} WHERE device_id = %s", self.id)[0][0])  # noqa: S608

    def audit(self) -> list[str]:
        found = self.server.sql("SELECT what FROM audit WHERE subject = %s ORDER BY id", self.name)
        return [what for (what,) in found]


def row(seq: int = 1, **changes: Any) -> Passage:
    usual = Passage(
        seq=seq,
        id=new_presentation_id(),
        revision=1,
        at=datetime(2021, 6, 20, 8, tzinfo=UTC),
        clock_trusted=True,
        reader="id-reader",
        credential="resident_id",
        assurance=4,
        outcome=Outcome.PASS,
        reasons=("green_code",),
    )
    return msgspec.structs.replace(usual, **changes)
