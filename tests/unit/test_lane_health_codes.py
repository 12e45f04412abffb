"""Health codes at a lane: who is asked, who is judged, what is heard and what is on record."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from health_codes import (
    CITY,
    CODES,
    ISSUERS,
    KEY,
    NATIONAL,
    SHIPPED,
    TRUSTING_CITY,
    Provider,
    answer,
    id_number,
    person,
)
from lane_rig import HERE, Rig, code, serve

from gate.app.demo.people import healthy
from gate.errors import StatusUnavailable
from gate.lane import LaneState
from gate.model import Document, DocumentType, Records

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

ALONE = replace(HERE, attended=False)
FAMILY_CODE = b"JKM:123456"


def member(sequence: int, **changes: Any) -> dict[str, Any]:
    """Somebody in order right now: the lane has the clock of the machine."""
    now = int(datetime.now(UTC).timestamp() * 1000)
    test = {"r": 1, "sampled": now - 3_600_000, "reported": None}
    return person(sequence, at=None, tests=[test]) | changes


def family(*people: dict[str, Any], code: object = 0) -> Provider:
    return Provider(CITY, {"123456": answer(*people, code=code)}, datetime.now(UTC))


def recorded(path: Path) -> list[tuple[str, bytes | None, str, str]]:
    """Kind, holder, outcome and reasons of every row."""
    db = sqlite3.connect(path)
    try:
        return db.execute("SELECT credential, holder, outcome, reasons FROM passages ORDER BY seq").fetchall()
    finally:
        db.close()


def pseudonym(sequence: int) -> bytes:
    return KEY.pseudonym(Document(DocumentType.RESIDENT_ID, id_number(sequence)))


def presented(said: str, *, shown: str, rows: int = 1) -> Callable[[Rig], Awaitable[None]]:
    """A scenario in which the family's code is shown once."""

    async def scenario(rig: Rig) -> None:
        rig.service.take(code(FAMILY_CODE))
        assert await rig.observed.until("said") == [said]
        assert rig.observed.events[-2] == ("shown", shown)
        await rig.settled()
        assert len(recorded(rig.path)) == rows

    return scenario


# --- nobody to ask ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("issuer", sorted(CODES))
def test_a_code_that_nobody_can_be_asked_about_is_spoken_shown_and_recorded_as_such(
    issuer: str, tmp_path: Path
) -> None:
    async def scenario(rig: Rig) -> None:
        rig.service.take(code(CODES[issuer]))
        assert await rig.observed.until("said") == ["gateway_missing"]
        assert ("shown", "refer gateway_missing") in rig.observed.events
        await rig.settled()
        assert recorded(rig.path) == [("health_code", None, "refer", '["gateway_missing"]')]

    serve(tmp_path, scenario, trusted=SHIPPED)
    token = CODES[issuer][-20:]
    assert not [path for path in tmp_path.iterdir() if token in path.read_bytes()], "no token is on disk"


def test_an_old_code_is_refreshed_without_asking_anybody(tmp_path: Path) -> None:
    provider = family(member(1))

    async def scenario(rig: Rig) -> None:
        rig.service.take(code(b"https://code.example.cn/health/show?c=Abc12345&t=1649116800"))
        assert await rig.observed.until("said") == ["code_too_old"]
        assert ("shown", "retry code_too_old") in rig.observed.events
        await rig.settled()
        assert recorded(rig.path) == [("health_code", None, "retry", '["code_too_old"]')]
        assert provider.asked == []

    serve(tmp_path, scenario, trusted=TRUSTING_CITY, gateway=provider)


# --- a copy where nobody watches -------------------------------------------------------------------------------------


@pytest.mark.parametrize("issuer", ["gd-yuekang", "sh-suishen"])
def test_where_nobody_watches_nobody_is_asked_about_a_code_that_can_be_copied(issuer: str, tmp_path: Path) -> None:
    provider = Provider(ISSUERS[issuer], {})
    looked_up: list[bytes] = []

    async def source(holder: bytes) -> Records | None:
        looked_up.append(holder)
        return None

    async def scenario(rig: Rig) -> None:
        rig.service.take(code(CODES[issuer]))
        assert await rig.observed.until("said") == ["card_required"]
        assert ("shown", "retry card_required") in rig.observed.events
        await rig.settled()
        assert recorded(rig.path) == [("health_code", None, "retry", '["card_required"]')]

    serve(tmp_path, scenario, source, trusted=SHIPPED, gateway=provider, place=ALONE)
    assert provider.asked == []
    assert looked_up == []


