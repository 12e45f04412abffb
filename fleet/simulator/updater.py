"""The part of a gate that fetches rules and puts them in force, alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.simulator.device import configuration
from gate.app.aside import aside
from gate.app.build import rules_of
from gate.app.trust_slot import TrustSlot
from gate.clock import SystemClock
from gate.config_bind import Roots

if TYPE_CHECKING:
    from fleet.simulator.device import Where


class Updater:
    """That of one gate; what it had before a restart it has again.

    Args:
        name: the gate's.
        where: what it shares with the others.
    """

    def __init__(self, name: str, where: Where) -> None:
        folder = where.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        config = configuration(name, where)
        self._clock = SystemClock()
        self._rules, take = rules_of(config, Roots(folder, folder), self._clock)
        self._trust = TrustSlot(config.trust, folder, self._clock, take, name)

    async def look(self) -> None:
        """As it does every few minutes: fetch what is new, verify it, put it in force, keep it."""
        await aside(self._trust.refresh, "trust")

    @property
    def in_force(self) -> int | None:
        """The version of the rule set that judges now."""
        rule_set = self._rules.at(self._clock.moment())
        return None if rule_set is None else rule_set.version

    @property
    def fault(self) -> str | None:
        """Why the last look was in vain; None: it was not."""
        return self._trust.state.fault
