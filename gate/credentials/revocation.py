"""Was it revoked? Three answers, since a gate without a list must not say no.

Certificates are named on lists by digests, of which each issuer has chosen one kind. A signature is named by that half
of it that nobody can change: whoever holds an ECDSA signature can turn it into another good one, and would slip
through a list of whole signatures or of whole codes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from gate.model import Moment


class NameKind(StrEnum):
    """By what a list names a certificate (EU DCC revocation specification; Italian DRL)."""

    UCI = "uci"
    """SHA-256 of the certificate's identifier."""
    COUNTRY_UCI = "country_uci"
    """SHA-256 of the issuing country's two letters and the identifier, one after the other."""
    SIGNATURE = "signature"
    """SHA-256 of the signature; of ECDSA's only the first half, R."""


class Standing(StrEnum):
    """What is known about one certificate."""

    GOOD = "good"
    """Its issuer's lists are at hand and in date, and it is on none of them."""
    REVOKED = "revoked"
    UNKNOWN = "unknown"
    """No list of its issuer, or an old one."""


Namer = Callable[[NameKind], Iterable[bytes]]
"""The full digests (32 bytes) of one kind for the certificate in question: every one that its issuer may have meant.

Only what a list asks for is computed."""


class Revocations(Protocol):
    """Where certificates are looked up; ``gate.trust.revocation`` has it."""

    def standing(self, issuer: str, name: Namer, moment: Moment) -> Standing:
        """Whether a certificate was revoked.

        Args:
            issuer: country of the signer, e.g. ``"DE"``.
            name: gives the certificate's digests.
            moment: the one ``now``; a list past its own end says nothing.
        """
        ...


class NoLists:
    """Nobody told this gate anything."""

    def standing(self, issuer: str, name: Namer, moment: Moment) -> Standing:
        del issuer, name, moment
        return Standing.UNKNOWN


NO_LISTS: Final = NoLists()


class NothingRevoked:
    """For desks and tests where revocation is not the question; never behind a lane."""

    def standing(self, issuer: str, name: Namer, moment: Moment) -> Standing:
        del issuer, name, moment
        return Standing.GOOD
