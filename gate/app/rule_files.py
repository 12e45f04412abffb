"""Where rule sets and orders come from: files that somebody puts beside the gate, or the role ``rules`` of a bundle."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

from gate import durable
from gate.app.logs import line
from gate.errors import RuleSetError, TrustError
from gate.files import read_bounded
from gate.rules import orders, ruleset
from gate.trust.bundle import RULES
from gate.trust.copies import Copies

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from gate.rules.ruleset import RuleSet
    from gate.trust.bundle import Bundle

LAST_GOOD: Final = "last-good"
"""Folder of the state directory with a copy of whatever was good last."""
ORDERS: Final = "orders.json"
"""The file of a bundle's rules that holds orders; the others are rule sets."""
PLACES: Final = ("rules-a", "rules-b")

log = logging.getLogger("gate.rules")


def check(files: Mapping[str, bytes]) -> tuple[RuleSet, ...]:
    """The rule sets among the rules of a bundle, in which no fault is, nor in the orders.

    Raises:
        RuleSetError: a fault, or there is no rule set.
    """
    sets = {}
    for name, blob in files.items():
        if name != ORDERS:
            try:
                sets[name] = ruleset.load(blob)
            except RuleSetError as fault:
                raise RuleSetError(f"{name}: {fault}") from None
    if not sets:
        raise RuleSetError("there is no rule set; put one beside the orders")
    orders.load(files.get(ORDERS, b"[]"), *sets.values())
    return tuple(sets.values())


class RuleFiles(Protocol):
    """Rule sets by name, and orders; all of it is read anew whenever the rules are refreshed."""

    @property
    def orders(self) -> str | None:
        """Name of the file of orders; None where none can be."""
        ...

    def names(self) -> Collection[str]:
        """Those of the rule sets that are there now."""
        ...

    def read(self, name: str) -> bytes:
        """Content of a rule set, or of the orders.

        Raises:
            OSError: it can't be read; a ``FileNotFoundError`` where it is not there.
        """
        ...

    def last_good(self) -> Mapping[str, bytes]:
        """What was good before the restart, by name."""
        ...

    def keep(self, good: Mapping[str, bytes], *, all_good: bool) -> None:
        """Keep what was just read and found good, for ``last_good``; without it a restart may find nothing."""
        ...


class LocalFiles:
    """Files of this machine, which stay where the configuration says; file names are unique among ``sets``."""

    def __init__(self, sets: Sequence[Path], orders: Path | None, state: Path) -> None:
        self._sets = {file.name: file for file in sets}
        self._orders = orders
        self._copies = state / LAST_GOOD

    @property
    def orders(self) -> str | None:
        return None if self._orders is None else f"orders-{self._orders.name}"

    def names(self) -> Collection[str]:
        return tuple(self._sets)

    def read(self, name: str) -> bytes:
        return read_bounded(self._orders if self._orders is not None and name == self.orders else self._sets[name])

    def last_good(self) -> Mapping[str, bytes]:
        found = {}
        for name in (*self._sets, *(() if self.orders is None else (self.orders,))):
            try:
                found[name] = read_bounded(self._copy(name))
            except FileNotFoundError:
                continue
            except OSError as fault:
                log.error(line("last-good-lost", copy=self._copy(name).name, why=str(fault)))
        return found

    def keep(self, good: Mapping[str, bytes], *, all_good: bool) -> None:
        del all_good  # each file is for itself
        for name, blob in good.items():
            try:
                durable.write(self._copy(name), blob, 0o644)
            except OSError as fault:
                log.warning(line("last-good-not-kept", copy=self._copy(name).name, why=str(fault)))

    def _copy(self, name: str) -> Path:
        return self._copies / (name if name == self.orders else f"rules-{name}")


class BundleRules:
    """The role ``rules`` of the bundle that is believed.

    What was good last is a bundle as well, the last one in which every rule set was good: like any copy of a bundle it
    is verified at the start, so that nobody who can only write to the disk makes rules.
    """

    orders: str | None = ORDERS

    def __init__(self, pinned_root: Path, state: Path) -> None:
        self._pinned_root = pinned_root
        self._copies = Copies(state / LAST_GOOD, PLACES, (RULES,))
        self._bundle: Bundle | None = None

    def give(self, found: Bundle) -> None:
        """Take them from this bundle from now on."""
        self._bundle = replace(found, files={}, others={RULES: found.others.get(RULES, {})})

    def names(self) -> Collection[str]:
        return [name for name in self._files() if name != ORDERS]

    def read(self, name: str) -> bytes:
        if self._bundle is not None and name == ORDERS:
            return self._files().get(name, b"[]")  # what a newer bundle does not say any more is over
        try:
            return self._files()[name]
        except KeyError:
            raise FileNotFoundError(f"{name}: is not in the bundle") from None

    def last_good(self) -> Mapping[str, bytes]:
        try:
            kept = self._copies.newest(read_bounded(self._pinned_root))
        except (OSError, TrustError) as fault:
            log.error(line("last-good-lost", copy="rules", why=str(fault)))
            return {}
        return {} if kept is None else kept.others.get(RULES, {})

    def keep(self, good: Mapping[str, bytes], *, all_good: bool) -> None:
        if self._bundle is None or not good or not all_good:
            return
        try:
            self._copies.keep(self._bundle)
        except OSError as fault:
            log.warning(line("last-good-not-kept", copy="rules", why=str(fault)))

    def _files(self) -> Mapping[str, bytes]:
        return {} if self._bundle is None else self._bundle.others.get(RULES, {})
