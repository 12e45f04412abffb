"""TOML tables to frozen dataclasses. An unknown key is an error that names it and the nearest known one.

Two roots for relative paths, so that a gate behaves the same by hand and under systemd: what the gate only reads
(``ConfigPath``: rule sets, pinned keys) lies relative to the configuration file; what it writes or what comes and
goes (``Path``: journal, keys, device nodes of a simulation) lies relative to the state directory.
"""

from __future__ import annotations

import dataclasses
import difflib
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from gate.errors import ConfigError

ConfigPath = Annotated[Path, "relative to the configuration file"]
"""A file that is only read; see the module's docstring."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Roots:
    """What relative paths are relative to."""

    config: Path
    state: Path


def bind(cls: type[T], table: dict[str, Any], roots: Roots, where: str) -> T:
    """Build dataclass ``cls`` from a TOML table.

    Raises:
        ConfigError: unknown, missing or wrongly typed key; the message names it as ``where: [section] key``.
    """
    hints = get_type_hints(cls, include_extras=True)
    known = {f.name: f for f in dataclasses.fields(cls)}  # type: ignore[arg-type]  # T is always a dataclass
    for key in table:
        if key not in known:
            raise ConfigError(f'{where}: unknown key "{key}"; {_suggest(key, list(known))}')
    values: dict[str, Any] = {}
    for name, declared in known.items():
        if name in table:
            values[name] = _value(hints[name], table[name], roots, where, name)
        elif declared.default is dataclasses.MISSING and declared.default_factory is dataclasses.MISSING:
            raise ConfigError(f'{where}: key "{name}" is missing; see the commented config/gate.toml')
    return cls(**values)


def _value(hint: Any, value: Any, roots: Roots, where: str, name: str) -> Any:
    if get_origin(hint) in (Union, UnionType):
        hint = next(arm for arm in get_args(hint) if arm is not type(None))
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, dict):
            raise ConfigError(f"{where}: [{name}] must be a table")
        return bind(hint, value, roots, f"{where}: [{name}]")
    if get_origin(hint) is tuple and isinstance(value, list):
        return tuple(_value(get_args(hint)[0], item, roots, where, name) for item in value)
    if hint == ConfigPath:
        return roots.config / _text(value, where, name)
    if hint is Path:
        return roots.state / _text(value, where, name)
    try:
        return msgspec.convert(value, hint)
    except msgspec.ValidationError as fault:
        raise ConfigError(f'{where}: key "{name}": {fault}') from None


def _text(value: Any, where: str, name: str) -> str:
    if not isinstance(value, str) or not value or "\0" in value:
        raise ConfigError(f'{where}: key "{name}" must be a path in quotes')
    return value


def _suggest(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    return f'did you mean "{near[0]}"?' if near else f"known here: {', '.join(sorted(known))}"
