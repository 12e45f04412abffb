"""Uploads that share a transaction: each gate hears of its own rows, whatever the others have sent."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING

import msgspec
import psycopg
import pytest
from fleet_gate import Gate, row

from fleet.plane.database import pool_of
from fleet.plane.devices import Known
from fleet.plane.passages import SMALL, Passages
from fleet.plane.writing import MOST_QUARANTINED, QuarantineFull
from gate.wire.message import encode
from gate.wire.passages import Acknowledgement, Batch, Passage, open_batch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_rig import FleetServer


@pytest.fixture
def gates(fleet_server: FleetServer) -> list[Gate]:
    return [Gate(fleet_server) for _ in range(3)]


def together(*sent: tuple[Gate, Sequence[Passage]]) -> list[Acknowledgement | BaseException]:
    """What each is told, when all are there at once."""

    async def taken() -> list[Acknowledgement | BaseException]:
        async with pool_of(sent[0][0].server.ready.dsn) as pool:
            tables = Passages(pool)
            asked = [
                tables.take(
                    Known(gate.id, gate.name, b"", 1, active=True),
                    open_batch(encode(Batch(secrets.token_hex(8), gate.name, 1, tuple(rows)))),
                )
                for gate, rows in sent
            ]
            return await asyncio.gather(*asked, return_exceptions=True)

    return asyncio.run(taken())


def results(said: Acknowledgement | BaseException) -> list[str]:
    assert isinstance(said, Acknowledgement), said
    return [one.result for one in said.rows]


def test_each_gate_hears_of_its_own_rows(gates: list[Gate]) -> None:
    said = together(*((gate, [row(1), row(3)][: number + 1]) for number, gate in enumerate(gates)))
    assert [results(one) for one in said] == [["taken"], ["taken", "taken"], ["taken", "taken"]]
    assert [(one.watermark, one.gaps) for one in said if isinstance(one, Acknowledgement)] == [
        (1, ()),
        (1, ((2, 2),)),
        (1, ((2, 2),)),
    ]
    assert [gate.rows("passages") for gate in gates] == [1, 2, 2]


def test_who_sends_another_gates_presentation_is_refused_and_nobody_else(gates: list[Gate]) -> None:
    one, thief, other = gates
    mine = row()
    one.send(mine)
    said = together((one, [row(2)]), (thief, [msgspec.structs.replace(mine, revision=9)]), (other, [row()]))
    assert [results(each) for each in said] == [["taken"], ["refused"], ["taken"]]
    assert [gate.rows("passages") for gate in gates] == [2, 0, 1]
    assert thief.rows("quarantine") == 1


def test_a_full_quarantine_is_its_own_gates_matter(gates: list[Gate]) -> None:
    one, thief, _ = gates
    mine = row()
    one.send(mine)
    thief.server.sql(
        "INSERT INTO quarantine (device_id, series, at, digest, body, reason)"
        " SELECT %s, 1, now(), int4send(n), '', 'wrong' FROM generate_series(1, %s) AS n",
        thief.id,
        MOST_QUARANTINED,
    )
    later = [msgspec.structs.replace(mine, revision=revision) for revision in (9, 2)]
    said = together((thief, later[:1]), (one, later[1:]))
    assert isinstance(said[0], QuarantineFull)
    assert results(said[1]) == ["taken"]


def test_one_presentation_of_two_gates_at_once_is_one_gates(gates: list[Gate]) -> None:
    one, thief, _ = gates
    mine = row()
    said = together((one, [mine]), (thief, [mine]))
    assert sorted(result for each in said for result in results(each)) == ["refused", "taken"]
    assert one.rows("passages") + thief.rows("passages") == 1


def test_a_gate_that_sends_twice_at_once_has_sent_once(gates: list[Gate]) -> None:
    gate, rows = gates[0], [row(1), row(2)]
    said = together((gate, rows), (gate, rows), (gate, [row(3)]))
    assert [results(each) for each in said] == [["taken"] * 2, ["taken"] * 2, ["taken"]]
    assert gate.rows("passages") == 3
    assert max(one.watermark for one in said if isinstance(one, Acknowledgement)) == 3


def test_a_gate_whose_rows_can_not_be_written_stops_no_other(gates: list[Gate]) -> None:
    one, gone, other = gates
    gone.server.sql("DELETE FROM devices WHERE id = %s", gone.id)
    said = together((one, [row()]), (gone, [row()]), (other, [row()]))
    assert [results(each) for each in (said[0], said[2])] == [["taken"], ["taken"]]
    assert isinstance(said[1], psycopg.IntegrityError)


def test_a_large_upload_and_a_wrong_row_go_by_themselves(gates: list[Gate]) -> None:
    large = [row(number) for number in range(1, SMALL + 2)]
    wrong = msgspec.structs.replace(row(), seq=1 << 63)
    said = together((gates[0], large), (gates[1], [wrong]), (gates[2], [row()]))
    assert [set(results(each)) for each in said] == [{"taken"}, {"refused"}, {"taken"}]
    assert [gate.rows("passages") for gate in gates] == [SMALL + 1, 0, 1]
