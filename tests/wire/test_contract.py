"""Every driver holds to the contract of ``drivers.Driver``, and docs/devices.md says so."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, ClassVar

import contract
import desk
import pytest
from contract import HOLDS, PROPERTIES, Bench
from contract_report import PAGE, outcome, row
from contract_rigs import RIGS
from pages import table

from drivers import DRIVERS
from gate.errors import DeviceLost
from gate.model import Notice, NoticeKind, PayloadKind, Reading

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from rig import Rig

    from drivers import Emit


@pytest.mark.parametrize("heading", PROPERTIES)
@pytest.mark.parametrize("rig", RIGS, ids=lambda rig: rig.row.replace("`", ""))
def test_every_driver_holds_to_its_contract(rig: type[Rig], heading: str) -> None:
    outcome(rig, heading)


@pytest.mark.parametrize("name", DRIVERS)
def test_every_driver_has_a_rig(name: str) -> None:
    assert name in {rig.driver for rig in RIGS}, (
        f'driver "{name}" has no rig: write one in tests/contract_rigs.py, so that its contract is tried'
    )


@pytest.mark.parametrize("rig", RIGS, ids=lambda rig: rig.row.replace("`", ""))
def test_the_page_says_what_was_tried(rig: type[Rig]) -> None:
    line = table(("driver", *PROPERTIES), [row(rig)]).splitlines()[-1]
    page = PAGE.read_text(encoding="utf-8").splitlines()
    assert line in page, "bring the page up to date: python tests/contract_report.py --write"


# --- what is looked for is found -----------------------------------------------------------------------------------

SECRET = b"SECRET"


class Cable:
    """A rig and a driver in one: what is presented comes out, unless it was told to do something wrong."""

    driver: ClassVar[str] = "cable"
    row: ClassVar[str] = "cable"
    shared: ClassVar[str] = ""
    settings: Mapping[str, object] = {}
    secrets: tuple[bytes, ...] = (SECRET,)
    name = "cable"

    def __init__(self, _: Path, wrong: str = "") -> None:
        self.wrong = wrong
        self.plugged = self.taken = False
        self.changed = asyncio.Event()
        self.waiting: list[tuple[bytes, bool]] = []

    def plug(self) -> None:
        self.plugged = True

    def lose(self) -> None:
        self.plugged = False
        self.changed.set()

    async def present(self) -> None:
        self.waiting.append((SECRET, True))
        self.changed.set()

    async def begin(self) -> None:
        self.waiting.append((SECRET, False))
        self.changed.set()

    async def run(self, emit: Emit) -> None:
        if not self.plugged or (self.taken and self.wrong != "shared"):
            raise DeviceLost("not there")
        self.taken = True
        try:
            await self._serve(emit)
        finally:
            self.taken = self.wrong == "kept open"

    async def _serve(self, emit: Emit) -> None:
        emit(Notice(self.name, NoticeKind.ONLINE, "", 0.0))
        while True:
            self.changed.clear()
            for data, whole in self.waiting:
                if self.wrong == "talkative":
                    logging.getLogger("cable").debug("read %s", data)
                if whole or self.wrong == "hasty":
                    emit(Reading(self.name, PayloadKind.CODE_TEXT, data, 0.0))
            self.waiting.clear()
            if not self.plugged:
                raise OSError("gone") if self.wrong == "raw" else DeviceLost("gone")
            await self.changed.wait()


@pytest.mark.parametrize(
    ("wrong", "broken"),
    [
        ("", None),
        ("raw", "lost: `DeviceLost`, never `OSError`"),
        ("kept open", "cancelled: closed within 1 s"),
        ("hasty", "nothing from half a frame"),
        ("talkative", "no identity data in a log"),
        ("shared", "second opening refused"),
    ],
)
def test_a_driver_that_breaks_its_contract_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str, broken: str | None
) -> None:
    async def trial(check: Callable[[Bench], Awaitable[str]]) -> str:
        cable = Cable(tmp_path, wrong)
        monkeypatch.setattr(contract, "driver", lambda *_: cable)
        return await check(Bench(cable, tmp_path))

    if broken is None:
        for check in PROPERTIES.values():
            assert asyncio.run(trial(check)) == HOLDS
        return
    monkeypatch.setattr(desk, "DEADLINE", 0.5)  # how long to wait for what never comes
    with pytest.raises((AssertionError, OSError, DeviceLost)):
        asyncio.run(trial(PROPERTIES[broken]))
