"""Who may issue SMART Health Cards, and which cards they have taken back.

A card that was taken back is named by the ``rid`` inside its signed payload. Whoever turns an ECDSA signature into
another good one changes nothing about that name, so unlike HC1 codes nothing is looked up by signature.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from gate.credentials.revocation import Standing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey


@dataclass(frozen=True, slots=True)
class CardKey:
    """One key of an issuer, with the revocation list that goes with it."""

    public_key: EllipticCurvePublicKey
    revokes: bool
    """Whether its issuer revokes single cards; one that doesn't says so by leaving ``crlVersion`` out of the key."""
    revoked: Mapping[str, float] | None = field(default=None, repr=False)
    """``rid`` -> cards of this name are revoked that were issued before this second since 1970; None: no list."""

    def standing(self, card: str | None, issued_at: datetime) -> Standing:
        """Whether a card was revoked.

        A card without a name can't be on a list, and stands (SMART Health Cards, "Revocation": what may be computed
        in its place is left to other mechanisms, whose lists are of another method and count as no list here).

        Args:
            card: its ``rid``; None where it has none.
            issued_at: its ``nbf``.
        """
        if not self.revokes:
            return Standing.GOOD
        if self.revoked is None:
            return Standing.UNKNOWN
        before = None if card is None else self.revoked.get(card)
        return Standing.GOOD if before is None or issued_at.timestamp() >= before else Standing.REVOKED


class CardIssuers(Protocol):
    """Where the keys of trusted issuers are looked up; ``gate.trust.card_issuers`` has it."""

    def key(self, issuer: str, key_id: str) -> CardKey | None:
        """The key with this id of the issuer with exactly this URL; None: no such issuer is trusted, or not with it."""
        ...


class NoCardIssuers:
    """No issuer is trusted."""

    def key(self, issuer: str, key_id: str) -> CardKey | None:
        del issuer, key_id
        return None


NO_CARD_ISSUERS: Final = NoCardIssuers()
