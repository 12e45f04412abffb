"""What is wrong with one rule: each field is tried alone in a rule that is sound but for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from gate.rules import certlogic
from gate.rules.review.fault import Fault, fault
from gate.rules.review.keys import keys
from gate.rules.review.sound import ADVICE, RULE, SET, only_rule, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TIMES: Final = ("ValidFrom", "ValidTo")
_TOGETHER: Final = frozenset({*_TIMES, "Logic", "Outcome", "Reason", "Advisory"})
"""Fields that have no meaning alone, or more than one fault."""
_UNKNOWN_OPERATOR: Final = re.compile(r"unknown operator '([^']*)'")
_INSTEAD: Final = {
    "or": '{"if": [A, true, B]}',
    "||": '{"if": [A, true, B]}',
    "&&": '{"and": [A, B]}',
    "==": '{"===": [A, B]}',
    "=": '{"===": [A, B]}',
    "!=": '{"!": [{"===": [A, B]}]}',
    "!==": '{"!": [{"===": [A, B]}]}',
    "not": '{"!": [A]}',
    "!!": '{"!": [{"!": [A]}]}',
    "-": '{"+": [A, -1]} with a negative literal',
    "none": '{"!": [{"in": [A, [...]]}]}',
}
"""Operators of JsonLogic and other languages that CertLogic doesn't have, and how it says the same."""


def rule_faults(where: str, rule: Any, parameters: Mapping[str, Any]) -> Iterator[Fault]:
    """Faults of its fields; none where only its place in the set is wrong.

    Args:
        where: what to call it.
        rule: as it is decoded.
        parameters: the set's, for the limit of an advisory.
    """
    if not isinstance(rule, dict):
        yield fault(where, "", rule, "must be an object, written in { }")
        return
    yield from keys(where, rule, frozenset(RULE), frozenset({"Advisory"}))
    for key in RULE:
        if key in rule and key not in _TOGETHER:
            yield from _tried(where, key, rule[key], only_rule({**RULE, key: rule[key]}))
    for key in _TIMES:
        if key in rule:  # the other time and the set's own are set to the same
            alone = only_rule({**RULE, **dict.fromkeys(_TIMES, rule[key])})
            yield from _tried(where, key, rule[key], alone | dict.fromkeys(("valid_from", "valid_to"), rule[key]))
    yield from _outcome(where, rule, parameters)
    for issue in certlogic.validate(rule["Logic"]) if "Logic" in rule else []:
        path, _, words = issue.partition(": ")
        unknown = _UNKNOWN_OPERATOR.match(words)
        if unknown is not None and unknown[1] in _INSTEAD:
            words = f"CertLogic has no such operator; write {_INSTEAD[unknown[1]]}"
        yield fault(where, f"Logic {path}", None if unknown is None else unknown[1], words)


def _outcome(where: str, rule: dict[str, Any], parameters: Mapping[str, Any]) -> Iterator[Fault]:
    """The three fields that must fit each other."""
    outcome = rule.get("Outcome", RULE["Outcome"])
    frame = {**RULE, "Outcome": outcome, **(ADVICE if outcome == "advise" else {})}
    integers = {name: value for name, value in parameters.items() if type(value) is int}
    limits = {"parameters": {**integers, ADVICE["Advisory"]["limit"]: 1}}
    wrong = list(_tried(where, "Outcome", outcome, only_rule(frame) | limits))
    yield from wrong
    if wrong:
        frame["Outcome"] = RULE["Outcome"]
    for key in ("Reason", "Advisory"):
        if key in rule:
            yield from _tried(where, key, rule[key], only_rule({**frame, key: rule[key]}) | limits)


def _tried(where: str, field: str, found: Any, changed: dict[str, Any]) -> Iterator[Fault]:
    if (words := refusal({**SET, **changed})) is not None:
        yield fault(where, field, found, words)
