"""The key of a certificate's signer, what that signer may sign, and who can be asked for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

PublicKey = EllipticCurvePublicKey | RSAPublicKey | Ed25519PublicKey

USAGE_OIDS = {
    f"1.3.6.1.4.1.{arc}2021.1.{number}": group
    for arc in ("1847.", "0.1847.")
    for number, group in (("1", "t"), ("2", "v"), ("3", "r"))
}
"""Extended key usages of a signer's certificate -> what it may sign: ``t`` tests, ``v`` vaccinations, ``r`` recoveries.

EU "Technical Specifications for Digital Green Certificates", volume 5, defines the arc 1.3.6.1.4.1.1847; the second
arc is a misprint that states have issued under ever since.
"""

ANY_USAGE = frozenset("tvr")
OUR_USAGES: Final = frozenset({"health_code", "permit"})
"""What our own city signs. No certificate allows these: the list of signers must say that a signer may sign them."""


@dataclass(frozen=True, slots=True)
class SignerKey:
    """One signer as its own certificate describes it."""

    public_key: PublicKey
    country: str
    not_before: datetime
    not_after: datetime
    usage: frozenset[str]
    """What it may sign, of ``t``, ``v``, ``r`` and of ``OUR_USAGES``; empty: nothing at all."""


class SignerKeys(Protocol):
    """Where the keys of trusted signers are looked up; ``gate.trust.anchors`` has it."""

    def candidates(self, key_id: bytes) -> Sequence[SignerKey]:
        """Every trusted signer with this key id: key ids are short, so there may be several, or none."""
        ...


class Nobody:
    """No signer is trusted."""

    def candidates(self, key_id: bytes) -> Sequence[SignerKey]:
        del key_id
        return ()


NOBODY: Final = Nobody()
