"""Carries out what the fleet tells the gate to do: each command once, however often it is handed over."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from gate.app.logs import line
from gate.errors import GateError
from gate.wire.commands import Command, CommandKind, CommandOutcome, CommandResult

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_TOLD: Final = 64
"""Outcomes of one heartbeat."""
MOST_REMEMBERED: Final = 1000

Orders = Mapping[CommandKind, Callable[[], str | None]]
"""What a gate can be told to do, and how it does it, with what there is to tell of it; called on the event loop."""

log = logging.getLogger("gate.fleet")


class Commands:
    """The commands of one run of the gate.

    Args:
        can: what this gate can do, and how.
    """

    def __init__(self, can: Orders) -> None:
        self._can = can
        self._outcomes: dict[str, CommandOutcome] = {}
        """By command; those of the last commands, told or not."""
        self._untold: dict[str, CommandOutcome] = {}

    @property
    def untold(self) -> tuple[CommandOutcome, ...]:
        """What the next heartbeat has to tell."""
        return tuple(self._untold.values())[:MOST_TOLD]

    def told(self, outcomes: Iterable[CommandOutcome]) -> None:
        """The fleet knows of these now."""
        for outcome in outcomes:
            self._untold.pop(outcome.id, None)

    def take(self, commands: Iterable[Command]) -> None:
        """Carry out what is new; what was carried out already is only told again."""
        for command in commands:
            if command.id not in self._outcomes:
                self._remember(self._carry_out(command))
            self._untold[command.id] = self._outcomes[command.id]

    def _remember(self, outcome: CommandOutcome) -> None:
        while len(self._outcomes) >= MOST_REMEMBERED:
            self._outcomes.pop(next(iter(self._outcomes)))
        self._outcomes[outcome.id] = outcome
        log.info(line("command", id=outcome.id, result=outcome.result.value, detail=outcome.detail))

    def _carry_out(self, command: Command) -> CommandOutcome:
        if command.valid_s == 0:
            return CommandOutcome(command.id, CommandResult.EXPIRED)
        try:
            do = self._can[CommandKind(command.kind)]
        except (ValueError, KeyError):
            return CommandOutcome(command.id, CommandResult.NOT_SUPPORTED)
        log.info(line("command-begins", id=command.id, kind=command.kind))
        try:
            told = do()
        except (GateError, OSError) as fault:
            return CommandOutcome(command.id, CommandResult.FAILED, str(fault)[:1000])
        return CommandOutcome(command.id, CommandResult.DONE, (told or "")[:1000])
