"""The rule sets and orders of a gate: a bad one is refused whole, and its last good one holds, across restarts too."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from gate.app.logs import line
from gate.errors import RuleSetError
from gate.rules import orders, ruleset, schedule

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gate.app.rule_files import RuleFiles
    from gate.clock import Clock
    from gate.model import Moment
    from gate.rules.orders import Order
    from gate.rules.ruleset import RuleSet

log = logging.getLogger("gate.rules")


class RuleSlot:
    """Holds every rule set and order; asked once for each presentation."""

    def __init__(self, files: RuleFiles, clock: Clock) -> None:
        self._files = files
        self._clock = clock
        self._sets: Mapping[str, RuleSet] = {}
        """By the name of their file; replaced whole, since a presentation may be judged meanwhile."""
        self.orders: tuple[Order, ...] = ()
        """In force or not; that is for ``Order.in_force`` to say."""
        self._recall()
        self.refresh()

    def at(self, moment: Moment) -> RuleSet | None:
        """The rule set in force; None where there is none, and everybody is referred."""
        return schedule.in_force(self._sets.values(), moment)

    def refresh(self) -> None:
        """Read all of it again; what is refused leaves what was held before."""
        good: dict[str, bytes] = {}
        sets, names = dict(self._sets), self._files.names()
        all_good = True
        for name in names:
            try:
                blob = self._files.read(name)
                sets[name] = self._accept(name, blob, sets)
            except (OSError, RuleSetError) as fault:
                log.error(line("rule-set-refused", file=name, why=str(fault), holds=_name(sets.get(name))))
                all_good = False
            else:
                self._clock.raise_floor(sets[name].issued_at)
                good[name] = blob
        self._sets = self._without_gone(sets, names)
        all_good &= self._refresh_orders(good)
        self._files.keep(good, all_good=all_good)
        log.info(line("rule-set-in-force", name=_name(self.at(self._clock.moment())), held=self._held()))

    def _accept(self, name: str, blob: bytes, sets: Mapping[str, RuleSet]) -> RuleSet:
        now = self._clock.moment()
        others = [held for file, held in sets.items() if file != name]
        accepted = ruleset.accept(sets.get(name), blob, now, others)
        if schedule.in_force(sets.values(), now) is not None and schedule.in_force((*others, accepted), now) is None:
            raise RuleSetError(
                f"rule set {accepted.id}@{accepted.version}: would leave the gate without rules until "
                f"{accepted.valid_from:%Y-%m-%dT%H:%M:%SZ}; put it into a file of its own beside the one in force"
            )
        return accepted

    def _without_gone(self, sets: Mapping[str, RuleSet], names: Iterable[str]) -> Mapping[str, RuleSet]:
        """The sets but for those whose files are there no more, as long as others are in force then."""
        left = {name: sets[name] for name in names if name in sets}
        if not left:
            return sets
        now = self._clock.moment()
        if left.keys() == sets.keys() or schedule.in_force(left.values(), now) is not None:
            return left
        gone = sorted(sets.keys() - left.keys())
        log.error(line("rule-sets-gone", files=gone, why="no other is in force; they stay until one is"))
        return sets

    def _refresh_orders(self, good: dict[str, bytes]) -> bool:
        """Read the orders again; whether nothing was wrong with them."""
        name = self._files.orders
        if name is None:
            return True
        try:
            blob = self._files.read(name)
            self.orders = orders.load(blob, *self._sets.values())
        except (OSError, RuleSetError) as fault:
            if isinstance(fault, FileNotFoundError) and not self.orders:
                return True  # none were ever given
            held = [order.id for order in self.orders]
            log.error(line("orders-refused", file=name, why=str(fault), holds=held))
            return False
        good[name] = blob
        log.info(line("orders-held", orders=[order.id for order in self.orders]))
        return True

    def _recall(self) -> None:
        """What was good before the restart: a new file is measured against it, and it stands in for a bad one."""
        sets = {}
        for name, blob in self._files.last_good().items():
            try:
                if name == self._files.orders:
                    self.orders = orders.load(blob)
                else:
                    sets[name] = ruleset.load(blob)
                    self._clock.raise_floor(sets[name].issued_at)
            except RuleSetError as fault:
                log.error(line("last-good-lost", copy=name, why=str(fault)))
        self._sets = sets

    def _held(self) -> list[str | None]:
        return [_name(one) for one in self._sets.values()]


def _name(rule_set: RuleSet | None) -> str | None:
    return None if rule_set is None else f"{rule_set.id}@{rule_set.version}"
