"""People to try rule sets on: cases, or bare facts, one JSON line each.

Facts are ``{"facts": payload}``, with ``"name"`` and ``"at"`` where they matter, or a payload alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from gate.errors import RuleSetError
from gate.model import Facts, Moment
from gate.rules import fields, orders
from gate.rules.cases import MAX_BYTES, MAX_CASES, load_cases
from gate.rules.decide import decide
from gate.rules.judge import facts_of
from gate.rules.payload import read_payload, to_facts

if TYPE_CHECKING:
    from gate.model import Decision
    from gate.rules.derive import Inputs
    from gate.rules.orders import Order
    from gate.rules.ruleset import RuleSet

_TIME_ZONE = "Asia/Shanghai"
"""Of facts, which don't say where they were found."""
_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody at the gate."""

    name: str
    line: int
    moment: Moment
    known: Inputs | Facts = field(repr=False)
    """Records that facts are derived from under each rule set, or the facts themselves."""
    orders: tuple[Order, ...] = ()

    def facts(self, rule_set: RuleSet) -> Facts:
        """What the rules of this set see."""
        return self.known if isinstance(self.known, Facts) else facts_of(self.known, rule_set, self.orders)

    def local(self, at: datetime) -> datetime:
        """A moment by the clock on the wall there."""
        name = _TIME_ZONE if isinstance(self.known, Facts) else self.known.checkpoint.time_zone
        try:
            return at.astimezone(ZoneInfo(name))
        except OverflowError:  # the last hours of the calendar
            return at

    def decided(self, rule_set: RuleSet) -> Decision:
        """What this set decides; it need not be valid at the moment."""
        return decide(self.facts(rule_set), always_in_force(rule_set), self.moment, self.orders)


def read_subjects(blob: bytes, now: datetime) -> tuple[Subject, ...]:
    """Read a file of cases or of facts, at least one.

    Args:
        blob: UTF-8; cases or facts one a line, or one payload over several lines.
        now: the moment of facts that name none.

    Raises:
        RuleSetError: any fault; the message names the line.
    """
    whole = _one_object(blob)
    if whole is not None and "case" not in whole:
        return (_facts(whole, 1, now),)
    lines = blob.removesuffix(b"\n").split(b"\n")
    first = _one_object(lines[0])
    if whole is not None or first is None or "case" in first:
        return tuple(
            Subject(
                case.name,
                case.line,
                case.inputs.moment,
                case.inputs,
                orders.load(case.orders) if case.orders is not None else (),
            )
            for case in load_cases(blob)
        )
    if len(lines) > MAX_CASES:
        fields.refuse("file", f"has {len(lines)} lines; at most {MAX_CASES} are read")
    return tuple(_line(line, number, now) for number, line in enumerate(lines, 1))


def always_in_force(rule_set: RuleSet) -> RuleSet:
    """The same rules without an end, to see what they will decide or would have decided."""
    return replace(rule_set, valid_from=_FIRST, valid_to=_LAST, refresh_by=_LAST, expires=_LAST)


def _line(line: bytes, number: int, now: datetime) -> Subject:
    try:
        return _facts(fields.an_object(fields.decode(line, MAX_BYTES), "facts"), number, now)
    except RuleSetError as error:
        raise RuleSetError(f"line {number}: {error}") from None


def _facts(found: dict[str, Any], number: int, now: datetime) -> Subject:
    if "facts" not in found:
        found = {"facts": found}
    fields.members(found, "facts", frozenset({"facts"}), frozenset({"name", "at"}))
    payload = read_payload(found["facts"], "facts")
    if missing := sorted({"checkpoint", "credential"} - payload.keys()):
        fields.refuse("facts", f"lack {' and '.join(missing)}, by which the profile is chosen; add it")
    trusted = payload.get("clock", {}).get("trusted") is True
    return Subject(
        fields.text(found.get("name", f"line {number}"), "name"),
        number,
        Moment(fields.instant(found["at"], "at") if "at" in found else now, trusted),
        to_facts(payload),
    )


def _one_object(blob: bytes) -> dict[str, Any] | None:
    try:
        found = fields.decode(blob, MAX_BYTES)
    except RuleSetError:
        return None
    return found if isinstance(found, dict) else None
