"""``fleet gateway-key``: what the gateway tells the tokens of the fleet's gates by."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from fleet.errors import FleetError
from fleet.plane import sql
from fleet.plane.database import TOKEN_SECRET
from fleet.plane.tokens import gateway_key
from gate import durable

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """Write the key that the city's gateway tells tokens by. ``FLEET_DSN`` names the database."""
    parser = argparse.ArgumentParser("fleet gateway-key", description=main.__doc__)
    parser.add_argument("file", type=Path, help="token_key of the gateway's configuration; its user's own, mode 600")
    asked = parser.parse_args(arguments)
    try:
        with psycopg.connect(os.environ["FLEET_DSN"]) as link:
            found = link.execute(sql.SECRET, (TOKEN_SECRET,)).fetchone()
    except psycopg.Error as fault:
        raise FleetError(f"the database: {fault}") from None
    if found is None:
        raise FleetError("this database gives no tokens yet: was it prepared (./run fleet)?")
    try:
        durable.write(asked.file, gateway_key(bytes(found[0])), 0o600)
    except OSError as fault:
        raise FleetError(f"{asked.file}: can't be written ({fault.strerror})") from None
    return 0
