"""From the desk to a gate: set, written out, signed, published, taken by a real gate, told, and shown as in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from fleet_desk import beat
from settings_desk import Office
from settings_rig import Lives, SetGate, until_restart, while_at_work
from static_site import served
from trust_bundles import contents, root, write
from uploads import session

from gate.trust import bundle, publish
from gate.wire import heartbeat
from gate.wire.heartbeat import HeartbeatAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet_rig import FleetServer


@pytest.fixture
def office(fleet_server: FleetServer) -> Iterator[Office]:
    fleet_server.sql("DELETE FROM settings")
    yield Office(fleet_server)
    fleet_server.sql("DELETE FROM settings")


class City:
    """The desk's side of one gate that fetches from a plain file server and tells the fleet how it is."""

    def __init__(self, office: Office, folder: Path, url: str, files: Path) -> None:
        self.office, self._folder, self._files = office, folder, files
        self.gate = SetGate(folder / "gate", office.gate, server=url)
        self.key = self.gate.key
        office.server.sql(
            "UPDATE devices SET key = %s WHERE name = %s", self.key.public_key().public_bytes_raw(), office.gate
        )

    def publish(self, version: int) -> None:
        """Write out what is set, sign it, check it and put it where gates fetch."""
        from fleet.configuration.command import check, main  # noqa: PLC0415 - Django is set up by the fixture

        out = self._folder / f"out-{version}"
        assert main([str(out)]) == 0
        others = {"config": {path.name: path.read_bytes() for path in out.iterdir()}}
        made = bundle.open_folder(write(self._folder / f"bundle-{version}", contents(version, others=others)), root())
        check(made)
        write(self._files, publish.site(made))

    def tells(self) -> None:
        """The gate starts, works for a while, and tells."""
        slot = self.gate.begin()
        while_at_work(slot, Lives())
        told = msgspec.structs.replace(beat(device=self.office.gate), settings=slot.told)
        session(self.office.server.url, self.key, self.office.gate).ask(heartbeat.PATH, told, HeartbeatAnswer)
        self.office.told(told)

    def page(self) -> str:
        return self.office.person.get(f"/gates/{self.office.gate}/configuration")


@pytest.fixture
def city(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[City]:
    monkeypatch.setenv("FLEET_DSN", office.server.ready.dsn)
    with served(tmp_path / "site") as url:
        yield City(office, tmp_path, url, tmp_path / "site")


def test_what_is_set_at_the_desk_is_in_force_at_the_gate(city: City) -> None:
    city.office.set("site", "voice.lead_in_ms", "200")
    city.office.set("device", "fleet.url", city.office.server.url)
    city.publish(1)
    slot = city.gate.begin()
    assert slot.told.refused is None, "the fleet has answered at its new address"
    until_restart(slot, Lives())
    city.tells()
    assert city.gate.config.voice.lead_in_ms == 200
    assert city.gate.config.fleet is not None
    assert city.gate.config.fleet.url == city.office.server.url
    assert "has all that is set for it" in city.page()


def test_what_passes_the_desk_and_not_the_gate_goes_back_and_is_read_at_the_desk(city: City) -> None:
    city.office.set("site", "voice.lead_in_ms", "200")
    city.publish(1)
    until_restart(city.gate.begin(), Lives())
    city.tells()
    city.office.set("site", "voice.lead_in_ms", "700")
    city.office.set("site", "fleet.url", "http://127.0.0.1:9/elsewhere")
    city.publish(2)
    city.tells()
    assert city.gate.config.voice.lead_in_ms == 200
    assert "no fleet that knows this gate answers at http://127.0.0.1:9/elsewhere" in city.page()
    city.office.set("site", "fleet.url", "", remove="1")
    city.publish(3)
    until_restart(city.gate.begin(), Lives())
    city.tells()
    assert city.gate.config.voice.lead_in_ms == 700
    assert "has all that is set for it" in city.page()
