"""Codes that a fictional city signed: a signer, the most that a code can say, and what it reads as."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from signed_certificates import Signer

from gate.credentials import hcert_issue, signed_health_code, signed_permit
from gate.credentials.revocation import NameKind, Standing
from gate.credentials.signed_content import Issue
from gate.credentials.trusted import Trusted
from gate.model import (
    CodeRecord,
    Colour,
    Holder,
    Moment,
    PermitRecord,
    PopUpRecord,
    Records,
    TestMethod,
    TestRecord,
    TestResult,
    TravelRecord,
    VaccinationRecord,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gate.credentials.revocation import Namer
    from gate.credentials.signer import SignerKey, SignerKeys

ISSUED = datetime(2022, 6, 18, 0, 0, tzinfo=UTC)
NOW = Moment(ISSUED + timedelta(minutes=3), trusted=True)
ISSUER = "example-city"
IDENTIFIER = bytes(range(16))
PSEUDONYM = bytes(range(100, 116))
HOLDER = Holder("张三", birth_date=date(1990, 1, 1), pseudonym=PSEUDONYM)

DYNAMIC = Issue(ISSUER, ISSUED, ISSUED + timedelta(minutes=10))
PRINTED = Issue(ISSUER, ISSUED, ISSUED + timedelta(days=7), IDENTIFIER)
FOR_A_WEEK = Issue(ISSUER, ISSUED, ISSUED + timedelta(days=7), IDENTIFIER)

RECORDS = Records(
    codes=(CodeRecord(ISSUER, ISSUED - timedelta(minutes=2), Colour.GREEN),),
    pop_ups=(PopUpRecord(ISSUER, ISSUED - timedelta(minutes=1), active=False),),
    tests=(
        TestRecord(
            ISSUER,
            ISSUED,
            TestResult.NEGATIVE,
            ISSUED - timedelta(hours=30),
            ISSUED - timedelta(hours=20),
            pool_size=10,
        ),
        TestRecord(ISSUER, ISSUED, TestResult.PENDING, ISSUED - timedelta(hours=2), None),
        TestRecord(
            ISSUER,
            ISSUED,
            TestResult.INCONCLUSIVE,
            ISSUED - timedelta(days=3),
            ISSUED - timedelta(days=2),
            method=TestMethod.ANTIGEN,
        ),
    ),
    vaccinations=(VaccinationRecord(ISSUER, ISSUED, 3, ISSUED - timedelta(days=200)),),
    travel=(TravelRecord(ISSUER, ISSUED - timedelta(hours=1), risk_area=False),),
)
"""As they come out of the code again."""

PERMIT = PermitRecord(
    source=ISSUER,
    as_of=ISSUED,
    zones=frozenset({"east-3", "east-5"}),
    valid_from=ISSUED - timedelta(hours=1),
    valid_to=ISSUED + timedelta(days=7),
    hours=(360, 1320),
    entries_left=14,
    id=IDENTIFIER.hex(),
    sponsor="Example Market Ltd",
)


class City:
    """A signer that may sign codes of the city, and nothing else; whoever believes it."""

    def __init__(self, *usage: str, signer: Signer | None = None) -> None:
        self.signer = signer or Signer(*hcert_issue.throwaway_signer("XX", ISSUED - timedelta(days=30)))
        self.usage = frozenset(usage)

    def candidates(self, key_id: bytes) -> Sequence[SignerKey]:
        return [replace(found, usage=self.usage) for found in self.signer.anchors.candidates(key_id)]

    def sign(self, claims: Mapping[int, Any]) -> bytes:
        return self.signer.code_of_claims(claims)

    def health_code(self, issue: Issue = DYNAMIC, records: Records = RECORDS, holder: Holder = HOLDER) -> bytes:
        return self.sign(signed_health_code.claims(holder, records, issue))

    def permit(self, permit: PermitRecord = PERMIT, issue: Issue = FOR_A_WEEK) -> bytes:
        return self.sign(signed_permit.claims(HOLDER, permit, issue))


@cache
def city() -> City:
    return City("health_code", "permit")


@cache
def ed25519_city() -> City:
    key = Ed25519PrivateKey.generate()
    return City("health_code", "permit", signer=Signer(*hcert_issue.throwaway_signer("XX", ISSUED, key=key)))


class Lists:
    """What was revoked, by one kind of name; nothing is known of any other country."""

    def __init__(self, kind: NameKind, *digests: bytes) -> None:
        self._kind, self._digests = kind, digests

    def standing(self, issuer: str, name: Namer, moment: Moment) -> Standing:
        del moment
        if issuer != "XX":
            return Standing.UNKNOWN
        return Standing.REVOKED if set(name(self._kind)) & set(self._digests) else Standing.GOOD


def believing(signers: SignerKeys) -> Trusted:
    """A gate that believes these signers and knows of no list at all."""
    return Trusted(signers)
