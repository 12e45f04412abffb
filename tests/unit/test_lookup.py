"""The city's gateway is asked over the network; whatever it does, there is an answer or a declared fault."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from full_records import EVERYTHING
from gateway_rig import Gateway, Told, said
from hypothesis import given
from hypothesis import strategies as st
from net_rig import Authority, head

from gate.errors import CredentialFault, StatusUnavailable, WireFault
from gate.model import CodeReference, Colour, Reason, Records
from gate.status.online import OnlineFirst
from gate.status.source import Found
from gate.wire import message, status
from gate.wire.records import known_of, records_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from net_rig import Peer

ANNA, PASSPORT, NOBODY = bytes(15) + b"a", bytes(15) + b"p", bytes(15) + b"n"
CODE = CodeReference("test-city", "123456")
GREEN = Records(codes=EVERYTHING.codes)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def found(gateway: Gateway, authority: Authority, *holders: bytes) -> Found:
    with gateway.at(authority) as server:
        return asyncio.run(Told().lookup(server, authority).find(holders))


def refused(gateway: Gateway, authority: Authority, deadline_s: float = 20.0) -> str:
    with gateway.at(authority) as server, pytest.raises(StatusUnavailable) as fault:
        asyncio.run(Told().lookup(server, authority, deadline_s).find([ANNA]))
    return str(fault.value)


def test_every_record_arrives_as_it_is(authority: Authority) -> None:
    assert found(Gateway({ANNA: EVERYTHING}), authority, ANNA) == Found(ANNA, EVERYTHING)


def test_somebody_whom_nobody_knows_is_not_somebody_without_records(authority: Authority) -> None:
    assert found(Gateway(), authority, NOBODY) == Found(NOBODY, None)
    assert found(Gateway({NOBODY: Records()}), authority, NOBODY) == Found(NOBODY, Records())


def test_a_person_is_found_under_any_document_and_named_by_the_chief_one(authority: Authority) -> None:
    gateway = Gateway({ANNA: GREEN}, {PASSPORT: ANNA})
    assert found(gateway, authority, PASSPORT) == Found(ANNA, GREEN)
    assert found(gateway, authority, NOBODY, PASSPORT) == Found(ANNA, GREEN)


def test_the_gateway_says_what_time_it_is(authority: Authority) -> None:
    at = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)
    told = Told()
    with Gateway(now=lambda: at).at(authority) as server:
        asyncio.run(told.lookup(server, authority).find([ANNA]))
    assert told.dates == [at]


def test_a_code_is_resolved_for_everybody_whom_it_stands_for(authority: Authority) -> None:
    people = (status.Person(ANNA, known_of(GREEN)), status.Person(NOBODY))
    gateway = Gateway(codes={(CODE.issuer, CODE.token): status.CodeAnswer(status.CodeState.GOOD, people)})
    with gateway.at(authority) as server:
        assert asyncio.run(Told().lookup(server, authority).resolve(CODE)) == [Found(ANNA, GREEN), Found(NOBODY, None)]


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (status.CodeState.TOO_OLD, Reason.CODE_TOO_OLD),
        (status.CodeState.UNRECOGNISED, Reason.CODE_UNRECOGNISED),
        (status.CodeState.NOBODY_NAMED, Reason.HOLDER_UNKNOWN),
        (status.CodeState.NOT_SERVED, Reason.GATEWAY_MISSING),
        (status.CodeState.GOOD, Reason.CODE_UNRECOGNISED),  # for nobody
    ],
)
def test_the_issuers_word_about_the_code_itself(state: status.CodeState, reason: Reason, authority: Authority) -> None:
    gateway = Gateway(codes={(CODE.issuer, CODE.token): status.CodeAnswer(state)})
    with gateway.at(authority) as server, pytest.raises(CredentialFault) as fault:
        asyncio.run(Told().lookup(server, authority).resolve(CODE))
    assert fault.value.reason is reason
    assert CODE.token not in str(fault.value)


# --- a gateway that is not well --------------------------------------------------------------------------------------


def sends(content: bytes) -> Callable[[Peer], None]:
    return lambda peer: peer.link.sendall(content)


def hangs(peer: Peer) -> None:
    peer.over.wait()


def drips(peer: Peer) -> None:
    peer.drip(said(status.HolderAnswer(status.Person(ANNA))), 0.05)


CONTENT = f"Content-Type: {message.MEDIA_TYPE}"
NEXT = f"Content-Type: {message.MEDIA_TYPE.replace('v1', 'v2')}"
PROBLEM = message.Problem("device unknown")


@pytest.mark.parametrize(
    ("instead", "why"),
    [
        (sends(said(PROBLEM, status="401 Unauthorized")), "401, device unknown"),
        *((sends(head(b"oops", status=f"{code} No")), str(code)) for code in (400, 404, 409, 413, 429, 500, 503)),
        (sends(head(b"", "Location: http://192.0.2.1/login", status="302 Found")), "302"),
        (sends(head(b"<html>welcome to our hotel", "Content-Type: text/html")), "not the fleet's"),
        (sends(head(b"{}", NEXT)), "version 2"),
        (sends(head(b"{", CONTENT)), "not of the contract"),
        (sends(head(b"{}", CONTENT)), "not of the contract"),
        (sends(head(b"[" * 100_000, CONTENT)), "not of the contract"),
        (sends(head(b"half", CONTENT, length=400)), "half an answer"),
        (sends(head(bytes(status.MOST_ANSWER_BYTES + 1), CONTENT)), "larger than"),
        (sends(b"\x00garbage\r\n\r\n"), "no HTTP"),
        (sends(b""), "closed the connection"),
    ],
)
def test_an_answer_that_is_none(instead: Callable[[Peer], None], why: str, authority: Authority) -> None:
    assert why in refused(Gateway(instead=instead), authority)


@pytest.mark.parametrize("instead", [hangs, drips])
def test_the_deadline_holds(instead: Callable[[Peer], None], authority: Authority) -> None:
    assert "in time" in refused(Gateway(instead=instead), authority, 0.2)


def test_a_gateway_that_failed_is_left_alone_and_the_change_is_told_once(authority: Authority) -> None:
    told = Told()

    async def scenario() -> None:
        lookup = told.lookup(server, authority)
        for _ in range(10):
            with pytest.raises(StatusUnavailable):
                await lookup.find([ANNA])

    gateway = Gateway(instead=sends(head(b"", status="500 No")))
    with gateway.at(authority) as server:
        asyncio.run(scenario())
    assert 3 <= len(gateway.raw) < 10
    assert len(told.changes) == 1


def test_a_gateway_that_answers_again_is_told_too(authority: Authority) -> None:
    told = Told()
    gateway = Gateway({ANNA: GREEN}, instead=sends(head(b"", status="500 No")))

    async def scenario() -> None:
        lookup = told.lookup(server, authority)
        with pytest.raises(StatusUnavailable):
            await lookup.find([ANNA])
        gateway.instead = None
        assert (await lookup.find([ANNA])).records == GREEN

    with gateway.at(authority) as server:
        asyncio.run(scenario())
    assert [why is None for why in told.changes] == [False, True]


def test_what_goes_over_the_wire_names_nobody(authority: Authority) -> None:
    gateway = Gateway()
    found(gateway, authority, ANNA, PASSPORT)
    ((_, body),) = gateway.raw
    assert json.loads(body) == {"holders": ["AAAAAAAAAAAAAAAAAAAAYQ==", "AAAAAAAAAAAAAAAAAAAAcA=="]}


# --- with what is held here ------------------------------------------------------------------------------------------

HELD = Records(tests=EVERYTHING.tests)


class Here:
    """What is held at the gate; ``None`` can't be read, and one that hangs never answers."""

    def __init__(self, records: Records | None, *, broken: bool = False, hangs: bool = False) -> None:
        self._records = records
        self._broken = broken
        self._hangs = hangs
        self.asked: list[bytes] = []

    async def find(self, holders: Sequence[bytes]) -> Found:
        self.asked.extend(holders)
        if self._broken:
            raise StatusUnavailable("damaged")
        if self._hangs:
            await asyncio.Event().wait()
        return Found(holders[0], self._records)


