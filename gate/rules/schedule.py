"""Which of the rule sets that a gate holds judges a presentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gate.model import Moment
    from gate.rules.ruleset import RuleSet


def in_force(sets: Iterable[RuleSet], moment: Moment) -> RuleSet | None:
    """The set valid at the moment, so that an announced one takes over by itself; None where none is.

    Of one id the highest version; of several ids the one that became valid last, then by id.
    """
    newest: dict[str, RuleSet] = {}
    for one in sets:
        known = newest.get(one.id)
        if one.valid_from <= moment.at < one.valid_to and (known is None or one.version > known.version):
            newest[one.id] = one
    return max(newest.values(), key=lambda one: (one.valid_from, one.id), default=None)
