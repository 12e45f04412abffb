"""What every part of the bundle starts from; nothing here fails, whatever is broken."""

from __future__ import annotations

import dataclasses
import re
import tomllib
import typing
from dataclasses import dataclass
from datetime import date, time
from typing import TYPE_CHECKING, Any, Final

from gate.app.doctor import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from gate.app.doctor.words import Words

_MOST_BYTES: Final = 256 * 1024
_LEFT_OUT: Final = '"(left out)"'
_UNKNOWN: Final = "(unknown key)"


@dataclass(frozen=True, slots=True)
class Case:
    """One gate that somebody needs help with."""

    config_file: Path
    state: Path
    table: Mapping[str, Any] | None
    """The configuration as it stands there; None where it can't be read."""
    why_not: str
    """Why it can't."""
    words: Words


def opened(config_file: Path, state: Path) -> Case:
    """Read the configuration, as far as that goes."""
    table, why = None, ""
    known = words.own()
    try:
        with config_file.open("rb") as file:
            table = tomllib.loads(file.read(_MOST_BYTES).decode("utf-8"))
    except OSError as fault:
        why = f"can't be read: {fault.strerror}"
    except (ValueError, RecursionError) as fault:
        why = f"is no TOML: {known.only(str(fault))}"
    told = [] if table is None else list(_texts(table, _known_keys()))
    return Case(config_file, state, table, why, known.and_those_of([*told, str(config_file), str(state)]))


def configuration(case: Case) -> str:
    """The configuration with the settings that the gate knows. Comments, and values of other keys, are left out."""
    if case.table is None:
        return f"{case.config_file}: {case.why_not}\n"
    return "\n".join([f"# {case.config_file}", *_lines(case.table, "", _known_keys())]) + "\n"


def _known_keys() -> frozenset[str]:
    """Every key that the configuration or a driver has; none where the installation is too broken to tell."""
    try:
        from drivers import DRIVERS, THERMOMETERS  # noqa: PLC0415 - a broken part must not keep the rest from being told
        from drivers.barrier import BARRIERS, Way  # noqa: PLC0415 - as above
        from drivers.gpio_panel import PanelSettings  # noqa: PLC0415 - as above
        from gate.app.devices import driver_class  # noqa: PLC0415 - as above
        from gate.config import GateConfig  # noqa: PLC0415 - as above

        kinds = [GateConfig, Way, PanelSettings]
        for table in (DRIVERS, THERMOMETERS, BARRIERS):
            kinds += [driver_class(table, name, "").Settings for name in table]
    except Exception:  # noqa: BLE001 - as above
        return frozenset()
    return frozenset(key for kind in kinds for key in _fields(kind)) | {
        *("readers", "name", "driver", "direction"),
        *("pin", "normally", "offset_tenths", "per_degree_hundredths"),
    }


def _fields(kind: Any) -> Iterator[str]:
    for name, hint in typing.get_type_hints(kind).items():
        yield name
        for inner in (hint, *typing.get_args(hint)):
            if isinstance(inner, type) and dataclasses.is_dataclass(inner):
                yield from _fields(inner)


def _lines(table: Mapping[str, Any], path: str, known: frozenset[str]) -> Iterator[str]:
    plain = {key: value for key, value in table.items() if not _is_table(value)}
    for key, value in plain.items():
        yield f"{key} = {_value(value)}" if key in known else f'"{_UNKNOWN}" = {_LEFT_OUT}'
    for key, value in table.items():
        if not _is_table(value):
            continue
        name = f"{path}{key if key in known else _UNKNOWN}"
        for one in value if isinstance(value, list) else [value]:
            yield ""
            yield f"[[{name}]]" if isinstance(value, list) else f"[{name}]"
            if key in known:
                yield from _lines(one, f"{name}.", known)


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))


def _value(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int() | float() | date() | time():
            return words.masked(str(value))
        case str():
            return f'"{_printed(value)}"'
        case list():
            return f"[{', '.join(_value(one) for one in value)}]"
        case _:
            return _LEFT_OUT


def _printed(text: str) -> str:
    return re.sub(r"[^\x20-\x7e…]|[\"\\]", "?", words.masked(text))[:200]


def _texts(value: Any, known: frozenset[str]) -> Iterator[str]:
    """Texts that the configuration shows, of keys that are known."""
    match value:
        case dict():
            for key, inner in value.items():
                if key in known:
                    yield key
                    yield from _texts(inner, known)
        case list():
            for inner in value:
                yield from _texts(inner, known)
        case str():
            yield _printed(value)
