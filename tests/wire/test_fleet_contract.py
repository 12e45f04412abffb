"""What every server of a fleet has to do (docs/wire.md): run here against the reference receiver and our own server.

Against another one: ``GATE_FLEET_URL=https://… GATE_FLEET_DEVICE=… GATE_FLEET_KEY=device.pem`` (and
``GATE_FLEET_CA=ca.pem``), with a gate that is enrolled there for nothing but this.
"""

from __future__ import annotations

import os
import random
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from receiver import Receiver
from uploads import DEVICE, enrolled

from gate.app.fleet.key import load_key
from gate.app.fleet.session import Session, Tokens
from gate.model import Outcome
from gate.net.client import Client
from gate.net.trust import TlsTrust
from gate.presentation_id import new_presentation_id
from gate.wire import heartbeat, inventory, passages
from gate.wire.heartbeat import Clock, Device, Heartbeat, HeartbeatAnswer, KeyTier
from gate.wire.inventory import Inventory, InventoryAnswer, Place
from gate.wire.message import MEDIA_TYPE, NOT_SPOKEN, VERSION, Problem, answer, encode, squeeze
from gate.wire.passages import Acknowledgement, Batch, Passage
from gate.wire.token import CHALLENGE_PATH, TOKEN_PATH, Assertion, Challenge, ChallengeRequest, TokenRequest, sign

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.net.answer import Answer


