"""A claim from the gate's own gun: only when somebody at the device asks for it, and only for a while.

The gun can be had only while no gate is at work with it: whoever passes by a working gate enrols nothing.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from drivers.barcode import BarcodeGun
from drivers.gpio_pins import Contact, Pins
from gate.app.devices import driver
from gate.config_bind import Roots
from gate.config_file import load
from gate.errors import ConfigError, DeviceLost
from gate.model import Notice, NoticeKind
from gate.wire.claims import PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from drivers import Driver
    from gate.model import ReaderEvent

SECONDS: Final = 300.0
USUAL: Final = Path("/dev/gate/gun")
_GUNS: Final = ("barcode", "barcode-serial")
_SAID: Final = {NoticeKind.ONLINE: "scan", NoticeKind.PRESENT_AGAIN: "damaged"}


def guns(config: Path, state: Path) -> Sequence[Driver]:
    """Those of the configuration; before there is one, the gun that the udev rules name.

    Raises:
        ConfigError: the configuration can't be used, or has none.
    """
    if not config.exists():
        return (BarcodeGun("gun", BarcodeGun.Settings(USUAL)),)
    readers = [reader for reader in load(config, state).readers if reader.driver in _GUNS]
    if not readers:
        raise ConfigError(f"{config}: has no gun among its readers; give the claim as a file or as text")
    return tuple(driver(reader, Roots(config.resolve().parent, state.resolve())) for reader in readers)


async def pressed(pin: int, open_pins: Callable[[], Pins] = Pins) -> None:
    """Wait for a button between a GPIO line and ground.

    Raises:
        ConfigError: the header has no such line.
        DeviceLost: it can't be had.
    """
    loop, down = asyncio.get_running_loop(), asyncio.Event()
    contact = Contact(pin)

    def changed(active: bool) -> None:  # noqa: FBT001 - the library's own signature
        if active:
            loop.call_soon_threadsafe(down.set)

    with open_pins() as pins:
        pins.watch(contact, changed)  # one that is held down already is let go of first
        await down.wait()


async def claim(readers: Sequence[Driver], say: Callable[[str], None], seconds: float = SECONDS) -> str | None:
    """The first claim that is read; None: none in time.

    Args:
        readers: guns.
        say: called with keys of the installer's phrases: when a gun listens, and when it reads something else, of
            which nobody learns what it was.
        seconds: how long to wait.

    Raises:
        DeviceLost: a gun can't be had, or was pulled out.
    """
    found: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def take(event: ReaderEvent) -> None:
        if isinstance(event, Notice):
            key = _SAID.get(event.kind)
        else:
            text = event.data.decode("ascii", "replace").strip()
            key = None if text.upper().startswith(PREFIX) else "no_claim_here"
            if key is None and not found.done():
                found.set_result(text)
        if key is not None:
            say(key)

    tasks = [asyncio.create_task(reader.run(take)) for reader in readers]
    ends: list[asyncio.Future[Any]] = [found, *tasks]
    try:
        done, _ = await asyncio.wait(ends, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        first = found if found in done else next(iter(done), None)
        return None if first is None else await first
    except DeviceLost as lost:
        raise DeviceLost(f"{lost}; a gate that is at work has the gun: sudo systemctl stop gate") from None
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
