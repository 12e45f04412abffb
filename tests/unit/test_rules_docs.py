"""docs/rules.md shows what its readers will see, and every fact that there is."""

from __future__ import annotations

import pytest
from doc_steps import done
from full_facts import full_facts
from vectors import ROOT

from gate.rules.certlogic_syntax import ARITY
from gate.rules.ruleset import MEMBERS

PAGE = (ROOT / "docs/rules.md").read_text("utf-8")
VALUES = [f"{name}.{value}" for name, fact in full_facts().by_name.items() for value in fact.values]


def test_every_step_prints_what_the_page_shows() -> None:
    assert done(PAGE) == PAGE, "bring the page up to date: python tests/doc_steps.py docs/rules.md"


@pytest.mark.parametrize("name", [*full_facts().by_name, *VALUES])
def test_every_fact_and_every_value_that_is_derived_is_on_the_page(name: str) -> None:
    assert f"| `{name}` |" in PAGE


@pytest.mark.parametrize("word", [*sorted(MEMBERS), *ARITY])
def test_every_key_and_every_operator_is_on_the_page(word: str) -> None:
    assert f"`{word}`" in PAGE
