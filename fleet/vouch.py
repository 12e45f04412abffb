"""``fleet vouch``: what a holder of the pinned root signs, so that devices believe this fleet's claims."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from fleet.errors import FleetError
from fleet.prepare import claims_key
from gate.wire.enrol import to_vouch

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """Print a voucher for a claims key, made with one key of the root; do it where that key is, offline.

    The lines of as many holders as the root's threshold asks for go into the file ``claims.vouchers`` beside
    ``claims.pem``.
    """
    parser = argparse.ArgumentParser("fleet vouch", description=main.__doc__)
    parser.add_argument("root", type=Path, help="a private key of the root (PEM, Ed25519)")
    parser.add_argument("claims", help="public half of the claims key, 64 hexadecimal digits; fleet run prints it")
    asked = parser.parse_args(arguments)
    if not asked.root.exists():
        raise FleetError(f"there is no {asked.root}")
    try:
        said = to_vouch(bytes.fromhex(asked.claims))
    except ValueError:
        raise FleetError("the claims key is no hexadecimal number") from None
    print(claims_key(asked.root).sign(said).hex())
    return 0
