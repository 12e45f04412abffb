"""What the device plane does beyond the contract: days, quarantine, commands, revocation, hostile gates."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import msgspec
import pytest
from fleet_gate import Gate, row
from fleet_rig import serving

from fleet.plane.app import MOST_UPLOADS, SMALL
from fleet.plane.database import pool_of
from fleet.plane.devices import KEPT_S, Devices
from fleet.plane.limits import A_SECOND, BURST, Rates
from gate.errors import NetworkFault, WireFault
from gate.wire import heartbeat, passages
from gate.wire.commands import CommandOutcome, CommandResult
from gate.wire.heartbeat import Heartbeat, HeartbeatAnswer
from gate.wire.message import MEDIA_TYPE, encode
from gate.wire.passages import Acknowledgement, Batch

if TYPE_CHECKING:
    from fleet_rig import FleetServer


NOBODYS_DAY = "ffffffff-ffff-7000-8000-000000000001"


@pytest.fixture
def gate(fleet_server: FleetServer) -> Gate:
    return Gate(fleet_server)


def results(said: Acknowledgement) -> list[str]:
    return [one.result for one in said.rows]


def test_a_row_lies_in_the_partition_of_its_day(gate: Gate) -> None:
    one, strange = row(1), row(2, id=NOBODYS_DAY[:-6] + secrets.token_hex(3))
    assert results(gate.send(one, strange)) == ["taken", "taken"]
    found = gate.server.sql("SELECT tableoid::regclass::text FROM passages WHERE device_id = %s ORDER BY seq", gate.id)
    assert found == [(f"passages_{datetime.now(UTC):%Y%m%d}",), ("passages_impossible",)]


def test_a_day_that_turns_out_possible_takes_what_waited_for_it(gate: Gate) -> None:
    day = datetime.now(UTC).date() + timedelta(days=40 + secrets.randbelow(200))
    ((first,),) = gate.server.sql("SELECT first_id(%s::date)::text", day)
    id_ = f"{first[:13]}-7000-8000-{secrets.token_hex(6)}"
    gate.send(row(id=id_))
    gate.server.sql("SELECT make_day(%s::date), make_day(%s::date)", day, day)
    found = gate.server.sql("SELECT tableoid::regclass::text FROM passages WHERE id = %s", id_)
    assert found == [(f"passages_{day:%Y%m%d}",)]
    assert results(gate.send(row(id=id_, revision=2))) == ["taken"]
    assert gate.rows("passages") == 1


def test_a_day_is_made_once_by_however_many_want_it_first(gate: Gate) -> None:
    day = datetime.now(UTC).date() - timedelta(days=1000 + secrets.randbelow(1000))
    with ThreadPoolExecutor(8) as pool:
        for made in [pool.submit(gate.server.sql, "SELECT make_day(%s::date)", day) for _ in range(8)]:
            made.result()
    name = f"passages_{day:%Y%m%d}"
    assert gate.server.sql("SELECT count(*) FROM pg_class WHERE relname = %s", name) == [(1,)]


def test_only_the_newest_revision_is_kept_in_whatever_order_they_come(gate: Gate) -> None:
    one = row()
    gate.send(*(msgspec.structs.replace(one, revision=number) for number in (2, 3, 1)))
    gate.send(msgspec.structs.replace(one, revision=2))
    assert gate.server.sql("SELECT revision FROM passages WHERE id = %s", one.id) == [(3,)]


def test_another_gates_presentation_is_refused_and_kept(gate: Gate) -> None:
    one, thief = row(), Gate(gate.server)
    gate.send(one)
    said = thief.send(msgspec.structs.replace(one, revision=9), row(2))
    assert results(said) == ["refused", "taken"]
    assert (thief.rows("quarantine"), thief.rows("passages")) == (1, 1)
    assert gate.server.sql("SELECT revision FROM passages WHERE id = %s", one.id) == [(1,)]


@pytest.mark.parametrize(
    ("field", "value"),
    [("seq", 1 << 63), ("revision", 1 << 70), ("at", datetime(1, 1, 1, tzinfo=UTC))],
)
def test_what_no_table_can_hold_is_in_quarantine_once(gate: Gate, field: str, value: object) -> None:
    body = msgspec.to_builtins(Batch(secrets.token_hex(8), gate.name, 1, (row(), row(2))))
    body["rows"][0][field] = value
    sent = msgspec.json.encode(body)
    for _ in range(2):
        said = msgspec.json.decode(gate.session.post(passages.PATH, sent).body, type=Acknowledgement)
        assert results(said) == ["refused", "taken"]
    assert gate.rows("quarantine") == 1


def test_odd_texts_are_no_fault(gate: Gate) -> None:
    assert results(gate.send(row(reader="\0", zone="'; DROP TABLE passages; --"))) == ["taken"]


def test_a_command_is_handed_over_until_the_gate_has_said_what_became_of_it(gate: Gate) -> None:
    id_ = secrets.token_hex(8)
    gate.server.sql(
        "INSERT INTO commands (id, device_id, kind, made_at, expires_at, result, detail)"
        " VALUES (%s, %s, 'report', now(), now() + interval '1 hour', '', '')",
        id_,
        gate.id,
    )
    found = gate.commands()
    assert [(one.id, one.kind) for one in found] == [(id_, "report")]
    assert 3500 < found[0].valid_s <= 3600
    outcome = CommandOutcome(id_, CommandResult.FAILED, "no\0room")
    assert gate.beat(outcomes=(outcome,)).commands == ()
    assert gate.server.sql("SELECT result, detail FROM commands WHERE id = %s", id_) == [("failed", "noroom")]


def test_what_a_gate_was_asked_for_is_kept_with_the_question_and_nowhere_else(gate: Gate) -> None:
    id_ = secrets.token_hex(8)
    gate.server.sql(
        "INSERT INTO commands (id, device_id, kind, made_at, expires_at, result, detail)"
        " VALUES (%s, %s, 'log', now(), now() + interval '1 hour', '', '')",
        id_,
        gate.id,
    )
    lines = ("the newest", "<b>older</b>\0")
    gate.beat(outcomes=(CommandOutcome(id_, CommandResult.DONE, lines=lines),))
    assert gate.server.sql("SELECT lines FROM commands WHERE id = %s", id_) == [("the newest\n<b>older</b>",)]
    written = "SELECT heartbeat FROM reports WHERE device_id = %s"
    until = time.monotonic() + 30
    while not (found := gate.server.sql(written, gate.id)):
        assert time.monotonic() < until, "the heartbeat was not written"
        time.sleep(0.1)
    history = gate.server.sql("SELECT heartbeat FROM heartbeats WHERE device_id = %s", gate.id)
    assert all(b"newest" not in bytes(body) for (body,) in (*found, *history))


def test_a_gate_that_has_erased_itself_is_one_no_more(gate: Gate) -> None:
    id_ = secrets.token_hex(8)
    gate.server.sql(
        "INSERT INTO commands (id, device_id, kind, made_at, expires_at, result, detail)"
        " VALUES (%s, %s, 'wipe', now(), now() + interval '1 hour', '', '')",
        id_,
        gate.id,
    )
    gate.beat(outcomes=(CommandOutcome(id_, CommandResult.DONE),))
    assert gate.server.sql("SELECT state FROM devices WHERE id = %s", gate.id) == [("revoked",)]
    assert gate.audit() == ["wiped"]


def test_a_gate_says_nothing_of_another_ones_commands(gate: Gate) -> None:
    other = Gate(gate.server)
    id_ = secrets.token_hex(8)
    gate.server.sql(
        "INSERT INTO commands (id, device_id, kind, made_at, expires_at, result, detail)"
        " VALUES (%s, %s, 'wipe', now(), now() + interval '1 hour', '', '')",
        id_,
        gate.id,
    )
    other.beat(outcomes=(CommandOutcome(id_, CommandResult.DONE),))
    assert gate.server.sql("SELECT done_at FROM commands WHERE id = %s", id_) == [(None,)]


def test_what_was_told_last_is_in_the_table_when_the_server_has_stopped(fleet_server: FleetServer) -> None:
    gate = Gate(fleet_server)
    with serving(fleet_server.ready) as replica:
        gate.session = gate.at(replica.url)
        for flags in ((), ("dim",), ("dim",)):
            gate.beat(flags=flags)
    ((told,),) = fleet_server.sql("SELECT heartbeat FROM reports WHERE device_id = %s", gate.id)
    assert msgspec.json.decode(told, type=Heartbeat).flags == ("dim",)
    assert gate.rows("heartbeats") == 2, "history has a row where something changed"


def test_two_replicas_take_each_others_tokens_and_rows(gate: Gate) -> None:
    one = row()
    with serving(gate.server.ready) as replica:
        gate.send(one)
        gate.session = gate.at(replica.url)
        assert results(gate.send(one, row(2))) == ["taken", "taken"]
    assert gate.rows("passages") == 2


def test_a_replica_that_is_killed_under_load_loses_nothing_and_nothing_comes_twice(gate: Gate) -> None:
    waiting = [[row(seq) for seq in range(first, first + 20)] for first in range(1, 401, 20)]
    some_taken = threading.Event()
    with serving(gate.server.ready) as doomed, serving(gate.server.ready) as other:
        gate.session = gate.at(doomed.url)

        def kill() -> None:
            some_taken.wait(60)
            assert doomed.process
            doomed.process.kill()

        killer = threading.Thread(target=kill)
        killer.start()
        while waiting:
            try:
                assert set(results(gate.send(*waiting[0]))) == {"taken"}
            except (NetworkFault, WireFault):
                gate.session = gate.at(other.url)
                continue
            waiting.pop(0)
            if len(waiting) == 15:
                some_taken.set()  # it is killed while the next ones are under way
            if len(waiting) == 5:
                killer.join()
        said = gate.send(row(401))
    assert (said.watermark, said.gaps) == (401, ())
    assert gate.rows("passages") == 401


def test_uploads_that_are_too_many_are_put_off_and_no_heartbeat_is(gate: Gate) -> None:
    token = gate.session._tokens.get(gate.session._client)
    host, port = gate.server.url.removeprefix("http://").split(":")
    head = (
        f"POST {passages.PATH} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {MEDIA_TYPE}\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {SMALL + 1}\r\n\r\n"
    )

    def until_under_way(uploads: int) -> None:
        ends = time.monotonic() + 15
        while f"fleet_under_way {uploads}\n" not in httpx.get(f"http://{host}:{int(port) + 2}/metrics").text:
            assert time.monotonic() < ends

    with contextlib.ExitStack() as stack:
        for _ in range(MOST_UPLOADS):  # none of them sends its bytes
            stack.enter_context(socket.create_connection((host, int(port)), 60)).sendall(head.encode())
        until_under_way(MOST_UPLOADS)
        ends = time.monotonic() + 15
        # Under way are also those of whom the server is still looking up which gate they are.
        while (said := gate.session.post(passages.PATH, secrets.token_bytes(SMALL + 1))).status == 400:
            assert time.monotonic() < ends
        assert said.status == 503
        assert said.headers["retry-after"] == "15"
        assert gate.beat() == HeartbeatAnswer()
        assert results(gate.send(row())) == ["taken"], "a few rows wait for nobody"
    until_under_way(0)
    assert gate.session.post(passages.PATH, secrets.token_bytes(SMALL + 1)).status == 400, "it is looked at again"


def test_a_revoked_gate_gets_no_token_and_its_old_one_is_out_within_a_minute(gate: Gate) -> None:
    gate.beat()
    old = gate.session._tokens.get(gate.session._client)
    gate.server.sql("UPDATE devices SET state = 'revoked', generation = generation + 1 WHERE id = %s", gate.id)
    with pytest.raises(WireFault, match="revoked"):
        gate.at(gate.server.url).post(heartbeat.PATH, b"{}")
    assert gate.audit() == ["token refused"]
    assert KEPT_S <= 60

    async def seen_at(*moments: float) -> list[bool]:
        clock = iter(moments)
        async with pool_of(gate.server.ready.dsn) as pool:
            devices = Devices(pool, lambda: next(clock))
            before = await devices.by_id(gate.id, 1)
            gate.server.sql("UPDATE devices SET state = 'active' WHERE id = %s", gate.id)
            known = [before, *[await devices.by_id(gate.id, 1) for _ in moments[1:]]]
        return [one is not None and one.active for one in known]

    assert asyncio.run(seen_at(1, KEPT_S, KEPT_S + 1)) == [False, False, True]
    assert old


def test_a_gate_that_writes_for_another_one_is_refused_and_noted(gate: Gate) -> None:
    body = encode(Batch(secrets.token_hex(8), "another-gate", 1, (row(),)))
    assert gate.session.post(passages.PATH, body).status == 403
    assert gate.audit() == ["wrote for another gate"]


@pytest.mark.parametrize(("path", "size"), [(passages.PATH, 5 << 20), (heartbeat.PATH, 100_000)])
def test_what_is_too_large_is_refused(gate: Gate, path: str, size: int) -> None:
    assert gate.session._tokens.get(gate.session._client)
    # Noise, which does not get smaller on the way.
    said = gate.session.post(path, secrets.token_bytes(size))
    assert said.status == 413


def test_a_gate_that_asks_too_often_has_to_wait_and_no_other_one() -> None:
    rates = Rates()
    allowed = [rates.allows(1, 0.0) for _ in range(int(BURST) + 5)]
    assert allowed.count(True) == BURST
    assert rates.allows(2, 0.0)
    assert [rates.allows(1, 1.0) for _ in range(int(A_SECOND) + 1)].count(True) == A_SECOND
