"""Carries out what the fleet tells the gate to do: each command once, however often it is handed over.

Orders are carried out at once. A question may take as long as it takes (a self-test asks every device), so questions
are answered one after the other beside the heartbeats.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from gate.app.aside import aside
from gate.app.logs import line
from gate.errors import GateError
from gate.wire.commands import MOST_ANSWERED, MOST_LINE, MOST_LINES, Command, CommandKind, CommandOutcome, CommandResult

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_TOLD: Final = 64
"""Outcomes of one heartbeat."""
MOST_REMEMBERED: Final = 1000
MOST_AT_ONCE: Final = 2 * MOST_ANSWERED
"""Bytes of all lines of one heartbeat; those of further answers wait for the next."""
MOST_ASKED: Final = 16
"""Questions that wait; more are left to be handed over again."""

Orders = Mapping[CommandKind, Callable[[], str | None]]
"""What a gate can be told to do, and how it does it, with what there is to tell of it; called on the event loop."""

Questions = Mapping[CommandKind, Callable[[], Sequence[str]]]
"""What a gate can be asked, and how it finds what to say, line by line; called aside, as it may take seconds."""

log = logging.getLogger("gate.fleet")


@dataclass(frozen=True, slots=True)
class Able:
    """All that a fleet can have of a gate."""

    orders: Orders
    questions: Questions


class Commands:
    """The commands of one run of the gate.

    Args:
        able: what this gate can do and answer.
    """

    def __init__(self, able: Able) -> None:
        self._can = able.orders
        self._knows = able.questions
        self._outcomes: dict[str, CommandOutcome] = {}
        """By command; those of the last commands, told or not."""
        self._asked: set[str] = set()
        """Questions, by their commands: the one that is being answered, and those that wait."""
        self._to_answer: asyncio.Queue[Command] = asyncio.Queue()
        self._untold: dict[str, CommandOutcome] = {}

    @property
    def untold(self) -> tuple[CommandOutcome, ...]:
        """What the next heartbeat has to tell."""
        found: list[CommandOutcome] = []
        room = MOST_AT_ONCE
        for outcome in self._untold.values():
            room -= sum(map(_size, outcome.lines))
            if len(found) < MOST_TOLD and room >= 0:
                found.append(outcome)
        return tuple(found)

    def told(self, outcomes: Iterable[CommandOutcome]) -> None:
        """The fleet knows of these now."""
        for outcome in outcomes:
            self._untold.pop(outcome.id, None)
            if outcome.id in self._outcomes:  # should it ask again, it learns that this was done
                self._outcomes[outcome.id] = msgspec.structs.replace(outcome, lines=())

    def take(self, commands: Iterable[Command]) -> None:
        """Carry out what is new, or let it be answered; what was carried out already is only told again."""
        for command in commands:
            if (known := self._outcomes.get(command.id)) is not None:
                self._untold[command.id] = known
            elif command.kind in self._knows and command.valid_s > 0:
                self._ask(command)
            else:
                self._remember(self._carried_out(command))

    async def answer(self) -> None:
        """Answer questions until cancelled."""
        while True:
            command = await self._to_answer.get()
            _begins(command)
            outcome = await self._answered(command)
            self._asked.remove(command.id)
            self._remember(outcome)

    def _ask(self, command: Command) -> None:
        if command.id not in self._asked and len(self._asked) < MOST_ASKED:
            self._asked.add(command.id)
            self._to_answer.put_nowait(command)

    def _remember(self, outcome: CommandOutcome) -> None:
        while len(self._outcomes) >= MOST_REMEMBERED:
            self._outcomes.pop(next(iter(self._outcomes)))
        self._outcomes[outcome.id] = self._untold[outcome.id] = outcome
        log.info(line("command", id=outcome.id, result=outcome.result.value, detail=outcome.detail))

    def _carried_out(self, command: Command) -> CommandOutcome:
        if command.valid_s == 0:
            return CommandOutcome(command.id, CommandResult.EXPIRED)
        if command.kind not in self._can:
            return CommandOutcome(command.id, CommandResult.NOT_SUPPORTED)
        _begins(command)
        try:
            told = self._can[CommandKind(command.kind)]()
        except (GateError, OSError) as fault:
            return _failed(command, fault)
        return CommandOutcome(command.id, CommandResult.DONE, (told or "")[:1000])

    async def _answered(self, command: Command) -> CommandOutcome:
        try:
            lines = await _answer(self._knows[CommandKind(command.kind)])
        except (GateError, OSError) as fault:
            return _failed(command, fault)
        return CommandOutcome(command.id, CommandResult.DONE, lines=lines)


def _begins(command: Command) -> None:
    log.info(line("command-begins", id=command.id, kind=command.kind))


def _failed(command: Command, fault: Exception) -> CommandOutcome:
    return CommandOutcome(command.id, CommandResult.FAILED, str(fault)[:1000])


async def _answer(question: Callable[[], Sequence[str]]) -> tuple[str, ...]:
    """The first lines of an answer, as many as there is room for."""
    found: list[str] = []

    def ask() -> None:
        found.extend(question())

    await aside(ask, "question")
    lines: list[str] = []
    room = MOST_ANSWERED
    for one in found[:MOST_LINES]:
        said = one[:MOST_LINE]
        room -= _size(said)
        if room < 0:
            break
        lines.append(said)
    return tuple(lines)


def _size(line: str) -> int:
    return len(line.encode())
