"""From what is known about one presentation to the decision: derive and decide, under the same rules and orders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.rules.decide import decide
from gate.rules.derive import Inputs, Limits, derive, permit_used
from gate.rules.orders import laid_over
from gate.rules.parameters import MAX_AGE, RETIRED_SOURCES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.model import Decision, Facts, PermitRecord
    from gate.rules.orders import Order
    from gate.rules.ruleset import RuleSet


def judge(inputs: Inputs, rule_set: RuleSet | None, orders: Sequence[Order] = ()) -> Decision:
    """Decide about one presentation.

    Args:
        inputs: everything that it is judged by.
        rule_set: the one in force at its moment, None where there is none.
        orders: those that are held; the ones in force are applied, to the age of records too.
    """
    return decide(facts_of(inputs, rule_set, orders), rule_set, inputs.moment, orders)


def facts_of(inputs: Inputs, rule_set: RuleSet | None, orders: Sequence[Order] = ()) -> Facts:
    """What the rules of a set see of one presentation: its profile says which records count, and for how long."""
    return derive(inputs, _limits(inputs, rule_set, orders))


def permit_of(inputs: Inputs, rule_set: RuleSet | None, orders: Sequence[Order] = ()) -> PermitRecord | None:
    """The permit that somebody who passes is let through on, under the same rules; None where none is good for it."""
    return permit_used(inputs, _limits(inputs, rule_set, orders))


def _limits(inputs: Inputs, rule_set: RuleSet | None, orders: Sequence[Order]) -> Limits:
    profile = None if rule_set is None else rule_set.profile_for(inputs.checkpoint, inputs.credential.kind)
    if profile is None:
        return Limits()
    parameters = laid_over(profile, orders, inputs.moment).profile.parameters
    return Limits(parameters.get(MAX_AGE, {}), frozenset(parameters.get(RETIRED_SOURCES, ())))
