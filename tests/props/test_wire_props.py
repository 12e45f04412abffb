"""Whatever the other end says: it is of the contract, or ``WireFault``; and it never costs more than it may."""

from __future__ import annotations

import contextlib
import gzip
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given
from hypothesis import strategies as st

from gate.errors import WireFault
from gate.journal.upload import Upload
from gate.model import Outcome
from gate.net.answer import Answer
from gate.wire.heartbeat import HeartbeatAnswer
from gate.wire.message import (
    MEDIA_TYPE,
    VERSION,
    Problem,
    answer,
    decode,
    encode,
    not_spoken,
    squeeze,
    unsqueeze,
    version_of,
)
from gate.wire.pace import FIRST_S, LONGEST_ASKED_S, LONGEST_S, Pace, asked_for
from gate.wire.passages import Acknowledgement, Passage, open_batch
from gate.wire.token import Assertion, Challenge, Token, sign, verify

KINDS: tuple[type[msgspec.Struct], ...] = (Acknowledgement, HeartbeatAnswer, Challenge, Token, Problem, Passage)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)
BODIES = st.binary(max_size=200) | JSON.map(msgspec.json.encode)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))


def rows(number: int) -> list[Passage]:
    return [
        Passage(
            seq=seq,
            id=f"01a21ef4-4721-7509-919f-{seq:012x}",
            revision=1,
            at=datetime(2021, 6, 20, tzinfo=UTC),
            clock_trusted=True,
            reader="gun",
            credential="health_code",
            assurance=3,
            outcome=Outcome.PASS,
            reasons=("green_code",),
        )
        for seq in range(1, number + 1)
    ]


@given(BODIES, st.sampled_from(KINDS))
@example(b"[" * 100_000, Acknowledgement)
@example(b'{"why":"\xff"}', Problem)
def test_a_message_is_of_its_kind_or_refused(body: bytes, kind: type[msgspec.Struct]) -> None:
    try:
        found = decode(body, kind)
    except WireFault:
        return
    assert isinstance(found, kind)


@given(BODIES)
def test_a_batch_is_one_or_refused(body: bytes) -> None:
    with contextlib.suppress(WireFault):
        assert open_batch(body).rows


@given(st.text() | st.sampled_from(["application/vnd.gate.v2+json", "text/html", MEDIA_TYPE, f"{MEDIA_TYPE}; a=b"]))
def test_only_the_version_that_is_spoken_is_read(content_type: str) -> None:
    problem = not_spoken(content_type)
    assert (problem is None) == (version_of(content_type) == VERSION)
    assert problem is None or problem.spoken == (VERSION,)
    try:
        answer(content_type, b"{}", HeartbeatAnswer)
    except WireFault:
        assert problem is not None
    else:
        assert problem is None


def test_a_number_that_is_no_ascii_is_no_version() -> None:
    assert version_of("application/vnd.gate.v١+json") is None


@given(st.binary(max_size=2000))
def test_what_is_compressed_comes_back(body: bytes) -> None:
    assert unsqueeze(squeeze(body)) == body


@given(st.binary(max_size=300), st.integers(0, 300), st.integers(0, 255))
def test_what_was_damaged_on_the_way_is_refused_or_whole(body: bytes, place: int, value: int) -> None:
    packed = bytearray(squeeze(body))
    packed[place % len(packed)] = value
    with contextlib.suppress(WireFault):
        assert unsqueeze(bytes(packed)) == body


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(WireFault, match="larger than 1000 bytes"):
        unsqueeze(gzip.compress(bytes(1 << 24)), 1000)
    with pytest.raises(WireFault, match="something follows"):
        unsqueeze(squeeze(b"one") + squeeze(b"two"))


@given(st.text(max_size=300) | st.binary(max_size=200).map(lambda b: b.decode("latin-1")))
def test_an_assertion_of_nobody_is_refused(text: str) -> None:
    with pytest.raises(WireFault):
        verify(text, KEY.public_key())


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_an_assertion_is_what_was_signed_or_refused(place: int, change: int) -> None:
    claims = Assertion("gate-7", "https://fleet.example", "n" * 32)
    signed = sign(claims, KEY)
    assert verify(signed, KEY.public_key()) == claims
    damaged = bytearray(signed.encode())
    damaged[place % len(damaged)] ^= change
    with contextlib.suppress(WireFault):
        assert verify(damaged.decode("latin-1"), KEY.public_key()) == claims


@given(st.text() | st.integers(-10, 10**12).map(str))
def test_a_server_can_ask_for_an_hour_at_most(text: str) -> None:
    assert 0.0 <= asked_for(text) <= LONGEST_ASKED_S


@given(st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=40))
def test_waits_grow_up_to_a_limit_and_begin_anew(draws: list[float]) -> None:
    drawn = iter([*draws, 0.5])
    pace = Pace(lambda: next(drawn))
    longest = FIRST_S
    for draw in draws:
        assert pace.failed(7.0) == 7.0 + draw * longest
        longest = min(longest * 2, LONGEST_S)
    pace.worked()
    assert pace.failed() == FIRST_S / 2


ANSWERS = st.builds(
    Answer,
    st.sampled_from([200, 200, 200, 302, 400, 401, 404, 413, 422, 429, 500]),
    st.fixed_dictionaries({"content-type": st.sampled_from([MEDIA_TYPE, "text/html"])}),
    BODIES | st.just(b'{"batch":"0123456789","rows":[{"result":"taken"}],"watermark":1}'),
    st.none(),
)


@given(st.lists(ANSWERS, max_size=30), st.integers(1, 9))
def test_whatever_a_server_answers_nothing_is_taken_for_more_than_it_said(said: list[Answer], waiting: int) -> None:
    upload, journal = Upload(), rows(waiting)
    for one in said:
        batch = [row for row in journal if row.seq > upload.after][: upload.most_rows]
        if not batch:
            upload.over()
            continue
        verdict = upload.answered("0123456789", batch, one)
        assert 1 <= upload.most_rows <= 500
        assert set(verdict.taken) <= set(batch)
        assert bool(verdict.taken) <= verdict.acknowledged
        if one.status != 200 or one.headers["content-type"] != MEDIA_TYPE:
            assert not verdict.taken
        if verdict.refused:
            assert one.status in {200, 400, 413, 422}


def test_an_answer_about_other_rows_counts_for_nothing() -> None:
    upload, batch = Upload(), rows(2)
    said: Any
    for said in (
        {"batch": "another-batch", "rows": [{"result": "taken"}] * 2, "watermark": 2},
        {"batch": "0123456789", "rows": [{"result": "taken"}], "watermark": 2},
        {"batch": "0123456789", "rows": [{"result": "perhaps"}] * 2, "watermark": 2},
    ):
        verdict = upload.answered(
            "0123456789", batch, Answer(200, {"content-type": MEDIA_TYPE}, msgspec.json.encode(said), None)
        )
        assert not verdict.taken
        assert verdict.trouble
    good = encode(Problem("x"))
    assert upload.answered("0123456789", batch, Answer(503, {"content-type": MEDIA_TYPE}, good, None)).trouble == (
        "the server answers 503: x"
    )
