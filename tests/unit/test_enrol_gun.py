"""A claim by the gate's own gun: nothing but a claim, after a button, and not from a gate that is at work."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from barrier_rig import Lines
from claims import Desk

from drivers.barcode import BarcodeGun
from drivers.gpio_pins import Pins
from drivers.simulated.gun import SimulatedGun
from gate.app.enrol import gun
from gate.errors import ConfigError, DeviceLost
from gate.wire.claims import read_claim

if TYPE_CHECKING:
    from pathlib import Path

DESK = Desk()
CLAIM = DESK.text(DESK.claim(url="https://fleet.example"))
BUTTON = 21


def reader(path: Path) -> BarcodeGun:
    return BarcodeGun("gun", BarcodeGun.Settings(path, gap_ms=500))


def read(folder: Path, seconds: float, *codes: str, caps_lock: bool = False) -> tuple[str | None, list[str]]:
    """The claim, and what was said, when these codes are shown as soon as the gun listens."""

    async def main() -> tuple[str | None, list[str]]:
        device, said, ready = SimulatedGun(folder / "gun", seconds_per_character=0), list[str](), asyncio.Event()

        def say(key: str) -> None:
            said.append(key)
            ready.set()

        device.plug()
        try:
            waiting = asyncio.create_task(gun.claim((reader(folder / "gun"),), say, seconds))
            for code in codes:
                await ready.wait()
                ready.clear()
                await device.type(code, caps_lock=caps_lock)
            return await waiting, said
        finally:
            device.unplug()

    return asyncio.run(main())


@pytest.mark.parametrize("caps_lock", [False, True])
def test_the_first_claim_is_taken_whatever_else_is_shown_before(tmp_path: Path, *, caps_lock: bool) -> None:
    found, said = read(tmp_path, 60, "HC1:NCFOXN", CLAIM, caps_lock=caps_lock)
    assert found is not None
    assert read_claim(found).claim.device == "station-north-3"
    assert said == ["scan", "no_claim_here"]


def test_nobody_waits_for_ever(tmp_path: Path) -> None:
    assert read(tmp_path, 0.05)[0] is None


def test_a_gun_that_can_not_be_had_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DeviceLost, match="systemctl stop gate"):
        asyncio.run(gun.claim((reader(tmp_path / "absent"),), print, 60))


def test_a_button_is_waited_for(tmp_path: Path) -> None:
    del tmp_path
    lines = Lines(lambda *_: None)

    async def main() -> bool:
        waiting = asyncio.create_task(gun.pressed(BUTTON, lambda: Pins(lambda: lines)))
        await asyncio.sleep(0)
        early = waiting.done()
        lines.contact(BUTTON, closed=True)
        await waiting
        return early

    assert asyncio.run(main()) is False


def test_the_guns_of_the_configuration_are_used_where_there_is_one(tmp_path: Path) -> None:
    assert [one.name for one in gun.guns(tmp_path / "absent.toml", tmp_path)] == ["gun"]
    file = tmp_path / "gate.toml"
    file.write_text("[checkpoint]\n", encoding="utf-8")
    with pytest.raises(ConfigError):
        gun.guns(file, tmp_path)
