"""A lane whose records come from a city's gateway: what is heard and recorded with the network well, slow or gone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from gateway_rig import Gateway, Told
from health_codes import CODES, SHIPPED
from lane_rig import KEY, Rig, Source, all_well, card, code, serve
from net_rig import Authority
from vectors import ROOT

from drivers.simulated import id_cards
from gate.app.demo.people import healthy
from gate.app.judgement import STATUS_OFFLINE, STATUS_UNAVAILABLE
from gate.app.sealer import UNSEALED
from gate.clock import SystemClock
from gate.config_checks import HELD_MARGIN_MS
from gate.config_file import load as load_config
from gate.credentials import resident_id
from gate.errors import ConfigError, StatusUnavailable
from gate.model import CodeRecord, Colour, Records
from gate.rules.orders import load
from gate.status.online import OnlineFirst
from gate.wire import status
from gate.wire.records import known_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from net_rig import Peer

    from gate.rules.orders import Order

DEADLINE_S = 0.3


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


class City:
    """A lane with a gateway behind it."""

    def __init__(self, folder: Path, authority: Authority, gateway: Gateway) -> None:
        self._folder = folder
        self._authority = authority
        self.gateway = gateway
        self.told = Told()

    def serve(
        self,
        scenario: Callable[[Rig], Awaitable[None]],
        held: Callable[[bytes], Awaitable[Records | None]] | None,
        deadline_s: float = 5.0,
        **options: Any,
    ) -> None:
        with self.gateway.at(self._authority) as server:
            lookup = self.told.lookup(server, self._authority, deadline_s)
            city = OnlineFirst(lookup, None if held is None else Source(held), deadline_s)
            more: dict[str, Any] = {"status": city, "gateway": city, "status_deadline_s": deadline_s + 2}
            serve(self._folder, scenario, **(more | options))


async def nothing(_: bytes) -> Records | None:
    return None


async def broken(_: bytes) -> Records | None:
    raise StatusUnavailable("damaged")


def hangs(peer: Peer) -> None:
    peer.over.wait()


def closes(_: Peer) -> None:
    pass


def holder_of(sequence: int = 1) -> bytes:
    holder = resident_id.parse(id_cards.citizen(sequence)).holder
    assert holder is not None
    assert holder.document is not None
    return KEY.pseudonym(holder.document)


def hears(said: str, *, marks: list[str] | None = None) -> Callable[[Rig], Awaitable[None]]:
    """Somebody presents a card once."""

    async def scenario(rig: Rig) -> None:
        rig.service.take(card())
        assert await rig.observed.until("said") == [said]
        await rig.settled()
        if marks is not None:
            assert [json.loads(row[0]) for row in rig.look("marks")] == [[*marks, UNSEALED]]

    return scenario


def in_order(**changes: Any) -> Gateway:
    return Gateway({holder_of(): replace(healthy(datetime.now(UTC)), **changes)})


def red() -> tuple[CodeRecord, ...]:
    return (CodeRecord("city", datetime.now(UTC), Colour.RED),)


def test_the_citys_word_lets_in_without_anything_held_here(tmp_path: Path, authority: Authority) -> None:
    City(tmp_path, authority, in_order()).serve(hears("green_code", marks=[]), None)


def test_what_the_city_has_just_learnt_overrides_what_is_held_here(tmp_path: Path, authority: Authority) -> None:
    City(tmp_path, authority, in_order(codes=red())).serve(hears("code_not_green"), all_well)


def test_what_was_learnt_here_after_the_city_counts_as_well(tmp_path: Path, authority: Authority) -> None:
    async def newer(_: bytes) -> Records | None:
        return Records(codes=red())

    City(tmp_path, authority, in_order()).serve(hears("code_not_green"), newer)


@pytest.mark.parametrize("instead", [hangs, closes])
def test_with_the_city_gone_what_is_held_here_judges_in_time_and_the_record_says_so(
    instead: Callable[[Peer], None], tmp_path: Path, authority: Authority
) -> None:
    city = City(tmp_path, authority, Gateway(instead=instead))
    city.serve(hears("green_code", marks=[STATUS_OFFLINE]), all_well, DEADLINE_S)
    assert city.told.changes[0]


@pytest.mark.parametrize("held", [None, broken])
def test_with_nobody_to_answer_the_person_is_referred_in_time(
    held: Callable[[bytes], Awaitable[Records | None]] | None, tmp_path: Path, authority: Authority
) -> None:
    City(tmp_path, authority, Gateway(instead=hangs)).serve(hears("status_unavailable", marks=[]), held, DEADLINE_S)


def test_somebody_whom_only_silence_speaks_for_is_referred(tmp_path: Path, authority: Authority) -> None:
    City(tmp_path, authority, Gateway(instead=hangs)).serve(hears("holder_unknown"), nothing, DEADLINE_S)


def test_answers_come_within_three_seconds_by_the_shipped_deadlines(tmp_path: Path) -> None:
    text = (ROOT / "config" / "gate.toml").read_text("utf-8")
    file = tmp_path / "gate.toml"
    lookup = '\n[status.lookup]\nurl = "https://gateway.example"\nca_file = "ca.pem"\n[journal]'
    file.write_text(text.replace("\n[journal]", lookup, 1), encoding="utf-8")
    config = load_config(file, tmp_path)
    assert config.status.deadline_ms + HELD_MARGIN_MS + config.journal.commit_limit_ms < 3000
    file.write_text(file.read_text("utf-8").replace("deadline_ms = 800", "deadline_ms = 2100"), encoding="utf-8")
    with pytest.raises(ConfigError, match="at most 2300 together"):
        load_config(file, tmp_path)


def test_a_health_code_is_resolved_by_the_gateway_and_the_city_is_asked_once(
    tmp_path: Path, authority: Authority
) -> None:
    person = status.Person(holder_of(), known_of(healthy(datetime.now(UTC))))
    codes = {("cn-national", CODES["cn-national"].decode()): status.CodeAnswer(status.CodeState.GOOD, (person,))}
    city = City(tmp_path, authority, Gateway(codes=codes))

    async def scenario(rig: Rig) -> None:
        rig.service.take(code(CODES["cn-national"]))
        assert await rig.observed.until("said") == ["green_code"]

    city.serve(scenario, nothing, trusted=SHIPPED)
    assert len(city.gateway.asked) == 1


def test_a_health_code_that_the_gateway_cannot_resolve_is_retried_or_referred(
    tmp_path: Path, authority: Authority
) -> None:
    async def scenario(rig: Rig) -> None:
        rig.service.take(code(CODES["cn-national"]))
        assert await rig.observed.until("said") == ["code_unrecognised"]

    City(tmp_path, authority, Gateway()).serve(scenario, all_well, trusted=SHIPPED)


# --- an emergency with nobody to ask ---------------------------------------------------------------------------------


def emergency() -> tuple[Order, ...]:
    now = datetime.now(UTC)
    order = {
        "id": "FLOOD",
        "kind": "emergency",
        **{key: (now - timedelta(hours=1)).isoformat(timespec="seconds") for key in ("issued_at", "valid_from")},
        "valid_to": (now + timedelta(hours=1)).isoformat(timespec="seconds"),
        "profiles": ["station", "health_code"],
        "Description": [{"lang": "zh-CN", "desc": "防汛，全部放行。"}, {"lang": "en", "desc": "Flood: everybody in."}],
    }
    return load(json.dumps([order]).encode())


def test_an_emergency_order_lets_in_though_nobody_answers_and_the_record_says_both(
    tmp_path: Path, authority: Authority
) -> None:
    heard = hears("emergency_order", marks=["emergency:FLOOD", STATUS_UNAVAILABLE])
    City(tmp_path, authority, Gateway(instead=hangs)).serve(heard, broken, DEADLINE_S, orders=emergency())


def test_in_an_emergency_a_code_that_nobody_can_resolve_lets_in_too_but_once(
    tmp_path: Path, authority: Authority
) -> None:
    async def scenario(rig: Rig) -> None:
        rig.service.take(code(CODES["cn-national"]))
        assert await rig.observed.until("said") == ["emergency_order"]
        await rig.settled()
        assert rig.look("outcome, holder") == [("pass", None)]
        rig.service.take(code(CODES["cn-national"]))
        assert (await rig.observed.until("said", 2))[1] == "code_used"

    city = City(tmp_path, authority, Gateway(instead=hangs))
    city.serve(scenario, broken, DEADLINE_S, orders=emergency(), trusted=SHIPPED)


def test_an_emergency_does_not_hold_on_a_clock_that_may_be_wrong(tmp_path: Path, authority: Authority) -> None:
    city = City(tmp_path, authority, Gateway(instead=hangs))
    clock = SystemClock(floor=datetime.now(UTC) + timedelta(days=1))
    city.serve(hears("status_unavailable"), broken, DEADLINE_S, orders=emergency(), clock=clock)
