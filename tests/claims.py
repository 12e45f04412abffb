"""The desk at which claims are made and taken back, as the reference receiver has it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec
import trust_bundles
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gate.app.fleet.serial import serial_number
from gate.wire import claims, enrol
from gate.wire.claims import Claim, Declined, Refusal
from gate.wire.enrol import EnrolAnswer, EnrolRequest, Refused
from gate.wire.message import encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from receiver_store import Store

PIN = bytes(range(32))
LATER = 4_000_000_000
ROOT_KEYS = trust_bundles.keys().root


@dataclass
class Row:
    """What is known of one claim; its secret only by its hash."""

    secret: bytes
    site: str
    until: int
    used_by: bytes | None = None
    withdrawn: bool = False


def vouchers(key: Ed25519PrivateKey, roots: Sequence[Any] = ROOT_KEYS) -> list[bytes]:
    said = claims.to_vouch(key.public_key().public_bytes_raw())
    return [bytes.fromhex(root.sign(said).signature) for root in roots]


class Desk:
    """Makes claims that the root of ``trust_bundles`` vouches for, and takes each once."""

    def __init__(self) -> None:
        self.key = Ed25519PrivateKey.generate()
        self.vouchers = vouchers(self.key)
        self.rows: dict[bytes, Row] = {}
        self.sites = {"station-north"}
        self.now = 1_800_000_000
        self.asked: list[EnrolRequest] = []
        self.more: dict[str, Any] = {}
        """What answers say besides."""

    def claim(self, url: str, **changes: Any) -> Claim:
        plain = Claim(
            id=secrets.token_bytes(8),
            secret=secrets.token_bytes(16),
            url=url,
            pins=(PIN,),
            site="station-north",
            device="station-north-3",
            serial=serial_number(),
            until=LATER,
        )
        made = msgspec.structs.replace(plain, **changes)
        self.rows[made.id] = Row(sha256(made.secret).digest(), made.site, made.until)
        return made

    def text(self, claim: Claim) -> str:
        return claims.write_claim(claim, self.key, self.vouchers)

    def enrol(self, asked: EnrolRequest, store: Store) -> tuple[int, bytes]:
        with store.lock:
            self.asked.append(asked)
            try:
                claim = self._checked(asked)
            except Declined as fault:
                return enrol.REFUSED, encode(Refused(why=str(fault), reason=fault.reason))
            key = enrol.device_key(asked)
            self.rows[claim.id].used_by = key
            store.keys[claim.device] = Ed25519PublicKey.from_public_bytes(key)
            return 200, encode(EnrolAnswer(**{"device": claim.device, "url": claim.url, **self.more}))

    def _checked(self, asked: EnrolRequest) -> Claim:
        claim = enrol.check_request(asked, {self.key.public_key().public_bytes_raw()}).claim
        row = self.rows.get(claim.id)
        if row is None or row.secret != sha256(claim.secret).digest():
            raise Declined(Refusal.UNKNOWN, "no such claim was given")
        if row.withdrawn:
            raise Declined(Refusal.WITHDRAWN, "the claim was taken back")
        if row.used_by is not None and row.used_by != enrol.device_key(asked):
            raise Declined(Refusal.USED, "the claim is used up")
        if row.used_by is None and row.until < self.now:
            raise Declined(Refusal.EXPIRED, "the claim has expired")
        if claim.site not in self.sites:
            raise Declined(Refusal.OTHER_SITE, "the site is no more")
        return claim
