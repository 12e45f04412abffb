"""Cases: one JSON line each, an order's sentence with somebody at the gate, and what must be decided about them.

A rule set's own examples show that its rules are what they say they are; cases show that the set decides what the
order demands, from records to decision. ``gate.rules.case_inputs`` reads the people.

```json
{"case": "48 hours to the second", "order": "持48小时内核酸检测阴性证明……", "at": "2022-06-20T10:00:00+08:00",
 "checkpoint": {"site_class": "station"}, "card": {"birth": "1990-01-01"},
 "records": {"tests": [{"source": "lab", "as_of": "-1h", "result": "negative", "sampled_at": "-2d4h", "reported_at":
 "-48h"}]}, "expect": {"outcome": "pass", "reason": "green_code"}}
```
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from gate.errors import RuleSetError
from gate.model import Advisory, Decision, Outcome, Reason
from gate.rules import fields, orders
from gate.rules.case_inputs import INPUTS, instant, read_inputs
from gate.rules.judge import judge
from gate.rules.schedule import in_force

if TYPE_CHECKING:
    from datetime import datetime

    from gate.rules.derive import Inputs
    from gate.rules.ruleset import RuleSet

MAX_BYTES: Final = 8_000_000
MAX_CASES: Final = 10_000
_MAX_EXPECTED: Final = 100
_OUTCOMES: Final = tuple(outcome.value for outcome in Outcome)
_REASONS: Final = tuple(reason.value for reason in Reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the order demands. What a line leaves out must not be there either, but for ``failed`` and ``rule_set``."""

    outcome: Outcome
    reason: Reason
    """The first reason."""
    spoken: Reason | None
    """What is said instead of it."""
    advisories: tuple[Advisory, ...]
    marks: tuple[str, ...]
    calls_staff: bool
    failed: tuple[str, ...] | None
    """Every rule that fails, in the profile's order; None: not compared."""
    rule_set: str | None
    """``id@version`` of the set that judges; None: not compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One line of a file of cases."""

    name: str
    line: int
    order: str
    """The sentence of the order that the case carries out."""
    inputs: Inputs = field(repr=False)
    orders: bytes | None
    """A file of grace and emergency orders that this gate holds; None: none."""
    sets: tuple[str, ...]
    """Names of the rule set files that this gate holds; empty: the one that the file of cases is named after."""
    expect: Expected


def load_cases(blob: bytes) -> tuple[Case, ...]:
    """Read a file of cases: UTF-8, one JSON object a line, no line empty, no name twice.

    Raises:
        RuleSetError: any fault; the message names the line, the place and what to write instead.
    """
    if len(blob) > MAX_BYTES:
        fields.refuse("file", f"has {len(blob)} bytes; at most {MAX_BYTES} are read")
    lines = blob.removesuffix(b"\n").split(b"\n")
    if len(lines) > MAX_CASES:
        fields.refuse("file", f"has {len(lines)} lines; at most {MAX_CASES} are read")
    cases: dict[str, Case] = {}
    for number, line in enumerate(lines, 1):
        try:
            case = _case(line, number)
            if case.name in cases:
                fields.refuse("case", f"has the name of line {cases[case.name].line}; give it another")
        except RuleSetError as error:
            raise RuleSetError(f"line {number}: {error}") from None
        cases[case.name] = case
    return tuple(cases.values())


def judge_case(case: Case, *rule_sets: RuleSet) -> Decision:
    """What a gate that holds these rule sets decides at the moment of the case.

    Raises:
        RuleSetError: the orders of the case are refused.
    """
    given = orders.load(case.orders, *rule_sets) if case.orders is not None else ()
    return judge(case.inputs, in_force(rule_sets, case.inputs.moment), given)


def differences(case: Case, decision: Decision) -> list[str]:
    """What was decided otherwise than the case expects, one line each; empty if nothing was."""
    expect = case.expect
    compared: list[tuple[str, Any, Any]] = [
        ("outcome", expect.outcome, decision.outcome),
        ("first reason", expect.reason, decision.reasons[0]),
        ("spoken", expect.spoken, decision.spoken),
        ("advisories", expect.advisories, decision.advisories),
        ("marks", expect.marks, decision.marks),
        ("calls_staff", expect.calls_staff, decision.calls_staff),
    ]
    if expect.failed is not None:
        compared.append(("failed rules", expect.failed, decision.failed_rules))
    if expect.rule_set is not None:
        compared.append(("rule set", expect.rule_set, decision.rule_set))
    return [
        f"{what}: expected {_shown(wanted)}, decided {_shown(decided)}"
        for what, wanted, decided in compared
        if wanted != decided
    ]


def _case(line: bytes, number: int) -> Case:
    value = fields.decode(line, MAX_BYTES)
    found = fields.members(value, "case", frozenset({"case", "order", "expect"}) | INPUTS.required, _OPTIONAL)
    at = fields.instant(found["at"], "at")
    given = found.get("orders")
    return Case(
        name=fields.text(found["case"], "case"),
        line=number,
        order=fields.text(found["order"], "order"),
        inputs=read_inputs(found, at),
        orders=None if given is None else json.dumps(fields.items(given, "orders", _MAX_EXPECTED, least=1)).encode(),
        sets=tuple(_file(item) for item in _list(found.get("sets", []), "sets")),
        expect=_expected(found["expect"], at),
    )


_OPTIONAL: Final = INPUTS.optional | {"orders", "sets"}
_EXPECTED: Final = frozenset({"spoken", "advisories", "marks", "calls_staff", "failed", "rule_set"})


def _expected(value: Any, at: datetime) -> Expected:
    found = fields.members(value, "expect", frozenset({"outcome", "reason"}), _EXPECTED)
    failed = found.get("failed")
    rule_set = found.get("rule_set")
    return Expected(
        outcome=Outcome(fields.one_of(found["outcome"], "expect outcome", _OUTCOMES)),
        reason=_reason(found["reason"], "expect reason"),
        spoken=_reason(found["spoken"], "expect spoken") if "spoken" in found else None,
        advisories=tuple(_advisory(item, at) for item in _list(found.get("advisories", []), "expect advisories")),
        marks=tuple(fields.text(item, "expect marks") for item in _list(found.get("marks", []), "expect marks")),
        calls_staff=fields.one_of(found.get("calls_staff", False), "expect calls_staff", (True, False)),
        failed=None if failed is None else tuple(_name(item) for item in _list(failed, "expect failed")),
        rule_set=None if rule_set is None else fields.text(rule_set, "expect rule_set"),
    )


def _advisory(value: Any, at: datetime) -> Advisory:
    where = "expect advisories"
    pair = fields.items(value, where, 2, least=2)
    return Advisory(_reason(pair[0], where), instant(pair[1], where, at))


def _reason(value: Any, where: str) -> Reason:
    return Reason(fields.one_of(value, where, _REASONS))


def _name(value: Any) -> str:
    return fields.name(value, "expect failed")


def _file(value: Any) -> str:
    if "/" in (name := fields.name(value, "sets")):
        fields.refuse("sets", "names a folder; write the name of a file beside this one")
    return name


def _list(value: Any, where: str) -> list[Any]:
    return fields.items(value, where, _MAX_EXPECTED)


def _shown(value: Any) -> str:
    if type(value) is tuple:
        return ", ".join(_shown(item) for item in value) or "none"
    if type(value) is Advisory:
        return f"{value.reason} by {value.deadline.isoformat()}"
    return "none" if value is None else str(value)
