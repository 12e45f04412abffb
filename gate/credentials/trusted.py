"""Whom the gate believes and what it was told about issuers: all that the readers of codes need besides code and now.

``gate.trust`` makes these from signed bundles, and only from what was verified; here is what
they look like from inside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gate.credentials.card_issuers import NO_CARD_ISSUERS, CardIssuers
from gate.credentials.revocation import NO_LISTS, Revocations
from gate.credentials.signer import NOBODY, SignerKeys

if TYPE_CHECKING:
    from gate.credentials.code_issuers import CodeIssuer


@dataclass(frozen=True, slots=True)
class Trusted:
    """Made whole and never changed; a newer bundle makes a new one. What it was not told of, it does not believe."""

    signers: SignerKeys = NOBODY
    """Of HC1 codes."""
    revocations: Revocations = NO_LISTS
    """What the issuers of HC1 codes have taken back."""
    code_issuers: tuple[CodeIssuer, ...] = ()
    """How the health codes of each province look, in the order in which they are tried."""
    card_issuers: CardIssuers = NO_CARD_ISSUERS
    """Of SMART Health Cards, and what they have taken back."""
