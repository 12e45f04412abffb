"""Who may import whom (DESIGN §3), read from the source without running it.

Imports under ``TYPE_CHECKING`` count: a type is a dependency as well. Only the rule that keeps device libraries
inside functions lets them be, since nothing is loaded there.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

OURS: Final = ("gate", "drivers", "voice", "fleet")

STANDARD_LIBRARY_ONLY: Final = ("gate.model", "gate.errors")
_JUDGING: Final = ("gate.model", "gate.errors", "gate.credentials", "gate.rules", "gate.lane")
PURE: Final = (*_JUDGING, "gate.wire", "gate.clock_trust")
LAYERS: Final = ("gate.status", "gate.trust", "gate.journal", "gate.kiosk")
_FLEET: Final = (
    *("gate.model", "gate.errors", "gate.wire", "gate.rules", "gate.trust", "gate.journal.upload"),
    *("gate.durable", "gate.config_levels", "fleet"),
)

SEES_ONLY: Final[Mapping[str, tuple[str, ...]]] = {
    "gate.model": ("gate.model",),
    "gate.errors": ("gate.model",),
    "gate.credentials": _JUDGING,
    "gate.rules": _JUDGING,
    "gate.lane": _JUDGING,
    "gate.wire": ("gate.model", "gate.errors", "gate.wire"),
    "gate.net": ("gate.model", "gate.errors", "gate.net"),
    "drivers": ("gate.model", "gate.errors", "drivers"),
    "voice": ("gate.model", "gate.errors", "voice"),
    "fleet": _FLEET,
    "fleet.flags": (*_FLEET, "gate.credentials", "gate.pseudonym"),
    "fleet.days": (*_FLEET, "gate.credentials.sealing_keys"),
    "fleet.trace": (*_FLEET, "gate.journal.sealing"),
    "fleet.gateway": (*_FLEET, "gate.credentials", "gate.net", "gate.pseudonym", "gate.status.code_answer"),
    "fleet.configuration": (
        *(*_FLEET, "gate.config_file", "gate.config_bind", "gate.config_checks"),
        "gate.app.config_check",
    ),
    "fleet.province": (*_FLEET, "gate.credentials", "gate.pseudonym"),
    "fleet.simulator": (
        *(*_FLEET, "gate.app", "gate.clock", "gate.config", "gate.config_bind"),
        *("gate.journal", "gate.net", "gate.presentation_id"),
    ),
}
"""Part -> what it may see of the four packages; the narrowest part counts, one that is not listed has no such limit."""

OPENED_ONLY_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "drivers": ("gate.app", "drivers"),
    "voice": ("gate.app", "voice"),
    "gate.app": ("gate.app", "gate.__main__", "fleet.configuration", "fleet.simulator"),
    "fleet": ("fleet",),
}
"""Part -> the only ones who may import it."""

WITHOUT_DJANGO: Final = ("fleet.plane", "fleet.gateway")
"""What gates ask is thin, and speaks plain SQL or to no database at all."""
_DJANGO: Final = ("django", "fleet.registry", "fleet.console")

IMPURE: Final = (
    *("asyncio", "concurrent", "multiprocessing", "queue", "sched", "signal", "subprocess", "threading", "_thread"),
    *("fcntl", "glob", "mmap", "os", "pathlib", "select", "selectors", "shutil", "tempfile", "termios"),
    *("http", "httpx", "requests", "socket", "socketserver", "ssl", "starlette", "urllib.request", "uvicorn"),
    *("ctypes", "logging", "random", "secrets", "sqlite3", "time"),
)
"""Threads, files, network, clock and chance: a pure module is handed their results."""

CLOCK_CALLS: Final = frozenset(
    f"{type_}.{name}" for type_ in ("date", "datetime") for name in ("now", "today", "utcnow")
)

DEVICE_LIBRARIES: Final = (
    *("evdev", "pyudev", "serial", "serial_asyncio", "smartcard", "usb", "usb1"),
    *("RPi", "gpiod", "gpiozero", "lgpio", "smbus", "smbus2", "spidev", "tpm2_pytss"),
    *("cv2", "libcamera", "picamera2", "pyzbar", "zxingcpp"),
    *("alsaaudio", "pyttsx3", "simpleaudio", "sounddevice"),
)


@dataclass(frozen=True, slots=True)
class Module:
    """One source file: its dotted name, the package that its relative imports start from, and what it says."""

    name: str
    package: str
    tree: ast.Module


@dataclass(frozen=True, slots=True)
class Import:
    """One name that a module takes from elsewhere, e.g. ``gate.model.Facts``."""

    target: str
    line: int
    at_load: bool
    """Carried out when the module is loaded, not when a function is called."""


def violations(root: Path) -> list[str]:
    """Every breach below ``root``, as ``path:line: what is wrong``; empty for a house in order."""
    return [
        f"{path.relative_to(root)}:{line}: {wrong}"
        for top in OURS
        for path in sorted((root / top).rglob("*.py"))
        for line, wrong in _breaches(_read(root, path))
    ]


def _read(root: Path, path: Path) -> Module:
    parts = path.relative_to(root).with_suffix("").parts
    is_package = parts[-1] == "__init__"
    package = ".".join(parts[:-1])
    return Module(package if is_package else ".".join(parts), package, ast.parse(path.read_text("utf-8")))


def _breaches(module: Module) -> Iterator[tuple[int, str]]:
    for found in _imports(module):
        for rule in _broken_rules(module.name, found):
            yield found.line, f"{module.name} imports {found.target}: {rule}"
    if _within(module.name, PURE):
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and (call := _impure_call(node)):
                yield node.lineno, f"{module.name} calls {call}: it is pure, the result is an argument"


def _broken_rules(name: str, found: Import) -> Iterator[str]:
    target = found.target
    ours = _within(target, OURS)
    if _within(name, STANDARD_LIBRARY_ONLY) and not ours and target.partition(".")[0] not in sys.stdlib_module_names:
        yield "standard library only"
    if _within(name, PURE) and _within(target, (*IMPURE, *DEVICE_LIBRARIES)):
        yield "it is pure"
    part = max((part for part in SEES_ONLY if _within(name, (part,))), key=len, default=None)
    if ours and part is not None and not _within(target, SEES_ONLY[part]):
        yield f"{part} sees only {', '.join(SEES_ONLY[part]) or 'the standard library'}"
    if _within(name, WITHOUT_DJANGO) and _within(target, _DJANGO):
        yield "what gates ask is without Django"
    for part, openers in OPENED_ONLY_BY.items():
        if _within(target, (part,)) and not _within(name, openers):
            yield f"only {' and '.join(openers)} may"
    for layer in LAYERS:
        if _within(name, LAYERS) and _within(target, (layer,)) and not _within(name, (layer,)):
            yield f"{', '.join(LAYERS)} do not see each other"
    if found.at_load and _within(target, DEVICE_LIBRARIES):
        yield "a device library is imported inside the function that opens the device"


def _within(name: str, parts: tuple[str, ...]) -> bool:
    return any(name == part or name.startswith(f"{part}.") for part in parts)


def _imports(module: Module) -> Iterator[Import]:
    stack: list[tuple[ast.AST, bool]] = [(module.tree, True)]
    while stack:
        node, at_load = stack.pop()
        for target in _targets(node, module.package):
            yield Import(target, getattr(node, "lineno", 0), at_load)
        inside = at_load and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        unloaded = node.body if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test) else []
        stack.extend((child, inside and child not in unloaded) for child in ast.iter_child_nodes(node))


def _targets(node: ast.AST, package: str) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [name.name for name in names]
        case ast.ImportFrom(module=source, names=names, level=level):
            parents = package.split(".")
            base = parents[: len(parents) - level + 1] if level else []
            return [".".join([*base, *([source] if source else []), name.name]) for name in names]
        case ast.Call(
            func=ast.Name(id="__import__" | "import_module") | ast.Attribute(attr="import_module"),
            args=[ast.Constant(value=str(name)), *_],
        ):
            return [name]
        case _:
            return []


def _impure_call(call: ast.Call) -> str:
    name = ast.unparse(call.func)
    reads_clock = any(name == clock or name.endswith(f".{clock}") for clock in CLOCK_CALLS)
    return name if reads_clock or name in {"open", "input", "print", "breakpoint"} else ""
