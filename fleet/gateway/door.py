"""Who may ask: an address of the city's, and the token that the fleet has given a gate.

The gateway has no database. It tells a token by its key alone, so a gate that was revoked is out when its token is
over.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final

from fleet.plane.body import Refusal
from fleet.plane.tokens import check_gateway_token
from gate.errors import WireFault

if TYPE_CHECKING:
    from collections.abc import Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_FORBIDDEN: Final = 403
_UNAUTHORISED: Final = 401


class Door:
    """Everybody comes by here.

    Args:
        gates: networks that are answered at all.
        key: what tokens are told by; None: whoever has such an address needs none.
    """

    def __init__(self, gates: Sequence[Network], key: bytes | None) -> None:
        self._gates = gates
        self._key = key

    def address(self, host: str) -> str:
        """Where somebody asks from.

        Raises:
            Refusal: from elsewhere than gates do.
        """
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            raise Refusal(_FORBIDDEN, "nobody says from which address this comes") from None
        if not any(address in network for network in self._gates):
            raise Refusal(_FORBIDDEN, "no gate of this city has this address")
        return str(address)

    def gate(self, address: str, authorization: str, now: float) -> str:
        """Who asks: the gate's name in its fleet, or the address where that is enough.

        Args:
            address: of ``address``.
            authorization: the header; empty where there is none.
            now: seconds since 1970.

        Raises:
            Refusal: nobody who may.
        """
        if self._key is None:
            return address
        if not authorization:
            raise Refusal(_UNAUTHORISED, "only gates of the fleet are answered: have this one enrolled (gate enrol)")
        try:
            return check_gateway_token(self._key, now, authorization.removeprefix("Bearer "))
        except WireFault as fault:
            raise Refusal(_UNAUTHORISED, str(fault)) from None
