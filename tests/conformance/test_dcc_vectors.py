"""The EU's test certificates (dgc-testdata): every expectation in every file, step by step and as a whole."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from signed_certificates import believing
from suites.dcc import (
    ASSERTIONS,
    CONTRADICTIONS,
    ROOT,
    VALUE_SET,
    VECTORS,
    Vector,
    anchors_of,
    clock_of,
    content_of,
    expectations,
    known_issue,
)

from gate.credentials import dcc
from gate.credentials.identify import parse_code
from gate.errors import CredentialFault

OFFICIAL_SCHEMA = Draft202012Validator(json.loads((ROOT / "dcc-json-schema-v1.covpass.json").read_text("utf-8")))

COUNTS = {
    "UNPREFIX": (309, 3, 0),
    "B45DECODE": (301, 1, 0),
    "COMPRESSION": (271, 2, 1),
    "DECODE": (310, 1, 1),
    "VALIDJSON": (294, 0, 1),
    "ENCODE": (50, 0, 0),
    "VERIFY": (300, 6, 13),
    "KEYUSAGE": (154, 40, 10),
    "EXPIRATIONCHECK": (246, 4, 10),
    "SCHEMAVALIDATION": (126, 2, 166),
    "VALIDOBJECT": (175, 0, 40),
}
"""Files whose expectation is true and met, false and met, and not held to for a fault of the data."""


@pytest.mark.parametrize("name", ASSERTIONS)
def test_every_expectation_is_met(name: str) -> None:
    found = expectations(name)
    assert not found.unmet
    assert not found.needless, "these no longer contradict: take them off the table"
    assert (found.met, found.refused, found.faults.total()) == COUNTS[name]


def test_our_schema_agrees_with_the_official_one_on_every_content() -> None:
    agreed = Counter[bool]()
    for path, vector in VECTORS.items():
        contents = [vector["JSON"]] if "JSON" in vector else []
        if "COSE" in vector and path != "common/2DCode/raw/CBO2":  # no claims at all
            contents.append(content_of(vector))
        for content in contents:
            official = OFFICIAL_SCHEMA.is_valid(content)
            assert _accepts(content) is official, path
            agreed[official] += 1
    assert agreed == {True: 568, False: 82}


def test_an_object_said_to_be_valid_that_we_refuse_is_refused_by_the_official_schema() -> None:
    for name, path in CONTRADICTIONS:
        if name == "VALIDOBJECT":
            assert not OFFICIAL_SCHEMA.is_valid(VECTORS[path]["JSON"]), path


def test_what_only_a_value_set_could_refuse_is_accepted_by_the_official_schema() -> None:
    for (name, path), reason in CONTRADICTIONS.items():
        if reason == VALUE_SET:
            assert name == "SCHEMAVALIDATION"
            assert OFFICIAL_SCHEMA.is_valid(content_of(VECTORS[path])), path


TEST_SIGNED_BY_A_SIGNER_OF_VACCINATIONS = "LI/2DCode/raw/4"
"""Its file says nothing about key usage (upstream's issue 339)."""
REFUSING = (
    "UNPREFIX",
    "B45DECODE",
    "COMPRESSION",
    "DECODE",
    "VERIFY",
    "KEYUSAGE",
    "EXPIRATIONCHECK",
    "SCHEMAVALIDATION",
)


def test_nothing_that_fails_a_step_becomes_a_credential() -> None:
    refused = 0
    for path, vector in VECTORS.items():
        if not any(_fails(name, path, vector) for name in REFUSING):
            continue
        with pytest.raises(CredentialFault):
            parse_code(vector["PREFIX"].encode(), believing(anchors_of(vector)), clock_of(vector))
        refused += 1
    assert refused == 59


def test_whatever_meets_every_expectation_becomes_a_credential_of_the_person_it_names() -> None:
    accepted = 0
    for path, vector in VECTORS.items():
        results = vector["EXPECTEDRESULTS"]
        if not results.keys() >= {"EXPECTEDVERIFY", "EXPECTEDEXPIRATIONCHECK", "EXPECTEDSCHEMAVALIDATION"}:
            continue
        if not all(results.values()) or not OFFICIAL_SCHEMA.is_valid(content_of(vector)):
            continue
        if any(known_issue(name, path) for name in ("VERIFY", "EXPIRATIONCHECK", "KEYUSAGE")):
            continue
        if path == TEST_SIGNED_BY_A_SIGNER_OF_VACCINATIONS:
            with pytest.raises(CredentialFault, match="may not sign"):
                parse_code(vector["PREFIX"].encode(), believing(anchors_of(vector)), clock_of(vector))
            continue
        credential = parse_code(vector["PREFIX"].encode(), believing(anchors_of(vector)), clock_of(vector))
        assert credential.certificate is not None
        assert credential.holder is not None
        content = content_of(vector)
        assert credential.certificate.payload["dob"] == content["dob"]
        assert credential.holder.name.endswith(content["nam"].get("fn", ""))
        accepted += 1
    assert accepted == 154


def _fails(name: str, path: str, vector: Vector) -> bool:
    if (name, path) in CONTRADICTIONS or known_issue(name, path):
        return False
    return vector["EXPECTEDRESULTS"].get(f"EXPECTED{name}") is False


def _accepts(content: Any) -> bool:
    try:
        dcc.check(content)
    except CredentialFault:
        return False
    return True
