"""The udev rules, read by a small interpreter of what they use: which device gets which name, and who may have it.

That udev itself understands them is checked where its own checker is, in Debian 13: `./run package --check`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from vectors import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

RULES = ROOT / "systemd" / "rootfs" / "usr" / "lib" / "udev" / "rules.d" / "72-gate.rules"
PAIR = re.compile(r'([A-Z_]+)(?:\{([^}]+)\})?(==|!=|\+=|-=|=)"([^"]*)"')
MATCHES = {"ACTION", "SUBSYSTEM", "KERNEL", "KERNELS", "ATTR", "ATTRS", "ENV", "TEST"}
GIVES = {"SYMLINK", "ENV", "ATTR", "GROUP", "MODE", "TAG", "GOTO", "LABEL"}


def rule_lines() -> list[list[tuple[str, str, str, str]]]:
    lines = [line for line in RULES.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    for line in lines:
        assert PAIR.sub("", line).replace(",", "").strip() == "", f"not a rule: {line}"
    return [[(key, name, sign, value) for key, name, sign, value in PAIR.findall(line)] for line in lines]


def matches(value: str, pattern: str) -> bool:
    """As udev does: shell patterns, separated by bars."""
    forms = (re.escape(form).replace(r"\*", ".*").replace(r"\?", ".") for form in pattern.split("|"))
    return any(re.fullmatch(form.replace(r"\[", "[").replace(r"\]", "]"), value) for form in forms)


def apply(device: Mapping[str, str]) -> dict[str, str]:
    """What the rules give to a device; its keys are written as the rules write them."""
    given: dict[str, str] = {}
    skip_to = ""
    for line in rule_lines():
        if skip_to and ("LABEL", "", "=", skip_to) not in line:
            continue
        skip_to = ""
        for key, name, sign, value in line:
            full = f"{key}{{{name}}}" if name else key
            if sign in ("==", "!="):
                there = "power/control" in device if key == "TEST" else matches(device.get(full, ""), value)
                if there != (sign == "=="):
                    break
            elif key == "GOTO":
                skip_to = value
            elif key != "LABEL":
                given[full + {"-=": "-", "+=": "", "=": ""}[sign] + (value if key == "TAG" else "")] = value
    return given


def test_every_rule_is_made_of_keys_that_udev_knows_and_every_goto_arrives() -> None:
    lines = rule_lines()
    assert {key for line in lines for key, _, sign, _ in line if sign in ("==", "!=")} <= MATCHES
    assert {key for line in lines for key, _, sign, _ in line if sign not in ("==", "!=")} <= GIVES
    labels = {value for line in lines for key, _, _, value in line if key == "LABEL"}
    assert {value for line in lines for key, _, _, value in line if key == "GOTO"} == labels


@pytest.mark.parametrize(
    ("device", "name"),
    [
        ({"SUBSYSTEM": "tty", "ATTRS{idVendor}": "0403", "ATTRS{idProduct}": "6001"}, "gate/id-reader"),
        ({"SUBSYSTEM": "tty", "ATTRS{idVendor}": "067b", "ATTRS{idProduct}": "2303"}, "gate/id-reader"),
        ({"SUBSYSTEM": "tty", "ATTRS{idVendor}": "10c4", "ATTRS{idProduct}": "ea60"}, "gate/id-reader"),
        (
            {"SUBSYSTEM": "usb", "ENV{DEVTYPE}": "usb_device", "ATTR{idVendor}": "0400", "ATTR{idProduct}": "c35a"},
            "gate/id-reader-usb",
        ),
        ({"SUBSYSTEM": "hidraw", "ATTRS{idVendor}": "2b8b", "ATTRS{idProduct}": "2721"}, "gate/id-reader-hid"),
        ({"SUBSYSTEM": "tty", "ATTRS{idVendor}": "1a86", "ATTRS{idProduct}": "7523"}, "gate/relay"),
        ({"SUBSYSTEM": "tty", "ATTRS{idVendor}": "1eab", "ATTRS{idProduct}": "1d06"}, "gate/gun-serial"),
        ({"SUBSYSTEM": "hidraw", "ATTRS{idVendor}": "0c2e", "ATTRS{idProduct}": "0be1"}, "gate/gun-hid"),
    ],
)
def test_a_known_device_gets_its_name_and_belongs_to_the_gate(device: dict[str, str], name: str) -> None:
    given = apply(device)
    assert given["SYMLINK"] == name
    assert (given["GROUP"], given["MODE"]) == ("gate", "0660")
    assert given["ENV{ID_MM_DEVICE_IGNORE}"] == "1"
    assert given["ENV{BRLTTY_BRAILLE_DRIVER}"] == ""


@pytest.mark.parametrize(
    "gun",
    [{"ATTRS{idVendor}": "1eab"}, *({"ATTRS{name}": name} for name in ("Barcode Scanner HID", "TMS HIDKeyBoard"))],
)
def test_a_gun_reaches_neither_a_browser_nor_a_console_and_can_not_switch_off(gun: dict[str, str]) -> None:
    given = apply({"SUBSYSTEM": "input", "KERNEL": "event3", "ENV{ID_INPUT_KEYBOARD}": "1", **gun})
    assert given["SYMLINK"] == "gate/gun"
    assert given["ENV{LIBINPUT_IGNORE_DEVICE}"] == "1"
    assert {"TAG-seat", "TAG-uaccess", "TAG-power-switch"} <= given.keys()


def test_the_second_node_of_a_gun_does_not_take_its_name() -> None:
    given = apply({"SUBSYSTEM": "input", "KERNEL": "event4", "ATTRS{idVendor}": "1eab"})
    assert "SYMLINK" not in given
    assert given["GROUP"] == "gate"


def test_a_usb_device_of_the_gate_never_sleeps() -> None:
    chip = {"SUBSYSTEM": "usb", "ENV{DEVTYPE}": "usb_device", "ATTR{idVendor}": "1a86", "ATTR{idProduct}": "7523"}
    assert apply({**chip, "power/control": "auto"})["ATTR{power/control}"] == "on"


@pytest.mark.parametrize(
    "device",
    [
        {"SUBSYSTEM": "input", "KERNEL": "event0", "ENV{ID_INPUT_KEYBOARD}": "1", "ATTRS{name}": "AT Keyboard"},
        {"SUBSYSTEM": "tty", "KERNEL": "ttyS0"},
        {"SUBSYSTEM": "usb", "ENV{DEVTYPE}": "usb_device", "ATTR{idVendor}": "046d", "ATTR{idProduct}": "c31c"},
        {"SUBSYSTEM": "block", "KERNEL": "sda"},
        {"ACTION": "remove", "SUBSYSTEM": "tty", "ATTRS{idVendor}": "1a86", "ATTRS{idProduct}": "7523"},
    ],
)
def test_what_is_not_the_gates_is_left_alone(device: dict[str, str]) -> None:
    assert apply(device) == {}
