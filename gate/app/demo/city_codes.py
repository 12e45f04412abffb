"""Codes that the demonstration's city signs, each at the moment at which it is shown, as a telephone would get it."""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from gate.app.demo.people import healthy
from gate.clock import DemoClock
from gate.credentials import signed_health_code, signed_permit
from gate.credentials.hcert_issue import issue_claims, throwaway_signer
from gate.credentials.signed_content import PSEUDONYM_BYTES, Issue
from gate.model import Holder, PermitRecord

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from gate.credentials.cose_algorithms import PrivateKey

_ISSUER: Final = "demo-city"
_LIFE: Final = timedelta(minutes=10)


class CityCodes:
    """A city's signer, a signer of certificates that signs what it may not, and what both sign.

    Args:
        start: what the gate's clock shows now.
    """

    def __init__(self, start: datetime) -> None:
        self._clock = DemoClock(start)
        self._city = throwaway_signer("XX", start - timedelta(days=30))
        self._other = throwaway_signer("XX", start - timedelta(days=30))
        # Nobody in the gate's own list: the code alone has to do.
        self._holder = Holder("甲", pseudonym=secrets.token_bytes(PSEUDONYM_BYTES))
        self._last = ""

    @property
    def certificates(self) -> tuple[bytes, bytes]:
        """Of both signers, X.509 in DER."""
        return self._city[1], self._other[1]

    @property
    def anchors(self) -> list[dict[str, Any]]:
        """Entries for the gate's list of signers."""
        city, other = (base64.b64encode(der).decode("ascii") for der in self.certificates)
        return [{"certificate": city, "signs": ["health_code", "permit"]}, {"certificate": other}]

    def health_code(self) -> str:
        """A fresh one."""
        self._last = _signed(self._health_code(timedelta(0)), *self._city)
        return self._last

    def same_again(self) -> str:
        """The fresh one that was shown last, on somebody else's telephone."""
        return self._last or self.health_code()

    def screenshot(self) -> str:
        """One that was fresh twelve minutes ago."""
        return _signed(self._health_code(timedelta(minutes=12)), *self._city)

    def by_another_signer(self) -> str:
        """A fresh one by somebody who may sign certificates only."""
        return _signed(self._health_code(timedelta(0)), *self._other)

    def permit(self) -> str:
        """One for a zone, of somebody whom the gate knows nothing else about."""
        begin = self._now() - timedelta(days=1)
        end = begin + timedelta(days=7)
        issue = Issue(_ISSUER, begin, end, secrets.token_bytes(PSEUDONYM_BYTES))
        permit = PermitRecord(_ISSUER, begin, frozenset({"east-3"}), begin, end, sponsor="Example Market Ltd")
        return _signed(signed_permit.claims(self._holder, permit, issue), *self._city)

    def _health_code(self, ago: timedelta) -> Mapping[int, Any]:
        at = self._now() - ago
        return signed_health_code.claims(self._holder, healthy(at), Issue(_ISSUER, at, at + _LIFE))

    def _now(self) -> datetime:
        return self._clock.moment().at.replace(microsecond=0)


def _signed(claims: Mapping[int, Any], key: PrivateKey, certificate: bytes) -> str:
    return issue_claims(claims, key, hashlib.sha256(certificate).digest()[:8])
