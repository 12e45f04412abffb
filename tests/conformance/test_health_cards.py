"""SMART Health Cards: every case of the framework's validator, and the keys and lists that come with it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from suites import shc, shc_trust
from suites.count import holds

if TYPE_CHECKING:
    from pathlib import Path

HELD_TO = [case for case in shc.CASES if shc.reason_against(case) is None]


@pytest.mark.parametrize("case", HELD_TO, ids=lambda case: case["name"])
def test_a_case_is_judged_as_the_validator_expects(case: dict[str, Any]) -> None:
    assert shc.holds(case), [shc.answer(code) for code in shc.codes_of(case)]


def test_every_case_is_held_to_or_has_its_reason() -> None:
    assert Counter(shc.reason_against(case) is None for case in shc.CASES) == {True: 24, False: 23}


@pytest.mark.parametrize("name", shc.NOT_HELD_TO)
def test_what_is_not_held_to_is_indeed_judged_otherwise(name: str) -> None:
    (case,) = (case for case in shc.CASES if case["name"] == name)
    assert not shc.holds(case)


@pytest.mark.parametrize("bundle", shc.BUNDLES, ids=lambda path: path.stem)
def test_a_card_with_an_example_of_the_specification_is_taken(bundle: Path) -> None:
    assert shc.is_read(bundle)


@pytest.mark.parametrize("file", shc_trust.KEY_FILES, ids=lambda file: file.name)
def test_a_key_is_believed_only_if_it_is_one_for_cards(file: shc_trust.KeyFile) -> None:
    assert file.holds()


@pytest.mark.parametrize("name", shc_trust.CHAIN_FILES)
def test_a_faulty_certificate_beside_a_key_is_ignored(name: str) -> None:
    assert shc_trust.KeyFile(name, usable=True).holds()


@pytest.mark.parametrize("name", shc_trust.REVOCATION)
def test_a_faulty_list_is_no_list(name: str) -> None:
    assert holds(lambda: shc_trust.revocation_holds(name))


@pytest.mark.parametrize("entry", shc.CRLS[0]["rids"])
def test_an_entry_of_a_list_revokes_its_card(entry: str) -> None:
    assert shc_trust.is_revoked(entry)
