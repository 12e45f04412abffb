"""What each device is to a gate, and how sure that is. Everything that is on one USB plug is looked at together."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from gate.app.probe import stanza
from gate.app.probe.known import Kind, Sure, by_id, named_like_a_gun

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gate.app.probe.kernel import Device, Usb
    from gate.app.probe.known import Known
    from gate.app.probe.stanza import Stanza

BRIDGES: Final = frozenset({"ftdi_sio", "pl2303", "cp210x", "ch341-uart", "ch341"})
"""The kernel's drivers for chips that carry a serial port over USB."""
CH340: Final = ("1a86", "7523")
_NOT_THE_CHIP: Final = "the chip says nothing about what is behind it: ID readers, relays, guns and thermometers use it"
_CCID: Final = "0b"
_PORT: Final = re.compile(r"tty(AMA|S|USB|ACM|AML|THS|mxc)\d+")
_LETTERS: Final = 0xFFFF_FFFE
"""Bits of the keys 1 to 31: escape, digits, the upper rows of letters."""
_NAME: Final = re.compile(r'^name = "([a-z-]+)"$', re.MULTILINE)
_SENSOR_BUSES: Final = ("i2c-bcm2835", "i2c_designware", "i2c-gpio")
_PI_CAMERAS: Final = ("unicam", "bcm2835-unicam", "rp1-cfe")
"""What takes frames from a ribbon cable (up to the Pi 4; the Pi 5). A Pi's other video nodes are converters."""
_PI_PINS: Final = ("pinctrl-bcm", "pinctrl-rp1")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a gate could use."""

    kind: Kind
    what: str
    sure: Sure
    why: str
    node: str
    """Device file; empty where it has none."""
    stanzas: tuple[Stanza, ...]
    """What to paste; of several the one whose ``use`` is true."""
    usb: Usb | None = None
    kernel_driver: str = ""
    traps: tuple[str, ...] = ()


def findings(devices: Sequence[Device]) -> tuple[Finding, ...]:
    """Everything that matters, in the order of the kinds."""
    found = [*_on_usb(devices), *_on_board(devices)]
    order = list(Kind)
    return tuple(_told_apart(sorted(found, key=lambda finding: order.index(finding.kind))))


def _told_apart(found: Iterable[Finding]) -> Iterator[Finding]:
    """Readers of a configuration need a name each: the second gun becomes ``gun-2``."""
    taken: Counter[str] = Counter()
    for finding in found:
        names = {name for offered in finding.stanzas for name in _NAME.findall(offered.toml)}
        taken.update(names)
        yield replace(
            finding,
            stanzas=tuple(
                replace(offered, toml=_NAME.sub(lambda match: _numbered(match[1], taken[match[1]]), offered.toml))
                for offered in finding.stanzas
            ),
        )


def _numbered(name: str, number: int) -> str:
    return f'name = "{name}"' if number < 2 else f'name = "{name}-{number}"'  # noqa: PLR2004 - the first needs none


def _on_usb(devices: Sequence[Device]) -> Iterator[Finding]:
    plugs: dict[str, tuple[Usb, list[Device]]] = {}
    for device in devices:
        if device.usb is not None:
            plugs.setdefault(device.usb.socket, (device.usb, []))[1].append(device)
    for _, (usb, group) in sorted(plugs.items()):
        yield from (replace(finding, usb=usb) for finding in _of_plug(usb, group, devices))


def _of_plug(usb: Usb, group: list[Device], devices: Sequence[Device]) -> Iterator[Finding]:
    known = by_id(usb)
    ports = [device for device in group if device.subsystem == "tty"]
    keyboards = [device for device in group if _types(device)]
    if known is not None and known.kind is Kind.ID_READER:
        yield _id_reader(known, group)
    elif known is not None and not ports and not keyboards:
        why = f"{known.source}; neither a keyboard nor a serial port: set it up as one by its code sheet"
        yield Finding(known.kind, known.what, known.sure, why, "", ())
    for port in ports:
        yield _serial(port, devices, known)
    if (usb.vendor, usb.product) == CH340 and not ports:
        why = "no serial port came of it: brltty took it away, or the module ch341 is missing"
        yield Finding(Kind.SERIAL, "CH340 without a port", Sure.OPEN, why, "", ())
    if keyboards:
        yield _keyboard(keyboards[0], devices, known)
    if any(interface.startswith(_CCID) for interface in usb.interfaces):
        why = "its USB interface is of the class of card readers (CCID)"
        offered = stanza.reader("it reads social-security cards", "smartcard", "smart-card")
        yield Finding(Kind.CARD_READER, "smart-card reader", Sure.SURE, why, "", _only(offered))
    cameras = [device for device in group if device.driver == "uvcvideo" and _captures(device)]
    if cameras:
        yield _camera(cameras[0], "v4l2", "camera on USB", device=stanza.path(cameras[0], devices))
    yield from (_sound(device) for device in group if _is_card(device))


def _id_reader(known: Known, group: list[Device]) -> Finding:
    node = next((device.node for device in group if device.subsystem == "usb"), "")
    offered = stanza.reader("it is the ID reader", "idcard", "id-reader", usb=f"{known.vendor}:{known.product}")
    if "HID" in known.what:
        return Finding(
            known.kind, known.what, known.sure, f"{known.source}; this version has no driver for it", node, ()
        )
    return Finding(known.kind, known.what, known.sure, known.source, node, _only(offered))


def _serial(port: Device, devices: Sequence[Device], known: Known | None) -> Finding:
    by_name = stanza.path(port, devices, "gun", "gun-serial")
    gun = stanza.reader("it is a gun or a code engine", "barcode-serial", "gun", port=by_name)
    if known is not None:
        if known.vendor == "1eab":
            gun = stanza.reader("it is a Newland engine", "barcode-serial", "gun", port=by_name, engine="newland")
        return _on_port(port, known.kind, known.what, known.sure, known.source, _only(gun))
    by_name = stanza.path(port, devices, "id-reader")
    several = [stanza.reader("it is an ID reader", "idcard", "id-reader", port=by_name), gun]
    if port.driver != "cdc_acm":
        port_name = stanza.path(port, devices, "thermometer")
        several.append(stanza.thermometer("it is a thermometer (GY-MCU90614)", "gy-mcu90614", port=port_name))
    if port.driver in BRIDGES:
        relay = stanza.path(port, devices, "relay")
        several.append(stanza.barrier("it is a relay board (LCUS)", "lcus", 1, port=relay))
        what = "CH340 serial bridge" if port.driver.startswith("ch341") else f"serial bridge ({port.driver})"
        return _on_port(port, Kind.SERIAL, what, Sure.OPEN, _NOT_THE_CHIP, _only(*several))
    what = "on the board" if port.usb is None else "of a USB device"
    return _on_port(port, Kind.SERIAL, what, Sure.OPEN, "a port does not tell what is behind it", _only(*several))


def _on_port(device: Device, kind: Kind, what: str, sure: Sure, why: str, offered: tuple[Stanza, ...]) -> Finding:
    return Finding(kind, what, sure, why, device.node, offered, kernel_driver=device.driver)


def _keyboard(device: Device, devices: Sequence[Device], known: Known | None) -> Finding:
    by_name = stanza.path(device, devices, "gun")
    offered = _only(stanza.reader("it is a gun", "barcode", "gun", device=by_name))
    called = device.attributes["device/name"]
    if known is not None:
        return _on_port(device, known.kind, known.what, known.sure, known.source, offered)
    if named_like_a_gun(called):
        why = "its name is one that guns use"
        return _on_port(device, Kind.GUN, f'gun that calls itself "{called}"', Sure.LIKELY, why, offered)
    why = "it types, as keyboards and guns do: scan a code into an editor to see"
    return _on_port(device, Kind.KEYBOARD, f'"{called}"', Sure.OPEN, why, offered)


def _camera(camera: Device, source: str, what: str, **settings: str) -> Finding:
    offered = stanza.reader("it looks at codes", "camera", "camera", source=source, **settings)
    why = f"the kernel's driver {camera.driver}"
    if offered is None:
        why += "; this version has no driver for it"
    return _on_port(camera, Kind.CAMERA, what, Sure.SURE, why, _only(offered))


def _on_board(devices: Sequence[Device]) -> Iterator[Finding]:
    board = [device for device in devices if device.usb is None]
    for device in board:
        if device.subsystem == "tty" and _PORT.fullmatch(device.name) and device.attributes["type"] not in {"", "0"}:
            yield _serial(device, devices, None)
        elif device.subsystem == "i2c-dev" and device.driver in _SENSOR_BUSES:
            offered = stanza.thermometer("a MLX90614 hangs on it", "mlx90614", bus=device.node)
            why = "what hangs on a bus shows only when it is asked: gate read thermometer --driver mlx90614 --bus …"
            yield _on_port(device, Kind.THERMOMETER, "I2C bus", Sure.OPEN, why, _only(offered))
        elif _is_card(device):
            yield _sound(device)
        elif device.subsystem == "drm" and device.attributes["status"] == "connected":
            what = f"{device.name.partition('-')[2]} {device.attributes['modes'].partition(' ')[0]}".strip()
            yield Finding(Kind.SCREEN, what, Sure.SURE, "the kernel sees it connected", "", ())
    if cameras := [device for device in board if device.driver in _PI_CAMERAS]:
        yield _camera(cameras[0], "picamera2", "camera on a Raspberry Pi's ribbon cable")
    if pins := [device for device in board if device.subsystem == "gpio" and device.driver.startswith(_PI_PINS)]:
        offered = stanza.barrier("relays hang on the header", "gpio", 17)
        why = "which line does what only the wires tell"
        yield _on_port(pins[0], Kind.PINS, "the Raspberry Pi's header", Sure.SURE, why, _only(offered))


def _sound(device: Device) -> Finding:
    node = f"/dev/snd/controlC{device.name.removeprefix('card')}"
    what = device.attributes["id"] or device.name
    return Finding(Kind.SOUND, what, Sure.SURE, "a sound card of the kernel", node, (), kernel_driver=device.driver)


def _is_card(device: Device) -> bool:
    return device.subsystem == "sound" and re.fullmatch(r"card\d+", device.name) is not None


def _types(device: Device) -> bool:
    """Whether it types letters: udev's word for it, and without udev the same test, that of the keys that it has."""
    if device.subsystem != "input" or not device.name.startswith("event"):
        return False
    if device.properties:
        return device.properties.get("ID_INPUT_KEYBOARD") == "1"
    keys = device.attributes["device/capabilities/key"].rpartition(" ")[2]
    return re.fullmatch("[0-9a-f]+", keys) is not None and int(keys, 16) & _LETTERS == _LETTERS


def _captures(device: Device) -> bool:
    """Whether frames come out of this node; without udev's word for it they might."""
    able = device.properties.get("ID_V4L_CAPABILITIES", ":capture:")
    return device.subsystem == "video4linux" and ":capture:" in able


def _only(*offered: Stanza | None) -> tuple[Stanza, ...]:
    return tuple(one for one in offered if one is not None)
