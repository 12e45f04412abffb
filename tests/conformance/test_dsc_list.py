"""A signer list from production (CovPass, December 2023): 829 certificates of 46 countries, some against the rules."""

from __future__ import annotations

import pytest
from vectors import vectors_dir

from gate.errors import TrustError
from gate.trust.anchors import Anchors

FOLDER = vectors_dir("trust") / "covpass-2023-12"
LIST = (FOLDER / "dsc-list.json").read_bytes()
KEY = (FOLDER / "dsc-list-signing-key.pem").read_bytes()


@pytest.fixture(scope="module")
def anchors() -> Anchors:
    return Anchors.load_covpass(LIST, KEY)


def test_no_signer_is_lost(anchors: Anchors) -> None:
    assert len(anchors) == 829


def test_the_six_with_unreadable_extensions_are_named(anchors: Anchors) -> None:
    assert [note.split()[0] for note in anchors.notes] == ["ES", "FI", "FI", "FI", "FI", "FI"]


def test_a_changed_list_is_refused() -> None:
    with pytest.raises(TrustError):
        Anchors.load_covpass(LIST.replace(b'"country": "FI"', b'"country": "FR"', 1), KEY)
    with pytest.raises(TrustError):
        Anchors.load_covpass(LIST, (FOLDER / "revocation-list-public-key.pem").read_bytes())
