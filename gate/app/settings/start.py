"""With which settings a gate starts: those in force; where it can't, those from before; else with the base alone."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from gate.app.logs import line
from gate.app.settings.kept import MOST_STARTS, Kept, Note
from gate.config_file import load
from gate.errors import ConfigError, TrustError
from gate.trust.settings import NOTHING

if TYPE_CHECKING:
    from pathlib import Path

    from gate.config import GateConfig

log = logging.getLogger("gate.settings")


@dataclass(frozen=True, slots=True)
class Started:
    """A gate's configuration, and where it stands with what the fleet has set."""

    config: GateConfig
    file: Path
    state: Path
    kept: Kept | None
    """None: it is in no fleet, and nobody sets anything."""
    note: Note

    def again(self, why: str) -> Started | None:
        """The same gate with what held before, since it can't start with what is new; None: it is not that.

        Args:
            why: it can't.
        """
        if self.kept is None or not self.note.trial:
            return None
        return _first_that_loads(self.file, self.state, self.kept, _gone_back(self.kept, self.note, why))


def held(file: Path, state: Path) -> GateConfig:
    """The configuration that a gate would start with now; nothing is changed.

    Raises:
        ConfigError: as ``gate.config_file.load``.
    """
    base = load(file, state)
    if base.fleet is None:
        return base
    kept = Kept(state, base.trust.root, base.fleet.device)
    try:
        return load(file, state, kept.settings(kept.note.holds))
    except (OSError, TrustError) as fault:
        raise ConfigError(f"what the fleet has set can't be used: {fault}") from None


def start(file: Path, state: Path) -> Started:
    """The configuration that a gate starts with. New settings count their starts: a gate that falls over goes back.

    Raises:
        ConfigError: the base itself is bad.
    """
    base = load(file, state)
    if base.fleet is None:
        return Started(base, file, state, None, Note())
    kept = Kept(state, base.trust.root, base.fleet.device)
    note = kept.note
    if note.trial and note.starts >= MOST_STARTS:
        note = _gone_back(kept, note, f"the gate has started {note.starts} times with it and did not stay up")
    elif note.trial:
        note = msgspec.structs.replace(note, starts=note.starts + 1)
        _write(kept, note)
    return _first_that_loads(file, state, kept, note)


def _first_that_loads(file: Path, state: Path, kept: Kept, note: Note) -> Started:
    while True:
        try:
            return Started(load(file, state, kept.settings(note.holds)), file, state, kept, note)
        except (ConfigError, TrustError, OSError) as fault:
            if note.holds == NOTHING:
                raise
            note = _gone_back(kept, note, str(fault))


def _gone_back(kept: Kept, note: Note, why: str) -> Note:
    log.error(line("settings-back", refused=note.holds, holds=note.before, why=why))
    back = note.back(why)
    _write(kept, back)
    return back


def _write(kept: Kept, note: Note) -> None:
    try:
        kept.write(note)
    except OSError as fault:  # a full disk: the gate goes to work all the same
        log.error(line("settings-not-noted", why=fault.strerror or str(fault)))
