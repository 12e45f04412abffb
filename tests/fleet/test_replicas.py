"""Two replicas behind nginx with TLS, and gates with journals of their own that send all the while."""

from __future__ import annotations

import random
import threading
import time
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Self

import pytest
from fleet_rig import FleetServer, free_port
from net_rig import Authority
from passages import passage

from fleet import nginx
from fleet.errors import FleetError
from fleet.run import process
from gate.app.fleet.session import Session, Tokens
from gate.errors import GateError
from gate.journal import outbox, uploader
from gate.journal.database import open_to_read
from gate.journal.store import Journal
from gate.journal.uploader import Uploader
from gate.net.client import Client
from gate.net.trust import TlsTrust
from gate.wire import heartbeat
from gate.wire.heartbeat import Clock, Heartbeat, HeartbeatAnswer, KeyTier

if TYPE_CHECKING:
    from pathlib import Path

GATES = 4
ROWS = 300
"""Of each gate, a third of them before, while and after a replica is gone."""
WAIT_S = 120


class Gate:
    """A journal, its uploader, and heartbeats over a way of their own, as in a gate."""

    def __init__(self, server: FleetServer, name: str, path: Path, trust: TlsTrust) -> None:
        tokens = Tokens(server.url, name, server.enrolled(name))
        self.name = name
        self._beats = Session(Client(server.url, trust), tokens)
        self._path = path
        self.journal = Journal(path)
        self.journal.open()
        self.told: list[str | None] = []
        self.uploader = Uploader(
            path,
            self.journal,
            device=name,
            fleet=Session(Client(server.url, trust), tokens),
            contact=lambda: None,
            tell=self.told.append,
            draw=random.random,
        )
        self.uploader.start()

    def record(self, rows: int) -> None:
        for taken in [self.journal.record(passage()) for _ in range(rows)]:
            taken.result(WAIT_S)

    def beat(self) -> None:
        told = Heartbeat(
            device=self.name,
            software="0.5.0",
            uptime_s=60,
            clock=Clock(passage().at, trusted=False),
            readers=(),
            key_tier=KeyTier.FILE,
        )
        self._beats.ask(heartbeat.PATH, told, HeartbeatAnswer)

    def counts(self) -> outbox.Counts:
        with closing(open_to_read(self._path)) as db:
            return outbox.counts(db)

    def close(self) -> None:
        self.uploader.stop()
        self.journal.close()


@pytest.fixture
def trusted(tmp_path: Path) -> tuple[nginx.Tls, TlsTrust]:
    """A server's key, and gates that know it by its pin alone."""
    try:
        nginx.program()
    except FleetError:
        pytest.skip("there is no nginx here: ./run test installs it")
    made = Authority(tmp_path).certificate()
    return nginx.Tls(made.chain, made.key), TlsTrust(pins=frozenset({made.pin}))


class Beating:
    """Every gate's heartbeats, one after the other without a pause."""

    def __init__(self, gates: list[Gate]) -> None:
        self.faults: list[str] = []
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(gate,)) for gate in gates]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _run(self, gate: Gate) -> None:
        while not self._over.wait(0.05):  # the plane allows a gate 20 a second
            try:
                gate.beat()
            except GateError as fault:
                self.faults.append(str(fault))


def record(gates: list[Gate]) -> None:
    """A third of the rows; they are sent meanwhile."""
    for _ in range(10):
        for gate in gates:
            gate.record(ROWS // 30)


def wait_until_sent(gates: list[Gate]) -> None:
    ends = time.monotonic() + WAIT_S
    while any(gate.counts().unsent for gate in gates):
        assert time.monotonic() < ends, [(gate.name, gate.counts(), gate.told) for gate in gates]
        time.sleep(0.1)


def test_one_of_two_is_killed_and_comes_back_and_no_gate_notices(
    fleet_server: FleetServer,
    tmp_path: Path,
    trusted: tuple[nginx.Tls, TlsTrust],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(uploader, "IDLE_S", 0.01)  # rows go at once, so that many batches are under way
    tls, trust = trusted
    port, ports = free_port(), (free_port(), free_port())
    server = FleetServer(f"https://localhost:{port}", fleet_server.ready)
    with ExitStack() as stack:
        first, _ = [stack.enter_context(process("plane", one, server.url, server.ready)) for one in ports]
        stack.enter_context(nginx.running(port, ports, tmp_path, tmp_path / "nginx.log", tls))
        gates = [Gate(server, f"behind-nginx-{n}", tmp_path / f"{n}.db", trust) for n in range(GATES)]
        for gate in gates:
            stack.callback(gate.close)
        beating = stack.enter_context(Beating(gates))
        record(gates)
        first.kill()
        first.wait(WAIT_S)
        record(gates)
        stack.enter_context(process("plane", ports[0], server.url, server.ready))
        record(gates)
        wait_until_sent(gates)
    assert beating.faults == []
    assert [gate.told for gate in gates] == [[]] * GATES, "no question was in vain"
    assert [gate.counts().dead_letters for gate in gates] == [0] * GATES
    for gate in gates:
        found = server.sql(
            "SELECT count(*), count(DISTINCT passages.id) FROM passages JOIN devices ON devices.id = device_id"
            " WHERE name = %s",
            gate.name,
        )
        assert found == [(ROWS, ROWS)], "each row is there once"
