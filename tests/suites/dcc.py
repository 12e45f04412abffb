"""The EU's test certificates (dgc-testdata): what each file expects, step by step.

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
from functools import cache
from typing import TYPE_CHECKING, Any

import cbor2
from vectors import vectors_dir

from gate.credentials import base45, cose, dcc, hcert
from gate.credentials.identify import identify
from gate.credentials.trusted import Trusted
from gate.errors import CredentialFault
from gate.model import CredentialKind, Moment
from gate.trust.anchors import Anchors
from gate.trust.signer_certificate import read
from suites.count import Count

if TYPE_CHECKING:
    from collections.abc import Callable

    from gate.credentials.signer import SignerKey

Vector = dict[str, Any]
ROOT = vectors_dir("dcc")
VECTORS: dict[str, Vector] = {
    str(path.relative_to(ROOT / "vectors").with_suffix("")): json.loads(path.read_text("utf-8"))
    for path in sorted((ROOT / "vectors").rglob("*.json"))
}

_SCHEMA_100 = (
    "follows schema 1.0.0, which allowed what 1.3 forbids (dose 0, no country, birth before 1900, null groups)"
)
VALUE_SET = "only a code outside the value sets is wrong, which the official schema does not look at: it is for rules"
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
    ("SCHEMAVALIDATION", "PL/1.0.0/2DCode/raw/7"): VALUE_SET,
    ("SCHEMAVALIDATION", "PL/1.0.0/2DCode/raw/8"): VALUE_SET,
    ("SCHEMAVALIDATION", "PL/1.3.0/2DCode/raw/7"): VALUE_SET,
    ("SCHEMAVALIDATION", "PL/1.3.0/2DCode/raw/8"): VALUE_SET,
    ("VALIDOBJECT", "BG/2DCode/raw/1"): _SCHEMA_100,
    ("VALIDOBJECT", "BG/2DCode/raw/2"): _SCHEMA_100,
} | {
    ("VALIDOBJECT", f"NL/2DCode/raw/{number}-{kind}"): _SCHEMA_100
    for kind, numbers in _SCHEMA_100_NUMBERS.items()
    for number in numbers.split()
}


def _known_issues() -> dict[tuple[str, str, str], str]:
    """Upstream's test, country and vector (empty: all of the country) -> where the fault was confirmed."""
    with (ROOT / "known_issues.csv").open(encoding="utf-8", newline="") as file:
        return {(row["test_name"], row["country"], row["test_set"]): row["reason"] for row in csv.DictReader(file)}


KNOWN_ISSUES = _known_issues()


@dataclass(frozen=True)
class Assertion:
    needs: tuple[str, ...]
    holds: Callable[[Vector], bool]
    upstream_test: str


def _signer(vector: Vector) -> SignerKey:
    return read(base64.b64decode(vector["TESTCTX"]["CERTIFICATE"])).signer


def anchors_of(vector: Vector) -> Anchors:
    return Anchors.from_certificates([(base64.b64decode(vector["TESTCTX"]["CERTIFICATE"]), None)])


def clock_of(vector: Vector) -> Moment:
    at = datetime.fromisoformat(vector["TESTCTX"]["VALIDATIONCLOCK"])
    return Moment(at if at.tzinfo else at.replace(tzinfo=UTC), trusted=True)


def _message(vector: Vector) -> cose.Sign1:
    return cose.decode(bytes.fromhex(vector["COSE"]))


def content_of(vector: Vector) -> Any:
    """Of the COSE message; of the code where a file has no COSE."""
    if "COSE" in vector:
        return hcert.read_claims(_message(vector)).content
    return hcert.decode(vector["PREFIX"].encode()).content


def _content_of_cbor(data: bytes) -> Any:
    """Some files hold the claims, some only the certificate's content."""
    item = cose.decode_cbor(data)
    return item[hcert.HCERT][hcert.EU_DCC_V1] if hcert.HCERT in item else item


def _unprefix(vector: Vector) -> bool:
    kind = identify(vector["PREFIX"].encode(), Trusted()).kind
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
        content_of(vector) == _content_of_cbor(bytes.fromhex(vector["CBOR"])) == vector.get("JSON", content_of(vector))
    )


