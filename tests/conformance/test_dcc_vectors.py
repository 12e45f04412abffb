"""The EU's test certificates (dgc-testdata): every expectation in every file, step by step and as a whole.

What each ``EXPECTED...`` means is said in that repository's README. Faults upstream has confirmed are in
``known_issues.csv`` and not scored; what contradicts itself beyond those is in ``CONTRADICTIONS``, with the reason,
and must go on contradicting: an entry that has become needless fails.
"""

from __future__ import annotations

import base64
import csv
import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import cbor2
import pytest
from jsonschema import Draft202012Validator
from vectors import vectors_dir

from gate.credentials import base45, cose, dcc, hcert
from gate.credentials.identify import identify, parse_code
from gate.errors import CredentialFault
from gate.model import CredentialKind, Moment
from gate.trust.anchors import Anchors
from gate.trust.signer_certificate import read

if TYPE_CHECKING:
    from collections.abc import Callable

    from gate.credentials.signer import SignerKey

Vector = dict[str, Any]
ROOT = vectors_dir("dcc")
VECTORS: dict[str, Vector] = {
    str(path.relative_to(ROOT / "vectors").with_suffix("")): json.loads(path.read_text("utf-8"))
    for path in sorted((ROOT / "vectors").rglob("*.json"))
}
OFFICIAL_SCHEMA = Draft202012Validator(json.loads((ROOT / "dcc-json-schema-v1.covpass.json").read_text("utf-8")))

_SCHEMA_100 = (
    "follows schema 1.0.0, which allowed what 1.3 forbids (dose 0, no country, birth before 1900, null groups)"
)
_VALUE_SET = "only a code outside the value sets is wrong, which the official schema does not look at: it is for rules"
_OTHER_PERSON = "the JSON names another person than the signed content"
_SCHEMA_100_NUMBERS = {
    "NL-test": "005 006 018 030 045 046 054 057 060 062 070 071",
    "NL-vaccination": "095 102 104 109 121 130 143",
    "NL-recovery": "150 153 162 163 165 178 182 186 189 192 215",
    "NL-test+wrong_key": "216 226 230 252 262 278 280 284",
}
CONTRADICTIONS: dict[tuple[str, str], str] = {
    ("DECODE", "PL/1.3.0/2DCode/raw/5"): _OTHER_PERSON,
    ("VALIDJSON", "PL/1.3.0/2DCode/raw/5"): _OTHER_PERSON,
    ("SCHEMAVALIDATION", "PL/1.0.0/2DCode/raw/7"): _VALUE_SET,
    ("SCHEMAVALIDATION", "PL/1.0.0/2DCode/raw/8"): _VALUE_SET,
    ("SCHEMAVALIDATION", "PL/1.3.0/2DCode/raw/7"): _VALUE_SET,
    ("SCHEMAVALIDATION", "PL/1.3.0/2DCode/raw/8"): _VALUE_SET,
    ("VALIDOBJECT", "BG/2DCode/raw/1"): _SCHEMA_100,
    ("VALIDOBJECT", "BG/2DCode/raw/2"): _SCHEMA_100,
} | {
    ("VALIDOBJECT", f"NL/2DCode/raw/{number}-{kind}"): _SCHEMA_100
    for kind, numbers in _SCHEMA_100_NUMBERS.items()
    for number in numbers.split()
}


def _known_issues() -> set[tuple[str, str, str]]:
    with (ROOT / "known_issues.csv").open(encoding="utf-8", newline="") as file:
        return {(row["test_name"], row["country"], row["test_set"]) for row in csv.DictReader(file)}


KNOWN_ISSUES = _known_issues()


@dataclass(frozen=True)
class Assertion:
    needs: tuple[str, ...]
    holds: Callable[[Vector], bool]
    upstream_test: str
    counts: dict[str, int]
    """How many files: expectation true and met, false and met, confirmed faults upstream, contradictions, and files
    that lack what the check needs."""


def _signer(vector: Vector) -> SignerKey:
    return read(base64.b64decode(vector["TESTCTX"]["CERTIFICATE"])).signer


def _anchors(vector: Vector) -> Anchors:
    return Anchors.from_certificates([(base64.b64decode(vector["TESTCTX"]["CERTIFICATE"]), None)])


