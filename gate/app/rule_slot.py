"""The rule sets and orders of a gate: a bad file is refused whole, and its last good one holds, across restarts too."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from gate import durable
from gate.app.files import read_bounded
from gate.app.logs import line
from gate.errors import RuleSetError
from gate.rules import orders, ruleset, schedule

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gate.clock import Clock
    from gate.model import Moment
    from gate.rules.orders import Order
    from gate.rules.ruleset import RuleSet

LAST_GOOD: Final = "last-good"
"""Folder of the state directory with a copy of each file; files of ``sets`` have names of their own."""

log = logging.getLogger("gate.rules")


class RuleSlot:
    """Holds every rule set and order; asked once for each presentation."""

    def __init__(self, sets: Sequence[Path], orders_file: Path | None, state: Path, clock: Clock) -> None:
        self._files = tuple(sets)
        self._orders_file = orders_file
        self._copies = state / LAST_GOOD
        self._clock = clock
        self._sets: dict[Path, RuleSet] = {}
        self.orders: tuple[Order, ...] = ()
        """In force or not; that is for ``Order.in_force`` to say."""
        self._recall()
        self.refresh()

    def at(self, moment: Moment) -> RuleSet | None:
        """The rule set in force; None where there is none, and everybody is referred."""
        return schedule.in_force(self._sets.values(), moment)

    def refresh(self) -> None:
        """Read every configured file again; one that is refused leaves what it held before."""
        for file in self._files:
            try:
                blob = read_bounded(file)
                self._sets[file] = self._accept(file, blob)
            except (OSError, RuleSetError) as fault:
                log.error(line("rule-set-refused", file=file.name, why=str(fault), holds=_name(self._sets.get(file))))
            else:
                self._clock.raise_floor(self._sets[file].issued_at)
                self._keep(self._copy(file), blob)
        self._refresh_orders()
        log.info(line("rule-set-in-force", name=_name(self.at(self._clock.moment())), held=self._held()))

    def _accept(self, file: Path, blob: bytes) -> RuleSet:
        now = self._clock.moment()
        others = [held for path, held in self._sets.items() if path != file]
        accepted = ruleset.accept(self._sets.get(file), blob, now, others)
        if self.at(now) is not None and schedule.in_force((*others, accepted), now) is None:
            raise RuleSetError(
                f"rule set {accepted.id}@{accepted.version}: would leave the gate without rules until "
                f"{accepted.valid_from:%Y-%m-%dT%H:%M:%SZ}; put it into a file of its own beside the one in force"
            )
        return accepted

    def _refresh_orders(self) -> None:
        if self._orders_file is None:
            return
        try:
            blob = read_bounded(self._orders_file)
            self.orders = orders.load(blob, *self._sets.values())
        except (OSError, RuleSetError) as fault:
            if isinstance(fault, FileNotFoundError) and not self.orders:
                return  # none were ever given
            held = [order.id for order in self.orders]
            log.error(line("orders-refused", file=self._orders_file.name, why=str(fault), holds=held))
        else:
            self._keep(self._orders_copy(self._orders_file), blob)
            log.info(line("orders-held", orders=[order.id for order in self.orders]))

    def _recall(self) -> None:
        """What was good before the restart: a new file is measured against it, and it stands in for a bad one."""
        for file in self._files:
            try:
                self._sets[file] = ruleset.load(read_bounded(self._copy(file)))
                self._clock.raise_floor(self._sets[file].issued_at)
            except (OSError, RuleSetError) as fault:
                _lost(self._copy(file), fault)
        if self._orders_file is not None:
            try:
                self.orders = orders.load(read_bounded(self._orders_copy(self._orders_file)))
            except (OSError, RuleSetError) as fault:
                _lost(self._orders_copy(self._orders_file), fault)

    def _copy(self, file: Path) -> Path:
        return self._copies / f"rules-{file.name}"

    def _orders_copy(self, file: Path) -> Path:
        return self._copies / f"orders-{file.name}"

    def _keep(self, copy: Path, blob: bytes) -> None:
        """A copy on disk before it is needed; without one the gate works on, but a restart may find nothing."""
        try:
            durable.write(copy, blob, 0o644)
        except OSError as fault:
            log.warning(line("last-good-not-kept", copy=copy.name, why=str(fault)))

    def _held(self) -> list[str | None]:
        return [_name(one) for one in self._sets.values()]


def _lost(copy: Path, fault: Exception) -> None:
    if not isinstance(fault, FileNotFoundError):
        log.error(line("last-good-lost", copy=copy.name, why=str(fault)))


def _name(rule_set: RuleSet | None) -> str | None:
    return None if rule_set is None else f"{rule_set.id}@{rule_set.version}"
