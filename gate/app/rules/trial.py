"""``gate rules test``: does a rule set decide as the orders demand?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.app.rules import files
from gate.errors import RuleSetError
from gate.rules import cases, orders
from gate.rules.explanation import explanation
from gate.rules.schedule import in_force
from gate.rules.subjects import Subject

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

    from gate.app.rules.files import RuleFile
    from gate.rules.cases import Case
    from gate.rules.vocabulary import Language

AS_EXPECTED, OTHERWISE = 0, 1


def run(args: argparse.Namespace) -> int:
    """Try every case, print those that fail, and give the exit status."""
    path: Path = args.cases or args.file.with_name(args.file.name.removesuffix(".json") + ".cases.jsonl")
    held = _Held(files.load(args.file), path)
    try:
        every = cases.load_cases(files.read(path))
    except RuleSetError as error:
        raise RuleSetError(f"{path}: {error}") from error
    failed = 0
    for case in every:
        try:
            lines = list(_judged(case, held.for_case(case), args.language))
        except RuleSetError as error:
            raise RuleSetError(f"{path}: line {case.line}: {error}") from error
        failed += bool(lines)
        if lines or args.verbose:
            print("\n".join([f"{'✗' if lines else '✓'} line {case.line}: {case.name}", *lines]))
    print(f"{path}: {len(every)} cases, {len(every) - failed} as expected, {failed} otherwise")
    return OTHERWISE if failed else AS_EXPECTED


class _Held:
    """The rule sets that the gate of a case holds: the one that is tested unless the case names others."""

    def __init__(self, tested: RuleFile, cases_path: Path) -> None:
        self._tested = tested
        self._folder = cases_path.parent
        self._loaded = {tested.path.name: tested}

    def for_case(self, case: Case) -> list[RuleFile]:
        for name in case.sets:
            if name not in self._loaded:
                self._loaded[name] = files.load(self._folder / name)
        return [self._loaded[name] for name in case.sets] or [self._tested]


def _judged(case: Case, held: list[RuleFile], language: Language) -> Iterator[str]:
    """What was decided otherwise than expected, and the rules that did it; nothing where all is as expected."""
    decision = cases.judge_case(case, *(one.rule_set for one in held))
    different = cases.differences(case, decision)
    if not different:
        return
    yield f"    order: {case.order}"
    yield from (f"    {line}" for line in different)
    if case.expect.failed is None:
        yield f"    failed rules: {', '.join(decision.failed_rules) or 'none'}"
    judging = in_force([one.rule_set for one in held], case.inputs.moment)
    if judging is None:
        yield "    no rule set is valid at the moment of the case"
        return
    logics = next(one.logics for one in held if one.rule_set is judging)
    given = orders.load(case.orders) if case.orders is not None else ()
    subject = Subject(case.name, case.line, case.inputs.moment, case.inputs, given)
    for told in explanation(subject, judging, logics, language).rules:
        fails = told.failure is not None
        if case.expect.failed is None:
            worth_telling = fails
        else:
            worth_telling = fails is not (told.rule.identifier in case.expect.failed)
        if worth_telling:
            yield f"    {told.rule.identifier}: {told.rule.description[language]}"
            yield from told.step.lines("      ")
