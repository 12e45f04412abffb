"""What nobody may read over somebody's shoulder, in a shell's history or in the list of processes."""

from __future__ import annotations

import getpass
import sys

from fleet.errors import FleetError


def secret(what: str) -> str:
    """A line that is asked for without being shown; the next one of standard input where that is no terminal.

    Args:
        what: it is, e.g. ``"passphrase of li-wei"``.

    Raises:
        FleetError: there is none.
    """
    try:
        return getpass.getpass(f"{what[0].upper()}{what[1:]}: ") if sys.stdin.isatty() else input()
    except EOFError:
        raise FleetError(f"the {what} is missing") from None
