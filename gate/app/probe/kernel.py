"""What the kernel and udev say about this machine's devices: read from files, so that a recorded tree serves as well.

libudev (and pyudev on top of it) knows one /sys only and no other root, so the files are read here: /sys as the kernel
documents it (Documentation/admin-guide/sysfs-rules.rst: ancestors by their paths, classes by their links), and udev's
own notes in /run/udev/data, without which a container still shows what is plugged in. No device is opened.

USB devices choose their own texts. Whatever is read is cut and stripped of everything that a terminal would obey.
"""

from __future__ import annotations

import contextlib
import os
import unicodedata
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MOST_CHARACTERS: Final = 80
"""Of one text of a device."""
_MOST_BYTES: Final = 64 * 1024
_MOST_OF_A_KIND: Final = 256
_PLACES: Final[Mapping[str, str]] = {
    "usb": "bus/usb/devices",
    "tty": "class/tty",
    "input": "class/input",
    "hidraw": "class/hidraw",
    "video4linux": "class/video4linux",
    "sound": "class/sound",
    "drm": "class/drm",
    "i2c-dev": "class/i2c-dev",
    "gpio": "bus/gpio/devices",
}
"""Subsystem -> where its devices are listed in /sys."""
_ATTRIBUTES: Final[Mapping[str, tuple[str, ...]]] = {
    "tty": ("type",),
    "input": ("device/name", "device/capabilities/key"),
    "video4linux": ("name",),
    "sound": ("id",),
    "drm": ("status", "modes"),
    "i2c-dev": ("name",),
}
"""What else is read of each."""


@dataclass(frozen=True, slots=True)
class Usb:
    """The USB device that something belongs to. Its three texts are its own word and prove nothing."""

    socket: str
    """Bus and ports as the kernel names them: ``"1-1.2"``."""
    vendor: str
    product: str
    """Ids, four small hex digits each."""
    maker: str
    name: str
    serial: str
    interfaces: frozenset[str]
    """Class, subclass and protocol of each, e.g. ``"0b0000"``."""


@dataclass(frozen=True, slots=True)
class Device:
    """One device of one subsystem."""

    subsystem: str
    name: str
    """The kernel's: ``ttyUSB0``."""
    node: str
    """``/dev/ttyUSB0``; empty where it has none."""
    links: tuple[str, ...]
    """Other names that udev gave it, e.g. below /dev/serial/by-id."""
    driver: str
    """The kernel's driver, of the device itself or of the nearest one that it hangs on."""
    attributes: Mapping[str, str]
    properties: Mapping[str, str]
    """What udev found out or was told; empty where udev does not run."""
    usb: Usb | None


def look(root: Path) -> tuple[Device, ...]:
    """Every device below ``root`` (``/``) that could matter to a gate; empty where there is no /sys."""
    return tuple(
        device
        for subsystem, place in _PLACES.items()
        for path in _listed(root / "sys" / place, root / "sys" / "devices")
        if (device := _device(root, subsystem, path)) is not None
    )


def printable(text: str) -> str:
    """``text`` on one line, cut, without controls, invisible characters and changes of direction."""
    shown = "".join(" " if c.isspace() else c for c in text[:_MOST_BYTES])
    clean = "".join(c if unicodedata.category(c)[0] not in "CZ" or c == " " else "?" for c in " ".join(shown.split()))
    return clean if len(clean) <= MOST_CHARACTERS else clean[: MOST_CHARACTERS - 1] + "…"


def read(file: Path) -> str:
    """The text of a small file; empty where there is none."""
    with contextlib.suppress(OSError), file.open("rb") as opened:
        return opened.read(_MOST_BYTES).decode("utf-8", "replace")
    return ""


def _listed(place: Path, devices: Path) -> Iterator[Path]:
    try:
        names = sorted(os.listdir(place))  # noqa: PTH208 - names are all that is wanted
    except OSError:
        return
    devices = devices.resolve()
    found = ((place / name).resolve() for name in names)
    yield from islice((path for path in found if devices in path.parents), _MOST_OF_A_KIND)


def _device(root: Path, subsystem: str, path: Path) -> Device | None:
    event = dict(_pairs(read(path / "uevent").splitlines()))
    usb = _usb(root, path)
    if subsystem == "usb" and not (path / "idVendor").exists():  # an interface; its device is listed as well
        return None
    node = f"/dev/{printable(event['DEVNAME'])}" if event.get("DEVNAME") else ""
    notes = read(root / "run/udev/data" / f"c{event.get('MAJOR')}:{event.get('MINOR')}").splitlines() if node else []
    return Device(
        subsystem,
        printable(path.name),
        node,
        tuple(f"/dev/{note[2:]}" for note in notes if note.startswith("S:")),
        _driver(root, path),
        {name: printable(read(path / name)) for name in _ATTRIBUTES.get(subsystem, ())},
        {key: printable(value) for key, value in _pairs([note[2:] for note in notes if note.startswith("E:")])},
        usb,
    )


def _pairs(lines: list[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        key, found, value = line.partition("=")
        if found:
            yield key, value


def _ancestors(root: Path, path: Path) -> Iterator[Path]:
    """The device itself, what it hangs on, and so on."""
    devices = (root / "sys" / "devices").resolve()
    while devices in path.parents:
        yield path
        path = path.parent


def _driver(root: Path, path: Path) -> str:
    for place in _ancestors(root, path):
        with contextlib.suppress(OSError):
            return printable((place / "driver").readlink().name)
    return ""


def _usb(root: Path, path: Path) -> Usb | None:
    place = next((place for place in _ancestors(root, path) if (place / "idVendor").exists()), None)
    if place is None:
        return None
    vendor, product, maker, name, serial = (
        printable(read(place / part)) for part in ("idVendor", "idProduct", "manufacturer", "product", "serial")
    )
    parts = ("bInterfaceClass", "bInterfaceSubClass", "bInterfaceProtocol")
    interfaces = frozenset(
        "".join(printable(read(interface / part)) for part in parts)
        for interface in islice(place.glob(f"{place.name}:*"), 32)
    )
    return Usb(printable(place.name), vendor.lower(), product.lower(), maker, name, serial, interfaces)
