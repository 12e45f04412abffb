"""With ``--device`` no test is left out in silence: it runs on the bench, or says what a person does instead."""

from __future__ import annotations

import ast
from pathlib import Path

from hil.by_hand import BY_HAND

_TESTS = Path(__file__).resolve().parents[1] / "hil"


def left_to_people() -> dict[str, set[str]]:
    """File -> its tests that want more than any gate."""
    found: dict[str, set[str]] = {}
    for file in sorted(_TESTS.glob("test_*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_"):
                continue
            if "any_gate" not in {argument.arg for argument in node.args.args}:
                found.setdefault(file.stem, set()).add(node.name.removeprefix("test_"))
    return found


def test_every_test_runs_on_a_bench_or_names_what_a_person_does() -> None:
    assert {file: set(tests) for file, tests in BY_HAND.items()} == left_to_people()
