"""The certificate of retirement: for a gate that says it has erased itself, and for no other."""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from fleet_desk import Desk, Person, beat
from uploads import session

from gate.wire import heartbeat
from gate.wire.commands import CommandOutcome, CommandResult
from gate.wire.heartbeat import HeartbeatAnswer

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from fleet_rig import FleetServer


@pytest.fixture
def desk(fleet_server: FleetServer) -> Desk:
    return Desk(fleet_server)


def erases_itself(desk: Desk, key: Ed25519PrivateKey, name: str, result: CommandResult) -> str:
    """What a gate does that was told to; gives the order's id."""
    ((id_,),) = desk.server.sql(
        "SELECT commands.id FROM commands JOIN devices ON devices.id = device_id WHERE name = %s", name
    )
    outcome = CommandOutcome(id_, result, "erased: /var/lib/gate/status.json, /var/lib/gate/device.key")
    said = beat(device=name, outcomes=(outcome,))
    session(desk.server.url, key, name).ask(heartbeat.PATH, said, HeartbeatAnswer)
    return str(id_)


def test_it_says_who_asked_and_what_the_gate_said(desk: Desk) -> None:
    name = f"retired-{secrets.token_hex(4)}"
    key = desk.server.enrolled(name, desk.site)
    user = desk.user(may_change=True)
    person = Person(user)
    person.post(f"/gates/{name}/command", kind="wipe", name=name)
    person.get(f"/gates/{name}/retirement", 404)
    id_ = erases_itself(desk, key, name, CommandResult.DONE)
    assert f"/gates/{name}/retirement" in person.get(f"/gates/{name}/")
    page = person.get(f"/gates/{name}/retirement")
    fingerprint = sha256(key.public_key().public_bytes_raw()).hexdigest()
    for words in (name, user.username, fingerprint, id_, "erased: /var/lib/gate/status.json", f"serial-{name}"):
        assert words in page
    Person(Desk(desk.server).user(may_change=True)).get(f"/gates/{name}/retirement", 404)
    other, who = Person(desk.user(may_change=False)), user.username
    user.delete()
    assert who in other.get(f"/gates/{name}/retirement"), "also when who asked is no more"


def test_there_is_none_where_it_failed_or_the_gate_was_only_revoked(desk: Desk) -> None:
    name = f"failed-{secrets.token_hex(4)}"
    key = desk.server.enrolled(name, desk.site)
    person = Person(desk.user(may_change=True))
    person.post(f"/gates/{name}/command", kind="wipe", name=name)
    erases_itself(desk, key, name, CommandResult.FAILED)
    person.post(f"/gates/{name}/revoke", name=name)
    person.get(f"/gates/{name}/retirement", 404)


def test_there_is_none_for_a_gate_that_is_enrolled_again(desk: Desk) -> None:
    name = f"again-{secrets.token_hex(4)}"
    key = desk.server.enrolled(name, desk.site)
    person = Person(desk.user(may_change=True))
    person.post(f"/gates/{name}/command", kind="wipe", name=name)
    erases_itself(desk, key, name, CommandResult.DONE)
    person.get(f"/gates/{name}/retirement")
    desk.server.sql("UPDATE devices SET enrolled_at = now(), state = 'active' WHERE name = %s", name)
    person.get(f"/gates/{name}/retirement", 404)
    person.post(f"/gates/{name}/revoke", name=name)
    person.get(f"/gates/{name}/retirement", 404)