def both(gateway: Gateway, here: Here | None, authority: Authority, *holders: bytes, deadline_s: float = 20.0) -> Found:
    with gateway.at(authority) as server:
        city = OnlineFirst(Told().lookup(server, authority, deadline_s), here, 0.5)
        return asyncio.run(city.find(holders or (ANNA,)))


def test_what_both_say_is_put_together(authority: Authority) -> None:
    together = both(Gateway({ANNA: GREEN}), Here(HELD), authority)
    assert together.records == Records(codes=GREEN.codes, tests=HELD.tests)
    assert not together.offline


def test_presence_here_beats_absence_there_and_the_other_way_round(authority: Authority) -> None:
    assert both(Gateway(), Here(HELD), authority).records == HELD
    assert both(Gateway({ANNA: GREEN}), Here(None), authority).records == GREEN


def test_a_newer_adverse_record_of_the_city_stands_beside_the_good_one_here(authority: Authority) -> None:
    newer = GREEN.codes[0].as_of + timedelta(days=1)
    red = Records(codes=tuple(replace(code, colour=Colour.RED, as_of=newer) for code in GREEN.codes))
    records = both(Gateway({ANNA: red}), Here(GREEN), authority).records
    assert records is not None
    assert set(records.codes) == {*red.codes, *GREEN.codes}  # the newest is judged, see gate.rules.derive


