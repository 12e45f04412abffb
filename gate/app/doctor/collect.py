"""Puts the bundle together. Each part stands alone: what can't be found out says so, and the others go on."""

from __future__ import annotations

import importlib
import io
import re
import tarfile
import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from gate.app.doctor.case import Case

_MOST_CHARACTERS: Final = 512 * 1024
_NUMBER_OF_SOMEBODY: Final = re.compile(r"\d{14,}[xX]?")
"""What no part may hold; the parts see to it themselves, and this is the second lock."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the bundle."""

    name: str
    what: str
    text: str


PARTS: Final = (
    ("versions.txt", "versions of the gate, Python and libraries", "gate.app.doctor.machine:versions"),
    ("configuration.toml", "the settings that the gate knows, without secrets", "gate.app.doctor.case:configuration"),
    ("check-config.txt", "what gate run --check-config says", "gate.app.doctor.records:check_config"),
    ("bundles.txt", "versions of rule sets, trust bundle and permits", "gate.app.doctor.records:bundles"),
    ("journal.txt", "counts by outcome and reason; no rows", "gate.app.doctor.records:journal"),
    ("log.txt", "the last log lines, only the program's own words", "gate.app.doctor.log_lines:log"),
    ("devices.txt", "what is plugged in, without names and serial numbers", "gate.app.doctor.plugged:devices"),
    ("system.txt", "kernel, board, memory, units", "gate.app.doctor.machine:system"),
    ("disk.txt", "space and rights where the gate writes", "gate.app.doctor.machine:disk"),
    ("clock.txt", "the clock and why to believe it", "gate.app.doctor.machine:clock"),
)
"""Name, what it is, ``"module:function"``: loaded one by one, since a broken installation is what people call about."""


def collect(case: Case) -> tuple[Part, ...]:
    """Every part."""
    return tuple(Part(name, what, _text(target, case)) for name, what, target in PARTS)


def packed(parts: tuple[Part, ...]) -> bytes:
    """The bundle: a tar archive, compressed; nobody's user name is in it."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        for part in parts:
            content = part.text.encode()
            about = tarfile.TarInfo(f"gate-doctor/{part.name}")
            about.size, about.mtime, about.mode = len(content), int(time.time()), 0o600
            tar.addfile(about, io.BytesIO(content))
    return archive.getvalue()


def _text(target: str, case: Case) -> str:
    module, name = target.split(":")
    try:
        find_out: Callable[[Case], str] = getattr(importlib.import_module(module), name)
        text = find_out(case)
    except Exception as fault:  # noqa: BLE001 - whatever is broken here, the other parts are needed all the more
        frame = traceback.extract_tb(fault.__traceback__)[-1]
        where = f"{case.words.only(frame.filename.rpartition('/')[2])}, line {frame.lineno}"
        return f"could not be found out: {type(fault).__name__} in {where}\n{case.words.only(str(fault))}\n"
    return _NUMBER_OF_SOMEBODY.sub("…", text)[:_MOST_CHARACTERS]
