"""Records from one JSON file: keyed pseudonym to what the sources said.

Read whole into memory at start; for a site with its own list, a pilot, a test or a demonstration.

```json
{"format": 1,
 "holders": {"<32 hex digits>": {
    "codes":        [{"source": "city", "as_of": "2021-06-20T07:50:00+08:00", "colour": "green"}],
    "pop_ups":      [{"source": "city", "as_of": "…", "active": false}],
    "tests":        [{"source": "lab", "as_of": "…", "result": "negative", "sampled_at": "…", "reported_at": "…"}],
    "vaccinations": [{"source": "clinic", "as_of": "…", "doses": 3}],
    "travel":       [{"source": "city", "as_of": "…", "risk_area": false}],
    "arrivals":     [{"source": "city", "as_of": "…", "arrived_at": "…", "risk": "low"}],
    "exemptions":   [{"source": "city", "as_of": "…", "ground": "mobility", "expires_at": "…"}],
    "permits":      [{"source": "site", "as_of": "…", "zones": ["east"], "valid_from": "…", "valid_to": "…"}]}},
 "aliases": {"<32 hex digits of a further document>": "<those of its holder above>"}}
```
Optional: pop-ups ``level, raised_at, cleared, expires_at``; tests ``sample, method, pool_size, supersedes``;
vaccinations ``last_dose_at``; permits ``hours`` (two minutes of the day), ``entries_left``, ``id`` and ``sponsor``.
Every time carries its zone; a time without one is refused, since nobody can know what it means.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from gate.errors import ConfigError, StatusUnavailable
from gate.files import TooLargeError, read_bounded
from gate.pseudonym import PSEUDONYM_BYTES
from gate.status.merged import merged
from gate.status.source import Found
from gate.wire import records as wire

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from gate.model import Records

MAX_FILE_BYTES = 64 * 1024 * 1024


def _strict(kind: type[msgspec.Struct]) -> Any:
    """The same record as it is written by hand: a field that nobody knows is a slip of the pen."""
    return msgspec.defstruct(kind.__name__, [], bases=(kind,), frozen=True, forbid_unknown_fields=True)


_KINDS: Final = {
    "codes": _strict(wire.Code),
    "pop_ups": _strict(wire.PopUp),
    "tests": _strict(wire.Test),
    "vaccinations": _strict(wire.Vaccination),
    "travel": _strict(wire.Travel),
    "arrivals": _strict(wire.Arrival),
    "exemptions": _strict(wire.Exemption),
    "permits": _strict(wire.Permit),
}
if TYPE_CHECKING:
    _Holder = wire.Known
else:
    _Holder = msgspec.defstruct(
        "_Holder",
        [
            (name, Annotated[tuple[kind, ...], msgspec.Meta(max_length=wire.MOST_OF_A_KIND)], ())
            for name, kind in _KINDS.items()
        ],
        frozen=True,
        forbid_unknown_fields=True,
    )


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: Annotated[int, msgspec.Meta(ge=1, le=1)]
    holders: dict[str, _Holder]
    aliases: dict[str, str] = {}
    """Pseudonym of a further document -> the one under which its holder is kept."""


class StatusFile:
    """A ``StatusSource`` over one file that was read at start."""

    def __init__(self, holders: Mapping[bytes, Records], aliases: Mapping[bytes, bytes]) -> None:
        self._holders = holders
        self._aliases = aliases

    @classmethod
    def open(cls, path: Path) -> StatusFile:
        """Read the file.

        Raises:
            ConfigError: it is missing or not of the form above; the message names the place.
        """
        return cls.of(read(path), path)

    @classmethod
    def of(cls, raw: bytes, path: Path) -> StatusFile:
        """From the content of a file.

        Raises:
            ConfigError: it is not of the form above; the message names the place.
        """
        try:
            content = msgspec.json.decode(raw, type=_File)
            holders = {_pseudonym(key): wire.records_of(holder) for key, holder in content.holders.items()}
            return cls(holders, _aliases(content.aliases))
        except (msgspec.DecodeError, ValueError, RecursionError) as fault:
            raise ConfigError(f"{path}: status file refused: {fault}") from None

    async def find(self, holders: Sequence[bytes]) -> Found:
        people = tuple(dict.fromkeys(self._aliases.get(holder, holder) for holder in holders))
        known = [self._holders[person] for person in people if person in self._holders]
        chief = next((person for person in people if person in self._holders), people[0])
        return Found(chief, functools.reduce(merged, known, None))


def read(path: Path) -> bytes:
    """The content of such a file.

    Raises:
        ConfigError: it can't be read, or is too large.
    """
    try:
        return read_bounded(path, MAX_FILE_BYTES)
    except TooLargeError:
        raise ConfigError(f"{path}: status file is larger than {MAX_FILE_BYTES >> 20} MiB") from None
    except OSError as fault:
        raise ConfigError(f"{path}: status file can't be read ({fault.strerror})") from None


class MissingStatus:
    """Stands in for a source that could not be opened: whoever needs records is referred, the gate goes on."""

    def __init__(self, why: str) -> None:
        self._why = why

    async def find(self, holders: Sequence[bytes]) -> Found:  # noqa: ARG002 - nobody can be looked up
        raise StatusUnavailable(self._why)


def _pseudonym(key: str) -> bytes:
    value = bytes.fromhex(key)
    if len(value) != PSEUDONYM_BYTES:
        raise ValueError(f"a holder's key has {PSEUDONYM_BYTES * 2} hex digits, one has {len(key)}")
    return value


def _aliases(names: Mapping[str, str]) -> dict[bytes, bytes]:
    """One step from a document to its holder: an alias of an alias could go in circles."""
    aliases = {_pseudonym(alias): _pseudonym(holder) for alias, holder in names.items()}
    if any(holder in aliases for holder in aliases.values()):
        raise ValueError("an alias stands for another alias: name the holder's own key")
    return aliases


def encode(holders: Mapping[bytes, Records], aliases: Mapping[bytes, bytes] | None = None) -> bytes:
    """The file's content for these holders; ``StatusFile.open`` reads it back to the same records."""
    return msgspec.json.encode(
        {
            "format": 1,
            "holders": {key.hex(): msgspec.to_builtins(r) for key, r in holders.items()},
            "aliases": {alias.hex(): holder.hex() for alias, holder in (aliases or {}).items()},
        }
    )