@dataclass
class Fleet:
    """A server, and a gate that it knows."""

    url: str
    trust: TlsTrust
    device: str
    key: Ed25519PrivateKey

    def __post_init__(self) -> None:
        self.client = Client(self.url, self.trust)
        self.session = Session(self.client, Tokens(self.url, self.device, self.key))
        self.series = random.randrange(1, 1 << 31)

    def raw(self, path: str, body: bytes, **headers: str) -> Answer:
        named = {"Content-Type": MEDIA_TYPE, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.client.request("POST", path, body=body, headers=named, deadline_s=20, most_bytes=1 << 20)

    def nonce(self) -> str:
        said = self.raw(CHALLENGE_PATH, encode(ChallengeRequest(self.device)))
        return answer(said.headers["content-type"], said.body, Challenge).nonce

    def token_for(self, assertion: str) -> int:
        return self.raw(TOKEN_PATH, encode(TokenRequest(self.device, assertion))).status

    def send(self, *rows: Any, batch: str | None = None) -> Acknowledgement:
        return self.session.ask(passages.PATH, self.batch(*rows, batch=batch), Acknowledgement)

    def batch(self, *rows: Any, batch: str | None = None) -> Batch:
        return Batch(batch or secrets.token_hex(8), self.device, self.series, rows)


@pytest.fixture(scope="module", params=["given"] if "GATE_FLEET_URL" in os.environ else ["reference", "fleet"])
def server(request: pytest.FixtureRequest) -> Iterator[tuple[str, TlsTrust, str, Ed25519PrivateKey]]:
    if url := os.environ.get("GATE_FLEET_URL"):
        ca = os.environ.get("GATE_FLEET_CA")
        key = load_key(Path(os.environ["GATE_FLEET_KEY"]))
        yield url, TlsTrust(Path(ca) if ca else None), os.environ["GATE_FLEET_DEVICE"], key
        return
    if request.param == "fleet":
        ours = request.getfixturevalue("fleet_server")
        yield ours.url, TlsTrust(), DEVICE, ours.enrolled(DEVICE)
        return
    receiver = Receiver()
    yield receiver.url, TlsTrust(), DEVICE, enrolled(receiver)
    receiver.close()


@pytest.fixture
def fleet(server: tuple[str, TlsTrust, str, Ed25519PrivateKey]) -> Fleet:
    return Fleet(*server)


def row(seq: int = 1, **changes: Any) -> Passage:
    usual: dict[str, Any] = {
        "seq": seq,
        "id": new_presentation_id(),
        "revision": 1,
        "at": datetime(2021, 6, 20, 8, tzinfo=UTC),
        "clock_trusted": True,
        "reader": "id-reader",
        "credential": "resident_id",
        "assurance": 4,
        "outcome": Outcome.PASS,
        "reasons": ("green_code",),
    }
    return Passage(**{**usual, **changes})


def results(said: Acknowledgement) -> list[str]:
    return [one.result for one in said.rows]


def test_a_gate_that_proves_who_it_is_gets_a_token(fleet: Fleet) -> None:
    assert fleet.token_for(sign(Assertion(fleet.device, fleet.url, fleet.nonce()), fleet.key)) == 200


def test_a_challenge_is_good_once(fleet: Fleet) -> None:
    signed = sign(Assertion(fleet.device, fleet.url, fleet.nonce()), fleet.key)
    assert [fleet.token_for(signed), fleet.token_for(signed)] == [200, 401]


def test_nobody_gets_a_token_by_other_means(fleet: Fleet) -> None:
    stranger, server = Ed25519PrivateKey.generate(), "https://other.example"
    for device, url, nonce, key in (
        (fleet.device, fleet.url, fleet.nonce(), stranger),
        (fleet.device, server, fleet.nonce(), fleet.key),
        (fleet.device, fleet.url, secrets.token_urlsafe(24), fleet.key),
        ("another-gate", fleet.url, fleet.nonce(), fleet.key),
    ):
        assert fleet.token_for(sign(Assertion(device, url, nonce), key)) == 401
    assert fleet.token_for("none") == 401


def test_without_a_good_token_nothing_is_taken(fleet: Fleet) -> None:
    body = encode(fleet.batch(row()))
    assert fleet.raw(passages.PATH, body).status == 401
    assert fleet.raw(passages.PATH, body, Authorization="Bearer of-nobody-at-all").status == 401


def test_an_unknown_version_is_told_which_ones_are_spoken(fleet: Fleet) -> None:
    for strange in ("application/vnd.gate.v99+json", "application/json", "text/html"):
        said = fleet.raw(passages.PATH, encode(fleet.batch(row())), Content_Type=strange)
        assert said.status == NOT_SPOKEN
        assert VERSION in answer(said.headers["content-type"], said.body, Problem).spoken


def test_a_row_is_taken_and_taken_again_as_often_as_it_comes(fleet: Fleet) -> None:
    one = row()
    for _ in range(3):
        said = fleet.send(one, batch="00000000-the-batch")
        assert said == Acknowledgement("00000000-the-batch", said.rows, 1)
        assert results(said) == ["taken"]


def test_every_field_may_be_there(fleet: Fleet) -> None:
    full = row(
        direction="in",
        zone="east-3",
        holder=bytes(16),
        code=bytes(16),
        permit="P-1",
        rule_set="station-48h@1",
        profile="station",
        failed_rules=("R-1",),
        facts=(passages.FactUsed("code", "known", "city", 600),),  # type: ignore[arg-type]
        marks=("rules-past-refresh",),
        withdrawn="not committed in time",
        passage="passed",
        sealed=passages.Sealed("2021-06-20", bytes(176)),
    )
    assert results(fleet.send(full)) == ["taken"]


def test_a_row_that_changed_is_taken_and_an_older_state_of_it_changes_nothing(fleet: Fleet) -> None:
    one = row()
    newer = msgspec.structs.replace(one, revision=2, passage="passed")
    for sent in (one, newer, one):
        assert results(fleet.send(sent)) == ["taken"]


def test_fields_that_a_server_does_not_know_are_no_fault(fleet: Fleet) -> None:
    body = msgspec.json.decode(encode(fleet.batch(row())))
    body["since_version_7"] = body["rows"][0]["since_version_7"] = {"more": 1}
    said = fleet.session.post(passages.PATH, msgspec.json.encode(body))
    assert results(answer(said.headers["content-type"], said.body, Acknowledgement)) == ["taken"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("outcome", "perhaps"),
        ("id", "1"),
        ("revision", 0),
        ("at", "yesterday"),
        ("reasons", "green_code"),
        ("seq", None),
    ],
)
def test_one_wrong_row_is_refused_with_a_reason_and_keeps_none_of_the_others(
    fleet: Fleet, field: str, value: object
) -> None:
    body = msgspec.json.decode(encode(fleet.batch(row(1), row(2), row(3))))
    body["rows"][1][field] = value
    said = fleet.session.post(passages.PATH, msgspec.json.encode(body))
    found = answer(said.headers["content-type"], said.body, Acknowledgement)
    assert results(found) == ["taken", "refused", "taken"]
    assert found.rows[1].reason


