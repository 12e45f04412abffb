"""SMART Health Cards: the cases of the validator that the framework's authors maintain (health-cards-dev-tools).

That validator looks at every step of a card's making and warns about much that is no fault of the card; a gate reads
a code and lets somebody in or not. What a case means for a gate is found by its error codes (``REFUSALS``); cases of
another kind than a code, or of what no reader of codes can see, are in ``NOT_HELD_TO`` with the reason. Payloads and
bundles that are there unsigned are signed here, by an issuer that is believed, and read like every other code.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from health_cards import claims, deflated, issuer, numeric
from vectors import vectors_dir

from drivers.camera_worker import UnreadableError, decode
from gate.credentials.identify import parse_code
from gate.credentials.trusted import Trusted
from gate.errors import CredentialFault
from gate.model import Moment, Reason
from gate.trust.card_issuers import HealthCardIssuers
from suites.count import Count, count

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROOT = vectors_dir("shc")
DATA = ROOT / "testdata"
ISS = "https://spec.smarthealth.cards/examples/issuer"
CRLS = [json.loads(path.read_text("utf-8")) for path in (ROOT / "example-issuer" / "crl").iterdir()]
_EXPECTATIONS: dict[str, Any] = json.loads((ROOT / "expectations.json").read_text("utf-8"))
CASES: list[dict[str, Any]] = _EXPECTATIONS["cases"]
NOW = Moment(datetime.fromtimestamp(_EXPECTATIONS["validationTime"], UTC), trusted=True)

REFUSALS: dict[str, frozenset[Reason]] = {
    "EXPIRATION_ERROR": frozenset({Reason.CERTIFICATE_EXPIRED, Reason.CERTIFICATE_UNACCEPTABLE}),
    "NOT_YET_VALID": frozenset({Reason.CERTIFICATE_NOT_YET_VALID, Reason.CERTIFICATE_UNACCEPTABLE}),
    "JWS_HEADER_ERROR": frozenset({Reason.CERTIFICATE_UNACCEPTABLE}),
    "TRAILING_CHARACTERS": frozenset({Reason.CERTIFICATE_UNACCEPTABLE}),
    "JSON_PARSE_ERROR": frozenset({Reason.CERTIFICATE_UNACCEPTABLE}),
    "QR_CHUNKING_DEPRECATED": frozenset({Reason.CERTIFICATE_UNACCEPTABLE}),
    "INVALID_NUMERIC_QR": frozenset({Reason.CODE_UNREADABLE}),
    "QR_DECODE_ERROR": frozenset({Reason.CODE_UNREADABLE}),
    "SIGNATURE_FORMAT_ERROR": frozenset({Reason.CERTIFICATE_FORGED}),
    "ISSUER_KID_MISMATCH": frozenset({Reason.CERTIFICATE_ISSUER_UNKNOWN}),
}
"""Error code -> for what a gate may refuse the card. Expired cards too, about which the validator only warns."""

_FILE = "a file for download (.smart-health-card) or of a FHIR server: a gate reads codes"
_LINK = "a SMART Health Link: what it points to has to be downloaded, and a gate reads codes"
_MODULES = "how the code is drawn (segments, version) can't be seen in what a gun or a camera reads; the card is good"
_SCHEMA = "against FHIR's own schema, which is not checked: a rule that does not find what it asks for does not hold"
_BLANKS = "blanks around the code: guns append line ends, so they don't count; the card is good"
_JSON_BLANKS = "blanks after the bundle, which JSON allows inside the signed payload"
_NOT_CODES = {
    "healthcard": _FILE,
    "fhirhealthcard": _FILE,
    "shlink": _LINK,
    "shlpayload": _LINK,
    "shlmanifest": _LINK,
}
"""Types of cases that are no codes."""
NOT_HELD_TO: dict[str, str] = {
    "Cards: SHL QR": _LINK,
    "Cards: single segment QR": _MODULES,
    "Cards: invalid QR version": _MODULES,
    "Cards: numeric QR w/ trailing chars": _BLANKS,
    "Cards: fhir bundle w/ trailing chars": _JSON_BLANKS,
    "Cards: missing coding": _SCHEMA,
    "Cards: bad meta with wrong security field": _SCHEMA,
    "Cards: fhir bundle w/ empty elements": _SCHEMA,
    "Cards: fhir bundle w/ missing occurrence & extra occurrence": _SCHEMA,
}
"""Cases that a gate judges otherwise, by name; one that it has come to judge alike fails the tests."""


def reason_against(case: dict[str, Any]) -> str | None:
    """Why a case is not held to."""
    return _NOT_CODES.get(case["type"]) or NOT_HELD_TO.get(case["name"])


@cache
def trusted() -> Trusted:
    """The example issuer with what it publishes and with a key of ours, and another issuer with a key of its own."""
    keys = json_of(ROOT / "example-issuer" / "jwks.json")["keys"]
    of_another = {"iss": f"{ISS}/another", "keys": json_of(DATA / "issuer.jwks.public.not.smart.json")["keys"]}
    return believing([*keys, issuer().jwk], CRLS, of_another)


def believing(keys: list[Any], crls: list[Any], *others: dict[str, Any], iss: str = ISS) -> Trusted:
    """A gate that believes these issuers, and no others."""
    entries = [{"iss": iss, "keys": keys, "crls": crls}, *others]
    return Trusted(card_issuers=HealthCardIssuers.load(json.dumps({"card_issuers": entries}).encode()))


def json_of(path: Path) -> Any:
    """A file's content."""
    return json.loads(path.read_text("utf-8"))


