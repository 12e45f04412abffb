"""Seals (VDS-NC): what the Australian Passport Office tests its reader with."""

from __future__ import annotations

import pytest
from suites import vdsnc
from suites.count import holds

from gate.model import Document, DocumentType


@pytest.mark.parametrize("name", vdsnc.CASES)
def test_a_case_is_judged_as_its_name_says(name: str) -> None:
    assert holds(vdsnc.CASES[name])


def test_the_seal_is_about_whom_it_names() -> None:
    credential = vdsnc.read("validVDSJson.txt", vdsnc.australia(*vdsnc.LISTS))
    assert credential.holder is not None
    assert credential.holder.name == "CITIZEN JOHN"
    assert credential.holder.document == Document(DocumentType.PASSPORT, "PA0940385")


def test_the_list_that_is_not_held_to_is_indeed_the_other_one() -> None:
    one, other = ((vdsnc.ROOT / name).read_bytes() for name in vdsnc.LISTS)
    assert one == other
