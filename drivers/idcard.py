"""Resident-ID reader on a serial port or on USB: finds, selects and reads a card, then waits until it has left.

Only the 256-byte text block leaves this module: the portrait is dropped where it arrives, unless somebody at a desk
asked for it, and fingerprints are never asked for. Bytes on the wire are logged at ``TRAFFIC`` only, and those of a
card's own data not even there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from drivers.idcard_session import KeepPortrait, Session
from drivers.stream import SerialStream
from drivers.usb_bulk import UsbBulkStream, usb_path
from gate.errors import ConfigError, DeviceLost

if TYPE_CHECKING:
    from drivers import Emit

RATES = (115_200, 57_600, 38_400, 19_200, 9_600)
"""The line rates that the module knows (PROTOCOLS 1.1), the factory's first."""
_CALLS_AT_A_RATE = 2
"""The second one follows a reset: what came at a wrong rate may have left the module in the middle of a frame."""
_USB_ID = re.compile(r"([0-9a-fA-F]{4}):([0-9a-fA-F]{4})")
_SAM = re.compile(r"\d{2,5}\.\d{2,5}-\d+-\d{10}-\d+")
_USB_PATH = re.compile(r"(\d+)-(\d+(?:\.\d+)*)")

Approval = Callable[[str, str], str]
"""SAM number and USB socket (empty where there is none) of a reader -> why it may not be used, or nothing."""


class IdCardReader:
    """Driver of one reader with a SAM_V module.

    Args:
        name: configured name of the reader.
        settings: see ``Settings``.
        keep_portrait: at a desk only.
        approval: whether this very reader may be used; without it any may.
    """

    @dataclass(frozen=True, slots=True)
    class Settings:
        """What an installer sets.

        Raises:
            ConfigError: neither port nor USB id, or both, or a value that no reader has.
        """

        port: Path | None = None
        """The serial port, best one of ``/dev/serial/by-id``, whose names survive another socket."""
        baud: int | None = None
        """Its line rate; None: the driver tries those that the module knows."""
        usb: str | None = None
        """``"0400:c35a"``: vendor and product of a reader that is no serial port (``lsusb``)."""
        sam: str | None = None
        """The reader's own number, as ``gate read idcard`` shows it: no other one is served."""

        def __post_init__(self) -> None:
            if (self.port is None) == (self.usb is None):
                raise ConfigError('write either port = "/dev/…" or usb = "0400:c35a"')
            if self.usb is not None and not _USB_ID.fullmatch(self.usb):
                raise ConfigError('key "usb": write vendor and product as lsusb shows them, e.g. "0400:c35a"')
            if self.usb is not None and self.baud is not None:
                raise ConfigError('key "baud": a USB device has none; leave the key out')
            if self.sam is not None and not _SAM.fullmatch(self.sam):
                raise ConfigError('key "sam": write the whole number that `gate read idcard` shows after "SAM"')
            if self.baud is not None and self.baud not in RATES:
                known = ", ".join(map(str, RATES))
                raise ConfigError(f'key "baud": {self.baud} is no rate of an ID reader; write one of {known}')

    def __init__(
        self,
        name: str,
        settings: Settings,
        keep_portrait: KeepPortrait | None = None,
        approval: Approval | None = None,
    ) -> None:
        self._name = name
        self._settings = settings
        self._keep_portrait = keep_portrait
        self._approval = approval
        self._rate = RATES[0]
        """The one that answered last."""

    @property
    def name(self) -> str:
        return self._name

    async def run(self, emit: Emit) -> None:
        """Serve the reader until it is lost; see ``drivers.Driver``.

        ``Notice(ONLINE)`` says which reader it is and how it is reached: ``"SAM 05.01-20120411-..., ... baud"``.

        Raises:
            DeviceLost: the device can't be opened, is gone, or has nothing on it that answers as an ID reader.
        """
        settings = self._settings
        if settings.usb is not None:
            vendor, product = (int(part, 16) for part in settings.usb.split(":"))
            with UsbBulkStream(vendor, product) as device:
                session = Session(self._name, device, emit, self._objection(device.usb_path), self._keep_portrait)
                session.where = device.place
                status = await session.call()
                await session.serve(self._heard(session, status, "the setting usb"))
        elif settings.port is not None:
            with SerialStream(settings.port, settings.baud or self._rate) as stream:
                objection = self._objection(socket_of(settings.port))
                session = Session(self._name, stream, emit, objection, self._keep_portrait)
                await session.serve(await self._reach(session, stream, settings.port))

    async def _reach(self, session: Session, stream: SerialStream, port: Path) -> int:
        """Find the line rate at which a SAM answers, within eight seconds; gives the SAM status."""
        baud = self._settings.baud
        if baud is not None:
            session.where = f"{port} at {baud} baud"
            return self._heard(session, await session.call(), "the settings port and baud")
        for rate in dict.fromkeys((self._rate, *RATES)):
            stream.change_rate(rate)
            session.where = f"{port} at {rate} baud"
            status = await session.call(_CALLS_AT_A_RATE)
            if status is not None:
                self._rate = rate
                return status
        session.where = f"{port} at any rate"
        return self._heard(session, None, "the setting port")

    def _heard(self, session: Session, status: int | None, settings: str) -> int:
        """The status, where a SAM gave one: a reader's preamble alone proves nothing (PROTOCOLS 1.2)."""
        if status is not None:
            return status
        if session.heard:
            raise DeviceLost(f"what answers on {session.where} is no ID reader: check {settings}")
        raise DeviceLost(f"nothing answers on {session.where}: check the reader's power and {settings}")

    def _objection(self, usb: str) -> Callable[[str], str]:
        def objection(sam: str) -> str:
            pinned = self._settings.sam
            if pinned is not None and sam != pinned:
                return f"another reader: it is SAM {sam or '(not told)'}, and the setting sam says {pinned}"
            return "" if self._approval is None else self._approval(sam, usb)

        return objection


def socket_of(port: Path) -> str:
    """The USB socket that a serial port is plugged into, e.g. ``"1-1.2"``; empty for one that is not on USB."""
    device = Path("/sys/class/tty", port.resolve().name, "device").resolve()
    found = [match for part in device.parts if (match := _USB_PATH.fullmatch(part))]
    return usb_path(int(found[-1][1]), map(int, found[-1][2].split("."))) if found else ""