def answer(code: bytes, believed: Trusted | None = None, moment: Moment = NOW) -> Reason | None:
    """For what a gate refuses a code; None: it takes it."""
    try:
        parse_code(code, trusted() if believed is None else believed, moment)
    except CredentialFault as fault:
        return fault.reason
    return None


def codes_of(case: dict[str, Any]) -> list[bytes]:
    """The texts of the codes that a case is about; none where its picture shows none."""
    return [code for name in case["files"] for code in _READERS[case["type"]]((DATA / name).read_bytes())]


def _pictured(data: bytes) -> list[bytes]:
    try:
        return decode(data)
    except UnreadableError:
        return []


def _signed(payload: bytes) -> list[bytes]:
    return [numeric(issuer().message(deflated(payload)))]


def _bundled(data: bytes) -> list[bytes]:
    """The claims of a card around a bundle, whose text stays as it is."""
    subject = {"fhirVersion": "4.0.1", "fhirBundle": "BUNDLE"}
    text = json.dumps(claims(iss=ISS, vc={"credentialSubject": subject}))
    return _signed(text.encode().replace(b'"BUNDLE"', data))


_READERS: dict[str, Callable[[bytes], list[bytes]]] = {
    "qrnumeric": lambda data: [data],
    "qr": _pictured,
    "jws": lambda data: [numeric(data.decode().strip())],
    "jwspayload": _signed,
    "fhirbundle": _bundled,
}


def holds(case: dict[str, Any]) -> bool:
    """Whether every code of a case is refused for what its error codes say, or taken where none is about the card."""
    allowed = [REFUSALS[code] for code in case["error_codes"] if code in REFUSALS]
    answers = [answer(code) for code in codes_of(case)] or [Reason.CODE_UNREADABLE]
    if allowed:
        return all(any(given in reasons for reasons in allowed) for given in answers)
    refusing = case["expected_raw"].startswith("[[")
    return not refusing and answers == [None] * len(answers)


BUNDLES = [path for path in sorted((ROOT / "example-fixtures").glob("*.json")) if path.name != "dr-bundle.json"]


def is_read(bundle: Path) -> bool:
    """Whether a card with one of the examples is taken."""
    (code,) = _bundled(bundle.read_bytes())
    return answer(code) is None


def counts() -> list[Count]:
    """The validator's cases, and the examples of the specification."""
    faults = Counter(why for case in CASES if (why := reason_against(case)))
    held_to = ((case["name"], partial(holds, case)) for case in CASES if reason_against(case) is None)
    bundles = ((path.name, partial(is_read, path)) for path in BUNDLES)
    return [
        count("SMART Health Cards: validator's cases", held_to, faults),
        count("SMART Health Cards: example bundles", bundles, {"81,449 characters: no code holds them": 1}),
    ]
