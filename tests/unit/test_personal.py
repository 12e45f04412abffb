"""When the lease is over a gate knows nobody any more, says so, and serves on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lane_rig import Observed, Rig, card, serve
from receiver import Receiver
from uploads import enrolled
from vectors import ROOT

from gate.app import personal
from gate.app.build import build
from gate.app.fleet import heart
from gate.app.personal import Personal, lease_on, watch
from gate.app.records import Sources
from gate.config_bind import Roots
from gate.config_file import load
from gate.errors import StatusUnavailable
from gate.lease import Lease, Uptime
from gate.model import Document, DocumentType, Moment, Records
from gate.pseudonym import load_or_make_key
from gate.status.file import StatusFile, encode
from gate.status.gateway import NoGateway
from gate.wire.commands import Command

if TYPE_CHECKING:
    from pathlib import Path

    from gate.config import GateConfig
    from gate.status.source import StatusSource

WAIT_S = 20
ANNA = Document(DocumentType.RESIDENT_ID, "999999199001010016")
FLEET = '\n[fleet]\nurl = "http://127.0.0.1:9"\ndevice = "g-1"\nkey = "device.key"\n'


def only(source: StatusSource) -> Sources:
    return Sources(source, NoGateway(), (), (), None, deadline_s=0.8)


@dataclass
class Site:
    """A state directory with somebody in its list, and a machine that is on for so long."""

    folder: Path
    hours: float = 0.0
    dropped: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.key = load_or_make_key(self.folder / "pseudonym.key")
        self.anna = self.key.pseudonym(ANNA)
        self.list = self.folder / "status.json"
        self.list.write_bytes(encode({self.anna: Records()}))
        self.people = Personal(self.key, only(StatusFile.open(self.list)))
        self.lease = self.leased()

    def leased(self) -> Lease:
        paths = (self.list, self.folder / "pseudonym.key")
        return Lease(self.folder / "lease", lambda: timedelta(hours=72), paths, lambda: Uptime("1", self.hours * 3600))


@pytest.fixture(autouse=True)
def _looks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(personal, "LOOK_S", 0.0)
    monkeypatch.setattr(personal, "NOTED_S", 0.0)


def test_people_are_known_until_the_end_and_the_gate_starts_anew_with_the_first_word(tmp_path: Path) -> None:
    site = Site(tmp_path)

    async def main() -> None:
        screen, again = Observed(), asyncio.Event()
        watching = asyncio.create_task(watch(site.lease, site.people.drop, screen, again.set))
        assert (await site.people.find((site.anna,))).holder_known
        site.hours = 73
        async with asyncio.timeout(WAIT_S):
            while not screen.lamps.get("lease_over"):
                screen.changed.clear()
                await screen.changed.wait()
        with pytest.raises(StatusUnavailable):
            await site.people.find((site.anna,))
        assert site.key.pseudonym(ANNA) != site.anna, "nor can anybody be looked for"
        assert not again.is_set()
        site.lease.contact(Moment(datetime.now(UTC), trusted=True))
        async with asyncio.timeout(WAIT_S):
            await again.wait()
        await watching

    asyncio.run(main())
    assert not site.list.exists()
    assert not (tmp_path / "pseudonym.key").exists()


def test_whoever_comes_then_is_sent_to_staff_and_the_record_says_why(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        gone = rig.service._judge.key
        people = Personal(gone, only(rig.service._judge.status))
        object.__setattr__(rig.service._judge, "status", people)
        rig.service.take(card(1))
        await rig.observed.until("said", 1)
        people.drop()
        rig.service.mark(personal.LEASE_OVER)
        rig.service.take(card(1))
        assert (await rig.observed.until("said", 2))[-1] == "status_unavailable"
        await rig.settled()
        (before, _), (after, marks) = rig.look("holder, marks")
        assert before != after, "by a key that nobody has kept"
        assert "lease-over" in marks

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lane_rig.KEY", load_or_make_key(tmp_path / "pseudonym.key"))
        serve(tmp_path, scenario)


def configured(folder: Path, added: str = "") -> GateConfig:
    file = folder / "gate.toml"
    file.write_text((ROOT / "config" / "demo.toml").read_text(encoding="utf-8") + added, encoding="utf-8")
    return load(file, folder)


def test_without_a_fleet_there_is_no_lease(tmp_path: Path) -> None:
    assert lease_on(configured(tmp_path), tmp_path, lambda: timedelta(hours=1)) is None


@pytest.mark.parametrize(
    ("signed", "own", "hours"),
    [(None, "", 72), (100, "", 100), (48, "lease_hours = 100", 48), (48, "lease_hours = 12", 12)],
)
def test_the_configuration_only_shortens_what_is_signed(
    tmp_path: Path, signed: int | None, own: str, hours: int
) -> None:
    config = configured(tmp_path, FLEET + own)
    lease = lease_on(config, tmp_path, lambda: None if signed is None else timedelta(hours=signed))
    assert lease is not None
    assert lease._length() == timedelta(hours=hours)


def test_a_gate_that_starts_after_the_end_opens_no_list_and_keeps_no_key(tmp_path: Path) -> None:
    config = configured(tmp_path, FLEET)
    file = config.status.file
    assert file is not None
    file.write_bytes(encode({bytes(16): Records()}))
    boots = (Uptime("1", 0.0), Uptime("1", 73 * 3600.0))
    for uptime in boots:
        Lease(tmp_path / "lease", lambda: timedelta(hours=72), (file,), lambda now=uptime: now).tick()  # type: ignore[misc]
    gate = build(config, Roots(tmp_path, tmp_path))
    gate.close()
    assert gate.lease is not None
    assert gate.lease.over
    assert not config.status.key.exists()
    with pytest.raises(StatusUnavailable):
        asyncio.run(gate.personal.find((bytes(16),)))


def test_a_gate_that_is_told_to_wipe_itself_does_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heart, "MOST_OFTEN_S", 0.01)
    receiver = Receiver()
    pem = enrolled(receiver, "g-1").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for name in ("device.key", "device-0123456789abcdef.key", "fleet-0123456789abcdef.pem"):
        (tmp_path / name).write_bytes(pem)
    config = configured(tmp_path, FLEET.replace("http://127.0.0.1:9", receiver.url))
    assert config.status.file is not None
    config.status.file.write_bytes(encode({bytes(16): Records()}))
    receiver.store.commands["wipe-0001"] = Command("wipe-0001", "wipe", 600)
    gate = build(config, Roots(tmp_path, tmp_path))

    async def main() -> None:
        assert gate.fleet is not None
        beating = asyncio.create_task(gate.fleet.heart.run())
        await asyncio.to_thread(receiver.wait_until, lambda: bool(receiver.store.outcomes))
        beating.cancel()
        with pytest.raises(StatusUnavailable):
            await gate.personal.find((bytes(16),))

    asyncio.run(main())
    gate.close()
    receiver.close()
    assert [(one.id, one.result) for one in receiver.store.outcomes] == [("wipe-0001", "done")]
    (told,) = receiver.store.outcomes
    assert told.detail.startswith("erased: ")
    assert str(config.status.key) in told.detail
    gone = (config.status.file, config.status.key, *tmp_path.glob("device*.key"), *tmp_path.glob("fleet-*"))
    assert [path.name for path in gone if path.exists()] == []
    assert config.journal.path.exists(), "sealed, and the fleet's"
