"""Orders: what a city lays over its rule set for a while, ending by itself.

A grace order replaces parameters, e.g. while a laboratory is behind; an emergency order lets everybody through. One
JSON list, apart from the rule set so that neither waits for the other:

```json
[{"id": "LAB-0630", "kind": "grace", "issued_at": "2022-06-30T08:00:00+08:00",
  "valid_from": "2022-06-30T09:00:00+08:00", "valid_to": "2022-07-02T09:00:00+08:00",
  "profiles": ["station"], "parameters": {"test_max_age_s": 259200},
  "Description": [{"lang": "zh-CN", "desc": "…"}, {"lang": "en", "desc": "…"}]}]
```
No signature is checked here: orders that came in a signed bundle were verified before, and of any other file decides
whoever can write it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from gate.errors import RuleSetError
from gate.rules import fields, parameters
from gate.rules.lint import lint_changed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from gate.model import Moment
    from gate.rules.parameters import Parameters
    from gate.rules.profiles import Profile
    from gate.rules.ruleset import RuleSet

MAX_BYTES: Final = 500_000
MAX_ORDERS: Final = 100
MAX_PROFILES: Final = 200


class OrderKind(StrEnum):
    """What an order does."""

    GRACE = "grace"
    EMERGENCY = "emergency"


LONGEST_LIFE: Final = {OrderKind.GRACE: timedelta(days=31), OrderKind.EMERGENCY: timedelta(hours=24)}
"""Whoever wants it for longer decides again."""

_TIMES: Final = ("issued_at", "valid_from", "valid_to")
_REQUIRED: Final = frozenset({"id", "kind", *_TIMES, "profiles", "Description"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order in which no fault was found. Times are UTC."""

    id: str
    kind: OrderKind
    issued_at: datetime
    valid_from: datetime
    valid_to: datetime
    """Exclusive."""
    profiles: frozenset[str]
    parameters: Parameters
    """In place of the profiles' own; empty in an emergency."""
    description: Mapping[str, str] = field(repr=False)
    """By language tag."""

    @property
    def mark(self) -> str:
        """What every record that it touches says, e.g. ``"grace:LAB-0630"``."""
        return f"{self.kind}:{self.id}"

    def in_force(self, moment: Moment) -> bool:
        """Whether it holds now; never on a clock that may be wrong, or it would not end by itself."""
        return moment.trusted and self.valid_from <= moment.at < self.valid_to


@dataclass(frozen=True, slots=True)
class Ordered:
    """A profile as the orders in force leave it."""

    profile: Profile
    marks: tuple[str, ...]
    emergency: bool


def load(blob: bytes, *rule_sets: RuleSet | None) -> tuple[Order, ...]:
    """Read and check a file of orders.

    Args:
        blob: the file, UTF-8 JSON of at most ``MAX_BYTES``.
        rule_sets: those that are held; each order must fit one of them. Where there is none only the form is checked.

    Raises:
        RuleSetError: any fault; the message names the order, the fault and what to write instead.
    """
    orders: dict[str, Order] = {}
    for number, item in enumerate(fields.items(fields.decode(blob, MAX_BYTES), "orders", MAX_ORDERS), 1):
        order = _order(item, f"order {number}")
        if order.id in orders:
            fields.refuse(f"order {order.id}", "is there twice; give one of them another id")
        _check_fit(order, [one for one in rule_sets if one is not None])
        orders[order.id] = order
    return tuple(orders.values())


def laid_over(profile: Profile, orders: Iterable[Order], moment: Moment) -> Ordered:
    """The profile under the orders in force; of two that replace one parameter the one that was issued last counts.

    An order that does not fit the profile, since it was written for another rule set, does not touch it.
    """
    marks = []
    emergency = False
    for order in sorted(orders, key=lambda order: (order.issued_at, order.id)):
        if profile.name not in order.profiles or not order.in_force(moment):
            continue
        try:
            changed = parameters.replaced(profile.parameters, order.parameters, order.id)
        except RuleSetError:
            continue
        profile = replace(profile, parameters=MappingProxyType(changed))
        marks.append(order.mark)
        emergency = emergency or order.kind is OrderKind.EMERGENCY
    return Ordered(profile, tuple(marks), emergency)


def _order(item: Any, where: str) -> Order:
    identifier = item.get("id") if type(item) is dict else None
    where = f"order {fields.name(identifier, f'{where} id')}"
    found = fields.members(item, where, _REQUIRED, frozenset({"parameters"}))
    kind = OrderKind(fields.one_of(found["kind"], f"{where} kind", tuple(kind.value for kind in OrderKind)))
    times = {key: fields.instant(found[key], f"{where} {key}") for key in _TIMES}
    fields.same_order({key: times[key] for key in ("issued_at", "valid_to")}, where)
    _check_life(kind, times["valid_to"] - times["valid_from"], where)
    listed = fields.items(found["profiles"], f"{where} profiles", MAX_PROFILES, least=1)
    description = fields.descriptions(found["Description"], f"{where} Description")
    fields.both_languages(description, f"{where} Description")
    return Order(
        id=found["id"],
        kind=kind,
        **times,
        profiles=frozenset(fields.name(name, f"{where} profiles") for name in listed),
        parameters=MappingProxyType(_parameters(kind, found.get("parameters"), where)),
        description=MappingProxyType(description),
    )


def _check_life(kind: OrderKind, life: timedelta, where: str) -> None:
    if life <= timedelta(0):
        fields.refuse(where, "has a valid_to that does not lie after its valid_from; correct them")
    if life > LONGEST_LIFE[kind]:
        hours = LONGEST_LIFE[kind] // timedelta(hours=1)
        fields.refuse(where, f"would hold for more than {hours} hours, the most for {kind}; shorten it and renew it")


def _parameters(kind: OrderKind, value: Any, where: str) -> dict[str, Any]:
    if kind is OrderKind.EMERGENCY:
        if value is not None:
            fields.refuse(where, "is an emergency order, which lets everybody through; remove its parameters")
        return {}
    found = parameters.read(value, f"{where} parameters")
    if not found:
        fields.refuse(f"{where} parameters", "is empty; name what the order replaces")
    return found


def _check_fit(order: Order, rule_sets: Sequence[RuleSet]) -> None:
    """An order must fit the shape of one set at least, and let nobody through unknown in any that it fits."""
    misfit: RuleSetError | None = None
    fits_one = False
    for rule_set in rule_sets:
        try:
            changed = _shape(order, rule_set)
        except RuleSetError as fault:
            misfit = fault
            continue
        fits_one = True
        for profile, own in changed:
            if findings := lint_changed(profile, own, order.parameters, rule_set):
                fields.refuse(f"order {order.id}", f"in {_name(rule_set)}, {findings[0]}")
    if misfit is not None and not fits_one:
        raise misfit


def _shape(order: Order, rule_set: RuleSet) -> list[tuple[Profile, Parameters]]:
    """Every profile that the order names, and its parameters under the order."""
    where = f"order {order.id}"
    changed: list[tuple[Profile, Parameters]] = []
    for name in sorted(order.profiles):
        profile = rule_set.profiles.get(name)
        if profile is None:
            fields.refuse(where, f"names the profile {name}, which {_name(rule_set)} does not have; correct the name")
        changed.append((profile, parameters.replaced(profile.parameters, order.parameters, where)))
    return changed


def _name(rule_set: RuleSet) -> str:
    return f"{rule_set.id}@{rule_set.version}"
