"""The Italian revocation list by the test data of pyverificac19."""

from __future__ import annotations

import base64

import pytest
from suites.it_verificac19 import STEPS, certificates, entries, indexes, standing, states

from gate.credentials.revocation import Standing


@pytest.mark.parametrize("step", range(len(STEPS)))
def test_after_each_step_those_are_revoked_who_should_be(step: int) -> None:
    found = {entry for entry in entries() if standing(step, base64.b64decode(entry)) is Standing.REVOKED}
    assert found == states()[step]
    assert not indexes()[step].notes


def test_the_list_grows_and_shrinks_as_its_chunks_say() -> None:
    assert [len(state) for state in states()] == [9, 12, 11]
    assert len(entries()) == 13, "one entry is deleted that never was on the list"


def test_no_certificate_beside_the_list_is_on_it() -> None:
    found = dict(certificates())
    assert len(found) == 10
    assert {standing(step, digest) for step in range(len(STEPS)) for digest in found.values()} == {Standing.GOOD}
