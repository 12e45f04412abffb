"""A gate's own client, the gateway, and a province with the vices of real ones, over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import subprocess
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

import msgspec
import pytest
from province_rig import GREEN, ISSUER, RED, YELLOW, city, settings

from fleet.gateway.counts import Line, What
from fleet.plane.tokens import gateway_token
from fleet.province.people import Citizen
from fleet.province.vices import Vice
from gate.errors import CredentialFault, StatusUnavailable
from gate.model import CodeReference, Colour, Reason, TestResult
from gate.net.client import Client
from gate.net.trust import NO_TRUST
from gate.status.lookup import Lookup
from gate.wire.message import MEDIA_TYPE, Problem
from gate.wire.status import CODE_PATH, CodeAnswer, CodeQuestion, CodeState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from province_rig import City

    from gate.status.source import Found

ASKED = {"Content-Type": MEDIA_TYPE}


@contextlib.contextmanager
def program(*arguments: str) -> Iterator[str]:
    """One of the fleet's programs while it runs; gives the address that it prints."""
    command = [sys.executable, "-P", "-m", "fleet", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        try:
            yield running.stdout.readline().partition(" ")[2].strip()
        finally:
            running.terminate()


def colours(found: Found) -> set[Colour]:
    assert found.records is not None
    return {code.colour for code in found.records.codes}


def test_as_two_programs(tmp_path: Path) -> None:
    with program("province", "--port", "0", "--keys", str(tmp_path / "keys"), "--vices", "again") as province:
        file = settings(
            tmp_path, int(province.rpartition(":")[2]), listen='"127.0.0.1:0"', key=f'"{tmp_path}/keys/province.key"'
        )
        shutil.copy2(tmp_path / "keys" / "pseudonym.key", file.parent / "keys")
        with program("gateway", "--config", str(file)) as url:
            client = Client(url, NO_TRUST)
            lookup = Lookup(client, 20.0, lambda _: None, lambda _: None)
            try:
                (found,) = asyncio.run(lookup.resolve(CodeReference(ISSUER, GREEN.token)))
            except StatusUnavailable:
                what = What.UNAVAILABLE  # 0.6 s are short on a machine that has much else to do
            else:
                what = What.ANSWERED
                assert colours(found) == {Colour.GREEN}
            client.close()
    (line,) = (file.parent / "counts.jsonl").read_bytes().splitlines()
    assert msgspec.json.decode(line, type=Line).what is what


def test_a_code_and_a_card_say_the_same_of_a_person(tmp_path: Path) -> None:
    with city(tmp_path) as there:
        for person, colour in ((GREEN, Colour.GREEN), (YELLOW, Colour.YELLOW), (RED, Colour.RED)):
            (by_code,), by_card = there.code(person), there.card(person)
            assert by_code.holder == by_card.holder == there.pseudonym(person)
            assert colours(by_code) == colours(by_card) == {colour}
            assert by_code.records is not None
            assert [test.result for test in by_code.records.tests] == [TestResult.NEGATIVE]
            assert [doses.doses for doses in by_code.records.vaccinations] == [3]


def test_nobody_knows_a_stranger(tmp_path: Path) -> None:
    with city(tmp_path) as there:
        stranger = Citizen(0)  # of whom the province has not heard
        assert there.card(stranger).records is None
        assert there.card(stranger, GREEN).holder == there.pseudonym(GREEN)
        with pytest.raises(StatusUnavailable, match="national-code has no answer now"):
            there.code(stranger)
        with pytest.raises(CredentialFault) as fault:
            there.token("x" * 40, issuer="gd-yuekang")
        assert fault.value.reason is Reason.GATEWAY_MISSING


@pytest.mark.parametrize(
    ("vices", "why"),
    [
        ("stuck", "wants to be asked again"),
        ("maintenance", "in maintenance"),
        ("html", "no answer of its own"),
        ("half", "no answer of its own"),
        ("quota", "asked too often"),
        ("endless", "no answer of its own|in time"),
        ("colour:clock", "a time that is not here yet"),
        ("register:clock", "a time that is not here yet"),
        ("colour:maintenance", "colour is in maintenance"),
        ("register:maintenance", "register is in maintenance"),
        ("register:other", "about somebody else"),
        ("colour:other", "about somebody else"),
        ("colour:hidden", "about somebody else"),
        ("register:half", "no answer of its own"),
    ],
)
def test_whatever_a_province_does_nobody_is_green_by_it(tmp_path: Path, vices: str, why: str) -> None:
    with city(tmp_path, vices) as there:
        with pytest.raises(StatusUnavailable, match=why):
            there.code(GREEN)
        with pytest.raises(StatusUnavailable, match=r"the gateway refuses: (503|429), "):
            there.card(GREEN)


@pytest.mark.parametrize("vices", ["slow", "colour:slow", "register:slow"])
def test_a_slow_system_is_not_waited_for(tmp_path: Path, vices: str) -> None:
    with city(tmp_path, vices, deadline_s=0.3) as there, pytest.raises(StatusUnavailable, match=r"503.*in time"):
        there.code(GREEN)


def test_a_hidden_number_names_nobody(tmp_path: Path) -> None:
    with city(tmp_path, "code:hidden") as there:
        with pytest.raises(CredentialFault) as fault:
            there.code(GREEN)
        assert fault.value.reason is Reason.HOLDER_UNKNOWN


@pytest.mark.parametrize("vices", ["colour:conflict", "code:conflict"])
def test_of_two_colours_the_worse_holds(tmp_path: Path, vices: str) -> None:
    with city(tmp_path, vices) as there:
        for person in (GREEN, RED, YELLOW):
            (found,) = there.code(person)
            assert len(colours(found)) == 1
            assert Colour.GREEN not in colours(found)


def test_a_colour_that_no_table_holds_is_not_green(tmp_path: Path) -> None:
    with city(tmp_path, "colour:strange") as there:
        (found,) = there.code(GREEN)
        assert colours(found) == {Colour.UNKNOWN}


def test_half_an_answer_is_given_where_it_is_the_worse_half(tmp_path: Path) -> None:
    with city(tmp_path, "colour:maintenance,register:html") as there:
        (found,) = there.code(RED)
        assert colours(found) == {Colour.RED}


def test_a_province_that_wants_to_be_asked_again_is(tmp_path: Path) -> None:
    with city(tmp_path, "again") as there:
        (found,) = there.code(GREEN)
        assert colours(found) == {Colour.GREEN}
        assert there.wire.asked == 6


def test_an_answer_is_kept_for_a_moment(tmp_path: Path) -> None:
    with city(tmp_path, cache_s="60") as there:
        first, second = there.code(GREEN), there.code(GREEN)
        assert first == second
        assert there.wire.asked == 3


def test_a_refusal_is_not_kept(tmp_path: Path) -> None:
    with city(tmp_path, "colour:maintenance") as there:
        with pytest.raises(StatusUnavailable):
            there.code(GREEN)
        there.wire.systems.vices = frozenset()
        (found,) = there.code(GREEN)
        assert colours(found) == {Colour.GREEN}


def test_a_broken_province_is_left_alone_and_does_not_take_the_others_along(tmp_path: Path) -> None:
    with city(tmp_path, "code:html") as there:
        asked = []
        for sequence in (1, 2, 5, 6, 7):
            with pytest.raises(StatusUnavailable):
                there.code(Citizen(sequence))
            asked.append(there.wire.asked)
        assert asked[:3] == [1, 2, 3]
        assert there.card(GREEN).records is not None


def test_one_gate_and_the_whole_city_may_ask_so_often(tmp_path: Path) -> None:
    with city(tmp_path, gate_a_minute="2") as there:
        there.code(Citizen(1))
        there.code(Citizen(2))
        with pytest.raises(StatusUnavailable, match="429, national-code may not be asked more often by this gate"):
            there.code(Citizen(5))
        assert there.code(Citizen(1)), "what is known costs no quota"


def test_the_citys_quota_is_not_gone_over(tmp_path: Path) -> None:
    with city(tmp_path, a_second="0.001", at_once="2") as there:
        there.code(Citizen(1))
        there.code(Citizen(2))
        with pytest.raises(StatusUnavailable, match="429, national-code may not be asked more often by this city"):
            there.code(Citizen(5))
        assert there.wire.asked == 6


def test_many_gates_at_once(tmp_path: Path) -> None:
    with city(tmp_path, gate_a_minute="6000") as there:
        lookups = [there.lookup() for _ in range(12)]

        async def everybody() -> list[object]:
            asking = (one.resolve(CodeReference(ISSUER, GREEN.token)) for one in lookups)
            return list(await asyncio.gather(*asking))

        answers = asyncio.run(everybody())
        assert all(answer == answers[0] for answer in answers)
        assert there.wire.asked == 3


def test_strangers_and_nonsense_are_refused_in_the_contracts_words(tmp_path: Path) -> None:
    with city(tmp_path) as there:
        asked = [
            (404, there.asks("GET", CODE_PATH, b"", **ASKED)),
            (404, there.asks("POST", "/v1/heartbeats", b"{}", **ASKED)),
            (415, there.asks("POST", CODE_PATH, b"{}", **{"Content-Type": "text/plain"})),
            (413, there.asks("POST", CODE_PATH, b" " * 17_000, **ASKED)),
            (400, there.asks("POST", CODE_PATH, b'{"issuer": 1}', **ASKED)),
            (400, there.asks("POST", CODE_PATH, b"[" * 16_000, **ASKED)),
        ]
        for status, answer in asked:
            assert (answer.status, answer.headers["content-type"]) == (status, MEDIA_TYPE)
            assert msgspec.json.decode(answer.body, type=Problem).why
        assert there.wire.asked == 0


def counted(there: City) -> list[tuple[str, What, int]]:
    lines = [msgspec.json.decode(line, type=Line) for line in there.counted()]
    return [(line.gate, line.what, line.count) for line in lines]


def test_an_address_of_no_gate_is_refused(tmp_path: Path) -> None:
    with city(tmp_path, gates='["127.1.0.0/16"]') as there:
        question = msgspec.json.encode(CodeQuestion(ISSUER, GREEN.token))
        assert there.asks("POST", CODE_PATH, question, **ASKED).status == 403
        let_in = there.asks("POST", CODE_PATH, question, **ASKED, **{"X-Forwarded-For": "127.1.0.7"})
        assert msgspec.json.decode(let_in.body, type=CodeAnswer).state is CodeState.GOOD
    assert counted(there) == [("127.1.0.7", What.ANSWERED, 1)]


def test_only_a_gate_of_the_fleet_is_answered_and_by_its_name(tmp_path: Path) -> None:
    key, until = bytes(range(32)), time.time() + 600
    good = gateway_token(key, "gate-7", until)
    with city(tmp_path, token_key=key) as there:
        question = msgspec.json.encode(CodeQuestion(ISSUER, GREEN.token))
        for shown in (
            {},
            {"Authorization": "Bearer nobody-s"},
            {"Authorization": f"Bearer {gateway_token(bytes(32), 'gate-7', until)}"},
            {"Authorization": f"Bearer {gateway_token(key, 'gate-7', time.time())}"},
        ):
            said = there.asks("POST", CODE_PATH, question, **ASKED, **shown)
            assert (said.status, said.headers["content-type"]) == (401, MEDIA_TYPE)
        with pytest.raises(
            StatusUnavailable, match="401, only gates of the fleet are answered: have this one enrolled"
        ):
            there.code(GREEN)
        assert there.wire.asked == 0
        assert there.asks("GET", "/", b"").status == 404, "what time it is everybody may see"
        (found,) = there.code(GREEN, there.lookup(token=lambda: good))
        assert colours(found) == {Colour.GREEN}
    assert counted(there) == [("127.0.0.1", What.UNKNOWN, 5), ("gate-7", What.ANSWERED, 1)]


def test_gates_behind_one_address_have_a_quota_each(tmp_path: Path) -> None:
    key, until = bytes(range(32)), time.time() + 600
    with city(tmp_path, token_key=key, gate_a_minute="1") as there:
        first, other = (there.lookup(token=partial(gateway_token, key, name, until)) for name in ("gate-7", "gate-8"))
        there.code(Citizen(1), first)
        with pytest.raises(StatusUnavailable, match=r"429.*by this gate"):
            there.code(Citizen(2), first)
        there.code(Citizen(2), other)


def test_nothing_written_names_anybody_or_shows_a_key(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    people = [GREEN, YELLOW, RED]
    for vices in ("", *Vice):
        if vices == Vice.SLOW:
            continue
        with city(tmp_path / (vices or "none"), vices) as there:
            for person in people:
                for ask in (there.code, there.card):
                    try:
                        ask(person)
                    except (StatusUnavailable, CredentialFault) as fault:
                        caplog.records.append(logging.makeLogRecord({"msg": str(fault)}))
        lines = [record.getMessage() for record in caplog.records] + there.counted() + [repr(there.config)]
        pseudonyms = [text for one in people for text in (there.pseudonym(one).hex(), repr(there.pseudonym(one)))]
        secrets = [there.key, *pseudonyms, *(one.number for one in people), *(one.token for one in people)]
        assert [line for line in lines if any(secret in line for secret in secrets)] == []
    assert any("interface-lost" in record.getMessage() for record in caplog.records)
