"""Whether a gate could live with what is set for it, in the sentences that the gate itself would print.

What can be known here is checked by the gate's own code over the merged configuration: its form, what must fit
together, its drivers' settings, its languages. What only the gate can know (is the file there, does the server answer)
it finds out itself before it takes anything (``gate.app.settings``).
"""

from __future__ import annotations

import copy
import tomllib
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gate import config_checks, config_file
from gate.app.config_check import fitting
from gate.config_bind import Roots
from gate.config_levels import SETTINGS, check
from gate.errors import GateError

if TYPE_CHECKING:
    from gate.config_levels import Settings

WHERE: Final = "gate.toml"
_ROOTS: Final = Roots(Path("/etc/gate"), Path("/var/lib/gate"))
_ITS_OWN: Final = (("checkpoint", "id"), ("checkpoint", "lane"), ("fleet", "device"), ("fleet", "key"))
"""Differ from gate to gate, and make no difference here."""
_DIFFERENT: Final = 4096


@cache
def shipped() -> dict[str, Any]:
    """The configuration that comes with the program, enrolled: stands for a gate that has not told its own yet."""
    table = tomllib.loads((files("config") / "gate.toml").read_text("utf-8"))
    return {**table, "fleet": {"url": "https://fleet.example", "device": "gate", "key": "device.key"}}


def base_of(told: str | None) -> dict[str, Any] | None:
    """What was set on a gate by hand, as it told; None: it has told nothing of use."""
    try:
        found = None if told is None else msgspec.json.decode(told, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):
        return None
    return found if found is not None and not _faults(_key(found), b"{}") else None


def faults(base: dict[str, Any] | None, said: Settings) -> tuple[str, ...]:
    """Why a gate could not live with it; none: as far as can be known here, it could.

    Args:
        base: what was set on it by hand; None: nobody knows.
        said: what is set for it, merged.
    """
    return _faults(_key(shipped() if base is None else base), msgspec.json.encode(dict(said), order="sorted"))


def in_force(base: dict[str, Any], said: Settings) -> dict[str, Any]:
    """The value of each setting that a gate has, the program's own among them; without those that only a driver knows.

    Args:
        base: what was set on it by hand; one that ``base_of`` gave.
        said: what is set for it, merged.
    """
    try:
        whole = config_file.read(base, _ROOTS, WHERE, said)
    except GateError:
        return {}
    return {name: found for name in SETTINGS if (found := _at(whole, name)) is not None}


def _at(whole: object, name: str) -> Any:
    for part in name.split("."):
        whole = getattr(whole, part, None)
    return list(whole) if isinstance(whole, tuple) else whole


def _key(base: dict[str, Any]) -> bytes:
    same = copy.deepcopy(base)
    for section, key in _ITS_OWN:
        table = same.get(section)
        if isinstance(table, dict) and isinstance(table.get(key), str):
            table[key] = "gate"
    return msgspec.json.encode(same, order="sorted")


@lru_cache(_DIFFERENT)
def _faults(base: bytes, said: bytes) -> tuple[str, ...]:
    """For bases that differ in nothing but their gates' names it is found out once."""
    table = msgspec.json.decode(base, type=dict[str, Any])
    try:
        known = set(_unfit(table, {})) if said != b"{}" else set()
        return tuple(fault for fault in _unfit(table, msgspec.json.decode(said)) if fault not in known)
    except GateError as fault:
        return (str(fault),)


def _unfit(table: dict[str, Any], said: Settings) -> list[str]:
    """What would not work.

    Raises:
        ConfigError: it is no configuration at all.
    """
    found = config_file.read(table, _ROOTS, WHERE, check(said))
    config_checks.check(found, WHERE)
    return list(fitting(found, _ROOTS))