def _validjson(vector: Vector) -> bool:
    return bool(hcert.decode(vector["PREFIX"].encode()).content == vector["JSON"])


def _encode(vector: Vector) -> bool:
    return bool(cose.decode_cbor(cbor2.dumps(vector["JSON"])) == _content_of_cbor(bytes.fromhex(vector["CBOR"])))


def _verify(vector: Vector) -> bool:
    hcert.verify_signature(_message(vector), anchors_of(vector))
    return True


def _key_usage(vector: Vector) -> bool:
    (group,) = content_of(vector).keys() & {"v", "t", "r"}
    hcert.check_usage(_signer(vector), group)
    return True


def _expiration(vector: Vector) -> bool:
    hcert.check_life(hcert.read_claims(_message(vector)), _signer(vector), clock_of(vector))
    return True


def _schema(vector: Vector) -> bool:
    return dcc.check(content_of(vector)).group in "vtr"


def _valid_object(vector: Vector) -> bool:
    return dcc.check(vector["JSON"]).group in "vtr"


ASSERTIONS = {
    "UNPREFIX": Assertion(("PREFIX", "BASE45"), _unprefix, "test_un_prefix"),
    "B45DECODE": Assertion(("BASE45",), _b45decode, "test_b45decode"),
    "COMPRESSION": Assertion(("COMPRESSED", "COSE"), _compression, "test_compression"),
    "DECODE": Assertion(("CBOR",), _decode, "test_cose_json"),
    "VALIDJSON": Assertion(("PREFIX", "JSON"), _validjson, "test_cbor_json"),
    "ENCODE": Assertion(("JSON", "CBOR"), _encode, ""),
    "VERIFY": Assertion(("COSE",), _verify, "test_verification_check"),
    "KEYUSAGE": Assertion(("COSE",), _key_usage, "test_expected_key_usage"),
    "EXPIRATIONCHECK": Assertion(("COSE",), _expiration, "test_expiration_check"),
    "SCHEMAVALIDATION": Assertion((), _schema, "test_cose_schema"),
    "VALIDOBJECT": Assertion(("JSON",), _valid_object, ""),
}


def known_issue(name: str, path: str) -> str | None:
    """Where upstream has confirmed that this expectation is wrong, if it has."""
    country, *_, last = path.split("/")
    upstream_test = ASSERTIONS[name].upstream_test
    return KNOWN_ISSUES.get((upstream_test, country, "")) or KNOWN_ISSUES.get((upstream_test, country, last))


def holds(assertion: Assertion, vector: Vector) -> bool:
    try:
        return assertion.holds(vector)
    except CredentialFault:
        return False


_LACKS_DATA = "the file lacks what the step needs"


@dataclass(frozen=True)
class Expectations:
    """What became of one kind of expectation over all files."""

    met: int
    refused: int
    """Met as well: a file that was to be refused and was."""
    faults: Counter[str]
    """Faults upstream, by where or why."""
    unmet: tuple[str, ...]
    needless: tuple[str, ...]
    """Listed as contradictions, but they contradict nothing any more."""

    def as_count(self, name: str) -> Count:
        return Count(f"EU DCC vectors: {name}", self.met + self.refused, self.faults, self.unmet + self.needless)


@cache
def expectations(name: str) -> Expectations:
    """Try one kind of expectation on every file that has it."""
    assertion = ASSERTIONS[name]
    results: Counter[bool] = Counter()
    faults: Counter[str] = Counter()
    unmet, needless = [], []
    for path, vector in VECTORS.items():
        expected = vector["EXPECTEDRESULTS"].get(f"EXPECTED{name}")
        if expected is None:
            continue
        if issue := known_issue(name, path):
            faults[issue] += 1
        elif not vector.keys() >= set(assertion.needs):
            faults[_LACKS_DATA] += 1
        elif reason := CONTRADICTIONS.get((name, path)):
            if holds(assertion, vector) is expected:
                needless.append(path)
            else:
                faults[reason] += 1
        elif holds(assertion, vector) is expected:
            results[expected] += 1
        else:
            unmet.append(f"{path}: {expected} expected")
    return Expectations(results[True], results[False], faults, tuple(unmet), tuple(needless))


def counts() -> list[Count]:
    """Every kind of expectation."""
    return [expectations(name).as_count(name) for name in ASSERTIONS]
