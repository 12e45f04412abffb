"""The rule set in force: a bad file is refused whole, and the last good one goes on judging, across restarts too."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Final

from gate.app.files import read_bounded
from gate.app.logs import line
from gate.errors import RuleSetError
from gate.pseudonym import sync_folder
from gate.rules import ruleset

if TYPE_CHECKING:
    from pathlib import Path

    from gate.clock import Clock
    from gate.rules.ruleset import RuleSet

LAST_GOOD: Final = "rule-set.last-good.json"

log = logging.getLogger("gate.rules")


class RuleSlot:
    """Holds the rule set; ``current`` is read once for each presentation."""

    def __init__(self, file: Path, state: Path, clock: Clock) -> None:
        self._file = file
        self._last_good = state / LAST_GOOD
        self._clock = clock
        self.current: RuleSet | None = None
        """None where there never was a good one: everybody is referred."""
        if not self.refresh():
            self._recall()

    def refresh(self) -> bool:
        """Read the configured file again; False where it was refused and the one before stays in force."""
        try:
            blob = read_bounded(self._file)
            accepted = ruleset.accept(self.current, blob, self._clock.moment())
        except (OSError, RuleSetError) as fault:
            log.error(line("rule-set-refused", file=self._file.name, why=str(fault), in_force=self._name()))
            return False
        self._take(accepted)
        self._keep(blob)
        return True

    def _recall(self) -> None:
        try:
            self._take(ruleset.load(read_bounded(self._last_good)))
        except FileNotFoundError:
            return
        except (OSError, RuleSetError) as fault:
            log.error(line("last-good-rule-set-lost", why=str(fault)))

    def _take(self, rule_set: RuleSet) -> None:
        self.current = rule_set
        self._clock.raise_floor(rule_set.issued_at)
        log.info(line("rule-set-in-force", name=self._name()))

    def _keep(self, blob: bytes) -> None:
        """A copy on disk before it is needed; without one the gate works on, but a restart may find nothing."""
        draft = self._last_good.with_suffix(".new")
        try:
            self._last_good.parent.mkdir(parents=True, exist_ok=True)
            with draft.open("wb") as file:
                file.write(blob)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._last_good)
            sync_folder(self._last_good.parent)
        except OSError as fault:
            log.warning(line("last-good-rule-set-not-kept", why=str(fault)))

    def _name(self) -> str | None:
        return None if self.current is None else f"{self.current.id}@{self.current.version}"
