"""Lays out what is written in tests/traces/devices as /sys, /run/udev/data and /dev below a folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).resolve().parent / "traces" / "devices"
BUSES: Final = ("usb", "gpio")
"""Subsystems whose devices are listed below /sys/bus; the others are classes."""
_OF_THE_KERNEL: Final = {"MAJOR", "MINOR", "SUBSYSTEM", "DEVTYPE", "DRIVER"}
_LONGEST_NAME: Final = 200


def lay_out(root: Path, *names: str) -> Path:
    """Put the devices of these files below ``root``."""
    return lay_out_text(root, "\n\n".join((FOLDER / f"{name}.txt").read_text("utf-8") for name in names))


def lay_out_text(root: Path, text: str) -> Path:
    """The same with what a test wrote; ``\\n`` in an attribute is a line's end."""
    for folder in ("sys/devices", "run/udev/data", "dev"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for block in text.strip().split("\n\n"):
        _device(root, [line for line in block.split("\n") if line])
    return root


def _device(root: Path, lines: list[str]) -> None:
    path = root / "sys" / lines[0].removeprefix("P: /")
    path.mkdir(parents=True, exist_ok=True)
    parts = [(line[0], line[3:]) for line in lines[1:]]
    for kind, value in parts:
        key, _, text = value.partition("=")
        if kind == "A":
            (path / key).parent.mkdir(exist_ok=True)
            (path / key).write_bytes(text.replace("\\n", "\n").encode("utf-8") + b"\n")
        elif kind == "L":
            (path / key).symlink_to(text)
    properties = [value for kind, value in parts if kind == "E"]
    event = dict(value.split("=", 1) for value in properties if value.partition("=")[0] in _OF_THE_KERNEL)
    subsystem = event.pop("SUBSYSTEM")
    if node := next((value for kind, value in parts if kind == "N"), ""):
        event["DEVNAME"] = node
        others = [value for kind, value in parts if kind == "S"]
        _node(root / "dev", node, others)
        notes = ["V:1", *(f"S:{other}" for other in others), *(f"E:{value}" for value in properties)]
        (root / f"run/udev/data/c{event['MAJOR']}:{event['MINOR']}").write_text("\n".join(notes), "utf-8")
    (path / "uevent").write_text("".join(f"{key}={text}\n" for key, text in event.items()), "utf-8")
    place = root / "sys" / (f"bus/{subsystem}/devices" if subsystem in BUSES else f"class/{subsystem}")
    place.mkdir(parents=True, exist_ok=True)
    (place / path.name).symlink_to(os.path.relpath(path, place))


def _node(folder: Path, node: str, others: list[str]) -> None:
    file = folder / node
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    file.chmod(0o660)
    for other in others:
        link = folder / other
        link.parent.mkdir(parents=True, exist_ok=True)
        if len(other) < _LONGEST_NAME and not link.is_symlink():
            link.symlink_to(os.path.relpath(file, link.parent))
