"""From the fleet's server to the gateway: a gate is given what it shows there, ahead of anybody's question."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from province_rig import GREEN, city, settings

from fleet.errors import FleetError
from fleet.gateway import key_command
from fleet.gateway.config import load
from gate.app.fleet.session import Tokens
from gate.errors import StatusUnavailable
from gate.net.client import Client
from gate.net.trust import NO_TRUST
from gate.status.online import OnlineFirst
from gate.wire.token import LIFE_S

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_rig import FleetServer


def token_key(folder: Path, server: FleetServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What ``fleet gateway-key`` writes."""
    monkeypatch.setenv("FLEET_DSN", server.ready.dsn)
    assert key_command.main([str(folder / "token.key")]) == 0
    return folder / "token.key"


def test_a_gate_shows_the_gateway_what_the_fleet_gave_it(
    fleet_server: FleetServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = token_key(tmp_path, fleet_server, monkeypatch).read_bytes()
    fleet = Client(fleet_server.url, NO_TRUST)
    tokens = Tokens(fleet_server.url, "gate-at-desk", fleet_server.enrolled("gate-at-desk"))
    with city(tmp_path / "city", token_key=key) as there:
        lookup = there.lookup(token=tokens.for_gateway)
        with pytest.raises(StatusUnavailable, match="nothing to show"):
            there.code(GREEN, lookup)
        assert there.wire.asked == 0
        of_fleet = tokens.get(fleet)  # as a heartbeat does
        (found,) = there.code(GREEN, lookup)
        assert found.records is not None
        with pytest.raises(StatusUnavailable, match="401"):
            there.code(GREEN, there.lookup(token=lambda: of_fleet))
    fleet.close()
    assert [line for line in there.counted() if "gate-at-desk" in line]


def test_without_a_token_nobody_passes_by_the_city(tmp_path: Path) -> None:
    def none() -> str:
        raise StatusUnavailable("nothing to show")

    with city(tmp_path) as there:
        first = OnlineFirst(there.lookup(token=none), None, 1.0)
        with pytest.raises(StatusUnavailable):
            asyncio.run(first.find([there.pseudonym(GREEN)]))
        assert there.wire.asked == 0


def test_what_was_given_is_shown_until_it_is_over(fleet_server: FleetServer, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet = Client(fleet_server.url, NO_TRUST)
    tokens = Tokens(fleet_server.url, "gate-for-long", fleet_server.enrolled("gate-for-long"))
    now = [1000.0]
    monkeypatch.setattr("gate.app.fleet.session.time.monotonic", lambda: now[0])
    tokens.get(fleet)
    now[0] += LIFE_S - 1
    assert tokens.for_gateway()
    now[0] += 1
    with pytest.raises(StatusUnavailable):
        tokens.for_gateway()
    fleet.close()


def test_a_gateway_of_the_network_starts_with_the_fleets_key_alone(
    fleet_server: FleetServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = settings(tmp_path, 8790, gates='["10.20.0.0/16"]')
    file.write_text('token_key = "../token.key"\n' + file.read_text("utf-8"), "utf-8")
    with pytest.raises(FleetError, match=r"token\.key"):
        load(file)
    key = token_key(tmp_path, fleet_server, monkeypatch)
    config = load(file)
    assert config.token_key == key.read_bytes()
    assert str(config.token_key) not in repr(config)
    key.write_bytes(b"short")
    with pytest.raises(FleetError, match="fleet gateway-key FILE"):
        load(file)