def _clock(vector: Vector) -> Moment:
    at = datetime.fromisoformat(vector["TESTCTX"]["VALIDATIONCLOCK"])
    return Moment(at if at.tzinfo else at.replace(tzinfo=UTC), trusted=True)


def _message(vector: Vector) -> cose.Sign1:
    return cose.decode(bytes.fromhex(vector["COSE"]))


def _content(vector: Vector) -> Any:
    """Of the COSE message; of the code where a file has no COSE."""
    if "COSE" in vector:
        return hcert.read_claims(_message(vector)).content
    return hcert.decode(vector["PREFIX"].encode()).content


def _cbor_content(data: bytes) -> Any:
    """Some files hold the claims, some only the certificate's content."""
    item = cose.decode_cbor(data)
    return item[hcert.HCERT][hcert.EU_DCC_V1] if hcert.HCERT in item else item


def _unprefix(vector: Vector) -> bool:
    kind = identify(vector["PREFIX"].encode()).kind
    return kind is CredentialKind.HCERT and vector["PREFIX"] == "HC1:" + vector["BASE45"]


def _b45decode(vector: Vector) -> bool:
    decoded = base45.decode(vector["BASE45"].encode())
    if "COMPRESSED" in vector:
        return decoded == bytes.fromhex(vector["COMPRESSED"])
    return hcert.decompress(decoded) == bytes.fromhex(vector["COSE"])


def _compression(vector: Vector) -> bool:
    return hcert.decompress(bytes.fromhex(vector["COMPRESSED"])) == bytes.fromhex(vector["COSE"])


def _decode(vector: Vector) -> bool:
    return bool(
        _content(vector) == _cbor_content(bytes.fromhex(vector["CBOR"])) == vector.get("JSON", _content(vector))
    )


def _validjson(vector: Vector) -> bool:
    return bool(hcert.decode(vector["PREFIX"].encode()).content == vector["JSON"])


def _encode(vector: Vector) -> bool:
    return bool(cose.decode_cbor(cbor2.dumps(vector["JSON"])) == _cbor_content(bytes.fromhex(vector["CBOR"])))


def _verify(vector: Vector) -> bool:
    hcert.verify_signature(_message(vector), _anchors(vector))
    return True


def _key_usage(vector: Vector) -> bool:
    (group,) = _content(vector).keys() & {"v", "t", "r"}
    hcert.check_usage(_signer(vector), group)
    return True


def _expiration(vector: Vector) -> bool:
    hcert.check_life(hcert.read_claims(_message(vector)), _signer(vector), _clock(vector))
    return True


def _schema(vector: Vector) -> bool:
    return dcc.check(_content(vector)).group in "vtr"


def _valid_object(vector: Vector) -> bool:
    return dcc.check(vector["JSON"]).group in "vtr"


def _counts(met: int, refused: int = 0, known: int = 0, contradicts: int = 0, lacks: int = 0) -> dict[str, int]:
    return {"met": met, "refused": refused, "known issue": known, "contradiction": contradicts, "lacks data": lacks}


ASSERTIONS = {
    "UNPREFIX": Assertion(("PREFIX", "BASE45"), _unprefix, "test_un_prefix", _counts(309, 3)),
    "B45DECODE": Assertion(("BASE45",), _b45decode, "test_b45decode", _counts(301, 1)),
    "COMPRESSION": Assertion(("COMPRESSED", "COSE"), _compression, "test_compression", _counts(271, 2, lacks=1)),
    "DECODE": Assertion(("CBOR",), _decode, "test_cose_json", _counts(310, 1, contradicts=1)),
    "VALIDJSON": Assertion(("PREFIX", "JSON"), _validjson, "test_cbor_json", _counts(294, contradicts=1)),
    "ENCODE": Assertion(("JSON", "CBOR"), _encode, "", _counts(50)),
    "VERIFY": Assertion(("COSE",), _verify, "test_verification_check", _counts(300, 6, known=13)),
    "KEYUSAGE": Assertion(("COSE",), _key_usage, "test_expected_key_usage", _counts(154, 40, known=10)),
    "EXPIRATIONCHECK": Assertion(("COSE",), _expiration, "test_expiration_check", _counts(246, 4, known=10)),
    "SCHEMAVALIDATION": Assertion((), _schema, "test_cose_schema", _counts(126, 2, known=162, contradicts=4)),
    "VALIDOBJECT": Assertion(("JSON",), _valid_object, "", _counts(175, contradicts=40)),
}


