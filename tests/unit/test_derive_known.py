"""Silence means something only where somebody would know."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gate.model import (
    Assurance,
    Checkpoint,
    Credential,
    CredentialKind,
    Direction,
    Moment,
    PermitRecord,
    Records,
)
from gate.rules.derive import Inputs, Limits, derive

NOW = datetime(2021, 6, 18, 8, tzinfo=UTC)
PERMIT = PermitRecord("permits", NOW, frozenset({"public"}), NOW, NOW + timedelta(days=1))
SILENT = ("test", "sample", "vaccination", "arrival")


def states(records: Records | None, *, holder_known: bool = True, permits_known: bool = True) -> dict[str, str]:
    inputs = Inputs(
        credential=Credential(CredentialKind.RESIDENT_ID, Assurance.CHIP),
        records=records,
        moment=Moment(NOW, trusted=True),
        checkpoint=Checkpoint("c", "station", "1", Direction.IN, attended=True),
        holder_known=holder_known,
        permits_known=permits_known,
    )
    return {name: fact.state.value for name, fact in derive(inputs, Limits()).by_name.items()}


def test_about_somebody_with_a_permit_only_the_permit_is_known() -> None:
    found = states(Records(permits=(PERMIT,)), holder_known=False)
    assert found["permit"] == "known"
    assert {found[name] for name in (*SILENT, "holder", "exemption")} == {"unknown"}


def test_where_the_list_can_not_be_read_only_the_permit_is_unknown() -> None:
    found = states(Records(), permits_known=False)
    assert found["permit"] == "unknown"
    assert {found[name] for name in SILENT} == {"absent"}


@pytest.mark.parametrize("permits_known", [True, False])
def test_a_permit_from_elsewhere_counts_all_the_same(*, permits_known: bool) -> None:
    assert states(Records(permits=(PERMIT,)), permits_known=permits_known)["permit"] == "known"
