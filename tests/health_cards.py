"""SMART Health Cards of fictional people, for tests: contents, an issuer, the cards it makes, and what it publishes."""

from __future__ import annotations

import json
import zlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from gate.credentials.trusted import Trusted
from gate.model import Moment
from gate.trust.card_issuers import HealthCardIssuers

if TYPE_CHECKING:
    from collections.abc import Sequence

ISS = "https://health.example.org/cards"
ISSUED = datetime(2022, 3, 1, 8, tzinfo=UTC)
NOW = Moment(ISSUED + timedelta(days=30), trusted=True)
TYPES = ["https://smarthealth.cards#health-card", "https://smarthealth.cards#immunization"]
PATIENT = {
    "resourceType": "Patient",
    "name": [{"family": "Musterfrau", "given": ["Grete", "Öl"]}],
    "birthDate": "1990-01-01",
}


def dose(day: str = "2022-02-01", code: str = "208", **changes: Any) -> dict[str, Any]:
    """One vaccination."""
    return {
        "resourceType": "Immunization",
        "status": "completed",
        "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": code}]},
        "patient": {"reference": "resource:0"},
        "occurrenceDateTime": day,
        **changes,
    }


def lab_result(at: str = "2022-03-30T10:00:00Z", result: str = "260415000", **changes: Any) -> dict[str, Any]:
    """One laboratory result."""
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "94500-6"}]},
        "subject": {"reference": "resource:0"},
        "effectiveDateTime": at,
        "valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": result}]},
        **changes,
    }


DOSES = (dose("2021-03-01"), dose("2022-02-18"))


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    """A bundle with these resources, in this order."""
    entries = [{"fullUrl": f"resource:{number}", "resource": one} for number, one in enumerate(resources)]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def claims(*resources: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Claims about the fictional patient; ``changes`` replace or add claims, ``vc`` adds to that of this name."""
    subject = {"fhirVersion": "4.0.1", "fhirBundle": bundle(PATIENT, *(resources or DOSES))}
    vc = {"type": TYPES, "credentialSubject": subject} | changes.pop("vc", {})
    return {"iss": ISS, "nbf": ISSUED.timestamp(), "vc": vc} | changes


def base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def numeric(message: str) -> bytes:
    """A message as the text of its code."""
    return b"shc:/" + "".join(f"{ord(character) - 45:02}" for character in message).encode()


def deflated(data: bytes) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    return compressor.compress(data) + compressor.flush()


@dataclass(frozen=True)
class Issuer:
    """Signs cards with one key."""

    private_key: ec.EllipticCurvePrivateKey

    @property
    def jwk(self) -> dict[str, Any]:
        numbers = self.private_key.public_key().public_numbers()
        point = {"x": base64url(numbers.x.to_bytes(32, "big")), "y": base64url(numbers.y.to_bytes(32, "big"))}
        members = json.dumps({"crv": "P-256", "kty": "EC", **point}, separators=(",", ":"))
        kid = base64url(sha256(members.encode()).digest())
        return {"kty": "EC", "kid": kid, "use": "sig", "alg": "ES256", "crv": "P-256", **point}

    @property
    def kid(self) -> str:
        return str(self.jwk["kid"])

    def message(self, payload: bytes, header: dict[str, Any] | None = None) -> str:
        """A JWS over exactly this payload, compressed or whatever it is."""
        header = {"zip": "DEF", "alg": "ES256", "kid": self.kid} if header is None else header
        signed = f"{base64url(json.dumps(header).encode())}.{base64url(payload)}"
        r, s = decode_dss_signature(self.private_key.sign(signed.encode(), ec.ECDSA(SHA256())))
        return f"{signed}.{base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    def code(self, of: dict[str, Any] | None = None) -> bytes:
        """The text of a card's code."""
        text = json.dumps(claims() if of is None else of, ensure_ascii=False, separators=(",", ":"))
        return numeric(self.message(deflated(text.encode())))

    def revocation_list(self, *rids: str, ctr: int = 1) -> dict[str, Any]:
        return {"kid": self.kid, "method": "rid", "ctr": ctr, "rids": list(rids)}


@cache
def issuer() -> Issuer:
    return Issuer(ec.generate_private_key(ec.SECP256R1()))


def issuers_file(*keys: dict[str, Any], crls: Sequence[dict[str, Any]] = (), iss: str = ISS) -> bytes:
    """What a gate is given about one issuer."""
    entry = {"iss": iss, "name": "Examples", "keys": keys or [issuer().jwk], "crls": crls}
    return json.dumps({"card_issuers": [entry]}).encode()


def trusting(*files: bytes) -> Trusted:
    """A gate that believes the issuers of these files, and nobody else."""
    found = HealthCardIssuers()
    for file in files or (issuers_file(),):
        found = found.merged(HealthCardIssuers.load(file))
    return Trusted(card_issuers=found)
