"""Everything that is wrong with a rule set file: its form, its words, and what its own examples prove."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gate.errors import RuleSetError
from gate.rules import fields, ruleset
from gate.rules.lint import lint
from gate.rules.review.fault import Fault, fault
from gate.rules.review.form import Form
from gate.rules.review.sound import blob as as_file
from gate.rules.review.spelling import spelling

if TYPE_CHECKING:
    from collections.abc import Iterator


def review(blob: bytes) -> list[Fault]:
    """Every fault of a rule set; empty for one that a gate would take and whose rules ask for what there is.

    Raises:
        RuleSetError: the file is no JSON object, so that nothing of it can be looked at.
    """
    found = fields.an_object(fields.decode(blob, ruleset.MAX_BYTES), "rule set")
    form = Form(found)
    form.review()
    faults = [*form.faults, *spelling(form.mended)]
    return faults + list(_whole(form))


def _whole(form: Form) -> Iterator[Fault]:
    """What only shows when all pieces stand together, and what the examples prove."""
    try:
        rule_set = ruleset.read(as_file(form.mended))
    except RuleSetError as error:
        left_empty = any(not form.mended[key] for key in ("rules", "profiles", "assignments", "examples"))
        if not (left_empty and form.faults):  # empty for the faults that were told already
            yield _fault_of(error)
        try:
            rule_set = ruleset.read(as_file({**form.mended, "assignments": _one_for_each(form.mended["profiles"])}))
        except RuleSetError:
            return
    unproven = {f"profile {name}" for name in rule_set.profiles} if form.stubs or form.faults else set()
    for finding in lint(rule_set):
        if finding.where not in form.stubs | unproven:
            where = f"rule {finding.where}" if finding.where in rule_set.rules else finding.where
            yield fault(where, "", None, finding.fault)


def _one_for_each(profiles: dict[str, Any]) -> list[dict[str, Any]]:
    """Assignments that are never in each other's way, in place of faulty ones."""
    return [{"profile": name, "when": {"zone": [name]}} for name in profiles]


def _fault_of(error: RuleSetError) -> Fault:
    where, _, words = str(error).partition(": ")
    return fault(where, "", None, words or where)