def test_a_dynamic_code_of_one_person_lets_that_person_in_where_nobody_watches(tmp_path: Path) -> None:
    provider = family(member(1))
    serve(
        tmp_path,
        presented("green_code", shown="pass green_code"),
        trusted=TRUSTING_CITY,
        gateway=provider,
        place=ALONE,
    )
    assert [reference.issuer for reference in provider.asked] == ["test-city"]


# --- several people --------------------------------------------------------------------------------------------------


def test_a_family_is_judged_and_recorded_one_by_one(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        await presented("green_code", shown="pass green_code", rows=3)(rig)
        assert recorded(rig.path) == [
            ("health_code", pseudonym(number), "pass", '["green_code"]') for number in (1, 2, 3)
        ]

    serve(tmp_path, scenario, trusted=TRUSTING_CITY, gateway=family(member(1), member(2), member(3)))


def test_the_worst_of_a_family_is_what_is_heard_and_nobody_of_them_is_let_in(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        await presented("code_not_green", shown="refer code_not_green", rows=3)(rig)
        assert [row[2:] for row in recorded(rig.path)] == [("refer", '["code_not_green"]')] * 3
        assert rig.service.lane.state is LaneState.IDLE

    serve(tmp_path, scenario, trusted=TRUSTING_CITY, gateway=family(member(1), member(2, colour="R"), member(3)))


def test_where_nobody_watches_a_familys_code_lets_nobody_in(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        await presented("card_required", shown="retry card_required", rows=2)(rig)
        assert recorded(rig.path) == [
            ("health_code", pseudonym(number), "retry", '["card_required"]') for number in (1, 2)
        ]
        assert rig.service.lane.state is LaneState.IDLE, "nothing is released"

    serve(tmp_path, scenario, trusted=TRUSTING_CITY, gateway=family(member(1), member(2)), place=ALONE)


def test_more_people_than_a_family_are_a_matter_for_staff(tmp_path: Path) -> None:
    crowd = family(*(member(number) for number in range(1, 12)))
    serve(
        tmp_path,
        presented("status_unavailable", shown="refer status_unavailable"),
        trusted=TRUSTING_CITY,
        gateway=crowd,
    )


def test_asking_a_family_again_ends_with_a_person_whoever_of_them_is_named_first(tmp_path: Path) -> None:
    provider = family(member(1), member(2))
    raw = provider.answers["123456"]["result"]["people"]

    async def scenario(rig: Rig) -> None:
        for count in range(1, 5):
            rig.service.take(code(FAMILY_CODE))
            await rig.observed.until("said", count)
            raw.reverse()
        assert await rig.observed.until("said", 4) == ["card_required"] * 3 + ["retries_exhausted"]

    serve(tmp_path, scenario, trusted=TRUSTING_CITY, gateway=provider, place=ALONE)


# --- what the issuer says --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "said", "shown"),
    [
        (1, "code_too_old", "retry code_too_old"),
        (2, "code_unrecognised", "retry code_unrecognised"),
        (3, "status_unavailable", "refer status_unavailable"),
    ],
)
def test_the_issuers_word_about_the_code_itself(outcome: int, said: str, shown: str, tmp_path: Path) -> None:
    provider = family(member(1), code=outcome)
    serve(tmp_path, presented(said, shown=shown), trusted=TRUSTING_CITY, gateway=provider)


def test_what_is_known_here_besides_counts_as_well(tmp_path: Path) -> None:
    async def pop_up(_: bytes) -> Records | None:
        now = healthy(datetime.now(UTC))
        return Records(pop_ups=tuple(replace(record, active=True, as_of=datetime.now(UTC)) for record in now.pop_ups))

    serve(
        tmp_path,
        presented("pop_up", shown="refer pop_up"),
        pop_up,
        trusted=TRUSTING_CITY,
        gateway=family(member(1, pop_up=None)),
    )


def test_a_source_that_cannot_answer_refers_whoever_shows_a_code(tmp_path: Path) -> None:
    async def broken(_: bytes) -> Records | None:
        raise StatusUnavailable("out")

    serve(
        tmp_path,
        presented("status_unavailable", shown="refer status_unavailable"),
        broken,
        trusted=TRUSTING_CITY,
        gateway=family(member(1)),
    )


def test_a_dynamic_code_is_looked_up_where_nobody_watches(tmp_path: Path) -> None:
    raw = {"code": 10000, "data": {"qrCodeType": 0, "idCard": id_number(1)}}
    provider = Provider(ISSUERS["cn-national"], {NATIONAL.decode(): raw}, datetime.now(UTC))

    async def scenario(rig: Rig) -> None:
        rig.service.take(code(NATIONAL))
        assert await rig.observed.until("said") == ["green_code"]
        await rig.settled()
        assert [row[0] for row in recorded(rig.path)] == ["health_code"]

    serve(tmp_path, scenario, trusted=SHIPPED, gateway=provider, place=ALONE)
