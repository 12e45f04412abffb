"""The one error that ends a command of the fleet's with a sentence in place of a traceback."""

from __future__ import annotations


class FleetError(Exception):
    """The server can't be started or used; the message says what a person can do."""
