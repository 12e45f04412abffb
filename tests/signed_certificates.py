"""Signed certificates of fictional people, for tests: contents, a throwaway signer, and the codes it makes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import rsa

from gate.credentials import hcert_issue
from gate.credentials.revocation import NothingRevoked
from gate.credentials.trusted import Trusted
from gate.model import Moment
from gate.trust.anchors import Anchors
from gate.trust.signer_certificate import key_id

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from gate.credentials.cose_algorithms import PrivateKey
    from gate.credentials.signer import SignerKeys

ISSUED = datetime(2022, 3, 1, 8, tzinfo=UTC)
EXPIRES = ISSUED + timedelta(days=365)
NOW = Moment(ISSUED + timedelta(days=30), trusted=True)

_COMMON = {"tg": "840539006", "co": "XX", "is": "Ministry of Examples", "ci": "URN:UVCI:01:XX:0123456789ABCDEF#0"}
ENTRIES: Mapping[str, Mapping[str, Any]] = {
    "v": _COMMON
    | {"vp": "1119349007", "mp": "EU/1/20/1528", "ma": "ORG-100030215", "dn": 2, "sd": 2, "dt": "2022-02-18"},
    "t": _COMMON
    | {"tt": "LP6464-4", "nm": "Example PCR", "sc": "2022-02-28T10:30:00Z", "tr": "260415000", "tc": "Example station"},
    "r": _COMMON | {"fr": "2022-01-05", "df": "2022-02-01", "du": "2022-07-30"},
}


def content(group: str = "v", **changes: Any) -> dict[str, Any]:
    """Content of the EU schema; ``changes`` replace or add members of its only entry."""
    return {
        "ver": "1.3.0",
        "nam": {"fn": "Musterfrau", "fnt": "MUSTERFRAU", "gn": "Grete Öl", "gnt": "GRETE<OEL"},
        "dob": "1990-01-01",
        group: [dict(ENTRIES[group]) | changes],
    }


def believing(signers: SignerKeys) -> Trusted:
    """A gate that believes these signers, where revocation is not the question."""
    return Trusted(signers, NothingRevoked())


@dataclass(frozen=True)
class Signer:
    private_key: PrivateKey
    certificate: bytes

    @property
    def key_id(self) -> bytes:
        return key_id(self.certificate)

    @property
    def anchors(self) -> Anchors:
        return Anchors.from_certificates([(self.certificate, None)])

    def code(self, payload: Mapping[str, Any] | None = None) -> bytes:
        payload = content() if payload is None else payload
        return hcert_issue.issue(payload, self.private_key, self.key_id, "XX", ISSUED, EXPIRES).encode()

    def code_of_claims(self, claims: Mapping[int, Any]) -> bytes:
        return hcert_issue.issue_claims(claims, self.private_key, self.key_id).encode()


@cache
def ec_signer(usage: Collection[str] = ()) -> Signer:
    return Signer(*hcert_issue.throwaway_signer("XX", ISSUED - timedelta(days=30), usage))


@cache
def rsa_signer(bits: int = 2048) -> Signer:
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    return Signer(*hcert_issue.throwaway_signer("XX", ISSUED - timedelta(days=30), key=key))