def _is_known_issue(assertion: Assertion, name: str) -> bool:
    country, *_, last = name.split("/")
    return bool(KNOWN_ISSUES & {(assertion.upstream_test, country, ""), (assertion.upstream_test, country, last)})


def _holds(assertion: Assertion, vector: Vector) -> bool:
    try:
        return assertion.holds(vector)
    except CredentialFault:
        return False


@pytest.mark.parametrize("name", ASSERTIONS)
def test_every_expectation_is_met(name: str, record_property: Callable[[str, object], None]) -> None:
    assertion = ASSERTIONS[name]
    counts = Counter(dict.fromkeys(assertion.counts, 0))
    unmet = []
    for path, vector in VECTORS.items():
        expected = vector["EXPECTEDRESULTS"].get(f"EXPECTED{name}")
        if expected is None:
            continue
        if _is_known_issue(assertion, path):
            counts["known issue"] += 1
        elif not vector.keys() >= set(assertion.needs):
            counts["lacks data"] += 1
        elif (name, path) in CONTRADICTIONS:
            counts["contradiction"] += 1
            assert _holds(assertion, vector) is not expected, f"{path} no longer contradicts: take it off the table"
        elif _holds(assertion, vector) is not expected:
            unmet.append(f"{path}: {expected} expected")
        else:
            counts["met" if expected else "refused"] += 1
    record_property("counts", str(dict(counts)))
    assert not unmet
    assert counts == assertion.counts


def test_our_schema_agrees_with_the_official_one_on_every_content() -> None:
    agreed = Counter[bool]()
    for path, vector in VECTORS.items():
        contents = [vector["JSON"]] if "JSON" in vector else []
        if "COSE" in vector and path != "common/2DCode/raw/CBO2":  # no claims at all
            contents.append(_content(vector))
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
        if reason == _VALUE_SET:
            assert name == "SCHEMAVALIDATION"
            assert OFFICIAL_SCHEMA.is_valid(_content(VECTORS[path])), path


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
            parse_code(vector["PREFIX"].encode(), _anchors(vector), _clock(vector))
        refused += 1
    assert refused == 59


def test_whatever_meets_every_expectation_becomes_a_credential_of_the_person_it_names() -> None:
    accepted = 0
    for path, vector in VECTORS.items():
        results = vector["EXPECTEDRESULTS"]
        if not results.keys() >= {"EXPECTEDVERIFY", "EXPECTEDEXPIRATIONCHECK", "EXPECTEDSCHEMAVALIDATION"}:
            continue
        if not all(results.values()) or not OFFICIAL_SCHEMA.is_valid(_content(vector)):
            continue
        if any(_is_known_issue(ASSERTIONS[name], path) for name in ("VERIFY", "EXPIRATIONCHECK", "KEYUSAGE")):
            continue
        if path == TEST_SIGNED_BY_A_SIGNER_OF_VACCINATIONS:
            with pytest.raises(CredentialFault, match="may not sign"):
                parse_code(vector["PREFIX"].encode(), _anchors(vector), _clock(vector))
            continue
        credential = parse_code(vector["PREFIX"].encode(), _anchors(vector), _clock(vector))
        assert credential.certificate is not None
        assert credential.holder is not None
        content = _content(vector)
        assert credential.certificate.payload["dob"] == content["dob"]
        assert credential.holder.name.endswith(content["nam"].get("fn", ""))
        accepted += 1
    assert accepted == 154


def _fails(name: str, path: str, vector: Vector) -> bool:
    if (name, path) in CONTRADICTIONS or _is_known_issue(ASSERTIONS[name], path):
        return False
    return vector["EXPECTEDRESULTS"].get(f"EXPECTED{name}") is False


def _accepts(content: Any) -> bool:
    try:
        dcc.check(content)
    except CredentialFault:
        return False
    return True