def test_what_is_missing_shows_until_it_comes(fleet: Fleet) -> None:
    assert fleet.send(row(1), row(2)).gaps == ()
    said = fleet.send(row(5), row(9))
    assert (said.watermark, said.gaps) == (2, ((3, 4), (6, 8)))
    said = fleet.send(row(3), row(4), row(7))
    assert (said.watermark, said.gaps) == (5, ((6, 6), (8, 8)))
    said = fleet.send(row(6), row(8))
    assert (said.watermark, said.gaps) == (9, ())


def test_numbers_of_another_file_are_others(fleet: Fleet) -> None:
    fleet.send(row(1), row(2))
    fleet.series += 1
    said = fleet.send(row(1))
    assert (said.watermark, said.gaps) == (1, ())


def test_another_gates_name_is_refused(fleet: Fleet) -> None:
    body = msgspec.json.decode(encode(fleet.batch(row())))
    body["device"] = "another-gate"
    assert fleet.session.post(passages.PATH, msgspec.json.encode(body)).status == 403


def test_a_batch_may_be_compressed_and_a_bomb_is_refused(fleet: Fleet) -> None:
    many = fleet.batch(*(row(number) for number in range(1, 101)))
    assert len(encode(many)) > 1024, "long enough for the session to compress it"
    assert len(fleet.session.ask(passages.PATH, many, Acknowledgement).rows) == 100
    token = fleet.session._tokens.get(fleet.client)
    for body in (squeeze(b" " * (64 << 20)), b"\x1f\x8b no gzip", squeeze(encode(many))[:-9]):
        said = fleet.raw(passages.PATH, body, Content_Encoding="gzip", Authorization=f"Bearer {token}")
        assert said.status in {400, 413}
        assert answer(said.headers["content-type"], said.body, Problem).why


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff", b'{"batch":"0123456789","rows":[]}', b"[" * 100_000])
def test_no_batch_at_all_is_refused_as_a_whole(fleet: Fleet, body: bytes) -> None:
    said = fleet.session.post(passages.PATH, body)
    assert said.status == 400
    assert answer(said.headers["content-type"], said.body, Problem).why


def test_a_heartbeat_and_an_inventory_are_taken(fleet: Fleet) -> None:
    beat = Heartbeat(
        device=fleet.device,
        software="0.5.0",
        uptime_s=60,
        clock=Clock(datetime.now(UTC), trusted=False),
        readers=(Device("id-reader"), Device("gun", 17)),
        key_tier=KeyTier.FILE,
    )
    fleet.session.ask(heartbeat.PATH, beat, HeartbeatAnswer)
    about = Inventory(
        device=fleet.device,
        software="0.5.0",
        python="3.13.1",
        system="Debian GNU/Linux 13 (trixie)",
        kernel="6.12",
        machine="aarch64",
        processors=4,
        memory_bytes=1 << 30,
        place=Place("station-north-3", "station", "public", "3"),
        parts=(inventory.Part("id-reader", "idcard"),),
        key_tier=KeyTier.FILE,
    )
    fleet.session.ask(inventory.PATH, about, InventoryAnswer)
    for path, message in ((heartbeat.PATH, beat), (inventory.PATH, about)):
        strange = msgspec.structs.replace(message, device="another-gate")
        assert fleet.session.post(path, encode(strange)).status == 403


def test_what_is_not_there_is_said_in_the_contracts_words(fleet: Fleet) -> None:
    said = fleet.session.post("/v1/nothing", b"{}")
    assert said.status == 404
    assert answer(said.headers["content-type"], said.body, Problem).why
