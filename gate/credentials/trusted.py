"""Whom the gate believes and what it was told about issuers: all that the readers of codes need besides code and now.

``gate.trust`` makes these from signed bundles, and only from what was verified; here is what
they look like from inside.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from gate.credentials.authorities import NO_AUTHORITIES, Authorities
from gate.credentials.card_issuers import NO_CARD_ISSUERS, CardIssuers
from gate.credentials.revocation import NO_LISTS, Revocations
from gate.credentials.sealing_keys import NO_SEALING_KEYS, SealingKeys
from gate.credentials.signer import NOBODY, SignerKeys

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta

    from gate.credentials.code_issuers import CodeIssuer
    from gate.model import Moment

TRUST_OVERDUE: Final = "trust-overdue"
"""Mark of every record that was made while a newer bundle was due."""


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
    authorities: Authorities = NO_AUTHORITIES
    """Of each country, behind the signers of seals (VDS-NC), and whom they have taken back."""
    value_sets: Mapping[str, Sequence[str]] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    """EU value sets, name to codes, that rules about certificates may ask for."""
    sealing_keys: SealingKeys = NO_SEALING_KEYS
    """Of the operator, one a day: who was there is sealed to them."""
    lease: timedelta | None = None
    """How long a gate keeps personal caches without contact; None where nothing signed says it."""
    status_signers: frozenset[bytes] = frozenset()
    """Raw Ed25519 keys of whoever may sign lists of people."""
    renew_by: datetime | None = None
    """When a newer bundle should be here; None where there is no bundle."""
    ends: datetime | None = None
    """When nobody is believed any more, since the bundle says so; None: it is believed until a newer one comes."""

    def overdue(self, moment: Moment) -> bool:
        """Whether all this may be out of date: the gate goes on with it, and says so."""
        return self.renew_by is not None and moment.at >= self.renew_by

    def at(self, moment: Moment) -> Trusted:
        """What may be believed at a moment: past ``ends`` nobody, though codes are still known for what they are."""
        if self.ends is None or moment.at < self.ends:
            return self
        return replace(
            self, signers=NOBODY, revocations=NO_LISTS, card_issuers=NO_CARD_ISSUERS, authorities=NO_AUTHORITIES
        )