@pytest.mark.parametrize("instead", [hangs, sends(b""), sends(head(b"", status="500 No"))])
def test_without_the_city_what_is_held_here_counts_and_says_so(
    instead: Callable[[Peer], None], authority: Authority
) -> None:
    alone = both(Gateway(instead=instead), Here(HELD), authority, deadline_s=0.2)
    assert alone == Found(ANNA, HELD, offline=True)


@pytest.mark.parametrize("here", [Here(None, broken=True), Here(None, hangs=True)])
def test_without_what_is_held_here_the_city_counts_but_silence_about_permits_means_nothing(
    here: Here, authority: Authority
) -> None:
    alone = both(Gateway({ANNA: GREEN}), here, authority)
    assert (alone.records, alone.permits_known, alone.offline) == (GREEN, False, False)


@pytest.mark.parametrize("here", [None, Here(None, broken=True), Here(None, hangs=True)])
def test_where_neither_answers_nobody_does(here: Here | None, authority: Authority) -> None:
    with pytest.raises(StatusUnavailable):
        both(Gateway(instead=hangs), here, authority, deadline_s=0.1)


def test_the_city_alone(authority: Authority) -> None:
    alone = both(Gateway({ANNA: GREEN}), None, authority)
    assert (alone.records, alone.permits_known) == (GREEN, True)


def test_who_is_known_by_another_document_is_looked_for_here_under_that_one(authority: Authority) -> None:
    here = Here(HELD)
    assert both(Gateway({ANNA: GREEN}, {PASSPORT: ANNA}), here, authority, PASSPORT).holder == ANNA
    assert here.asked == [PASSPORT, ANNA]


def test_people_of_a_code_are_asked_about_here_and_the_city_not_twice(authority: Authority) -> None:
    people = (status.Person(ANNA, known_of(GREEN)),)
    gateway = Gateway(codes={(CODE.issuer, CODE.token): status.CodeAnswer(status.CodeState.GOOD, people)})
    with gateway.at(authority) as server:
        city = OnlineFirst(Told().lookup(server, authority), Here(HELD), 0.5)
        (person,) = asyncio.run(city.resolve(CODE))
    assert person.records == Records(codes=GREEN.codes, tests=HELD.tests)
    assert person.complete
    assert len(gateway.asked) == 1


# --- the contract ----------------------------------------------------------------------------------------------------


def test_fields_of_a_newer_gateway_are_ignored() -> None:
    body = (
        b'{"mood": 1, "person": {"holder": "AAAAAAAAAAAAAAAAAAAAAA==", "shoe": 2, "known": {"weather": [],'
        b' "codes": [{"source": "city", "as_of": "2026-11-27T08:00:00+08:00", "colour": "red", "shade": 3}]}}}'
    )
    person = message.decode(body, status.HolderAnswer).person
    assert person.known is not None
    assert [code.colour for code in records_of(person.known).codes] == [Colour.RED]


@pytest.mark.parametrize(
    "code",
    [
        '{"source": "c", "as_of": "2026-11-27T08:00:00", "colour": "red"}',
        '{"source": "c", "as_of": "2026-11-27T08:00:00Z", "colour": "mauve"}',
        '{"source": "", "as_of": "2026-11-27T08:00:00Z", "colour": "red"}',
        '{"as_of": "2026-11-27T08:00:00Z", "colour": "red"}',
    ],
)
def test_a_record_that_cannot_be_judged_spoils_the_whole_answer(code: str) -> None:
    body = f'{{"person": {{"holder": "AAAAAAAAAAAAAAAAAAAAAA==", "known": {{"codes": [{code}]}}}}}}'
    with pytest.raises(WireFault):
        message.decode(body.encode(), status.HolderAnswer)


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_bytes_are_an_answer_or_a_declared_fault(body: bytes) -> None:
    for kind in (status.HolderAnswer, status.CodeAnswer, status.HolderQuestion, status.CodeQuestion):
        with pytest.raises(WireFault):
            message.decode(body, kind)
